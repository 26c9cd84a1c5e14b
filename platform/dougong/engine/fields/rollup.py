"""Roll-ups: what the children of a record come to. The engine computes them; the value is of the children's type.

| `op` | result |
|---|---|
| count, distinct | a whole number |
| sum, min, max, first, last | as the field read; a rating sums up to a whole number |
| avg, median | a decimal; of money, percentages and durations again one of them |
| concat | text, with `separator` between |

With ``"rights": "viewer"`` nothing is stored: each query counts the children that whoever asks may see
(`dougong.engine.reading.counted`).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from dougong.base.field_types import FIELD_TYPES, FieldLike, FieldType, Part
from dougong.engine.columns import Count
from dougong.engine.fields.derived import DerivedType, innermost
from dougong.engine.fields.numbers import IntegerType

VIEWER = "viewer"
"""What `rights` says where only the children that the viewer may see count."""

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
        "rights": {"enum": ["system", VIEWER], "default": "system"},
    }

    def __init__(self, result: FieldType | None = None, virtual: bool = False) -> None:
        """Give values of the type `result`, a count without one; without columns where `virtual`."""
        super().__init__(result or FIELD_TYPES[IntegerType.name])
        self.nothing: Any = None
        self.virtual = virtual

    def bound(self, options: Mapping[str, Any], read: FieldType | None) -> FieldType:
        """The roll-up whose values are of the type that `op` makes of the field `read`."""
        op = str(options.get("op"))
        made = RollupType(_result(op, read), options.get("rights") == VIEWER)
        if op in (*_COUNTS, "sum"):
            made.nothing = 0 if isinstance(made.result, IntegerType) else Decimal(0)
        return made

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """The columns of the result; of a count, one that says how few digits counts have; none where not stored."""
        if self.virtual:
            return ()
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
