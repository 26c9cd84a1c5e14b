"""Files and pictures: references to records of the object `file`, with the name that each had when it was attached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
}
_PICTURES = ("png", "jpg", "jpeg", "gif", "webp")


@FIELD_TYPES.register
class FileType(FieldType):
    """Up to `count` files of at most `size` megabytes, of the `types` (file name endings) that are listed.

    A value is a tuple of `Reference`s whose titles are the file names. Size and content are checked when a file is
    uploaded; the name's ending also here.
    """

    name = "file"
    plain = False
    many = True
    sortable = False
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
        return tuple(Reference(TARGET, each["id"], each["name"]) for each in stored[0]) if stored[0] else None

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
        for item in value:
            for reference in _read(item):
                found.setdefault(reference.id, reference)
        self._check(field, tuple(found.values()))
        return tuple(found.values()) or None

    def types(self, field: FieldLike) -> tuple[str, ...]:
        """The endings of file names that are taken, without the dot; empty for all."""
        return tuple(each.removeprefix(".") for each in field.options.get("types") or self.usual_types)

    def to_json(self, field: FieldLike, value: Any) -> Any:
        """``[{"id": …, "name": …}]``."""
        return [{"id": each.id, "name": each.title} for each in value] if value else None

    def json_schema(self, field: FieldLike) -> dict[str, Any]:
        """The files, each by id and name."""
        one = {
            "type": "object",
            "additionalProperties": False,
            "required": ["id"],
            "properties": {"id": {"type": "string", "format": "uuid"}, "name": {"type": "string"}},
        }
        return {"type": "array", "items": one}

    def accepted_schema(self, field: FieldLike) -> dict[str, Any]:
        """No more files than the field holds."""
        return {**self.json_schema(field), "maxItems": int(field.options.get("count") or 1)}

    def to_text(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """A line per file, ``id name``."""
        return "\n".join(f"{each.id} {each.title}".rstrip() for each in value or ())

    def form(self, field: FieldLike, value: Any, reading: Reading) -> tuple[str, ...]:
        """``id name`` of each file."""
        return tuple(f"{each.id} {each.title}".rstrip() for each in value or ())

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


@FIELD_TYPES.register
class ImageType(FileType):
    """Pictures, shown where they stand."""

    name = "image"
    usual_types = _PICTURES
