"""The form of a filter: what is left of its SQL when the values are taken out.

Filters of one form, ``stage is won`` and ``stage is lost``, share one statement; their values are its parameters. What
a value makes of the SQL (a blank, a range for a period) is decided by the field's type as ever: forms are told apart
by the SQL that came out, not by the text of the filter.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import ColumnElement

from dougong.base.ids import is_record_id
from dougong.engine.query import Condition, Filter
from dougong.engine.reading.conditions import PLACEHOLDERS, ConditionCompiler
from dougong.engine.reading.filters import conditions
from dougong.engine.reading.people import people
from dougong.engine.reading.prepared import prepared
from dougong.engine.reading.scope import Scope
from dougong.engine.reading.written import formula_of

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Formed:
    """A filter compiled over `scope`: its condition, its form, and its values by the names of their parameters."""

    scope: Scope
    condition: ColumnElement[bool] | None
    form: Hashable
    names: tuple[str, ...]
    values: tuple[Any, ...]


def compile_filter(unit: Unit, scope: Scope, where: Filter | None) -> Formed:
    """`where` over a scope of its own that shares the tables of `scope`.

    Raises:
        BadRequest: every unknown field, operator and operand of the filter.
    """
    if where is None:
        return Formed(scope, None, None, (), ())
    forked = scope.fork()
    compiler = ConditionCompiler(
        forked, unit.reading, lambda name: people(unit, name), lambda text: formula_of(unit, scope.object, text)
    )
    condition = compiler.compile(where)
    assert condition is not None
    # SQLAlchemy's own key for its cache of compiled SQL: equal exactly where the SQL is, the values beside it in order.
    key = condition._generate_cache_key()
    if key is None:
        return Formed(forked, condition, object(), (), ())
    names = tuple(str(each.key) for each in key.bindparams)
    return Formed(forked, condition, key.key, names, tuple(each.effective_value for each in key.bindparams))


def of_form(
    unit: Unit, key: Hashable, scope: Callable[[], Scope], where: Filter | None, build: Callable[[Formed], T]
) -> tuple[T, dict[str, Any]]:
    """What `build` makes of a filter's form, made once per `key` and form; and the parameters of this filter's values.

    `key` is everything but the filter that the result depends on, None for what serves only once; `scope` makes the
    scope that all filters share.

    Raises:
        BadRequest: as `compile_filter`.
    """
    if key is None:
        formed = compile_filter(unit, scope(), where)
        return build(formed), dict(zip(formed.names, formed.values, strict=True))
    if where is None:
        return prepared(unit.runtime, key, lambda: build(compile_filter(unit, scope(), None))), {}
    if isinstance(where, Condition) and where.op == "is" and is_record_id(where.value):
        return _of_record(unit, key, scope, where, build)
    return _of_values(unit, key, scope, where, build)


def _of_values(
    unit: Unit, key: Hashable, scope: Callable[[], Scope], where: Filter, build: Callable[[Formed], T]
) -> tuple[T, dict[str, Any]]:
    """Of a filter whose values come again: what they made is remembered."""
    return prepared(
        unit.runtime, (key, where, context(unit, where)), lambda: _of_form(unit, key, scope, where, build), "filters"
    )


def _of_record(
    unit: Unit, key: Hashable, scope: Callable[[], Scope], where: Condition, build: Callable[[Formed], T]
) -> tuple[T, dict[str, Any]]:
    """Of a filter by one record, as every related list has: the next record is another value of the same parameter."""
    of_any = (key, where.field, "one record")
    known = prepared(unit.runtime, of_any, lambda: _by_record(unit, key, scope, where, build))
    if known:
        made, name = known
        return made, {name: where.value}
    return _of_values(unit, key, scope, where, build)


def _by_record(
    unit: Unit, key: Hashable, scope: Callable[[], Scope], where: Condition, build: Callable[[Formed], T]
) -> tuple[T, str] | tuple[()]:
    """What serves a filter by any record, and its parameter; nothing where an id is more than compared."""
    made, values = _of_form(unit, key, scope, where, build)
    field = prepared(unit.runtime, (key, "scope"), scope).path(where.field).field
    plain = (field.name == "id" or field.type.refers) and list(values.values()) == [where.value]
    return (made, next(iter(values))) if plain else ()


def _of_form(
    unit: Unit, key: Hashable, scope: Callable[[], Scope], where: Filter, build: Callable[[Formed], T]
) -> tuple[T, dict[str, Any]]:
    formed = compile_filter(unit, prepared(unit.runtime, (key, "scope"), scope), where)
    made, names = prepared(unit.runtime, (key, formed.form), lambda: (build(formed), formed.names))
    return made, dict(zip(names, formed.values, strict=True))


def context(unit: Unit, where: Filter | None) -> Hashable:
    """What beside its own text decides how a filter reads: the day, the zone, the language, and who asks."""
    if where is None:
        return None
    personal = any(
        value in PLACEHOLDERS
        for each in conditions(where)
        for value in (each.value if isinstance(each.value, tuple) else (each.value,))
        if isinstance(value, str)
    )
    team = people(unit, "$my_team") if personal else None
    return (
        unit.reading.today,
        str(unit.reading.zone),
        unit.reading.language,
        unit.actor.user_id if personal else None,
        team,
    )
