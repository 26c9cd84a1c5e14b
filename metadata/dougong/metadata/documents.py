"""Folders of JSON documents to components and back.

One document a file: ``<kind>/<object>/<name>.json``, an object ``object/<name>.json``, the package itself
``package.json``. For writing by hand an object may hold its fields inside, as ``"fields": {name: {…}}``; here they
become components of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from dougong.base.errors import MetadataError, Place, Problem
from dougong.base.language import msg
from dougong.metadata.component import COMPANY, Component, Source
from dougong.metadata.positions import escape, line_and_column, repeated_keys, steps, token_offset

NOT_METADATA = frozenset({"data", "docs", ".git"})
"""Folders of a package that hold no components."""

LARGEST_FILE = 4_000_000
"""Bytes of the largest document that is read; the largest real ones are a hundredth of it."""

DEEPEST = 60
"""Levels of the deepest document that is read; the deepest real ones have fifteen."""


@dataclass(frozen=True, slots=True)
class Documents:
    """What a folder or upload held: the components that could be read, and what is wrong with the rest."""

    components: tuple[Component, ...]
    problems: tuple[Problem, ...] = ()


def read_folder(folder: Path | Traversable, layer: str | None = None) -> Documents:
    """Read every document below `folder`. The layer is the package's name unless `layer` says otherwise."""
    return read_texts(texts_of(folder), layer)


def texts_of(folder: Path | Traversable) -> Mapping[str, bytes]:
    """The documents below `folder` as bytes, by path."""
    return dict(_texts(folder))


def read_texts(texts: Mapping[str, bytes], layer: str | None = None) -> Documents:
    """Read documents from their bytes by file path (``object/account.json``), as an upload brings them."""
    problems: list[Problem] = []
    found: list[Component] = []
    for file, data in texts.items():
        body, source, wrong = _parse(file, data)
        problems.extend(wrong)
        if body is not None and source is not None:
            found.extend(_components(body, source, layer or COMPANY, problems))
    if layer is None:
        package = next((each for each in found if each.kind == "package"), None)
        if package is not None:
            found = [Component(each.kind, each.name, each.body, package.name, each.source) for each in found]
    return Documents(tuple(found), tuple(problems))


def from_bodies(bodies: Iterable[Mapping[str, Any]], layer: str = COMPANY) -> tuple[Component, ...]:
    """Components from JSON values that stand in no file, fields inside objects split off.

    Raises:
        MetadataError: a body has no kind or name, or they are no text, or it nests too deeply.
    """
    problems: list[Problem] = []
    found: list[Component] = []
    for body in bodies:
        found.extend(_components(dict(body), None, layer, problems))
    if problems:
        raise MetadataError(problems)
    return tuple(found)


