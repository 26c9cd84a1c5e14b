"""The filter operators that field types offer, and the reading of their operands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dougong.base.field_types import Operator, ValueRefused
from dougong.base.language import msg

IS = Operator("is", msg("is"))
IS_NOT = Operator("is_not", msg("is not"))
IN = Operator("in", msg("is one of"), "many")
NOT_IN = Operator("not_in", msg("is none of"), "many")
CONTAINS = Operator("contains", msg("contains"))
NOT_CONTAINS = Operator("not_contains", msg("does not contain"))
STARTS = Operator("starts", msg("starts with"))
ENDS = Operator("ends", msg("ends with"))
GT = Operator("gt", msg("is more than"))
GTE = Operator("gte", msg("is at least"))
LT = Operator("lt", msg("is less than"))
LTE = Operator("lte", msg("is at most"))
BETWEEN = Operator("between", msg("is between"), "two")
WITHIN = Operator("within", msg("is within"))
BELOW = Operator("within", msg("is at or below"))
VALID = Operator("valid_on", msg("is valid on"))
BEFORE = Operator("before", msg("is before"))
AFTER = Operator("after", msg("is after"))
FROM = Operator("gte", msg("is on or after"))
UNTIL = Operator("lte", msg("is on or before"))
EARLIER = Operator("lt", msg("is earlier than"))
LATER = Operator("gt", msg("is later than"))
INCLUDES = Operator("includes", msg("includes all of"), "many")
INCLUDES_ANY = Operator("any", msg("includes any of"), "many")
EXCLUDES = Operator("excludes", msg("includes none of"), "many")
LINKED = Operator("includes", msg("includes any of"), "many")
NEAR = Operator("near", msg("is near"))
IN_REGION = Operator("in_region", msg("is in the region"), "many")
BLANK = Operator("blank", msg("is blank"), "none")
NOT_BLANK = Operator("not_blank", msg("is not blank"), "none")

PRESENCE = (BLANK, NOT_BLANK)
CHOICE = (IS, IS_NOT, IN, NOT_IN, *PRESENCE)
TEXT = (CONTAINS, IS, IS_NOT, NOT_CONTAINS, STARTS, ENDS, IN, NOT_IN, *PRESENCE)
NUMBER = (IS, IS_NOT, GT, GTE, LT, LTE, BETWEEN, IN, NOT_IN, *PRESENCE)
TIME_OF_DAY = (IS, IS_NOT, EARLIER, UNTIL, LATER, FROM, BETWEEN, IN, NOT_IN, *PRESENCE)
DATE = (WITHIN, IS, IS_NOT, BEFORE, AFTER, FROM, UNTIL, EARLIER, LATER, BETWEEN, IN, NOT_IN, *PRESENCE)

OPERANDS = 1000
"""The most values that one operand may list."""


def read_operand(operator: Operator, value: Any, read: Callable[[Any], Any]) -> Any:
    """The operand of `operator`: None, one value, a tuple, or a pair, each read by `read`.

    A list may come as text with ``;`` between its items, a pair with ``..``: that is how URLs say them.

    Raises:
        ValueRefused: a value is missing, there are too many, or `read` refuses one.
    """
    if operator.arity == "none":
        return None
    if operator.arity == "one":
        return _present(read(value))
    items = _items(value, ".." if operator.arity == "two" else ";")
    if operator.arity == "two":
        if len(items) != 2:
            raise ValueRefused(
                "operand-pair",
                msg("A range has two ends."),
                msg("Write the lower end, two dots, the upper end: 10..20."),
            )
        return _present(read(items[0])), _present(read(items[1]))
    if len(items) > OPERANDS:
        raise ValueRefused("operand-too-long", msg("The list has more than {count} values.", count=OPERANDS))
    return tuple(_present(read(item)) for item in items)


def _items(value: Any, separator: str) -> tuple[Any, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(separator) if part.strip())
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(value)
    return () if value is None else (value,)


def _present(value: Any) -> Any:
    if value is None or value == ():
        raise ValueRefused(
            "operand-missing",
            msg("The condition has no value to compare with."),
            msg("Give a value, or ask whether the field is blank."),
        )
    return value


def named(operators: tuple[Operator, ...], op: str) -> Operator:
    """The operator `op` among those that a type offers.

    Raises:
        ValueRefused: the type does not offer it.
    """
    for operator in operators:
        if operator.name == op:
            return operator
    raise ValueRefused(
        "operator-unknown",
        msg("This field cannot be filtered with “{op}”.", op=op),
        msg("It offers {names}.", names=", ".join(operator.name for operator in operators)),
    )


def clip(value: Any, length: int = 40) -> str:
    """`value` as text short enough to be quoted in a message."""
    text = str(value)
    return text if len(text) <= length else text[: length - 1] + "…"


def wrong_kind(value: Any, expected: Mapping[str, str] | Any) -> ValueRefused:
    """The refusal of a JSON or Python value of a kind that no text of the field could be."""
    return ValueRefused(
        "value-kind",
        msg("“{value}” is not the kind of value that this field holds.", value=clip(value)),
        msg("Give {expected}.", expected=expected),
    )
