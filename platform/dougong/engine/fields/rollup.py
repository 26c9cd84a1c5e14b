"""Roll-ups: what the children of a record come to. The engine computes them; the value is of the children's type.

| `op` | result |
|---|---|
| count, distinct | a whole number |
| sum, min, max, first, last | as the field read; a rating sums up to a whole number |
| avg | a decimal; of money, percentages and durations again one of them |
| concat | text, with `separator` between |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from dougong.base.field_types import FIELD_TYPES, FieldType
from dougong.engine.fields.derived import DerivedType, innermost
from dougong.engine.fields.numbers import IntegerType

_COUNTS = ("count", "distinct")
_SORT = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"field": {"type": "string"}, "dir": {"enum": ["asc", "desc"]}},
        "required": ["field"],
        "additionalProperties": False,
    },
}


@FIELD_TYPES.register
class RollupType(DerivedType):
    """A roll-up. The registered one declares the keys; `bound` makes the one that serves a field."""

    name = "rollup"
    formula_type = "number"
    required_keys = ("from", "op")
    keys: ClassVar[Mapping[str, Any]] = {
        "from": {"type": "string"},
        "op": {"enum": ["count", "sum", "min", "max", "avg", "distinct", "first", "last", "concat"]},
        "field": {"type": "string"},
        "where": {"type": "string"},
        "order": _SORT,
        "separator": {"type": "string", "maxLength": 10, "default": ", "},
    }

    def __init__(self, result: FieldType | None = None) -> None:
        """Give values of the type `result`; a count without one."""
        super().__init__(result or FIELD_TYPES[IntegerType.name])

    def bound(self, options: Mapping[str, Any], read: FieldType | None) -> FieldType:
        """The roll-up whose values are of the type that `op` makes of the field `read`."""
        return RollupType(_result(str(options.get("op")), read))


def _result(op: str, read: FieldType | None) -> FieldType | None:
    if op in _COUNTS or read is None:
        return None
    if op == "concat":
        return FIELD_TYPES["long_text"]
    read = innermost(read)
    if op == "avg" and read.name in ("integer", "rating"):
        return FIELD_TYPES["decimal"]
    return None if op == "sum" and read.name == "rating" else read
