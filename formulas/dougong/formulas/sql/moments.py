"""SQL of moments and times of day. Moments are in UTC; on SQLite, whose own clock has milliseconds, Python computes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Text, and_, case, literal, not_, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from dougong.base.language import msg
from dougong.formulas.evaluation import Context, Failure
from dougong.formulas.sql.dates import leaving_the_calendar
from dougong.formulas.sql.routines import Routine
from dougong.formulas.sql.types import MOMENT as MOMENTS
from dougong.formulas.sql.values import Sql, Unsupported, where
from dougong.formulas.types import Type

_STRICT = "IMMUTABLE STRICT PARALLEL SAFE"


def _sql(name: str, parameters: str, result: str, body: str) -> str:
    """A function of one expression."""
    return f"""
CREATE OR REPLACE FUNCTION {name}({parameters}) RETURNS {result} LANGUAGE sql {_STRICT} AS $$
    SELECT {body}
$$;
"""


MICROSECONDS = _sql(
    "dg_microseconds", "m timestamptz", "numeric", "EXTRACT(EPOCH FROM m) * 1000000 + 62135596800000000"
)
"""Since the beginning of the year 1."""

MOMENT = f"""
-- The moment so many microseconds after the beginning of the year 1; NULL before it and after the year 9999.
CREATE OR REPLACE FUNCTION dg_moment(n numeric) RETURNS timestamptz LANGUAGE plpgsql {_STRICT} AS $$
DECLARE
    days integer;
BEGIN
    IF n < 0 OR n >= 315537897600000000 THEN
        RETURN NULL;
    END IF;
    -- In days and the rest, because intervals are multiplied in double precision.
    days := div(n, 86400000000);
    RETURN (DATE '0001-01-01' + days + (n - days * 86400000000)::bigint * interval '1 microsecond') AT TIME ZONE 'UTC';
END $$;
"""

MILLISECONDS = _sql("dg_milliseconds", "t time", "numeric", "floor(EXTRACT(EPOCH FROM t) * 1000)")
"""Since midnight."""

TIME = _sql(
    "dg_time",
    "n numeric",
    "time",
    "time '00:00' + ((trunc(n) % 86400000 + 86400000) % 86400000)::integer * interval '1 millisecond'",
)
"""The time so many milliseconds after midnight, wrapped into one day."""


_EARLY, _LATE = datetime(1000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
_FEW_DAYS = 300_000


# -- moments ----------------------------------------------------------------------------------------------
def _shift(name: str, sign: str) -> Routine:
    """A moment some days later or earlier, the days rounded to whole seconds."""
    return Routine(
        name=name,
        result=Type.DATETIME,
        fails=Failure.OUT_OF_RANGE,
        error=leaving_the_calendar(name, literal(_EARLY, MOMENTS), literal(_LATE, MOMENTS), _FEW_DAYS),
        needs=(MICROSECONDS, MOMENT),
        postgresql=f"""
CREATE OR REPLACE FUNCTION {name}(m timestamptz, n numeric) RETURNS timestamptz LANGUAGE plpgsql {_STRICT} AS $$
DECLARE
    seconds numeric := {sign}round(n * 86400);
BEGIN
    -- Nothing near the ends of the calendar, and within what an interval multiplies exactly.
    IF m BETWEEN '1000-01-01Z' AND '9000-01-01Z' AND seconds BETWEEN -30000000000 AND 30000000000 THEN
        RETURN m + seconds::double precision * interval '1 second';
    END IF;
    RETURN dg_moment(dg_microseconds(m) + seconds * 1000000);
END $$;
""",
    )


later = _shift("dg_later", "")
earlier = _shift("dg_earlier", "-")


def days_and_moment(days: Sql, moment: Sql) -> Sql:
    """Days plus a moment."""
    return later(moment, days)


days_between = Routine(
    name="dg_days_between",
    result=Type.NUMBER,
    digits=(7, 50),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_days_between(a timestamptz, b timestamptz) RETURNS numeric
LANGUAGE plpgsql {_STRICT} AS $$
-- To 39 digits, half up: 56 places, cut, are at least 45 digits, and those behind the 40th change nothing.
DECLARE
    days numeric := div(EXTRACT(EPOCH FROM a - b) * 1e56, 86400);
BEGIN
    RETURN trim_scale(round(days, 39 - length(abs(days)::text)) * 1e-56);
END $$;
""",
)

unix_of_moment = Routine(
    name="dg_unix_moment",
    result=Type.NUMBER,
    digits=(12, 0),
    postgresql=_sql("dg_unix_moment", "m timestamptz", "numeric", "floor(EXTRACT(EPOCH FROM m))"),
)

