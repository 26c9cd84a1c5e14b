"""Numbers: whole, with decimals, percentages, ratings, durations. Exact, never binary fractions."""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar

from sqlalchemy import BigInteger

from dougong.base.field_types import FIELD_TYPES, FieldLike, Operator, Part, Reading, ValueRefused
from dougong.base.language import label, msg
from dougong.engine.columns import SQLITE_DIGITS, Exact
from dougong.engine.fields.number_text import EXACT, read_number, write_number
from dougong.engine.fields.operators import NUMBER, clip
from dougong.engine.fields.scalar import Scalar

AMOUNT = {"type": ["string", "integer"], "pattern": r"^-?\d+(\.\d+)?$"}
"""JSON Schema of an exact number in metadata: an integer, or text."""
LABELS = {"type": "object", "additionalProperties": {"type": "string"}}
RANGE = {"min": AMOUNT, "max": AMOUNT}
SHOWN = {"unit": {"type": ["string", "object"]}, "grouping": {"type": "boolean", "default": True}}


def rounded(number: Decimal, scale: int) -> Decimal:
    """`number` with exactly `scale` decimals, halves away from zero."""
    return number.quantize(_step(scale), ROUND_HALF_UP, EXACT)


@functools.cache
def _step(scale: int) -> Decimal:
    return Decimal(1).scaleb(-scale)


def exact(number: Decimal, scale: int) -> Decimal:
    """`number` with exactly `scale` decimals.

    Raises:
        ValueRefused: it has more than that.
    """
    result = rounded(number, scale)
    if result != number:
        raise ValueRefused(
            "too-many-decimals",
            msg("{number} has more than {scale} decimals.", number=clip(number), scale=scale),
            msg("Write {rounded}.", rounded=format(result, "f")),
        )
    return result


def check_range(field: FieldLike, number: Decimal, shown: Any = None) -> None:
    """Refuse what lies outside the keys `min` and `max` of the field; `shown` writes a limit for people.

    Raises:
        ValueRefused: it does.
    """
    write = shown or (lambda limit: format(limit, "f"))
    least, most = field.options.get("min"), field.options.get("max")
    if least is not None and number < Decimal(str(least)):
        limit = write(Decimal(str(least)))
        raise ValueRefused(
            "value-too-small",
            msg("The value is below {limit}.", limit=limit),
            msg("Write {limit} or more.", limit=limit),
        )
    if most is not None and number > Decimal(str(most)):
        limit = write(Decimal(str(most)))
        raise ValueRefused(
            "value-too-large",
            msg("The value is above {limit}.", limit=limit),
            msg("Write {limit} or less.", limit=limit),
        )


def check_digits(number: Decimal, precision: int, scale: int) -> None:
    """Refuse what has more than ``precision - scale`` digits before the decimal point.

    Raises:
        ValueRefused: it has.
    """
    if number and number.adjusted() >= precision - scale:
        raise ValueRefused(
            "value-too-long",
            msg("The number has more than {digits} digits before the decimal point.", digits=precision - scale),
        )


class Number(Scalar):
    """What every number shares."""

    formula_type = "number"
    numeric = True
    offered: ClassVar[tuple[Operator, ...]] = NUMBER
    trim: ClassVar[bool] = True
    """Whether zeros at the end of the decimals are left out: 19.000 pieces are 19, 19.00 of money are not."""

    def scale(self, field: FieldLike) -> int:
        """The decimals that are stored; 2 unless the field says otherwise."""
        return int(field.options.get("scale", 2))

    def form(self, field: FieldLike, value: Any, reading: Reading) -> Any:
        """Grouped, unless the field says otherwise."""
        if value is None:
            return ""
        return write_number(value, self.scale(field), field.options.get("grouping", True), self.trim).replace("−", "-")

    def computed(self, field: FieldLike, value: Any) -> Any:
        """A formula's result rounded half up to the field's scale."""
        return rounded(Decimal(value), self.scale(field)) if isinstance(value, Decimal | int) else value

    def operand_value(self, field: FieldLike, op: str, value: Any, reading: Reading) -> Any:
        """Any number: what is compared with need not be a possible value of the field."""
        number = read_number(value, reading)
        if number is not None:
            check_digits(number, 40, 0)
        return number


