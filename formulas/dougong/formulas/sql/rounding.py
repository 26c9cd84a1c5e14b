"""SQL of rounding."""

from __future__ import annotations

from dataclasses import replace

from dougong.formulas.sql.constructs import Rounded
from dougong.formulas.sql.digits import ROUNDING, expression
from dougong.formulas.sql.numbers import short
from dougong.formulas.sql.routines import Call, RoundedCall, Routine
from dougong.formulas.sql.values import Meaning, Sql, TooLong, Unsupported, bounded, number
from dougong.formulas.types import Type

STEADY_DIGITS = 33
"""Digits to which CEILING and FLOOR round first; with fewer there is nothing to round."""


def _native_rounding(mode: str) -> Meaning:
    def meaning(item: Sql, places: Sql | None = None) -> Sql:
        if places is not None and not places.is_constant:
            raise Unsupported
        count = 0 if places is None else int(places.constant)
        if not 0 <= count <= item.limit:
            raise TooLong(abs(count), item.limit)
        return _cut(item, count, mode)

    return short(meaning)


def _cut(item: Sql, places: int, mode: str) -> Sql:
    if item.scale <= places:
        return item
    unit = 10 ** (item.scale - places)
    number(item.value, item.whole, item.scale, item.limit, item.largest + unit)
    rounded = Rounded(item.value, item.scale, places, mode)
    return number(rounded, item.whole, places, item.limit, item.largest // unit + 1)


def _rounded_digits(item: Sql, places: Sql | None = None) -> tuple[int, int]:
    scale = item.scale
    if places is None or places.is_constant:
        count = 0 if places is None else int(places.constant)
        scale = max(0, min(scale, count))
    return item.whole + 1, scale


def _rounding(name: str, mode: str, native: str) -> Routine:
    body = (
        f"CASE WHEN abs(places) > 5000 THEN CASE WHEN places > 0 THEN a ELSE 0 END "
        f"WHEN places >= scale(a) THEN a ELSE trim_scale({native}(a, trunc(places)::integer)) END"
    )
    text = expression(name, "a numeric, places numeric", body)
    if mode == "down":
        text += "\n" + expression(name, "a numeric", f"{native}(a)")
    return Routine(
        name=name, result=Type.NUMBER, bounds=_rounded_digits, native=_native_rounding(mode), postgresql=text
    )


def _native_half_up(item: Sql, places: Sql) -> Sql:
    """Short numbers in native operators; of others, the places known."""
    if not item.exact:
        return _native_rounding("half_up")(item, places)
    if not places.is_constant or not 0 <= places.constant <= _MOST_PLACES:
        raise Unsupported
    whole, scale = _rounded_digits(item, places)
    return bounded(RoundedCall(item, int(places.constant)), whole, scale, item.limit, exact=True)


_MOST_PLACES = 1_000
"""Places after the point that a number is rounded to by the routine that makes it."""

round_half_up = replace(_rounding("dg_round", "half_up", "round"), native=_native_half_up)
truncate = _rounding("dg_truncate", "down", "trunc")


def rounded_whole(name: str, mode: str, body: str) -> Routine:
    """CEILING, FLOOR, MCEILING or MFLOOR."""

    def native(item: Sql) -> Sql:
        number(item.value, item.whole, item.scale, STEADY_DIGITS)
        return _cut(item, 0, mode)

    steady = body.format(f"dg_significant(a, {STEADY_DIGITS})")
    return Routine(
        name=name,
        result=Type.NUMBER,
        bounds=lambda item: (item.whole + 1, 0),
        native=short(native),
        postgresql=expression(name, "a numeric", steady),
        needs=ROUNDING,
    )


ceiling = rounded_whole("dg_ceiling", "up", "sign(a) * ceil(abs({}))")
floor = rounded_whole("dg_floor", "down", "trunc({})")
mathematical_ceiling = rounded_whole("dg_mathematical_ceiling", "ceiling", "ceil({})")
mathematical_floor = rounded_whole("dg_mathematical_floor", "floor", "floor({})")


CLIP = 10**17
CLIPPED = expression("dg_clipped", "a numeric", f"greatest(least(trunc(a), {CLIP}), -{CLIP})")


def clipped(item: Sql) -> Sql:
    """A short whole number: cut toward zero, and where it is larger than any position, count or day, 10**17."""
    if not item.exact:
        try:
            return _cut(item, 0, "down")
        except TooLong:
            pass
    return number(Call("dg_clipped", (item,)), 18, 0, item.limit)
