"""References to records: lookup, master-detail, user, department, many-to-many link, and the record's own id."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Text

from dougong.base.field_types import FIELD_TYPES, FieldLike, Operator, Part, Reading, Reference, ValueRefused
from dougong.base.language import msg
from dougong.engine.columns import Id
from dougong.engine.fields.conditions import COMPARE
from dougong.engine.fields.numbers import LABELS
from dougong.engine.fields.operators import (
    BELOW,
    CHOICE,
    EXCLUDES,
    LINKED,
    PRESENCE,
    clip,
    named,
    read_operand,
    wrong_kind,
)
from dougong.engine.fields.scalar import Scalar

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_REVERSE = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "label": LABELS},
    "required": ["name"],
    "additionalProperties": False,
}
_COPY = {
    "type": ["object", "boolean"],
    "additionalProperties": {
        "type": "object",
        "properties": {"from": {"type": "string"}, "mode": {"enum": ["once", "live"], "default": "once"}},
        "required": ["from"],
        "additionalProperties": False,
    },
}
_LOOKUP: Mapping[str, Any] = {
    "filter": {"type": "string"},
    "create_in_place": {"type": "boolean", "default": False},
    "reverse": _REVERSE,
    "copy": _COPY,
}


def is_record_id(text: Any) -> bool:
    """Whether `text` has the form of a record's id."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def read_id(value: Any) -> str | None:
    """The id that `value` is or refers to; None for blank.

    Raises:
        ValueRefused: it has not the form of one.
    """
    if isinstance(value, Reference):
        value = value.id
    if isinstance(value, Mapping):
        value = value.get("id")
    if value is None:
        return None
    text = str(value).strip().lower() if not isinstance(value, bool | int | float) else ""
    if not text and isinstance(value, str):
        return None
    if not is_record_id(text):
        raise ValueRefused(
            "reference-not-found",
            msg("There is no record “{value}”.", value=clip(value)),
            msg("Choose a record from the list."),
        )
    return text