def _texts(folder: Path | Traversable, above: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        name = f"{above}{entry.name}"
        if entry.is_dir():
            if not (entry.name.startswith(".") or (not above and entry.name in NOT_METADATA)):
                yield from _texts(entry, f"{name}/")
        elif entry.name.endswith(".json"):
            yield name, entry.read_bytes()


def _parse(file: str, data: bytes) -> tuple[dict[str, Any] | None, Source | None, list[Problem]]:
    """The JSON object in `data`, or what is wrong with it."""
    if len(data) > LARGEST_FILE:
        reason = msg("The file is larger than {limit} MB.", limit=LARGEST_FILE // 1_000_000)
        return None, None, [Problem(code="document-too-large", reason=reason, place=Place(file=file))]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reason = msg("Byte {at} is no UTF-8.", at=error.start)
        fix = msg("Save the file as UTF-8.")
        place = Place(file=file, line=data.count(b"\n", 0, error.start) + 1)
        return None, None, [Problem(code="document-encoding", reason=reason, fix=fix, place=place)]
    refused: list[str] = []
    try:
        body = json.loads(text, parse_constant=refused.append)
    except json.JSONDecodeError as error:
        place = Place(file=file, line=error.lineno, column=error.colno)
        reason = msg("The file is no JSON: {what}.", what=_JSON_ERRORS.get(error.msg, error.msg))
        return None, None, [Problem(code="json-broken", reason=reason, place=place)]
    except RecursionError:
        reason = msg("The file nests too deeply.")
        return None, None, [Problem(code="json-too-deep", reason=reason, place=Place(file=file))]
    except ValueError:  # an integer of more digits than Python reads: sys.int_info.default_max_str_digits
        reason = msg("The file holds a number that is too long.")
        return None, None, [Problem(code="json-broken", reason=reason, place=Place(file=file))]
    problems = list(_refused(file, text, refused))
    if problems:
        return None, None, problems
    if not isinstance(body, dict):
        reason = msg("A document is a JSON object.")
        return None, None, [Problem(code="document-shape", reason=reason, place=Place(file=file, line=1))]
    return body, Source(file, text), []


def _refused(file: str, text: str, constants: list[str]) -> Iterator[Problem]:
    """What Python's parser takes though JSON has no such thing: NaN, Infinity, a key twice."""
    for name in constants[:1]:
        line, column = line_and_column(text, token_offset(text, name))
        place = Place(file=file, line=line, column=column)
        yield Problem(
            code="json-broken", reason=msg("{number} is no number that JSON knows.", number=name), place=place
        )
    for pointer, at in repeated_keys(text):
        line, column = line_and_column(text, at)
        reason = msg("The key {key} stands twice in one object.", key=steps(pointer)[-1])
        place = Place(file=file, pointer=pointer, line=line, column=column)
        yield Problem(code="json-key-twice", reason=reason, fix=msg("Take one of them out."), place=place)


_JSON_ERRORS = {
    "Expecting value": msg("a value is missing"),
    "Expecting property name enclosed in double quotes": msg("a key in double quotes is missing"),
    "Expecting ',' delimiter": msg("a comma is missing"),
    "Expecting ':' delimiter": msg("a colon is missing"),
    "Extra data": msg("there is more after the end"),
    "Unterminated string starting at": msg("a text is not closed"),
    "Illegal trailing comma before end of object": msg("there is a comma before the closing brace"),
    "Illegal trailing comma before end of array": msg("there is a comma before the closing bracket"),
    "Invalid control character at": msg("a text holds a line break or control character"),
}


def _deeper(value: Any, levels: int) -> bool:
    """Whether a JSON value nests deeper than `levels`."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_deeper(each, levels - 1) for each in inside)


def _components(
    body: dict[str, Any], source: Source | None, layer: str, problems: list[Problem]
) -> Iterator[Component]:
    kind, name = body.get("kind"), body.get("name")
    if not (isinstance(kind, str) and isinstance(name, str)):
        for key, value in (("kind", kind), ("name", name)):
            if not isinstance(value, str):
                place = source.place(f"/{key}") if source else Place(pointer=f"/{key}")
                reason = msg("The document does not say its {key}.", key=key)
                problems.append(Problem(code="document-unnamed", reason=reason, place=place))
        return
    if _deeper(body, DEEPEST):
        reason = msg("The file nests too deeply.")
        where = source.place("") if source else Place()
        problems.append(Problem(code="json-too-deep", thing=f"{kind}:{name}", reason=reason, place=where))
        return
    fields = body.get("fields")
    if kind == "object" and isinstance(fields, dict):
        body = {key: value for key, value in body.items() if key != "fields"}
    yield Component(kind, name, body, layer, source)
    if kind == "object" and isinstance(fields, dict):
        yield from _fields(name, fields, source, layer, problems)


def _fields(
    object_name: str, fields: dict[str, Any], source: Source | None, layer: str, problems: list[Problem]
) -> Iterator[Component]:
    for field_name, field_body in fields.items():
        inside = f"/fields/{escape(field_name)}"
        if not isinstance(field_body, dict):
            place = source.place(inside) if source else Place(pointer=inside)
            reason = msg("A field is a JSON object.")
            problems.append(
                Problem(code="document-shape", reason=reason, thing=f"field:{object_name}.{field_name}", place=place)
            )
            field_body = {}
        name = f"{object_name}.{field_name}"
        where = Source(source.file, source.text, inside) if source else None
        yield Component("field", name, {"kind": "field", "name": name, **field_body}, layer, where)
