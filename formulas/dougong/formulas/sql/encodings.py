"""SQL of text for other formats: links and pictures, escapes for pages, JSON read."""

from __future__ import annotations

from dougong.formulas.evaluation import Failure
from dougong.formulas.lengths import MOST
from dougong.formulas.sql.figures import number_text
from dougong.formulas.sql.routines import Routine
from dougong.formulas.types import Type

_SAFE = "IMMUTABLE PARALLEL SAFE"
_STRICT = "IMMUTABLE STRICT PARALLEL SAFE"


def _sql(name: str, parameters: str, body: str, options: str = _STRICT) -> str:
    """A function of one expression that gives text."""
    return f"""
CREATE OR REPLACE FUNCTION {name}({parameters}) RETURNS text LANGUAGE sql {options} AS $$
    SELECT {body}
$$;
"""


def _replaced(text: str, *pairs: tuple[str, str]) -> str:
    """Replacements one after the other."""
    for old, new in pairs:
        text = f"replace({text}, {old}, {new})"
    return text


_HTML = _sql(
    "dg_html",
    "t text",
    _replaced(
        "t", ("'&'", "'&amp;'"), ("'<'", "'&lt;'"), ("'>'", "'&gt;'"), ("'\"'", "'&quot;'"), ("''''", "'&#x27;'")
    ),
)
_ESCAPED = _replaced(
    "t",
    (r"'\'", r"'\\'"),
    ("''''", r"'\'''"),
    ("'\"'", "'\\\"'"),
    (r"E'\n'", r"'\n'"),
    (r"E'\r'", r"'\r'"),
    ("'<'", r"'\u003C'"),
    ("'>'", r"'\u003E'"),
    ("'/'", r"'\/'"),
)
_SCRIPT = f"""
CREATE OR REPLACE FUNCTION dg_script(t text) RETURNS text LANGUAGE plpgsql {_STRICT} AS $$
BEGIN
    t := {_ESCAPED};
    RETURN CASE WHEN length(t) <= {MOST} THEN t END;
END $$;
"""

html_encode = Routine(name="dg_html", result=Type.TEXT, grows=6, postgresql=_HTML)
script_encode = Routine(
    name="dg_script", result=Type.TEXT, longest=MOST, fails=Failure.OUT_OF_RANGE, postgresql=_SCRIPT
)
script_in_html_encode = Routine(
    name="dg_script_in_html",
    result=Type.TEXT,
    longest=MOST,
    fails=Failure.OUT_OF_RANGE,
    needs=(_HTML, _SCRIPT),
    postgresql=_sql("dg_script_in_html", "t text", "dg_script(dg_html(t))"),
)

url_encode = Routine(
    name="dg_url",
    result=Type.TEXT,
    grows=12,
    postgresql=rf"""
CREATE OR REPLACE FUNCTION dg_url(t text) RETURNS text LANGUAGE sql {_STRICT} AS $$
    SELECT string_agg(
        CASE WHEN sign ~ '[A-Za-z0-9_.~-]' THEN sign WHEN sign = ' ' THEN '+'
            ELSE upper(regexp_replace(encode(convert_to(sign, 'UTF8'), 'hex'), '(..)', '%\1', 'g') COLLATE "C") END,
        '' ORDER BY place
    ) FROM regexp_split_to_table(t, '') WITH ORDINALITY AS signs (sign, place)
$$;
""",
)

hyperlink = Routine(
    name="dg_hyperlink",
    result=Type.TEXT,
    grows=6,
    needs=(_HTML,),
    postgresql=_sql(
        "dg_hyperlink",
        "url text, label text, target text",
        "'<a href=\"' || dg_html(url) || '\" target=\"' || dg_html(coalesce(target, '_blank')) || '\">'"
        " || dg_html(label) || '</a>'",
        _SAFE,
    )
    + _sql("dg_hyperlink", "url text, label text", "dg_hyperlink(url, label, NULL)"),
)


def _size(name: str) -> str:
    return f"coalesce(' {name}=\"' || dg_number_text({name}) || '\"', '')"