class ReferenceType(Scalar):
    """What all references share. A value is a `Reference`; filters take ids.

    Text names the id (``account:0198…`` where the field refers to several objects): files with titles are
    resolved by the import, which knows how to look them up.
    """

    formula_type: ClassVar[str | None] = "id"
    refers = True
    plain = False
    offered: ClassVar[tuple[Operator, ...]] = CHOICE
    fixed_target: ClassVar[str | None] = None

    def operators(self, field: FieldLike) -> tuple[Operator, ...]:
        """Those of choices; where the records stand above one another also whether it is one of a subtree."""
        return (*self.offered, BELOW) if field.options.get("tree") and self.stored else self.offered

    def targets(self, field: FieldLike) -> tuple[str, ...]:
        """The objects that the field may refer to."""
        return (self.fixed_target,) if self.fixed_target else field.targets

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """The id, indexed; with several targets also the object."""
        principal = Part("", Id(), index=True)
        return (principal,) if len(self.targets(field)) == 1 else (principal, Part("_object", Text()))

    def to_row(self, field: FieldLike, value: Any) -> tuple[Any, ...]:
        """The id, and the object where several are possible."""
        several = len(self.targets(field)) > 1
        if value is None:
            return (None, None) if several else (None,)
        return (value.id, value.object) if several else (value.id,)

    def from_row(self, field: FieldLike, stored: Sequence[Any]) -> Reference | None:
        """The reference, without a title: whoever reads joins that."""
        if stored[0] is None:
            return None
        targets = self.targets(field)
        return Reference(targets[0] if len(targets) == 1 else stored[1], stored[0])

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> Any:
        """The reference of an id, a `Reference`, ``{"object": …, "id": …}`` or ``object:id``.

        Whether the record exists and may be chosen is looked up when saving, for all records of a batch at once.
        """
        if isinstance(value, list | tuple):
            value = value[-1] if value else None
        given, value = _split(value)
        found = read_id(value)
        if found is None:
            return None
        targets = self.targets(field)
        if given is None and len(targets) > 1:
            raise ValueRefused(
                "reference-object-missing",
                msg("“{value}” does not say which kind of record it is.", value=clip(found)),
                msg("Write it as {example}.", example=f"{targets[0]}:{found}"),
            )
        target = given or targets[0]
        if target not in targets:
            raise ValueRefused(
                "reference-wrong-object",
                msg("This field does not refer to records of “{object}”.", object=clip(target)),
                msg("It refers to: {names}.", names=", ".join(targets)),
            )
        title = value.title if isinstance(value, Reference) else ""
        return Reference(target, found, title)

    def to_json(self, field: FieldLike, value: Any) -> Any:
        """The id; with several targets ``{"object": …, "id": …}``."""
        if value is None:
            return None
        return value.id if len(self.targets(field)) == 1 else {"object": value.object, "id": value.id}

    def to_text(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """The id; with several targets ``object:id``."""
        if value is None:
            return ""
        return str(value.id) if len(self.targets(field)) == 1 else f"{value.object}:{value.id}"

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """The title; without one (not visible, not joined) nothing is said of it but that it is there."""
        if value is None:
            return ""
        return value.title or msg("(record)").to(reading.language)

    def operand_value(self, field: FieldLike, op: str, value: Any, reading: Reading) -> Any:
        """An id."""
        return read_id(_split(value)[1])


def _split(value: Any) -> tuple[str | None, Any]:
    """The object that a value names beside the id, and the rest."""
    if isinstance(value, Reference):
        return value.object, value
    if isinstance(value, Mapping):
        return (value.get("object") or None), value
    if isinstance(value, str) and ":" in value:
        target, _, rest = value.partition(":")
        return (target.strip() or None), rest
    return None, value


def _is_id(text: str) -> bool:
    try:
        return read_id(_split(text)[1]) is not None
    except ValueRefused:
        return False


@FIELD_TYPES.register
class LookupType(ReferenceType):
    """A record of another object, or of one of several."""

    name = "lookup"
    keys: ClassVar[Mapping[str, Any]] = {
        "target": {"type": "string"},
        "targets": {"type": "array", "items": {"type": "string"}, "minItems": 2, "uniqueItems": True},
        "on_delete": {"enum": ["restrict", "set_null"]},
        **_LOOKUP,
    }


@FIELD_TYPES.register
class MasterDetailType(ReferenceType):
    """The record that this one is part of: it goes where that one goes."""

    name = "master_detail"
    template = "fields/lookup.html"
    required_keys = ("target",)
    keys: ClassVar[Mapping[str, Any]] = {
        "target": {"type": "string"},
        "on_delete": {"enum": ["cascade"], "default": "cascade"},
        "reparent": {"type": "boolean", "default": False},
        "order": {"type": "string"},
        **_LOOKUP,
    }


@FIELD_TYPES.register
class UserType(ReferenceType):
    """A person who works with the system."""

    name = "user"
    fixed_target = "user"

    def required_flag(self, keys: Mapping[str, Any]) -> str | None:
        """Only people who still work here, unless the field says otherwise."""
        return "active" if keys.get("active_only", True) else None

    keys: ClassVar[Mapping[str, Any]] = {
        "active_only": {"type": "boolean", "default": True},
        "on_delete": {"enum": ["restrict", "set_null"]},
        "filter": {"type": "string"},
        "reverse": _REVERSE,
        "copy": _COPY,
    }


@FIELD_TYPES.register
class DepartmentType(ReferenceType):
    """A department."""

    name = "department"
    template = "fields/lookup.html"
    fixed_target = "department"
    keys: ClassVar[Mapping[str, Any]] = {
        "on_delete": {"enum": ["restrict", "set_null"]},
        "filter": {"type": "string"},
        "reverse": _REVERSE,
        "copy": _COPY,
    }


@FIELD_TYPES.register
class LinkType(ReferenceType):
    """Any number of records of another object. They stand in a table of links, not in the record's own.

    `condition` is over the link table's target column and is true for a link that fits; the query wraps it in
    EXISTS, and in NOT EXISTS for `excludes` and `blank`.
    """

    name = "link"
    stored = False
    many = True
    sortable = False
    formula_type = None
    required_keys = ("target",)
    offered = (LINKED, EXCLUDES, *PRESENCE)
    keys: ClassVar[Mapping[str, Any]] = {
        "target": {"type": "string"},
        "through": {"type": "string"},
        "filter": {"type": "string"},
        "reverse": _REVERSE,
    }

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """None."""
        return ()

    def to_row(self, field: FieldLike, value: Any) -> tuple[Any, ...]:
        """Nothing."""
        return ()

    def from_row(self, field: FieldLike, stored: Sequence[Any]) -> Any:
        """Nothing: links are read by a statement of their own."""
        return None

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> tuple[Reference, ...] | None:
        """The references, each once, in the order given; None for none. Text has ``;`` between ids."""
        if value is None:
            return None
        if isinstance(value, str):
            value = [item for item in value.split(";") if item.strip()]
        if not isinstance(value, list | tuple | set | frozenset):
            raise wrong_kind(value, msg("a list of record ids"))
        found: dict[str, Reference] = {}
        for item in value:
            reference = super().coerce(field, item, reading)
            if reference is not None:
                found.setdefault(reference.id, reference)
        return tuple(found.values()) or None

    def to_json(self, field: FieldLike, value: Any) -> Any:
        """A list of ids."""
        return [each.id for each in value] if value else None

    def to_text(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """The ids with ``;`` between them."""
        return ";".join(each.id for each in value or ())

    def form(self, field: FieldLike, value: Any, reading: Reading) -> tuple[str, ...]:
        """The ids."""
        return tuple(each.id for each in value or ())

    def unresolved(self, sent: Iterable[str]) -> str:
        """What of the ids that a form sent is none: names that were typed and that no single record has."""
        return "; ".join(each for each in sent if not _is_id(each))

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """The titles."""
        titles = [super(LinkType, self).display(field, each, reading) for each in value or ()]
        return msg(", ").to(reading.language).join(titles)

    def operand(self, field: FieldLike, op: str, value: Any, reading: Reading) -> Any:
        """Ids."""
        return read_operand(named(self.offered, op), value, lambda item: read_id(_split(item)[1]))

    def condition(
        self, field: FieldLike, columns: Sequence[ColumnElement[Any]], op: str, operand: Any
    ) -> ColumnElement[bool]:
        """A link that fits."""
        return COMPARE["not_blank" if op in ("blank", "not_blank") else "in"](columns[0], operand)


@FIELD_TYPES.register
class IdType(Scalar):
    """The record's own id: a system field, never declared."""

    name = "id"
    formula_type = "id"
    writable = False
    offered: ClassVar[tuple[Operator, ...]] = CHOICE

    def operators(self, field: FieldLike) -> tuple[Operator, ...]:
        """Those of choices; of a record that stands in a tree also whether it is in a subtree."""
        return (*self.offered, BELOW) if field.options.get("tree") else self.offered

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """One id."""
        return (Part("", Id()),)

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> str | None:
        """The id in lower case."""
        return read_id(value)
