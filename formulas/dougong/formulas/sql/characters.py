"""SQL of single characters and their order."""

from __future__ import annotations

from dougong.formulas.sql.code_units import STRICT
from dougong.formulas.sql.routines import Routine
from dougong.formulas.types import Type

reverse = Routine(
    name="dg_reverse",
    result=Type.TEXT,
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_reverse(t text) RETURNS text LANGUAGE sql {STRICT} AS $$ SELECT reverse(t) $$;
""",
)

character = Routine(
    name="dg_chr",
    result=Type.TEXT,
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_chr(n numeric) RETURNS text LANGUAGE sql {STRICT} AS $$
    SELECT CASE WHEN trunc(n) BETWEEN 1 AND 55295 OR trunc(n) BETWEEN 57344 AND 1114111
        THEN chr(trunc(n)::integer) ELSE '' END
$$;
""",
)

code_point = Routine(
    name="dg_ascii",
    result=Type.NUMBER,
    digits=(7, 0),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_ascii(t text) RETURNS numeric LANGUAGE sql {STRICT} AS $$ SELECT ascii(t)::numeric $$;
""",
)
