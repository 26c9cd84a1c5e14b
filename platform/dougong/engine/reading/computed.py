"""Formula fields in queries: each is an expression over the columns that its formula reads, joined where it reads them.

What a formula knows beside the record, the moment and the reader, is bound into the expression. A statement that holds
such a formula serves only as long as these stay the same: `circumstances` says what they are.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, ColumnElement, Text, case, literal, null, type_coerce
from sqlalchemy.types import TypeEngine

from dougong.engine.access import EVERYTHING
from dougong.engine.columns import SQLITE_DIGITS, Exact
from dougong.engine.query import Holds
from dougong.engine.reading.counted import children_of, is_counted
from dougong.engine.reading.paths import ResolvedPath, resolve
from dougong.engine.reading.prepared import prepared
from dougong.engine.runtime import Runtime
from dougong.engine.variables import formula_context, variables
from dougong.formulas import FUNCTIONS, Context, Formula
from dougong.formulas.sql.backend import Fallible, SqlColumns
from dougong.formulas.sql.types import LongNumber, WholeNumber
from dougong.metadata.model import Field, Object

if TYPE_CHECKING:
    from dougong.engine.reading.scope import Scope
    from dougong.engine.unit import Unit

LONGEST_PATH = 30
"""Lookups that a formula may follow with the formula fields that it uses put in their place."""

Columns = tuple[ColumnElement[Any], ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms formulas become SQL: what they know beside the record, and the digits of the database.

    `few` are objects of which the actor sees so few records that counting them had better begin with those.
    """

    context: Context
    digits: int
    few: frozenset[str] = frozenset()


def terms_of(unit: Unit, texts: Iterable[str] = ()) -> Terms:
    """The terms of what `unit` asks, which names the field paths `texts`."""
    few = frozenset(name for name, few in _counted(unit, _used(unit.runtime, texts)) if few)
    return Terms(formula_context(unit), unit.company.database.digits, few)


def expressed(scope: Scope, path: ResolvedPath) -> Columns:
    """The parts of a formula field that has no columns: its value, of money the company amount; then, if any, whether
    the formula fails."""
    formula, terms = path.field.formula, scope.terms
    if formula is None or terms is None:
        raise LookupError(f"{path.field.address} cannot be computed here")
    columns = {each: _operand(scope, path.steps, each) for each in formula.references}
    found = [value_of(formula, columns, terms)]
    if path.field.company is not None:
        amounts = {each: _operand(scope, path.steps, each) for each in path.field.company.references}
        found.append(value_of(path.field.company, amounts, terms))
    error = formula.sql_error(columns, terms.context, digits=terms.digits)
    return (*found, error.is_not(None)) if error is not None else tuple(found)


def holds(scope: Scope, found: Holds) -> ColumnElement[bool]:
    """True for the records of `scope` for which the formula of a filter is true.

    Raises:
        FormulaError: the formula has no SQL.
    """
    terms = scope.terms
    if terms is None:
        raise LookupError("formulas cannot be computed here")
    context = replace(terms.context, now=found.moment, variables=dict(found.variables).get)
    return condition_of(scope, found.formula, replace(terms, context=context))


def condition_of(scope: Scope, formula: Formula, terms: Terms) -> ColumnElement[bool]:
    """True for the records of `scope` for which `formula` is true on `terms`.

    Raises:
        FormulaError: the formula has no SQL.
    """
    columns = {each: _operand(scope, (), each) for each in formula.references}
    return formula.condition(columns, terms.context, digits=terms.digits)


def value_of(formula: Formula, columns: SqlColumns, terms: Terms) -> ColumnElement[Any]:
    """The expression of a formula over `columns`, a short number typed as the columns of record tables are."""
    value = formula.sql(columns, terms.context, digits=terms.digits)
    scale = getattr(value.type, "scale", None)
    if scale is None or isinstance(value.type, LongNumber | WholeNumber):
        return value
    return type_coerce(value, Exact(SQLITE_DIGITS, scale))


def _operand(scope: Scope, steps: tuple[Field, ...], read: tuple[str, ...]) -> ColumnElement[Any] | Fallible:
    """The column that a formula reads, from where `steps` lead."""
    obj, _ = scope.place(steps)
    found = resolve(scope.runtime.model, EVERYTHING, obj, ".".join(read), LONGEST_PATH)
    found = replace(found, steps=(*steps, *found.steps))
    columns = scope.parts(found)
    if found.attribute is not None:
        return attribute_of(columns[0], found.field, found.attribute)
    if found.aspect == "currency":
        return scope.currency(found)
    column, failed = columns[1 if found.aspect == "company" else 0], found.field.type.error(columns)
    return column if failed is None else Fallible(column, failed.is_(True))


