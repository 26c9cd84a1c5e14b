"""SQL of business functions: routines, which SQLite runs in Python and PostgreSQL as the functions written here."""

from __future__ import annotations

from dougong.formulas.evaluation import Failure
from dougong.formulas.sql.dates import DATE
from dougong.formulas.sql.routines import Routine
from dougong.formulas.types import Type

_STRICT = "IMMUTABLE STRICT PARALLEL SAFE"

_MONTHS = f"""
CREATE OR REPLACE FUNCTION dg_months(a date, b date) RETURNS integer LANGUAGE sql {_STRICT} AS $$
    -- Whole months from a to b, rounded down; a day that a month does not have falls on its last.
    SELECT ((EXTRACT(YEAR FROM b) - EXTRACT(YEAR FROM a)) * 12 + EXTRACT(MONTH FROM b) - EXTRACT(MONTH FROM a)
        - CASE WHEN EXTRACT(DAY FROM b) < least(
            EXTRACT(DAY FROM a), EXTRACT(DAY FROM date_trunc('month', b) + interval '1 month -1 day')
        ) THEN 1 ELSE 0 END)::integer
$$;
"""

age = Routine(
    name="dg_age",
    result=Type.NUMBER,
    digits=(5, 0),
    needs=(_MONTHS,),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_age(a date, b date) RETURNS numeric LANGUAGE sql {_STRICT} AS $$
    SELECT floor(dg_months(a, b) / 12.0)
$$;
""",
)

date_difference = Routine(
    name="dg_date_difference",
    result=Type.NUMBER,
    digits=(7, 0),
    needs=(_MONTHS,),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_date_difference(unit text, a date, b date) RETURNS numeric LANGUAGE sql {_STRICT} AS $$
    SELECT CASE lower(unit)
        WHEN 'day' THEN (b - a)::numeric
        WHEN 'week' THEN trunc((b - a) / 7.0)
        ELSE trunc((CASE WHEN a <= b THEN dg_months(a, b) ELSE -dg_months(b, a) END)::numeric
            / CASE lower(unit) WHEN 'month' THEN 1 ELSE 12 END)
    END
$$;
""",
)

anniversary = Routine(
    name="dg_anniversary",
    result=Type.DATE,
    fails=Failure.OUT_OF_RANGE,
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_in_year(d date, y integer) RETURNS date LANGUAGE sql {_STRICT} AS $$
    SELECT least(
        (make_date(y, EXTRACT(MONTH FROM d)::integer, 1) + EXTRACT(DAY FROM d)::integer - 1),
        (make_date(y, EXTRACT(MONTH FROM d)::integer, 1) + interval '1 month -1 day')::date
    )
$$;
CREATE OR REPLACE FUNCTION dg_anniversary(d date, o date) RETURNS date LANGUAGE sql {_STRICT} AS $$
    SELECT CASE
        WHEN dg_in_year(d, EXTRACT(YEAR FROM o)::integer) >= o THEN dg_in_year(d, EXTRACT(YEAR FROM o)::integer)
        WHEN EXTRACT(YEAR FROM o) < 9999 THEN dg_in_year(d, EXTRACT(YEAR FROM o)::integer + 1)
    END
$$;
""",
)

birth_of_identity = Routine(
    name="dg_birth_of_identity",
    result=Type.DATE,
    fails=Failure.DATE_TEXT,
    needs=(DATE,),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_birth_of_identity(t text) RETURNS date LANGUAGE sql {_STRICT} AS $$
    SELECT CASE WHEN t ~ '^[0-9]{{17}}.$' THEN
        dg_date(substr(t, 7, 4)::numeric, substr(t, 11, 2)::numeric, substr(t, 13, 2)::numeric)
    END
$$;
""",
)

capitals = Routine(
    name="dg_capitals",
    result=Type.TEXT,
    fails=Failure.OUT_OF_RANGE,
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_capitals_whole(n numeric) RETURNS text LANGUAGE plpgsql {_STRICT} AS $$
-- A whole number above 0, as `_spelt` in Python.
DECLARE
    size numeric;
    found text := '';
    digit integer;
BEGIN
    FOREACH size IN ARRAY ARRAY[100000000, 10000]::numeric[] LOOP
        IF n >= size THEN
            RETURN dg_capitals_whole(trunc(n / size)) || CASE WHEN size = 10000 THEN '万' ELSE '亿' END
                || CASE WHEN n % size = 0 THEN ''
                    ELSE CASE WHEN n % size < size / 10 THEN '零' ELSE '' END || dg_capitals_whole(n % size) END;
        END IF;
    END LOOP;
    FOR power IN REVERSE 3..0 LOOP
        digit := trunc(n / (10 ^ power)::numeric) % 10;
        IF digit > 0 THEN
            found := found || substr('壹贰叁肆伍陆柒捌玖', digit, 1) || substr('仟佰拾', 4 - power, 1);
        ELSIF found <> '' AND n % (10 ^ power)::numeric > 0 AND right(found, 1) <> '零' THEN
            found := found || '零';
        END IF;
    END LOOP;
    RETURN found;
END $$;
CREATE OR REPLACE FUNCTION dg_capitals(x numeric) RETURNS text LANGUAGE plpgsql {_STRICT} AS $$
DECLARE
    cents numeric := abs(round(x, 2)) * 100;
    n numeric := trunc(cents / 100);
    tenths integer;
    hundredths integer;
BEGIN
    IF n >= 10000000000000000 THEN
        RETURN NULL;
    END IF;
    tenths := trunc(cents % 100 / 10);
    hundredths := cents % 10;
    RETURN CASE WHEN x < 0 AND cents > 0 THEN '负' ELSE '' END
        || CASE WHEN n > 0 THEN dg_capitals_whole(n) || '元' WHEN cents = 0 THEN '零元' ELSE '' END
        || CASE WHEN cents % 100 = 0 THEN '整' ELSE
            CASE WHEN tenths > 0 THEN substr('壹贰叁肆伍陆柒捌玖', tenths, 1) || '角' WHEN n > 0 THEN '零' ELSE '' END
            || CASE WHEN hundredths > 0 THEN substr('壹贰叁肆伍陆柒捌玖', hundredths, 1) || '分' ELSE '整' END
        END;
END $$;
""",
)
