"""A JSON object or array, by choice of a given schema."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import jsonschema_rs
from sqlalchemy import ColumnElement

from dougong.base.field_types import FIELD_TYPES, FieldLike, FieldType, Operator, Part, Reading, ValueRefused
from dougong.base.language import msg
from dougong.engine.columns import Document
from dougong.engine.fields.conditions import COMPARE
from dougong.engine.fields.operators import PRESENCE, clip, named, read_operand, wrong_kind

LENGTH = 256 * 1024
DEPTH = 50


@FIELD_TYPES.register
class JsonType(FieldType):
    """A document. Text is read as JSON, so that the value itself is never a bare text."""

    name = "json"
    sortable = False
    offered: ClassVar[tuple[Operator, ...]] = PRESENCE[::-1]
    keys: ClassVar[Mapping[str, Any]] = {"schema": {"type": "object"}}

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """One document."""
        return (Part("", Document()),)

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> Any:
        """The object or array, of the field's `schema` where it has one."""
        if isinstance(value, str):
            value = _read(value)
        if value is None:
            return None
        if not isinstance(value, dict | list):
            raise wrong_kind(value, msg("a JSON object or array"))
        _check_values(value, 1)
        text = json.dumps(value, ensure_ascii=False)
        if len(text) > LENGTH:
            raise ValueRefused(
                "value-too-long",
                msg("The text has {count} characters; the field holds {longest}.", count=len(text), longest=LENGTH),
            )
        schema = field.options.get("schema")
        if schema:
            _check_schema(json.dumps(schema, sort_keys=True), value)
        return value

    def json_schema(self, field: FieldLike) -> dict[str, Any]:
        """Any object or array; what the field's own `schema` asks is checked when a value comes in."""
        return {"type": ["object", "array"]}

    def to_text(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """Compact JSON."""
        return "" if value is None else json.dumps(value, ensure_ascii=False)

    def form(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """Indented JSON."""
        return "" if value is None else json.dumps(value, ensure_ascii=False, indent=2)

    def operators(self, field: FieldLike) -> tuple[Operator, ...]:
        """Whether there is one."""
        return self.offered

    def operand(self, field: FieldLike, op: str, value: Any, reading: Reading) -> Any:
        """None: neither operator takes one."""
        return read_operand(named(self.offered, op), value, lambda item: item)

    def condition(
        self, field: FieldLike, columns: Sequence[ColumnElement[Any]], op: str, operand: Any
    ) -> ColumnElement[bool]:
        """Whether there is one."""
        return COMPARE[op](columns[0], None)


def _read(typed: str) -> Any:
    if not typed.strip():
        return None
    try:
        return json.loads(typed)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise ValueRefused(
            "value-not-json",
            msg("“{value}” is not JSON.", value=clip(typed)),
            msg("Look at line {line}: text stands in double quotes, no comma before a closing bracket.", line=line),
        ) from None


def _check_values(value: Any, depth: int) -> None:
    """Refuse what not every reader of JSON could take: deep nesting, infinities, null characters."""
    if depth > DEPTH:
        raise ValueRefused("json-too-deep", msg("The JSON is nested deeper than {depth} levels.", depth=DEPTH))
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise wrong_kind(key, msg("text for the names in a JSON object"))
            _check_values(key, depth)
            _check_values(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_values(item, depth + 1)
    elif isinstance(value, str):
        if "\x00" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
            raise ValueRefused(
                "text-broken", msg("The text holds half a character."), msg("Paste it again from its source.")
            )
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise wrong_kind(value, msg("a number that JSON can hold"))
    elif value is not None and not isinstance(value, bool | int):
        raise wrong_kind(value, msg("values that JSON can hold"))


@functools.lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    return jsonschema_rs.validator_for(json.loads(schema))


def _check_schema(schema: str, value: Any) -> None:
    for error in _validator(schema).iter_errors(value):
        place = "/" + "/".join(map(str, error.instance_path))
        raise ValueRefused(
            "json-schema",
            msg(
                "At {place} the JSON is not as the field wants it: {error}", place=place, error=clip(error.message, 200)
            ),
        )


def indented(value: Any) -> str:
    """`value` as people read JSON."""
    return json.dumps(value, ensure_ascii=False, indent=2)


__all__: Sequence[str] = ("JsonType", "indented")