@FIELD_TYPES.register
class IntegerType(Number):
    """A whole number of at most 18 digits."""

    name = "integer"
    keys: ClassVar[Mapping[str, Any]] = {
        "precision": {"type": "integer", "minimum": 1, "maximum": SQLITE_DIGITS, "default": SQLITE_DIGITS},
        **RANGE,
        **SHOWN,
    }

    def scale(self, field: FieldLike) -> int:
        """None."""
        return 0

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """One 64-bit integer."""
        return (Part("", BigInteger()),)

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> int | None:
        """The integer; "1,000" and "３万" are read, "1.5" is refused."""
        number = read_number(value, reading)
        if number is None:
            return None
        number = exact(number, 0)
        check_digits(number, field.options.get("precision", SQLITE_DIGITS), 0)
        check_range(field, number)
        return int(number)

    def operand_value(self, field: FieldLike, op: str, value: Any, reading: Reading) -> Any:
        """A whole number within 64 bits, or a fraction to compare with."""
        number = super().operand_value(field, op, value, reading)
        if number is None:
            return None
        check_digits(number, SQLITE_DIGITS, 0)
        return int(number) if number == number.to_integral_value() else number

    def json_schema(self, field: FieldLike) -> dict[str, Any]:
        """A whole number."""
        return {"type": "integer"}

    def accepted_schema(self, field: FieldLike) -> dict[str, Any]:
        """Within the digits and the limits of the field."""
        most = 10 ** int(field.options.get("precision", SQLITE_DIGITS)) - 1
        least, highest = field.options.get("min"), field.options.get("max")
        return {
            "type": "integer",
            "minimum": -most if least is None else math.ceil(Decimal(str(least))),
            "maximum": most if highest is None else math.floor(Decimal(str(highest))),
        }

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """Grouped, with the unit."""
        return with_unit(field, value, 0, reading)


def with_unit(field: FieldLike, value: Any, scale: int, reading: Reading) -> str:
    """`value` as people read it: grouped unless the field says otherwise, no zeros at the end, the unit behind."""
    if value is None:
        return ""
    text = write_number(value, scale, field.options.get("grouping", True), trim=True)
    unit = field.options.get("unit")
    said = label(unit, reading.language) if isinstance(unit, Mapping) else unit
    return f"{text} {said}" if said else text


@FIELD_TYPES.register
class DecimalType(Number):
    """A decimal number: `precision` digits in all, `scale` of them behind the point."""

    name = "decimal"
    keys: ClassVar[Mapping[str, Any]] = {
        "precision": {"type": "integer", "minimum": 1, "maximum": SQLITE_DIGITS, "default": SQLITE_DIGITS},
        "scale": {"type": "integer", "minimum": 0, "maximum": 10, "default": 2},
        **RANGE,
        **SHOWN,
    }

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """One exact number."""
        return (Part("", Exact(field.options.get("precision", SQLITE_DIGITS), self.scale(field))),)

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> Decimal | None:
        """The number with exactly the field's decimals; more of them are refused, never cut off."""
        number = read_number(value, reading)
        if number is None:
            return None
        number = exact(number, self.scale(field))
        check_digits(number, field.options.get("precision", SQLITE_DIGITS), self.scale(field))
        check_range(field, number)
        return number

    def to_json(self, field: FieldLike, value: Any) -> Any:
        """Digits in text: JSON's own numbers are binary fractions to most readers."""
        return None if value is None else format(value, "f")

    def accepted_schema(self, field: FieldLike) -> dict[str, Any]:
        """Digits in text, with no more decimals than the field has."""
        scale = self.scale(field)
        decimals = rf"(\.\d{{1,{scale}}})?" if scale else ""
        return {"type": "string", "pattern": rf"^-?\d{{1,{SQLITE_DIGITS - scale}}}{decimals}$"}

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """Grouped, with the unit."""
        return with_unit(field, value, self.scale(field), reading)