def attribute_of(column: ColumnElement[Any], field: Field, name: str) -> ColumnElement[Any]:
    """The attribute `name` of the picklist value in `column`, typed as formulas need it."""
    if field.picklist is None:
        return null()
    values = field.picklist.values.values()
    kind = _attribute_type(field, name)
    known = {each.value: literal(each.attributes[name], kind) for each in values if name in each.attributes}
    return type_coerce(case(known, value=column), kind) if known else type_coerce(null(), kind)


def _attribute_type(field: Field, name: str) -> TypeEngine[Any]:
    kind = field.picklist.attributes_schema.get(name) if field.picklist else None
    if field.picklist is not None and kind in ("integer", "decimal", "percent"):
        return Exact(*field.picklist.digits(name))
    return Boolean() if kind == "boolean" else Text()


# -- circumstances --------------------------------------------------------------------------------------------
_NAMES = re.compile(r"[.:]")


def under(unit: Unit, key: Hashable, texts: Iterable[str], formulas: Iterable[Formula] = ()) -> Hashable:
    """The `key` of a statement, with what it depends on beside the revision: the fields in its field paths `texts`,
    and `formulas` of its own.

    None where they depend on the very moment: such a statement serves once.
    """
    fields, read, of_the_moment = _read_by(unit.runtime, tuple(texts))
    own = tuple(each for each in formulas if _changes(each))
    if of_the_moment or any(_by_the_moment(each) for each in own):
        return None
    return (key, _circumstances(unit, fields, (*own, *read))) if fields or own else key


def changing_names(runtime: Runtime, obj: Object) -> tuple[str, ...]:
    """The fields of an object whose value depends on the moment or the reader."""
    changing = _changing(runtime)
    return prepared(runtime, obj.name, lambda: tuple(name for name in obj.fields if name in changing), "changing names")


def _read_by(runtime: Runtime, texts: tuple[str, ...]) -> tuple[list[Field], tuple[Formula, ...], bool]:
    """Of field paths: the fields in them whose value changes, their formulas, and whether the day does not do for one.

    Asked for each question of a page, of which most come again.
    """

    def found() -> tuple[list[Field], tuple[Formula, ...], bool]:
        used = _used(runtime, texts)
        read = tuple(each for field in used for each in _formulas(field))
        return used, read, any(_by_the_moment(each) for each in read)

    return prepared(runtime, texts, found, "changing paths")


def reads_changing(runtime: Runtime, formula: Formula) -> bool:
    """Whether a formula reads formula fields whose value depends on the moment or the reader."""
    changing = _changing(runtime)
    return any(
        field.formula is not None for path in formula.references for name in path for field in changing.get(name, ())
    )


def _used(runtime: Runtime, texts: Iterable[str]) -> list[Field]:
    changing = _changing(runtime)
    if not changing:
        return []
    return [each for text in texts for name in _NAMES.split(text) for each in changing.get(name, ())]


def _changing(runtime: Runtime) -> Mapping[str, tuple[Field, ...]]:
    """The fields without columns whose value depends on the moment or the reader, by each of their names."""
    found: dict[str, tuple[Field, ...]] | None = runtime.prepared.get("changing fields")
    if found is None:
        found = runtime.prepared["changing fields"] = {}
        for obj in runtime.model.objects.values():
            for field in obj.fields.values():
                if field.type.virtual and (is_counted(field) or _changes(field.formula)):
                    for name in (field.name, *field.formerly):
                        found[name] = (*found.get(name, ()), field)
    return found


def _changes(formula: Formula | None) -> bool:
    return formula is not None and (formula.uses_clock or formula.uses_user)


def _formulas(field: Field) -> tuple[Formula, ...]:
    return tuple(each for each in (field.formula, field.where) if each is not None)


def _by_the_moment(formula: Formula) -> bool:
    """True where the day is not enough to know the value."""
    return any(FUNCTIONS[name].uses_clock for name in formula.functions - {"TODAY"})


def _circumstances(unit: Unit, fields: Sequence[Field], formulas: Sequence[Formula]) -> Hashable:
    answer = variables(unit.actor, unit.runtime.model)
    known = frozenset((path, str(answer(path))) for each in formulas for path in each.variables)
    daily = any(each.uses_clock for each in formulas) or any(field.options.get("window") for field in fields)
    return unit.reading.today if daily else None, str(unit.actor.zone), known, _counted(unit, fields)


def _counted(unit: Unit, fields: Iterable[Field]) -> frozenset[tuple[str, bool]]:
    """The objects that roll-ups by the viewer's right count, and of each whether the actor may see but few records."""
    objects = unit.runtime.model.objects
    names = {children_of(field) for field in fields if is_counted(field)}
    return frozenset((name, unit.access.few(unit, objects[name])) for name in names)
