"""A translated sub-expression, and the plain types that it is computed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Numeric,
    Text,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    null,
    true,
    type_coerce,
)
from sqlalchemy.types import TypeEngine

from dougong.base.language import Message, msg
from dougong.formulas.decimals import WIDE
from dougong.formulas.evaluation import Failure
from dougong.formulas.lengths import FIELD
from dougong.formulas.sql.constructs import ExactLiteral, Lengthened, Rescaled, SortableLiteral
from dougong.formulas.sql.types import TYPES, WholeNumber, read_as_decimal
from dougong.formulas.types import Geolocation, Type, Value

SQLITE_DIGITS = 18
"""Digits that a 64-bit integer surely holds."""
SQLITE_MOST = 2**63 - 1
MOST_DIGITS = 1_900
"""Digits before the point, and after it, of the longest numbers: within what PostgreSQL rounds exactly (2,000)."""


class Unsupported(Exception):
    """A part of a formula has no SQL."""

    def __init__(self, why: Message | None = None) -> None:
        """Say `why` in a sentence, where there is more to say than that nobody has written it."""
        super().__init__(str(why))
        self.why = why


class TooLong(Unsupported):
    """More digits than the database computes exactly with by its own operators."""

    def __init__(self, digits: int, limit: int) -> None:
        """Say how many `digits` there may be and how many the `limit` is."""
        super().__init__(msg("It may need {digits} digits; {limit} are exact.", digits=digits, limit=limit))


@dataclass(frozen=True, slots=True)
class Sql:
    """A translated expression.

    `value` is NULL where the formula is blank; text is never "". `error` is the kind of failure (a `Failure`) where
    there is no value, else NULL; None where the checker proves that there is a value. `constant` holds the Python
    value of what does not depend on the row.

    Numbers have at most `whole` digits before the point and `scale` after it. A short one fits the database's own
    operators: on SQLite it is the integer value * 10**scale. An `exact` one need not: on SQLite it is the text that
    `sortable` makes. On PostgreSQL both are NUMERIC; `integer` is the same as a BIGINT, where it fits one and is made
    of such. A geolocation has its two numbers as `parts`.
    """

    type: Type
    value: ColumnElement[Any]
    error: ColumnElement[str] | None = None
    whole: int = 0
    scale: int = 0
    nullable: bool = True
    is_constant: bool = False
    constant: Value = None
    limit: int = SQLITE_DIGITS
    """The digits that the database computes exactly with."""
    exact: bool = False
    is_guarded: bool = False
    """Whether `value` is NULL wherever there is an error."""
    most: int = 0
    """The largest that abs(value) * 10**scale can be; 0 where nothing more is known than the digits."""
    parts: tuple[Sql, ...] = ()
    longest: int = FIELD
    """The most characters of a text."""
    integer: ColumnElement[int] | None = None
    joined: tuple[Sql, ...] = ()
    """Of a text, what it is joined of."""

    @property
    def largest(self) -> int:
        """The largest that abs(value) * 10**scale can be."""
        return self.most or 10 ** (self.whole + self.scale) - 1

    def failing(self, *errors: ColumnElement[str] | None) -> Sql:
        """The same with further kinds of failure; where several apply, the one named first is it."""
        return self._failing(self.error, *errors)

    def after(self, *errors: ColumnElement[str] | None) -> Sql:
        """The same behind what may have failed before it."""
        return self._failing(*errors, self.error)

    def _failing(self, *errors: ColumnElement[str] | None) -> Sql:
        error = either(*errors)
        return replace(self, error=error, is_guarded=self.is_guarded and error is self.error)


def blank(type: Type, limit: int) -> Sql:
    """A constant blank."""
    return Sql(type, null(), is_constant=True, limit=limit)


def kind(failure: Failure) -> ColumnElement[str]:
    """A kind of failure in SQL."""
    return literal_column(f"'{failure}'", Text())


def where(condition: ColumnElement[bool], failure: Failure) -> ColumnElement[str]:
    """The kind of failure where the condition holds, else NULL."""
    return case((condition, kind(failure)), else_=null())


def either(*errors: ColumnElement[str] | None) -> ColumnElement[str] | None:
    """The first kind of failure that applies; None where there is none."""
    given = [each for each in errors if each is not None]
    return func.coalesce(*given, type_=Text()) if len(given) > 1 else next(iter(given), None)


# -- making -----------------------------------------------------------------------------------------------
def boolean(value: ColumnElement[Any], nullable: bool = True) -> Sql:
    """A condition."""
    return Sql(Type.BOOLEAN, value, nullable=nullable)


def text(value: ColumnElement[Any], may_be_empty: bool = True, longest: int = FIELD) -> Sql:
    """A text of at most `longest` characters; an empty one is made NULL."""
    return Sql(Type.TEXT, func.nullif(value, "", type_=Text()) if may_be_empty else value, longest=longest)


def number(value: ColumnElement[Any], whole: int, scale: int, limit: int, most: int = 0) -> Sql:
    """A short number with at most `whole` digits before the point and `scale` after it.

    Where `most` is given, it says more exactly how large abs(value) * 10**scale can be, and `whole` follows from it.

    Raises:
        TooLong: more digits than the database computes exactly with.
    """
    if most:
        whole = max(len(str(most)) - scale, 1)
    made = Sql(Type.NUMBER, value, whole=whole, scale=scale, limit=limit, most=most)
    if made.largest > most_of(limit):
        raise TooLong(whole + scale, limit)
    return made


def most_of(limit: int) -> int:
    """The largest integer that the database's own operators hold, where `limit` digits are exact."""
    return SQLITE_MOST if limit == SQLITE_DIGITS else 10**limit - 1


