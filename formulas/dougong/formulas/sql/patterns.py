"""SQL of LIKE and REGEX."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Text, func, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from dougong.base.language import msg
from dougong.formulas.evaluation import EvaluationError, Failure
from dougong.formulas.patterns import LONGEST_LIKE, compiled, in_re2, signs_of_like
from dougong.formulas.sql.regular_expressions import portable
from dougong.formulas.sql.routines import Routine
from dougong.formulas.sql.values import Sql, Unsupported, as_text, blank, boolean, kind
from dougong.formulas.types import Type


class Alike(FunctionElement[bool]):
    """True where a text matches a pattern, given for LIKE and for GLOB, which counts capitals on SQLite."""

    name = "alike"
    inherit_cache = True
    type = Boolean()


@compiles(Alike)
def _by_like(element: Alike, compiler: Any, **options: Any) -> str:
    text, pattern, _ = (compiler.process(each, **options) for each in element.clauses)
    return f"""(({text}) COLLATE "C" LIKE {pattern} ESCAPE '\\')"""


@compiles(Alike, "sqlite")
def _by_glob(element: Alike, compiler: Any, **options: Any) -> str:
    text, _, pattern = (compiler.process(each, **options) for each in element.clauses)
    return f"(({text}) GLOB {pattern})"


def _constant_like(item: Sql, pattern: Sql) -> Sql:
    if not isinstance(pattern.constant, str) or len(pattern.constant) > LONGEST_LIKE:
        raise Unsupported
    parts, glob = [], []
    for sign, is_wild in signs_of_like(pattern.constant):
        parts.append(sign if is_wild or sign not in "%_\\" else f"\\{sign}")
        glob.append({"%": "*", "_": "?"}[sign] if is_wild else f"[{sign}]" if sign in "*?[" else sign)
    text = as_text(item).value
    return boolean(Alike(text, literal("".join(parts), Text()), literal("".join(glob), Text())), item.nullable)


like = Routine(
    name="dg_like",
    result=Type.BOOLEAN,
    fails=Failure.REGEX_TOO_COMPLEX,
    native=_constant_like,
    postgresql=r"""
CREATE OR REPLACE FUNCTION dg_like(t text, pattern text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
BEGIN
    IF length(pattern) > {longest} THEN
        RETURN NULL;
    END IF;
    -- A backslash at the end stands for itself.
    RETURN t COLLATE "C" LIKE pattern
        || CASE WHEN (length(pattern) - length(rtrim(pattern, '\'))) % 2 = 1 THEN '\' ELSE '' END ESCAPE '\';
END $$;
""".replace("{longest}", str(LONGEST_LIKE)),
)


class Matched(FunctionElement[bool]):
    """True where the whole of a text matches a pattern, given for RE2 and for PostgreSQL."""

    name = "matched"
    inherit_cache = True
    type = Boolean()


@compiles(Matched)
def _by_operator(element: Matched, compiler: Any, **options: Any) -> str:
    text, _, pattern = (compiler.process(each, **options) for each in element.clauses)
    return f'(({text}) COLLATE "C" ~ {pattern})'


@compiles(Matched, "sqlite")
def _by_routine(element: Matched, compiler: Any, **options: Any) -> str:
    text, pattern, _ = (compiler.process(each, **options) for each in element.clauses)
    return f"{regex.name}({text}, {pattern})"


def _constant_pattern(item: Sql, pattern: Sql) -> Sql:
    if not pattern.is_constant:
        raise Unsupported(msg("Its pattern must not depend on the record."))
    given = pattern.constant or ""
    try:
        compiled(given)
    except EvaluationError as error:
        return blank(Type.BOOLEAN, item.limit).failing(kind(error.kind))
    text = func.coalesce(as_text(item).value, literal("", Text()), type_=Text())
    spelt = literal(portable(in_re2(given)), Text())
    return boolean(Matched(text, literal(given, Text()), spelt), False)


regex = Routine(name="dg_regex", result=Type.BOOLEAN, postgresql="", native=_constant_pattern)
