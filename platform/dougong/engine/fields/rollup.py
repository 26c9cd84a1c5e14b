"""Roll-ups: what the children of a record come to. The engine computes them; the value is of the children's type.

| `op` | result |
|---|---|
| count, distinct | a whole number |
| sum, min, max, first, last | as the field read; a rating sums up to a whole number |
| avg, median | a decimal; of money, percentages and durations again one of them |
| concat | text, with `separator` between |
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from dougong.base.field_types import FIELD_TYPES, FieldLike, FieldType, Part
from dougong.engine.columns import Count
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


_WINDOW = {
    "type": "object",
    "properties": {"field": {"type": "string"}, "period": {"type": "string"}},
    "required": ["field", "period"],
    "additionalProperties": False,
}
_BY_RIGHTS = {"en": "roll-ups by rights", "zh-CN": "按权限统计"}


@FIELD_TYPES.register
class RollupType(DerivedType):
    """A roll-up. The registered one declares the keys; `bound` makes the one that serves a field.

    `nothing` is its value over no children: 0 of what is counted or added up, blank of the others.
    """

    name = "rollup"
    formula_type = "number"
    required_keys = ("from", "op")
    keys: ClassVar[Mapping[str, Any]] = {
        "from": {"type": "string"},
        "op": {"enum": ["count", "sum", "min", "max", "avg", "distinct", "first", "last", "concat", "median"]},
        "field": {"type": "string"},
        "where": {"type": "string"},
        "order": _SORT,
        "separator": {"type": "string", "maxLength": 10, "default": ", "},
        "tree": {"type": "boolean", "default": False},
        "window": _WINDOW,
        "rights": {"enum": ["system"], "default": "system", "x-later-values": {"viewer": _BY_RIGHTS}},
    }

    def __init__(self, result: FieldType | None = None) -> None:
        """Give values of the type `result`; a count without one."""
        super().__init__(result or FIELD_TYPES[IntegerType.name])
        self.nothing: Any = None

    def bound(self, options: Mapping[str, Any], read: FieldType | None) -> FieldType:
        """The roll-up whose values are of the type that `op` makes of the field `read`."""
        op = str(options.get("op"))
        made = RollupType(_result(op, read))
        if op in (*_COUNTS, "sum"):
            made.nothing = 0 if isinstance(made.result, IntegerType) else Decimal(0)
        return made

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """The columns of the result; of a count, one that says how few digits counts have."""
        return (Part("", Count()),) if field.options.get("op") in _COUNTS else super().parts(field)


def _result(op: str, read: FieldType | None) -> FieldType | None:
    if op in _COUNTS or read is None:
        return None
    if op == "concat":
        return FIELD_TYPES["long_text"]
    read = innermost(read)
    if op in ("avg", "median") and read.name in ("integer", "rating"):
        return FIELD_TYPES["decimal"]
    return None if op == "sum" and read.name == "rating" else read
