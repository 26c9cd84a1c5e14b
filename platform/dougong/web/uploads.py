"""Files chosen in a form: checked against the policy of their field, kept, and put into the form as references.

A file is kept as soon as it is sent, before the record is saved: what else stands against the form then never makes a
person choose the file again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import filetype
from starlette.datastructures import FormData, UploadFile

from dougong.base.errors import Place, Problem, Rejected, TooLarge
from dougong.base.field_types import Reference
from dougong.base.language import msg
from dougong.engine import abandoned, file_contents
from dougong.engine.fields.files import FileType, ImageType
from dougong.engine.saving.batch import Create
from dougong.engine.unit import Unit
from dougong.metadata.model import Field
from dougong.web import attachments
from dougong.web.visit import Visit

HEAD = 8192
"""How many bytes tell what kind of picture a file is."""

ALIKE: Mapping[str, str] = {"jpeg": "jpg"}
"""Endings of file names beside the one that the content is known by."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not taken: the form's name of its input, and why."""

    input: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A form in which references stand in place of the files that were chosen; `kept` are their ids."""

    form: FormData
    refused: tuple[Refused, ...] = ()
    kept: tuple[str, ...] = ()


def holds_files(field: Field) -> bool:
    """Whether a form sends files for this field."""
    return isinstance(field.type, FileType)


def take_in(visit: Visit, inputs: Mapping[str, Field], about: Mapping[str, str] | None) -> TakenIn:
    """Keep the files that were chosen in `inputs` (fields by the form's name); `about` is the record, if there is one.

    In a field that holds one file, the one that is chosen takes the place of the one that was there.
    """
    mine = [(name, value) for name, value in visit.form.multi_items() if isinstance(value, UploadFile)]
    if not mine:
        return TakenIn(visit.form)
    items: list[tuple[str, Any]] = [pair for pair in visit.form.multi_items() if isinstance(pair[1], str)]
    refused: list[Refused] = []
    kept: list[str] = []
    for name, sent in mine:
        field = inputs.get(name)
        if field is None or not holds_files(field) or not sent.filename:
            continue
        problem = refusal(field, sent)
        if problem is not None:
            refused.append(Refused(name, problem))
            continue
        if int(field.options.get("count") or 1) == 1:
            items = [pair for pair in items if pair[0] != name]
        made = keep(visit, sent, about)
        items.append((name, f"{made.id} {made.title}"))
        kept.append(made.id)
    return TakenIn(FormData(items), tuple(refused), tuple(kept))


def refusal(field: Field, sent: UploadFile) -> Problem | None:
    """Why a field does not take a file, if it does not: its size, the ending of its name, what it really is."""
    assert isinstance(field.type, FileType)
    name = attachments.clean_name(sent.filename or "")
    types, ending = field.type.types(field), name.rpartition(".")[2].lower()
    found = attachments.refusal(name, sent, most=int(field.options.get("size") or attachments.LARGEST_MB))
    if found is None and types and ending not in types:
        found = Problem(
            code="file-type-refused",
            reason=msg("“{name}” is not of a type that this field takes.", name=name),
            fix=msg("Choose a file of type: {types}.", types=", ".join(types)),
        )
    if found is None and isinstance(field.type, ImageType) and not _is_picture(sent, ending):
        found = Problem(
            code="file-no-picture", reason=msg("“{name}” is not the picture that its name says.", name=name)
        )
    return replace(found, place=Place(field=field.name)) if found else None


def _is_picture(sent: UploadFile, ending: str) -> bool:
    sent.file.seek(0)
    guessed = filetype.guess(sent.file.read(HEAD))
    sent.file.seek(0)
    return guessed is not None and guessed.extension == ALIKE.get(ending, ending)


def keep(visit: Visit, sent: UploadFile, about: Mapping[str, str] | None) -> Reference:
    """Keep one file: its bytes on disk, its record in the database, both or neither."""
    with stored(visit, [sent]) as (file,):
        made = created(file, about)

        def write(unit: Unit) -> None:
            unit.records.save([made])
            if not about:
                abandoned.watch(unit, file.id)

        visit.write(write)
    return file


@contextmanager
def stored(visit: Visit, sent: Iterable[UploadFile]) -> Iterator[tuple[Reference, ...]]:
    """Files on disk, each under the id that its record is to have; where the block raises nothing is left of them."""
    folder, found = visit.site.settings.data_dir, list[Reference]()
    try:
        for each in sent:
            name = attachments.clean_name(each.filename or "")
            found.append(Reference("file", attachments.store(folder, each.file), name))
        yield tuple(found)
    except BaseException:
        file_contents.forget_all(folder, [each.id for each in found])
        raise


def created(file: Reference, about: Mapping[str, str] | None = None) -> Create:
    """The change that makes the record of a file whose bytes stand on disk; `about` is what it belongs to."""
    content = [{"id": file.id, "name": file.title}]
    values = {"name": file.title, "content": content, **({"related_to": dict(about)} if about else {})}
    return Create("file", values, id=file.id)


def check(sent: Iterable[UploadFile]) -> None:
    """Stop where files are among those sent that no record takes.

    Raises:
        TooLarge, Rejected: as `refuse`.
    """
    refuse(filter(None, (attachments.refusal(attachments.clean_name(each.filename or ""), each) for each in sent)))


def refuse(problems: Iterable[Problem]) -> None:
    """Stop where files were not taken.

    Raises:
        TooLarge: all that is wrong is their size.
        Rejected: something else is.
    """
    found = list(problems)
    if found:
        raise (TooLarge if all(each.code == "file-large" for each in found) else Rejected)(found)
