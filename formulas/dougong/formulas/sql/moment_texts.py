"""SQL of dates, moments and times that texts spell, and of lengths of time as text."""

from __future__ import annotations

from dougong.formulas.evaluation import Failure
from dougong.formulas.sql.dates import DATE
from dougong.formulas.sql.moments import MICROSECONDS, MILLISECONDS
from dougong.formulas.sql.routines import Routine
from dougong.formulas.types import Type

_STRICT = "IMMUTABLE STRICT PARALLEL SAFE"

date_of_text = Routine(
    name="dg_text_date",
    result=Type.DATE,
    fails=Failure.DATE_TEXT,
    needs=(DATE,),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_text_date(t text) RETURNS date LANGUAGE plpgsql {_STRICT} AS $$
DECLARE
    found text[] := regexp_match(t, '^([0-9]{{4}})-([0-9]{{1,2}})-([0-9]{{1,2}})$');
BEGIN
    RETURN dg_date(found[1]::numeric, found[2]::numeric, found[3]::numeric);
END $$;
""",
)

moment_of_text = Routine(
    name="dg_text_moment",
    result=Type.DATETIME,
    fails=Failure.DATE_TEXT,
    needs=(DATE,),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_text_moment(t text) RETURNS timestamptz LANGUAGE plpgsql {_STRICT} AS $$
DECLARE
    found text[] := regexp_match(t,
        '^([0-9]{{4}})-([0-9]{{1,2}})-([0-9]{{1,2}}) ([0-9]{{1,2}}):([0-9]{{1,2}}):([0-9]{{1,2}}) *$');
    day date := dg_date(found[1]::numeric, found[2]::numeric, found[3]::numeric);
BEGIN
    IF day IS NULL OR found[4]::integer > 23 OR found[5]::integer > 59 OR found[6]::integer > 59 THEN
        RETURN NULL;
    END IF;
    RETURN (day + make_time(found[4]::integer, found[5]::integer, found[6]::integer)) AT TIME ZONE 'UTC';
END $$;
""",
)

time_of_text = Routine(
    name="dg_text_time",
    result=Type.TIME,
    fails=Failure.DATE_TEXT,
    postgresql=rf"""
CREATE OR REPLACE FUNCTION dg_text_time(t text) RETURNS time LANGUAGE plpgsql {_STRICT} AS $$
BEGIN
    RETURN CASE WHEN t ~ '^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{{3}}$' THEN t::time END;
END $$;
""",
)

moment_of_date = Routine(
    name="dg_date_moment",
    result=Type.DATETIME,
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_date_moment(d date) RETURNS timestamptz LANGUAGE sql {_STRICT} AS $$
    SELECT d::timestamp AT TIME ZONE 'UTC'
$$;
""",
)

_DURATION = f"""
CREATE OR REPLACE FUNCTION dg_duration(n numeric, days boolean) RETURNS text LANGUAGE plpgsql {_STRICT} AS $$
DECLARE
    seconds numeric := abs(trunc(n));
    hours numeric := div(seconds, 3600);
    clock text := to_char(div(seconds, 60) % 60, 'FM00') || ':' || to_char(seconds % 60, 'FM00');
BEGIN
    IF days THEN
        RETURN div(hours, 24)::text || ':' || to_char(hours % 24, 'FM00') || ':' || clock;
    END IF;
    RETURN CASE WHEN hours < 10 THEN '0' ELSE '' END || hours::text || ':' || clock;
END $$;
"""


def _duration(name: str, parameters: str, body: str, *needs: str) -> Routine:
    """FORMATDURATION, one of its forms."""
    return Routine(
        name=name,
        result=Type.TEXT,
        needs=(_DURATION, *needs),
        postgresql=f"""
CREATE OR REPLACE FUNCTION {name}({parameters}) RETURNS text LANGUAGE sql {_STRICT} AS $$ SELECT {body} $$;
""",
    )


format_seconds = _duration("dg_format_seconds", "n numeric", "dg_duration(n, false)")
format_seconds_in_days = _duration("dg_format_days", "n numeric, days boolean", "dg_duration(n, days)")
format_between_times = _duration(
    "dg_format_times",
    "a time, b time",
    "dg_duration(div(abs(dg_milliseconds(b) - dg_milliseconds(a)), 1000), false)",
    MILLISECONDS,
)
format_between_moments = _duration(
    "dg_format_moments",
    "a timestamptz, b timestamptz",
    "dg_duration(div(abs(dg_microseconds(b) - dg_microseconds(a)), 1000000), true)",
    MICROSECONDS,
)