def bounded(value: ColumnElement[Any], whole: int, scale: int, limit: int, exact: bool) -> Sql:
    """A number in either form.

    Raises:
        TooLong: more digits than numbers ever have here.
    """
    if max(whole, scale) > MOST_DIGITS:
        raise TooLong(max(whole, scale), MOST_DIGITS)
    return Sql(Type.NUMBER, value, whole=whole, scale=scale, limit=limit, exact=exact)


def constant(type: Type, value: Value, limit: int) -> Sql:
    """A value that does not depend on the row, as a bound parameter."""
    if isinstance(value, Decimal):
        digits = value.normalize(WIDE)
        scale = max(0, -int(digits.as_tuple().exponent))
        whole = max(1, digits.adjusted() + 1)
        most = abs(int(digits.scaleb(scale, WIDE)))
        exact = most > most_of(limit)
        literal_number = SortableLiteral(digits) if exact else ExactLiteral(digits, scale)
        made = bounded(literal_number, whole, scale, limit, exact)
        whole_number = as_integer(int(digits), limit) if scale == 0 and most <= SQLITE_MOST else None
        return replace(made, nullable=False, is_constant=True, constant=value, most=most, integer=whole_number)
    if isinstance(value, Geolocation):
        parts = tuple(constant(Type.NUMBER, each, limit) for each in value)
        return Sql(type, parts[0].value, nullable=False, is_constant=True, constant=value, limit=limit, parts=parts)
    bound = null() if value is None else literal(value, TYPES.get(type, Text()))
    longest = len(value) if isinstance(value, str) else 0
    return Sql(type, bound, nullable=value is None, is_constant=True, constant=value, limit=limit, longest=longest)


def as_integer(value: int, limit: int) -> ColumnElement[int] | None:
    """A constant as a BIGINT, where the database has NUMERIC beside it."""
    return cast(literal(value, BigInteger()), BigInteger()) if limit > SQLITE_DIGITS else None


def of_integer(integer: ColumnElement[int], limit: int, most: int) -> Sql:
    """A number that PostgreSQL computes as a BIGINT: faster than as a NUMERIC, and with an end."""
    return replace(number(cast(integer, Numeric()), 1, 0, limit, most), integer=integer)


