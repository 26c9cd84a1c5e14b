"""A translated sub-expression, and the plain types that it is computed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    Text,
    case,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    true,
    type_coerce,
)
from sqlalchemy.types import TypeEngine

from dougong.base.language import Message, msg
from dougong.formulas.decimals import EXACT
from dougong.formulas.sql.constructs import ExactLiteral, Rescaled
from dougong.formulas.sql.types import MOMENT, TIME, ExactNumber
from dougong.formulas.types import Type, Value


class Unsupported(Exception):
    """A part of a formula has no SQL."""

    def __init__(self, why: Message | None = None) -> None:
        """Say `why` in a sentence, where there is more to say than that nobody has written it."""
        super().__init__(str(why))
        self.why = why


@dataclass(frozen=True, slots=True)
class Sql:
    """A translated expression.

    `value` is NULL where the formula is blank; text is never "". `error` is true, never NULL, where there is no
    value; None where the checker proves that there is one. Numbers have at most `whole` digits before the point
    and exactly `scale` after it: on SQLite `value` is then the integer value * 10**scale. `constant` holds the
    Python value of what does not depend on the row.
    """

    type: Type
    value: ColumnElement[Any]
    error: ColumnElement[bool] | None = None
    whole: int = 0
    scale: int = 0
    nullable: bool = True
    is_constant: bool = False
    constant: Value = None
    limit: int = 18
    """The digits that the database computes exactly with."""

    def failing(self, *errors: ColumnElement[bool] | None) -> Sql:
        """The same with further error conditions."""
        return replace(self, error=either(self.error, *errors))


def blank(type: Type, limit: int) -> Sql:
    """A constant blank."""
    return Sql(type, null(), is_constant=True, limit=limit)


def either(*conditions: ColumnElement[bool] | None) -> ColumnElement[bool] | None:
    """True where one of the conditions is; None where there is none."""
    given = [each for each in conditions if each is not None]
    return or_(*given) if given else None


# -- making -----------------------------------------------------------------------------------------------
def boolean(value: ColumnElement[Any], nullable: bool = True) -> Sql:
    """A condition."""
    return Sql(Type.BOOLEAN, value, nullable=nullable)


def text(value: ColumnElement[Any], may_be_empty: bool = True) -> Sql:
    """A text; an empty one is made NULL."""
    return Sql(Type.TEXT, func.nullif(value, "", type_=Text()) if may_be_empty else value)


def number(value: ColumnElement[Any], whole: int, scale: int, limit: int) -> Sql:
    """A number with at most `whole` digits before the point and `scale` after it.

    Raises:
        Unsupported: more digits than the database computes exactly with.
    """
    if whole + scale > limit:
        raise Unsupported(msg("It may need {digits} digits; {limit} are exact.", digits=whole + scale, limit=limit))
    return Sql(Type.NUMBER, value, whole=whole, scale=scale, limit=limit)


def constant(type: Type, value: Value, limit: int) -> Sql:
    """A value that does not depend on the row, as a bound parameter."""
    if isinstance(value, Decimal):
        digits = value.normalize(EXACT)
        scale = max(0, -int(digits.as_tuple().exponent))
        whole = max(1, digits.adjusted() + 1)
        if whole + scale > limit:
            raise Unsupported(msg("It may need {digits} digits; {limit} are exact.", digits=whole + scale, limit=limit))
        made = number(ExactLiteral(digits, scale), whole, scale, limit)
        return replace(made, nullable=False, is_constant=True, constant=value)
    bound = null() if value is None else literal(value, _TYPES.get(type, Text()))
    return Sql(type, bound, nullable=value is None, is_constant=True, constant=value, limit=limit)


_TYPES: Mapping[Type, TypeEngine[Any]] = {
    Type.BOOLEAN: Boolean(),
    Type.DATE: Date(),
    Type.DATETIME: MOMENT,
    Type.TIME: TIME,
}


# -- using ------------------------------------------------------------------------------------------------
def truth(condition: Sql) -> ColumnElement[bool]:
    """The condition with blank as false: never NULL."""
    if condition.is_constant:
        return true() if condition.constant else false()
    return func.coalesce(condition.value, false(), type_=Boolean()) if condition.nullable else condition.value


def aligned(*numbers: Sql) -> list[Sql]:
    """Numbers brought to one scale.

    Raises:
        Unsupported: one of them does not fit at that scale.
    """
    scale = max(each.scale for each in numbers)
    return [rescaled(each, scale) for each in numbers]


def rescaled(item: Sql, scale: int) -> Sql:
    """A number with `scale` digits after the point, at least as many as it has."""
    if item.is_constant:
        if item.constant is None:
            return replace(item, scale=scale)
        made = number(ExactLiteral(item.constant, scale), item.whole, scale, item.limit)
        return replace(item, value=made.value, scale=scale)
    if scale == item.scale:
        return item
    made = number(Rescaled(item.value, scale - item.scale), item.whole, scale, item.limit)
    return replace(item, value=made.value, scale=scale)


def same_type(*items: Sql) -> list[Sql]:
    """Items ready to stand beside one another in a comparison or a CASE."""
    given = {each.type for each in items}
    if Type.NUMBER in given:
        return aligned(*items)
    if Type.ID in given and given & {Type.TEXT, Type.PICKLIST}:
        items = tuple(as_text(each) for each in items)
    model = next((each for each in items if not each.is_constant), None)
    if model is None:
        return list(items)
    return [_like(each, model.value.type) for each in items]


def as_text(item: Sql) -> Sql:
    """A record id as text; what is text already, as it is."""
    if item.type is not Type.ID or item.is_constant:
        return item
    return replace(item, type=Type.TEXT, value=cast(item.value, Text()))


def _like(item: Sql, type: TypeEngine[Any]) -> Sql:
    """A constant bound the way the column beside it is stored."""
    if not item.is_constant or item.constant is None:
        return item
    return replace(item, value=literal(item.constant, type))


def choose(branches: Iterable[tuple[ColumnElement[bool], Sql]], otherwise: Sql) -> Sql:
    """CASE WHEN over whole expressions, errors included: only the branch taken can fail."""
    conditions, items = zip(*branches, strict=True)
    *results, last = same_type(*items, otherwise)
    type = next((each.type for each in (*results, last) if each.type is not Type.NULL), Type.NULL)
    value = case(*zip(conditions, (each.value for each in results), strict=True), else_=last.value)
    error = None
    if any(each.error is not None for each in (*results, last)):
        errors = [false() if each.error is None else each.error for each in (*results, last)]
        error = case(*zip(conditions, errors[:-1], strict=True), else_=errors[-1])
    if all(each.is_constant and each.constant is None for each in (*results, last)):
        return blank(type, last.limit).failing(error)
    whole = max(each.whole for each in (*results, last))
    nullable = any(each.nullable for each in (*results, last))
    return Sql(type, value, error, whole, last.scale, nullable, limit=last.limit)


def result(item: Sql) -> ColumnElement[Any]:
    """The expression as selected: NULL where it fails, numbers read back as Decimal."""
    value = item.value
    if item.type is Type.NUMBER and not (item.is_constant and item.constant is None):
        value = ExactNumber(item.limit, item.scale).coerced(value)
    elif item.type is Type.BOOLEAN:
        value = type_coerce(value, Boolean())
    if item.error is None:
        return value
    return type_coerce(case((item.error, null()), else_=value), value.type)


Meaning = Callable[..., Sql]
"""The SQL meaning of one signature: `Sql` arguments to `Sql`."""
