"""Picklists: one value or several out of a list, kept by API name, found by name, label or alias."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Text, and_, case, func

from dougong.base.field_types import FIELD_TYPES, FieldLike, Operator, Part, Reading, ValueRefused
from dougong.base.language import LANGUAGES, Labels, label, msg
from dougong.engine.fields.conditions import COMPARE, absent_or, present
from dougong.engine.fields.operators import (
    EXCLUDES,
    INCLUDES,
    INCLUDES_ANY,
    IS,
    IS_NOT,
    PRESENCE,
    clip,
    named,
    read_operand,
    wrong_kind,
)
from dougong.engine.fields.scalar import Scalar

LABELS = {"type": "object", "additionalProperties": {"type": "string"}}
VALUES = {
    "type": "array",
    "minItems": 1,
    "maxItems": 500,
    "items": {
        "type": "object",
        "properties": {
            "value": {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,39}$"},
            "label": LABELS,
            "colour": {"type": "string"},
            "icon": {"type": "string"},
            "active": {"type": "boolean"},
            "aliases": {"type": "array", "items": {"type": "string"}},
            "attributes": {"type": "object"},
        },
        "required": ["value", "label"],
        "additionalProperties": False,
    },
}
"""JSON Schema of the values that a field lists itself."""

DEPENDS_ON = {
    "type": "object",
    "properties": {
        "field": {"type": "string"},
        "allow": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    },
    "required": ["field", "allow"],
    "additionalProperties": False,
}
"""JSON Schema of a dependency: by value of the controlling field, what may be chosen here."""

OTHER = {
    "type": "object",
    "properties": {"value": {"type": "string"}, "text": {"type": "string"}},
    "required": ["value", "text"],
    "additionalProperties": False,
}
"""JSON Schema of a value that wants to be put into words: the value, and the text field that holds them."""

KEYS: Mapping[str, Any] = {
    "values": VALUES,
    "picklist": {"type": "string"},
    "attributes_schema": {"type": "object", "additionalProperties": {"type": "string"}},
    "depends_on": DEPENDS_ON,
    "other": OTHER,
}


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def find_value(field: FieldLike, typed: str, language: str = LANGUAGES[0]) -> str:
    """The API name of the value that `typed` names: by API name, then by label or alias in any language.

    Raises:
        ValueRefused: none of the list is called so; the nearest is named, or some are listed in `language`.
    """
    values = field.picklist.values if field.picklist else {}
    text = typed.strip()
    if text in values:
        return text
    names = _names(field)
    found = names.get(_fold(text))
    if found is not None:
        return found
    near = difflib.get_close_matches(_fold(text), names, n=1)
    some = [values[names[near[0]]]] if near else [each for each in values.values() if each.active][:8]
    raise ValueRefused(
        "value-not-in-list",
        msg("“{value}” is not in the list.", value=clip(typed)),
        msg("Did you mean {near}?", near=_label(some[0]))
        if near
        else msg("Choose one of: {labels}.", labels=", ".join(label(each.label, language, each.value) for each in some))
        if some
        else None,
    )


def _label(value: Any) -> Labels | str:
    return value.label or str(value.value)


def _names(field: FieldLike) -> dict[str, str]:
    """Folded text to API name; an earlier value wins, a label wins over an alias."""
    names: dict[str, str] = {}
    values = field.picklist.values.values() if field.picklist else ()
    for each in values:
        names.setdefault(_fold(each.value), each.value)
    for each in values:
        for text in each.label.values():
            names.setdefault(_fold(text), each.value)
    for each in values:
        for text in each.aliases:
            names.setdefault(_fold(text), each.value)
    return names


def choices(field: FieldLike, controlling: Any = None, only: Sequence[str] | None = None) -> tuple[Any, ...]:
    """The `PicklistValue`s that may be chosen now, in order.

    `controlling` is the value of the field that this one depends on (several for a multi-picklist), `only` the
    subset of the record type.
    """
    values = field.picklist.values.values() if field.picklist else ()
    allowed = allowed_values(field, controlling)
    return tuple(
        each
        for each in values
        if each.active and (only is None or each.value in only) and (allowed is None or each.value in allowed)
    )


def allowed_values(field: FieldLike, controlling: Any) -> frozenset[str] | None:
    """What `depends_on` leaves of the list for a value of the controlling field; None where nothing limits it.

    A controlling field without value, or with one that is not listed, leaves nothing.
    """
    depends = field.options.get("depends_on")
    if not depends:
        return None
    several = controlling if isinstance(controlling, tuple | list) else (controlling,)
    return frozenset(value for each in several for value in depends["allow"].get(_key(each), ()))


def _key(controlling: Any) -> str:
    """The key of `allow` for a controlling value: "true" and "false" for a boolean."""
    return str(controlling).lower() if isinstance(controlling, bool) else str(controlling)


@FIELD_TYPES.register
class PicklistType(Scalar):
    """One value of a list."""

    name = "picklist"
    formula_type = "picklist"
    keys: ClassVar[Mapping[str, Any]] = {
        **KEYS,
        "style": {"enum": ["select", "radio", "chip"], "default": "select"},
    }

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """The API name of the value."""
        return (Part("", Text()),)

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> str | None:
        """The API name. An inactive value passes here: whether it may be chosen anew, saving decides."""
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise wrong_kind(value, msg("the API name of a value"))
        return find_value(field, value, reading.language) if value.strip() else None

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """The label in the reader's language; the API name of a value that has left the list."""
        return _shown(field, value, reading) if value else ""

    def to_text(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """The label, where it leads back to the value; else the API name."""
        return _written(field, value, reading) if value else ""

    def form(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """The API name."""
        return value or ""

    def accepted_schema(self, field: FieldLike) -> dict[str, Any]:
        """One of the values that may be chosen; a record may still hold one that has left the list."""
        return {"type": "string", "enum": _choosable(field)}

    def sort_keys(self, field: FieldLike, columns: Sequence[ColumnElement[Any]]) -> tuple[ColumnElement[Any], ...]:
        """The place in the list; values that have left it follow."""
        places = {value: place for place, value in enumerate(field.picklist.values)} if field.picklist else {}
        if not places:
            return (columns[0],)
        rest = case((columns[0].is_not(None), len(places)))
        return (case(places, value=columns[0], else_=rest),)


def _choosable(field: FieldLike) -> list[str]:
    return [each.value for each in field.picklist.values.values() if each.active] if field.picklist else []


def _shown(field: FieldLike, value: str, reading: Reading) -> str:
    known = field.picklist.values.get(value) if field.picklist else None
    return label(known.label, reading.language, value) if known else value


def _written(field: FieldLike, value: str, reading: Reading) -> str:
    text = _shown(field, value, reading)
    if ";" in text or "；" in text or text != text.strip():
        return value
    try:
        return text if find_value(field, text) == value else value
    except ValueRefused:
        return value


_SPLIT = re.compile(r"[;；\n]")


@FIELD_TYPES.register
class MultiPicklistType(Scalar):
    """Several values of a list, kept as ``;a;b;`` in the order of the list."""

    name = "multi_picklist"
    formula_type = "multi_picklist"
    plain = False
    many = True
    sortable = False
    offered: ClassVar[tuple[Operator, ...]] = (INCLUDES_ANY, INCLUDES, EXCLUDES, IS, IS_NOT, *PRESENCE)
    keys: ClassVar[Mapping[str, Any]] = KEYS

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """The API names between semicolons."""
        return (Part("", Text()),)

    def to_row(self, field: FieldLike, value: Any) -> tuple[Any, ...]:
        """``;a;b;``."""
        return (_joined(value) if value else None,)

    def from_row(self, field: FieldLike, stored: Sequence[Any]) -> tuple[str, ...] | None:
        """The API names."""
        return tuple(stored[0].strip(";").split(";")) if stored[0] else None

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> tuple[str, ...] | None:
        """The API names in the order of the list, each once; text has ``;`` between them."""
        if value is None:
            return None
        if isinstance(value, str):
            value = _SPLIT.split(value)
        if not isinstance(value, list | tuple | set | frozenset) or not all(isinstance(each, str) for each in value):
            raise wrong_kind(value, msg("a list of API names"))
        chosen = {find_value(field, each, reading.language) for each in value if each.strip()}
        order = list(field.picklist.values) if field.picklist else []
        return tuple(sorted(chosen, key=order.index)) or None

    def accepted_schema(self, field: FieldLike) -> dict[str, Any]:
        """Some of the values that may be chosen."""
        return {"type": "array", "items": {"type": "string", "enum": _choosable(field)}}

    def to_json(self, field: FieldLike, value: Any) -> Any:
        """A list of API names."""
        return list(value) if value else None

    def to_text(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """The labels with ``; `` between them."""
        return "; ".join(_written(field, each, reading) for each in value or ())

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """The labels in the reader's language."""
        return msg(", ").to(reading.language).join(_shown(field, each, reading) for each in value or ())

    def form(self, field: FieldLike, value: Any, reading: Reading) -> tuple[str, ...]:
        """The API names."""
        return tuple(value or ())

    def operand(self, field: FieldLike, op: str, value: Any, reading: Reading) -> Any:
        """API names, one or several for every operator."""
        operator = named(self.offered, op)
        if operator.arity == "none":
            return None
        chosen = self.coerce(field, value, reading)
        return read_operand(IS, chosen, lambda item: item)

    def condition(
        self, field: FieldLike, columns: Sequence[ColumnElement[Any]], op: str, operand: Any
    ) -> ColumnElement[bool]:
        """Looks for ``;a;`` in the column. Taking it out and comparing minds case on both databases; LIKE does not."""
        column = columns[0]
        if op in ("blank", "not_blank"):
            return COMPARE[op](column, None)
        if op in ("is", "is_not"):
            return COMPARE[op](column, _joined(operand))
        holds = [func.replace(column, f";{value};", "") != column for value in operand]
        if op == "includes":
            return present(column, and_(*holds))
        if op == "any":
            return present(column, _any(holds))
        return absent_or(column, ~_any(holds))


def _any(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    found = conditions[0]
    for condition in conditions[1:]:
        found = found | condition
    return found


def _joined(values: Sequence[str]) -> str:
    return f";{';'.join(values)};"
