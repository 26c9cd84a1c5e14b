"""Files and pictures: references to records of the object `file`, with the name that each had when it was attached."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from sqlalchemy import ColumnElement

from dougong.base.field_types import FIELD_TYPES, FieldLike, FieldType, Operator, Part, Reading, Reference, ValueRefused
from dougong.base.language import msg
from dougong.engine.columns import Document
from dougong.engine.fields.conditions import COMPARE
from dougong.engine.fields.operators import PRESENCE, clip, named, read_operand, wrong_kind
from dougong.engine.fields.references import read_id
from dougong.engine.fields.text import clean_text

TARGET = "file"
_KEYS: Mapping[str, Any] = {
    "count": {"type": "integer", "minimum": 1, "maximum": 50, "default": 1},
    "size": {"type": "integer", "minimum": 1, "maximum": 1024, "default": 20},
    "types": {"type": "array", "items": {"type": "string", "pattern": r"^\.?[a-z0-9]{1,10}$"}, "uniqueItems": True},
    "versions": {"type": "boolean", "default": False},
}
_EARLIER = re.compile(r" <(?=[0-9a-f]{8}-)")
"""What stands in text before each earlier version of a file, newest first."""

_PICTURES = ("png", "jpg", "jpeg", "gif", "webp")


@dataclass(frozen=True, slots=True)
class VersionedFile(Reference):
    """A file with those that it took the place of, the newest first."""

    earlier: tuple[Reference, ...] = ()


@FIELD_TYPES.register
class FileType(FieldType):
    """Up to `count` files of at most `size` megabytes, of the `types` (file name endings) that are listed.

    A value is a tuple of `Reference`s whose titles are the file names. Size and content are checked when a file is
    uploaded; the name's ending also here. With `versions` they are `VersionedFile`s: a file that comes under the name
    of one that is there, or into a field that holds one, is a new version of that one.
    """

    name = "file"
    plain = False
    many = True
    sortable = False
    recalls = True
    offered: ClassVar[tuple[Operator, ...]] = PRESENCE[::-1]
    keys: ClassVar[Mapping[str, Any]] = _KEYS
    usual_types: ClassVar[tuple[str, ...]] = ()

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """A list of ids and names."""
        return (Part("", Document()),)

    def to_row(self, field: FieldLike, value: Any) -> tuple[Any, ...]:
        """``[{"id": …, "name": …}]``."""
        return (self.to_json(field, value),)

    def from_row(self, field: FieldLike, stored: Sequence[Any]) -> tuple[Reference, ...] | None:
        """The references."""
        if not stored[0]:
            return None
        if field.options.get("versions"):
            return tuple(_versioned(each) for each in stored[0])
        return tuple(Reference(TARGET, each["id"], each["name"]) for each in stored[0])

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> tuple[Reference, ...] | None:
        """The references, each once; a text has a file per line, ``id name``, and so has a list of texts.

        What a form uploads the web layer stores first; it puts the references into the list.
        """
        if value is None:
            return None
        if isinstance(value, str):
            value = value.split("\n")
        if isinstance(value, Reference | Mapping):
            value = [value]
        if not isinstance(value, list | tuple):
            raise wrong_kind(value, msg("a list of files"))
        found: dict[str, Reference] = {}
        read = _read_versions if field.options.get("versions") else _read
        for item in value:
            for reference in read(item):
                found.setdefault(reference.id, reference)
        self._check(field, tuple(found.values()))
        return tuple(found.values()) or None

    def follows(self, field: FieldLike, stored: Any, given: Any) -> Any:
        """`given` with the versions that `stored` knows: a form and an import send files without them."""
        if not field.options.get("versions") or not given:
            return given
        known = {each.id: each for each in stored or ()}
        left = [each for each in known.values() if each.id not in {file.id for file in given}]
        current: dict[str, VersionedFile] = {}
        for file in sorted(given, key=lambda each: each.id not in known):
            if file.id in known:
                current[file.id] = file if file.earlier else replace(file, earlier=known[file.id].earlier)
                continue
            before = None if file.earlier else _replaced(field, [*current.values(), *left], file)
            if before is not None:
                current.pop(before.id, None)
                left = [each for each in left if each.id != before.id]
                file = replace(file, earlier=(Reference(TARGET, before.id, before.title), *before.earlier))
            current[file.id] = file
        return tuple(current.values())

    def shown(self, text: str) -> str:
        """The name of the file in a text of `form`."""
        return _EARLIER.split(text)[0].partition(" ")[2]

    def types(self, field: FieldLike) -> tuple[str, ...]:
        """The endings of file names that are taken, without the dot; empty for all."""
        return tuple(each.removeprefix(".") for each in field.options.get("types") or self.usual_types)

    def to_json(self, field: FieldLike, value: Any) -> Any:
        """``[{"id": …, "name": …}]``, with ``versions`` where there are earlier ones."""
        return [_said(each) for each in value] if value else None

    def json_schema(self, field: FieldLike) -> dict[str, Any]:
        """The files, each by id and name, with their earlier versions where the field keeps them."""
        one: dict[str, Any] = {
            "type": "object",
            "additionalProperties": False,
            "required": ["id"],
            "properties": {"id": {"type": "string", "format": "uuid"}, "name": {"type": "string"}},
        }
        if not field.options.get("versions"):
            return {"type": "array", "items": one}
        versions = {"type": "array", "items": one}
        return {"type": "array", "items": {**one, "properties": {**one["properties"], "versions": versions}}}

    def accepted_schema(self, field: FieldLike) -> dict[str, Any]:
        """No more files than the field holds."""
        return {**self.json_schema(field), "maxItems": int(field.options.get("count") or 1)}

    def to_text(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """A line per file, ``id name``, earlier versions behind it."""
        return "\n".join(map(_line, value or ()))

    def form(self, field: FieldLike, value: Any, reading: Reading) -> tuple[str, ...]:
        """``id name`` of each file, earlier versions behind it."""
        return tuple(map(_line, value or ()))

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """The names."""
        return (
            msg(", ")
            .to(reading.language)
            .join(each.title or msg("(file)").to(reading.language) for each in value or ())
        )

    def operators(self, field: FieldLike) -> tuple[Operator, ...]:
        """Whether there are any."""
        return self.offered

    def operand(self, field: FieldLike, op: str, value: Any, reading: Reading) -> Any:
        """None: neither operator takes one."""
        return read_operand(named(self.offered, op), value, lambda item: item)

    def condition(
        self, field: FieldLike, columns: Sequence[ColumnElement[Any]], op: str, operand: Any
    ) -> ColumnElement[bool]:
        """Whether there are any."""
        return COMPARE[op](columns[0], None)

    def _check(self, field: FieldLike, files: tuple[Reference, ...]) -> None:
        most = int(field.options.get("count") or 1)
        if field.options.get("versions") and len({each.title for each in files}) <= most:
            files = tuple({each.title: each for each in files}.values())
        if len(files) > most:
            raise ValueRefused(
                "too-many-files",
                msg("There are {count} files; the field holds {most}.", count=len(files), most=most),
                msg("Remove {more}.", more=len(files) - most),
            )
        types = self.types(field)
        for each in files:
            if types and each.title and each.title.rpartition(".")[2].lower() not in types:
                raise ValueRefused(
                    "file-type-refused",
                    msg("“{name}” is not of a type that this field takes.", name=clip(each.title)),
                    msg("Choose a file of type: {types}.", types=", ".join(types)),
                )


def _read(item: Any) -> tuple[Reference, ...]:
    if isinstance(item, Reference):
        found, name = read_id(item), item.title
    elif isinstance(item, Mapping):
        found, name = read_id(item.get("id")), clean_text(item.get("name")) or ""
    else:
        text = clean_text(item) or ""
        first, _, name = text.strip().partition(" ")
        found = read_id(first)
    return (Reference(TARGET, found, name.strip()[:255]),) if found else ()


def _read_versions(item: Any) -> tuple[VersionedFile, ...]:
    earlier: tuple[Any, ...] = getattr(item, "earlier", ())
    if isinstance(item, Mapping):
        listed = item.get("versions")
        earlier = tuple(listed) if isinstance(listed, list) else ()
    elif isinstance(item, str):
        item, *rest = _EARLIER.split(item)
        earlier = tuple(rest)
    versions = tuple(each for version in earlier for each in _read(version))
    return tuple(VersionedFile(TARGET, each.id, each.title, versions) for each in _read(item))


def _versioned(stored: Mapping[str, Any]) -> VersionedFile:
    earlier = tuple(Reference(TARGET, each["id"], each["name"]) for each in stored.get("versions", ()))
    return VersionedFile(TARGET, stored["id"], stored["name"], earlier)


def _said(file: Reference) -> dict[str, Any]:
    said: dict[str, Any] = {"id": file.id, "name": file.title}
    if isinstance(file, VersionedFile) and file.earlier:
        said["versions"] = [_said(each) for each in file.earlier]
    return said


def _line(file: Reference) -> str:
    earlier = file.earlier if isinstance(file, VersionedFile) else ()
    return " <".join(f"{each.id} {each.title}".rstrip() for each in (file, *earlier))


def _replaced(field: FieldLike, there: Sequence[VersionedFile], new: VersionedFile) -> VersionedFile | None:
    """The file that a new one takes the place of: the only one that fits in, or the one of its name."""
    if int(field.options.get("count") or 1) == 1:
        return there[0] if there else None
    return next((each for each in there if each.title == new.title), None)


@FIELD_TYPES.register
class ImageType(FileType):
    """Pictures, shown where they stand."""

    name = "image"
    usual_types = _PICTURES