image = Routine(
    name="dg_image",
    result=Type.TEXT,
    grows=6,
    needs=(_HTML, str(number_text.postgresql)),
    postgresql=_sql(
        "dg_image",
        "url text, alternative text, height numeric, width numeric",
        "'<img src=\"' || dg_html(url) || '\" alt=\"' || coalesce(dg_html(alternative), '') || '\"' || "
        f"{_size('height')} || {_size('width')} || '>'",
        _SAFE,
    )
    + _sql(
        "dg_image",
        "url text, alternative text, height numeric",
        "dg_image(url, alternative, height, NULL)",
        _SAFE,
    )
    + _sql("dg_image", "url text, alternative text", "dg_image(url, alternative, NULL, NULL)", _SAFE),
)

case_safe_id = Routine(
    name="dg_case_safe_id",
    result=Type.TEXT,
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_case_safe_id(t text) RETURNS text LANGUAGE plpgsql {_STRICT} AS $$
DECLARE
    suffix text := '';
    bits integer;
BEGIN
    IF t !~ '^[A-Za-z0-9]{{15}}$' THEN
        RETURN t;
    END IF;
    FOR part IN 0 .. 2 LOOP
        bits := 0;
        FOR place IN 0 .. 4 LOOP
            IF substr(t, part * 5 + place + 1, 1) ~ '[A-Z]' THEN
                bits := bits + (1 << place);
            END IF;
        END LOOP;
        suffix := suffix || substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', bits + 1, 1);
    END LOOP;
    RETURN t || suffix;
END $$;
""",
)


# -- JSON -------------------------------------------------------------------------------------------------
# Not safe for parallel workers: what catches an exception begins a transaction within the transaction.
_JSON = """
CREATE OR REPLACE FUNCTION dg_json(t text) RETURNS json LANGUAGE plpgsql IMMUTABLE STRICT AS $$
-- NULL where t is no JSON. All of it is read once, because escapes are checked only where they are read.
BEGIN
    PERFORM t::json #>> '{}';
    RETURN t::json;
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $$;
"""

_PATH = r"""
CREATE OR REPLACE FUNCTION dg_json_at(here json, path text) RETURNS json LANGUAGE plpgsql IMMUTABLE AS $$
-- The JSON at a path that has the form of one.
DECLARE
    rest text := substr(path, 2);
    step text[];
BEGIN
    WHILE rest <> '' LOOP
        step := regexp_match(rest, '^(\.([^.*\[\]]+)|\[''([^'']*)''\]|\["([^"]*)"\]|\[([0-9]{1,9})\])');
        IF step[5] IS NOT NULL THEN
            here := CASE WHEN json_typeof(here) = 'array' THEN here -> step[5]::integer END;
        ELSE
            here := CASE WHEN json_typeof(here) = 'object' THEN here -> coalesce(step[2], step[3], step[4]) END;
        END IF;
        rest := substr(rest, length(step[1]) + 1);
    END LOOP;
    RETURN here;
END $$;

CREATE OR REPLACE FUNCTION dg_is_json_path(path text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT path ~ '^\$(\.([^.*\[\]]+)|\[''([^'']*)''\]|\["([^"]*)"\]|\[([0-9]{1,9})\])*$'
$$;
"""

json_value = Routine(
    name="dg_json_value",
    result=Type.TEXT,
    fails=True,
    needs=(_JSON,),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_json_value(t text, name text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    found json := dg_json(t);
BEGIN
    RETURN CASE WHEN json_typeof(found) = 'object' THEN found ->> name END;
END $$;
CREATE OR REPLACE FUNCTION dg_json_value_error(t text, name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT CASE WHEN dg_json(t) IS NULL THEN '{Failure.OUT_OF_RANGE}' END
$$;
""",
)

json_path_value = Routine(
    name="dg_json_path_value",
    result=Type.TEXT,
    fails=True,
    needs=(_JSON, _PATH),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_json_path_value(t text, path text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT CASE WHEN dg_is_json_path(path) THEN dg_json_at(dg_json(t), path) #>> '{{}}' END
$$;
CREATE OR REPLACE FUNCTION dg_json_path_value_error(t text, path text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT CASE WHEN dg_json(t) IS NOT NULL AND NOT dg_is_json_path(path) THEN '{Failure.OUT_OF_RANGE}' END
$$;
""",
)
