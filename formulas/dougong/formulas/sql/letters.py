"""SQL of upper and lower case. PostgreSQL's own know only what its operating system knows: it gets Python's table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from dougong.formulas.lettercase import has_case
from dougong.formulas.sql.routines import Routine
from dougong.formulas.types import Type

LAST = 0x40000
"""Beyond it no character is a letter with case, and none is a letter that those before did not already show."""

_RARE = 0x180
"""The letters before it are those of Western and Central Europe."""
_SURROGATES = range(0xD800, 0xE000)


def _signs(start: int, test: Callable[[str], bool]) -> Iterator[str]:
    """The characters from `start` on that pass."""
    return filter(test, (chr(code) for code in range(start, LAST) if code not in _SURROGATES))


def char_class(signs: Iterator[str]) -> str:
    """The inside of brackets in a regular expression: ranges of code points."""
    ranges: list[list[int]] = []
    for code in map(ord, signs):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(_escaped(first) + (f"-{_escaped(last)}" if last > first else "") for first, last in ranges)


def _escaped(code: int) -> str:
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


@cache
def case_routines() -> str:
    """The functions of PostgreSQL, with the table of letters that this Python knows."""
    cased = list(_signs(0x80, has_case))
    up = {each: each.upper() for each in cased if each.upper() != each}
    down = {each: each.lower() for each in cased if each.lower() != each and len(each.lower()) == 1}
    long = {each: capitals for each, capitals in up.items() if len(capitals) > 1}
    short_up = {each: capital for each, capital in up.items() if each not in long}
    texts = {
        "cased": char_class(iter(cased)),
        "rare": char_class(each for each in cased if ord(each) >= _RARE),
        "long": char_class(iter(long)),
        "long_from": ",".join(long),
        "long_to": ",".join(long.values()),
        "word": char_class(_signs(0, str.isalnum)),
        "wide": char_class(_signs(0x80, str.isalnum)),
    }
    for name, table in (("up", short_up), ("down", down)):
        common = {each: other for each, other in table.items() if ord(each) < _RARE}
        texts |= {f"{name}_from": "".join(table), f"{name}_to": "".join(table.values())}
        texts |= {f"common_{name}_from": "".join(common), f"common_{name}_to": "".join(common.values())}
    made = _CASES
    for name, value in texts.items():
        made = made.replace(f"@{name}@", value)
    return made


_CASES = r"""
CREATE OR REPLACE FUNCTION dg_is_turkic(locale text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(lower(split_part(replace(locale, '-', '_'), '_', 1) COLLATE "C") IN ('tr', 'az'), false)
$$;

CREATE OR REPLACE FUNCTION dg_upper(t text, locale text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    froms text[];
    tos text[];
BEGIN
    IF locale IS NOT NULL AND dg_is_turkic(locale) THEN
        t := replace(t, 'i', 'İ');
    END IF;
    IF octet_length(t) > length(t) AND t ~ '[@cased@]' THEN
        IF t ~ '[@long@]' THEN
            froms := '{@long_from@}';
            tos := '{@long_to@}';
            FOR i IN 1 .. array_length(froms, 1) LOOP
                t := replace(t, froms[i], tos[i]);
            END LOOP;
        END IF;
        -- Every letter is sought in the whole list, so most texts get a short one.
        t := CASE WHEN t ~ '[@rare@]' THEN translate(t, '@up_from@', '@up_to@')
            ELSE translate(t, '@common_up_from@', '@common_up_to@') END;
    END IF;
    RETURN upper(t COLLATE "C");
END $$;

CREATE OR REPLACE FUNCTION dg_upper(t text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN octet_length(t) = length(t) THEN upper(t COLLATE "C") ELSE dg_upper(t, NULL) END
$$;

CREATE OR REPLACE FUNCTION dg_lower(t text, locale text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF locale IS NOT NULL AND dg_is_turkic(locale) THEN
        t := replace(replace(t, 'İ', 'i'), 'I', 'ı');
    END IF;
    IF octet_length(t) > length(t) AND t ~ '[@cased@]' THEN
        IF strpos(t, 'Σ') > 0 THEN
            t := regexp_replace(t, '(?<=[A-Za-z@cased@])Σ(?![A-Za-z@cased@])', 'ς', 'g');
        END IF;
        t := replace(t, 'İ', 'i̇');
        t := CASE WHEN t ~ '[@rare@]' THEN translate(t, '@down_from@', '@down_to@')
            ELSE translate(t, '@common_down_from@', '@common_down_to@') END;
    END IF;
    RETURN lower(t COLLATE "C");
END $$;

CREATE OR REPLACE FUNCTION dg_lower(t text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN octet_length(t) = length(t) THEN lower(t COLLATE "C") ELSE dg_lower(t, NULL) END
$$;

CREATE OR REPLACE FUNCTION dg_initcap(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    simple text := initcap(t COLLATE "C");
BEGIN
    -- That takes letters beyond ASCII for the ends of words.
    IF octet_length(t) = length(t) OR simple !~ '[@cased@]|[@wide@][A-Z]' THEN
        RETURN simple;
    END IF;
    RETURN (
        SELECT string_agg(
            CASE WHEN part[1] IS NULL THEN part[2] ELSE dg_upper(left(part[1], 1)) || dg_lower(substr(part[1], 2)) END,
            '' ORDER BY place
        ) FROM regexp_matches(t, '([@word@]+)|([^@word@]+)', 'g') WITH ORDINALITY AS parts (part, place)
    );
END $$;
"""

upper = Routine(name="dg_upper", result=Type.TEXT, grows=3, postgresql=case_routines)
lower = Routine(name="dg_lower", result=Type.TEXT, grows=3, postgresql=case_routines)
initial_capitals = Routine(name="dg_initcap", result=Type.TEXT, grows=3, postgresql=case_routines)