from_unix_time = Routine(
    name="dg_from_unix",
    result=Type.DATETIME,
    fails=Failure.OUT_OF_RANGE,
    needs=(MOMENT,),
    postgresql=_sql(
        "dg_from_unix", "n numeric", "timestamptz", "dg_moment(62135596800000000 + trunc(n * 1000) * 1000)"
    ),
)

text_of_moment = Routine(
    name="dg_moment_text",
    result=Type.TEXT,
    postgresql=_sql(
        "dg_moment_text", "m timestamptz", "text", "to_char(m AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS\"Z\"')"
    ),
)

time_of_moment = Routine(
    name="dg_moment_time",
    result=Type.TIME,
    postgresql=_sql(
        "dg_moment_time", "m timestamptz", "time", "date_trunc('milliseconds', m AT TIME ZONE 'UTC')::time"
    ),
)


def unchanged(item: Sql) -> Sql:
    """The moment or time itself."""
    return item


# -- times of day -----------------------------------------------------------------------------------------
def _part(name: str, digits: int, body: str) -> Routine:
    """HOUR and the like."""
    return Routine(name=name, result=Type.NUMBER, digits=(digits, 0), postgresql=_sql(name, "t time", "numeric", body))


hour = _part("dg_hour", 2, "EXTRACT(HOUR FROM t)")
minute = _part("dg_minute", 2, "EXTRACT(MINUTE FROM t)")
second = _part("dg_second", 2, "floor(EXTRACT(SECOND FROM t))")
millisecond = _part("dg_millisecond", 3, "floor(EXTRACT(MILLISECONDS FROM t)) % 1000")
unix_of_time = _part("dg_unix_time", 5, "floor(EXTRACT(EPOCH FROM t))")


def _time_shift(name: str, sign: str) -> Routine:
    """A time some milliseconds later or earlier, past midnight if need be."""
    return Routine(
        name=name,
        result=Type.TIME,
        needs=(MILLISECONDS, TIME),
        postgresql=_sql(name, "t time, n numeric", "time", f"dg_time(dg_milliseconds(t) {sign} trunc(n))"),
    )


time_later = _time_shift("dg_time_later", "+")
time_earlier = _time_shift("dg_time_earlier", "-")

milliseconds_between = Routine(
    name="dg_milliseconds_between",
    result=Type.NUMBER,
    digits=(8, 0),
    needs=(MILLISECONDS,),
    postgresql=_sql(
        "dg_milliseconds_between",
        "a time, b time",
        "numeric",
        "(dg_milliseconds(a) - dg_milliseconds(b) + 86400000) % 86400000",
    ),
)

text_of_time = Routine(
    name="dg_time_text",
    result=Type.TEXT,
    postgresql=_sql("dg_time_text", "t time", "text", "to_char(t, 'HH24:MI:SS.MS')"),
)


# -- the reader's day -------------------------------------------------------------------------------------
class LocalDay(FunctionElement[Any]):
    """The day of a moment in a time zone, given by its IANA name or its offset from UTC."""

    name = "local_day"
    inherit_cache = True
    type = Date()


@compiles(LocalDay)
def _at_time_zone(element: LocalDay, compiler: Any, **options: Any) -> str:
    moment, zone = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST(({moment}) AT TIME ZONE {zone} AS DATE)"


@compiles(LocalDay, "sqlite")
def _by_routine(element: LocalDay, compiler: Any, **options: Any) -> str:
    moment, zone = (compiler.process(each, **options) for each in element.clauses)
    return f"dg_local_day({moment}, {zone})"


def day_of_moment(context: Context, moment: Sql) -> Sql:
    """DATEVALUE of a moment; near the years 1 and 9999 another zone's day may not exist."""
    day = LocalDay(moment.value, literal(_zone_name(context.timezone), Text()))
    if context.timezone is UTC:
        return Sql(Type.DATE, day)
    exists = day.between(literal(date.min, Date()), literal(date.max, Date()))
    fails = and_(moment.value.is_not(None), or_(day.is_(None), not_(exists)))
    return Sql(Type.DATE, case((exists, day)), where(fails, Failure.OUT_OF_RANGE))


def local_day(moment: str | None, zone: str) -> str | None:
    """The day of a stored moment as SQLite keeps it; None where the calendar has none."""
    if moment is None:
        return None
    try:
        return datetime.fromisoformat(moment).astimezone(_zone(zone)).date().isoformat()
    except OverflowError:
        return None


def _zone_name(zone: tzinfo) -> str:
    if isinstance(zone, ZoneInfo) and zone.key:
        return zone.key
    if zone is UTC:
        return "UTC"
    raise Unsupported(msg("The time zone has no name."))


@lru_cache(maxsize=64)
def _zone(name: str) -> timezone | ZoneInfo:
    return UTC if name == "UTC" else ZoneInfo(name)