# -- using ------------------------------------------------------------------------------------------------
def chosen_by(condition: Sql) -> ColumnElement[bool]:
    """The condition as CASE WHEN takes it, to which NULL is false."""
    return truth(condition) if condition.is_constant else condition.value


def truth(condition: Sql) -> ColumnElement[bool]:
    """The condition with blank as false: never NULL."""
    if condition.is_constant:
        return true() if condition.constant else false()
    return func.coalesce(condition.value, false(), type_=Boolean()) if condition.nullable else condition.value


def exactly(item: Sql) -> Sql:
    """A number in the form that has no limit of digits."""
    if item.exact or (item.is_constant and item.constant is None):
        return item
    if item.is_constant:
        return replace(item, value=SortableLiteral(item.constant), exact=True, integer=None)
    return replace(item, value=Lengthened(item.value, item.scale), exact=True, integer=None)


def aligned(*numbers: Sql) -> list[Sql]:
    """Numbers brought to one form, and short ones to one scale."""
    if not any(each.exact for each in numbers):
        scale = max(each.scale for each in numbers)
        try:
            return [rescaled(each, scale) for each in numbers]
        except TooLong:
            pass
    return [exactly(each) for each in numbers]


def rescaled(item: Sql, scale: int) -> Sql:
    """A short number with `scale` digits after the point, at least as many as it has.

    Raises:
        TooLong: it does not fit at that scale.
    """
    if item.is_constant and item.constant is None:
        return replace(item, scale=scale)
    if scale == item.scale and not item.exact:
        return item
    more = scale - item.scale
    value = ExactLiteral(item.constant, scale) if item.is_constant else Rescaled(item.value, more)
    made = number(value, item.whole, scale, item.limit, item.largest * 10**more)
    return replace(item, value=made.value, scale=scale, most=made.most, integer=None)


def same_type(*items: Sql) -> list[Sql]:
    """Items ready to stand beside one another in a comparison or a CASE."""
    given = {each.type for each in items}
    if Type.NUMBER in given:
        return aligned(*items)
    if Type.GEOLOCATION in given:
        return list(items)
    if Type.ID in given and (given & {Type.TEXT, Type.PICKLIST} or _are_kept_differently(items)):
        items = tuple(as_text(each) for each in items)
    model = next((each for each in items if not each.is_constant), None)
    if model is None:
        return list(items)
    return [_like(each, model.value.type) for each in items]


def simplest(*items: Sql) -> list[ColumnElement[Any]]:
    """The values of items of one type, as BIGINTs where all of them are such."""
    integers = [each.integer for each in items if each.integer is not None]
    return integers if len(integers) == len(items) else [each.value for each in items]


def _are_kept_differently(ids: Iterable[Sql]) -> bool:
    """Whether some are as columns keep ids, and others were chosen among constants, which are bound as text."""
    return len({isinstance(each.value.type, Text) for each in ids if not each.is_constant}) > 1


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


def result(item: Sql) -> ColumnElement[Any]:
    """The expression as selected: NULL where it fails, numbers read back as Decimal."""
    value = item.value
    if item.type is Type.NUMBER and not (item.is_constant and item.constant is None):
        value = _as_decimal(item)
    elif item.type is Type.BOOLEAN:
        value = type_coerce(value, Boolean())
    if item.error is None or item.is_guarded:
        return value
    return type_coerce(case((item.error.is_not(None), null()), else_=value), value.type)


def _as_decimal(item: Sql) -> ColumnElement[Any]:
    """A number as selected. What is a BIGINT stays one: a NUMERIC of it would be made for every row."""
    if item.integer is not None:
        return type_coerce(item.integer, WholeNumber(item.largest))
    return read_as_decimal(item.value, item.scale, item.exact)


Meaning = Callable[..., Sql]
"""The SQL meaning of one signature: `Sql` arguments to `Sql`."""
