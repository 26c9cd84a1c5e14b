"""Places on earth."""

from __future__ import annotations

import math
from decimal import Decimal

from dougong.formulas.annotations import GivenText, Number, Place
from dougong.formulas.checks import on_earth
from dougong.formulas.decimals import from_double
from dougong.formulas.definition import function
from dougong.formulas.evaluation import EvaluationError, Failure
from dougong.formulas.sql import places
from dougong.formulas.types import Geolocation

_RADIUS = {"mi": 3958.761, "km": 6371.009}
"""Mean radius of the earth, by unit."""
_NOTHING = Decimal("1e-100")


@function("GEOLOCATION", sql=places.place, check=on_earth, examples=(("ISBLANK(GEOLOCATION(NULL, NULL))", True),))
def geolocation(latitude: Number | None, longitude: Number | None) -> Place | None:
    """A place by its degrees north and east."""
    if latitude is None and longitude is None:
        return None
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        raise EvaluationError(Failure.OUT_OF_RANGE)
    return Geolocation(latitude, longitude)


@function(
    "DISTANCE",
    sql=places.distance,
    examples=(
        (
            "ROUND(DISTANCE(GEOLOCATION(31.2304, 121.4737), GEOLOCATION(39.9042, 116.4074), 'km'), 0)",
            Decimal(1067),
        ),
    ),
)
def distance(start: Place, end: Place, unit: GivenText) -> Number:
    """The great-circle distance between two places, in 'km' or 'mi'."""
    radius = _RADIUS.get(unit.lower())
    if radius is None:
        raise EvaluationError(Failure.OUT_OF_RANGE)
    north, other = math.radians(_degrees(start.latitude)), math.radians(_degrees(end.latitude))
    east = math.radians(_degrees(end.longitude) - _degrees(start.longitude))
    upward, sideward = math.sin((other - north) / 2), math.sin(east / 2)
    half = upward * upward + math.cos(north) * math.cos(other) * (sideward * sideward)
    return from_double(2 * radius * math.asin(min(1.0, math.sqrt(half))))


def _degrees(number: Decimal) -> float:
    """What is nearer to zero than any place is from another counts as zero: its square is none in every database."""
    return 0.0 if abs(number) < _NOTHING else float(number)
