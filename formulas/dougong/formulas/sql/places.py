"""SQL of places on earth: a place is a pair of numbers."""

from __future__ import annotations

import operator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, not_

from dougong.formulas.evaluation import Failure
from dougong.formulas.sql.comparisons import compared
from dougong.formulas.sql.doubles import DOUBLE
from dougong.formulas.sql.numbers import absolute
from dougong.formulas.sql.routines import Routine
from dougong.formulas.sql.values import Sql, constant, where
from dougong.formulas.types import Type

_at_most = compared(operator.le)


def place(latitude: Sql, longitude: Sql) -> Sql:
    """GEOLOCATION: blank where both numbers are; where one is, or one is out of range, it fails."""
    limits = [constant(Type.NUMBER, Decimal(degrees), latitude.limit) for degrees in (90, 180)]
    given = [replace(each, error=None) for each in (latitude, longitude)]
    near = [_at_most(absolute(each), limit).value for each, limit in zip(given, limits, strict=True)]
    is_blank = and_(latitude.value.is_(None), longitude.value.is_(None))
    fits = func.coalesce(and_(*near), false())
    error = where(and_(not_(is_blank), not_(fits)), Failure.OUT_OF_RANGE)
    # Where there is no such place there are no numbers to compute with.
    parts = tuple(
        replace(each, value=_where(fits, each), is_constant=False, constant=None, integer=None) for each in given
    )
    return Sql(Type.GEOLOCATION, parts[0].value, error, limit=latitude.limit, parts=parts)


def _where(fits: ColumnElement[bool], item: Sql) -> ColumnElement[Any]:
    is_blank = item.is_constant and item.constant is None
    return item.value if is_blank else case((fits, item.value))


_DISTANCE = """
CREATE OR REPLACE FUNCTION dg_degrees(x numeric) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN abs(x) < 1e-100 THEN 0 ELSE x::double precision END
$$;

CREATE OR REPLACE FUNCTION dg_distance(north_1 numeric, east_1 numeric, north_2 numeric, east_2 numeric, unit text)
RETURNS numeric LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    radius double precision := CASE lower(unit) WHEN 'mi' THEN 3958.761 WHEN 'km' THEN 6371.009 END;
    north double precision := radians(dg_degrees(north_1));
    other double precision := radians(dg_degrees(north_2));
    east double precision := radians(dg_degrees(east_2) - dg_degrees(east_1));
    upward double precision := sin((other - north) / 2);
    sideward double precision := sin(east / 2);
    half double precision := upward * upward + cos(north) * cos(other) * (sideward * sideward);
BEGIN
    RETURN (2 * radius * asin(least(1, sqrt(half))))::text::numeric;
END $$;
"""

distance = Routine(
    name="dg_distance",
    result=Type.NUMBER,
    bounds=lambda start, end, unit: (5, 320),
    fails=Failure.OUT_OF_RANGE,
    postgresql=_DISTANCE,
    needs=(DOUBLE,),
)