@FIELD_TYPES.register
class PercentType(DecimalType):
    """A share: stored, computed with and exchanged as a fraction (0.2), typed and shown in percent (20%).

    `scale` counts the decimals of the percentage. ``{"percent": "20"}`` is what the form sends.
    """

    name = "percent"
    keys: ClassVar[Mapping[str, Any]] = {
        "scale": {"type": "integer", "minimum": 0, "maximum": 6, "default": 2},
        **RANGE,
    }

    def scale(self, field: FieldLike) -> int:
        """The decimals of the fraction: two more than those of the percentage."""
        return int(field.options.get("scale", 2)) + 2

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> Decimal | None:
        """The fraction; "20%" is 0.2, and so is 0.2."""
        number = self._fraction(value, reading)
        if number is None:
            return None
        number = self._exact(number, self.scale(field))
        check_digits(number, SQLITE_DIGITS, self.scale(field))
        check_range(field, number, lambda limit: self._percent(limit, field))
        return number

    def operand_value(self, field: FieldLike, op: str, value: Any, reading: Reading) -> Any:
        """The fraction."""
        return self._fraction(value, reading)

    def to_text(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """In percent, with the sign."""
        return "" if value is None else self._percent(value, field).replace("−", "-").replace(",", "")

    def form(self, field: FieldLike, value: Any, reading: Reading) -> Any:
        """The percentage without the sign."""
        return {"percent": self.to_text(field, value, reading).removesuffix("%")}

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """In percent, with the sign."""
        return "" if value is None else self._percent(value, field)

    def _percent(self, fraction: Decimal, field: FieldLike) -> str:
        text = write_number(fraction.scaleb(2, EXACT), max(0, self.scale(field) - 2))
        return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"

    def _exact(self, number: Decimal, scale: int) -> Decimal:
        result = rounded(number, scale)
        if result != number:
            raise ValueRefused(
                "too-many-decimals",
                msg(
                    "{number}% has more than {scale} decimals.",
                    number=format(number.scaleb(2, EXACT), "f"),
                    scale=scale - 2,
                ),
                msg("Write {rounded}%.", rounded=format(result.scaleb(2, EXACT), f".{scale - 2}f")),
            )
        return result

    def _fraction(self, value: Any, reading: Reading) -> Decimal | None:
        if isinstance(value, Mapping):
            percent = read_number(_bare(value.get("percent")), reading)
        elif isinstance(value, str) and _bare(value) != value.strip():
            percent = read_number(_bare(value), reading)
        else:
            return read_number(value, reading)
        return None if percent is None else percent.scaleb(-2, EXACT)


def _bare(value: Any) -> Any:
    """The text of a percentage without its sign."""
    return value.strip().rstrip("%％").rstrip() if isinstance(value, str) else value


@FIELD_TYPES.register
class RatingType(IntegerType):
    """Stars, from 1 to `max`; blank is unrated."""

    name = "rating"
    offered = NUMBER
    keys: ClassVar[Mapping[str, Any]] = {"max": {"type": "integer", "minimum": 2, "maximum": 10, "default": 5}}

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> int | None:
        """The number of stars; "★★★☆☆" is read, 0 is blank."""
        if isinstance(value, str) and value.strip() and not value.strip().strip("★☆"):
            value = value.count("★")
        number = read_number(value, reading)
        if not number:
            return None
        most = int(field.options.get("max") or 5)
        if not 1 <= number <= most or number != number.to_integral_value():
            raise ValueRefused(
                "value-out-of-range",
                msg("A rating has 1 to {most} stars.", most=most),
                msg("Write a whole number from 1 to {most}.", most=most),
            )
        return int(number)

    def accepted_schema(self, field: FieldLike) -> dict[str, Any]:
        """1 to the most stars."""
        return {"type": "integer", "minimum": 1, "maximum": int(field.options.get("max") or 5)}

    def form(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """The number of stars."""
        return "" if value is None else str(value)

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """Filled and empty stars."""
        return "★" * value + "☆" * (int(field.options.get("max") or 5) - value) if value else ""


_MINUTES = {"minutes": 1, "hours": 60, "days": 1440}
_PIECE = re.compile(
    r"(\d+(?:\.\d+)?)\s*(days?|d|天|日|hours?|hrs?|h|个?小时|时|minutes?|mins?|m|分钟|分)", re.IGNORECASE | re.ASCII
)
_CLOCK = re.compile(r"(\d+):([0-5]\d)", re.ASCII)


@FIELD_TYPES.register
class DurationType(IntegerType):
    """A length of time in whole minutes. A bare number that somebody typed counts the field's `unit`."""

    name = "duration"
    keys: ClassVar[Mapping[str, Any]] = {"unit": {"enum": list(_MINUTES), "default": "minutes"}, **RANGE}

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> int | None:
        """The minutes; "1:30", "1h 30m", "1.5 小时" and, in a field that counts minutes, 90 are the same."""
        minutes = self._minutes(field, value, reading)
        if minutes is None:
            return None
        minutes = exact(minutes, 0)
        check_digits(minutes, 9, 0)
        check_range(field, minutes, lambda limit: self.display(field, int(limit), reading))
        return int(minutes)

    def operand_value(self, field: FieldLike, op: str, value: Any, reading: Reading) -> Any:
        """The minutes."""
        minutes = self._minutes(field, value, reading)
        return None if minutes is None else int(rounded(minutes, 0))

    def to_json(self, field: FieldLike, value: Any) -> Any:
        """Hours and minutes, so that the unit of the field cannot change what was said."""
        if value is None:
            return None
        sign, minutes = ("-", -value) if value < 0 else ("", value)
        return f"{sign}{minutes // 60}:{minutes % 60:02d}"

    def json_schema(self, field: FieldLike) -> dict[str, Any]:
        """Hours and minutes."""
        return {"type": "string", "pattern": r"^-?\d+:[0-5]\d$"}

    def accepted_schema(self, field: FieldLike) -> dict[str, Any]:
        """Hours and minutes."""
        return self.json_schema(field)

    def form(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """Hours and minutes: ``1:30``."""
        return self.to_json(field, value) or ""

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """Hours and minutes in words."""
        if value is None:
            return ""
        sign, minutes = ("−", -value) if value < 0 else ("", value)
        hours, rest = divmod(minutes, 60)
        if not hours:
            return msg("{sign}{minutes} min", sign=sign, minutes=rest).to(reading.language)
        if not rest:
            return msg("{sign}{hours} h", sign=sign, hours=hours).to(reading.language)
        return msg("{sign}{hours} h {minutes} min", sign=sign, hours=hours, minutes=rest).to(reading.language)

    def _minutes(self, field: FieldLike, value: Any, reading: Reading) -> Decimal | None:
        if not isinstance(value, str):
            return read_number(value, reading)
        text = unicodedata.normalize("NFKC", value).replace("−", "-").strip()
        sign, text = (-1, text[1:].strip()) if text.startswith("-") else (1, text)
        clock = _CLOCK.fullmatch(text)
        if clock:
            return Decimal(sign * (int(clock[1]) * 60 + int(clock[2])))
        pieces = _PIECE.findall(text)
        if pieces and not _PIECE.sub("", text).strip(" ,"):
            return sign * sum((Decimal(count) * _unit_minutes(unit) for count, unit in pieces), Decimal(0))
        return self._bare(field, text, sign, value, reading)

    def _bare(self, field: FieldLike, text: str, sign: int, typed: str, reading: Reading) -> Decimal | None:
        try:
            number = read_number(text, reading)
        except ValueRefused:
            raise ValueRefused(
                "value-not-duration",
                msg("“{value}” is not a length of time.", value=clip(typed)),
                msg("Write hours and minutes, for example 1:30 or 1h 30m."),
            ) from None
        return None if number is None else sign * number * _MINUTES[field.options.get("unit") or "minutes"]


def _unit_minutes(unit: str) -> int:
    first = unit[0].lower()
    return 1440 if first in "d天日" else 60 if first in "h个小时" else 1
