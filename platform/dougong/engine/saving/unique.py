"""Uniqueness: of single fields and of several together, told before writing and held by the database under race."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, bindparam, case, literal, select
from sqlalchemy.exc import IntegrityError

from dougong.base.errors import Conflict, Place, Problem, Rejected
from dougong.base.field_types import Reference
from dougong.base.language import Labels, Message, msg
from dougong.engine.saving.expressions import Expressions, formula_needs
from dougong.engine.saving.lifecycle import IN_FORCE
from dougong.engine.saving.plan import ObjectPlan
from dougong.engine.saving.related import AT_ONCE, Needs
from dougong.engine.saving.row import Batch, Row, grouped
from dougong.formulas.formula import Formula
from dougong.metadata.model import Constraint, Field

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

SEPARATOR = "\x1f"
"""Between the parts of a compound key: a character that no form lets through."""


@dataclass(frozen=True, slots=True)
class UniqueRule:
    """One field or constraint. `column` is the physical column that the database keeps unique among live records."""

    name: str
    fields: tuple[Field, ...]
    column: str
    constraint: Constraint | None
    message: Labels


@dataclass(frozen=True, slots=True)
class Uniques:
    """The unique rules of an object and what their conditions look at."""

    rules: tuple[UniqueRule, ...]
    needs: Needs


def uniques_of(plan: ObjectPlan) -> Uniques:
    """The unique rules of an object."""
    obj = plan.object
    rules = [
        UniqueRule(each.name, (each,), plan.slots[each.name].keys[0], None, {})
        for each in obj.fields.values()
        if (each.unique or each.external_key) and each.name in plan.slots
    ]
    for constraint in obj.constraints.values():
        if constraint.kind == "unique":
            fields = tuple(obj.fields[name] for name in constraint.fields)
            column = plan.records.uniques[constraint.name].key
            rules.append(UniqueRule(constraint.name, fields, column, constraint, constraint.message))
    whens = [rule.constraint.when for rule in rules if rule.constraint and rule.constraint.when]
    return Uniques(tuple(rules), formula_needs(plan, whens))


def folded(text: str, fold: Mapping[str, bool]) -> str:
    """`text` without the differences that `fold` names: case, width, space."""
    if fold.get("width"):
        text = unicodedata.normalize("NFKC", text)
    if fold.get("case"):
        text = text.casefold()
    if fold.get("space"):
        text = "".join(text.split())
    return text


def key_of(plan: ObjectPlan, constraint: Constraint, values: Mapping[str, Any], applies: bool = True) -> str | None:
    """The normalised key of a record under a unique constraint; None where the constraint does not apply to it.

    It does not apply to a record with all of the fields blank, to one that is not in force where the object has
    life statuses and the condition does not speak of them, nor where `applies` (the constraint's condition) is False.
    """
    if not applies or not _counts(plan, constraint.when, values):
        return None
    parts = [_text(plan.object.fields[name], values.get(name), constraint.fold) for name in constraint.fields]
    return SEPARATOR.join(parts) if any(parts) else None


def _counts(plan: ObjectPlan, when: Formula | None, values: Mapping[str, Any]) -> bool:
    if not plan.object.effective or (when is not None and ("life_status",) in when.references):
        return True
    return values.get("life_status") in IN_FORCE


def _text(field: Field, value: Any, fold: Mapping[str, bool]) -> str:
    if value is None:
        return ""
    if isinstance(value, Reference):
        return value.id
    return folded(value if isinstance(value, str) else str(field.type.to_json(field, value)), fold)


def fill_keys(rows: Iterable[Row], expressions: Expressions) -> None:
    """Work out the unique keys of rows, under their physical column's name in `Row.keys`."""
    for plan, group in grouped(row for row in rows if row.plan.records.uniques):
        uniques = plan.part(uniques_of)
        expressions.follow([row.values for row in group], uniques.needs)
        for rule in uniques.rules:
            if rule.constraint is None:
                continue
            when = rule.constraint.when
            for row in group:
                applies = when is None or expressions.holds(when, row)
                row.keys[rule.column] = key_of(plan, rule.constraint, row.values, applies)


def check(batch: Batch, expressions: Expressions) -> None:
    """Note every record whose unique value another live record has, or another row of the batch."""
    fill_keys((row for row in batch.rows if row.doing != "delete"), expressions)
    for plan, rows in batch.groups("create", "update", "restore", "derive"):
        for rule in plan.part(uniques_of).rules:
            wanted = _wanted(plan, rule, rows)
            if wanted:
                _check(batch, plan, rule, wanted)


def _value(rule: UniqueRule, row: Row) -> Any:
    return row.values.get(rule.name) if rule.constraint is None else row.keys.get(rule.column)


def _wanted(plan: ObjectPlan, rule: UniqueRule, rows: Iterable[Row]) -> dict[Any, Row]:
    """The rows to look up by value; within the batch the first keeps the value and later ones are refused."""
    found: dict[Any, Row] = {}
    for row in rows:
        value = _value(rule, row)
        if value is None:
            continue
        first = found.setdefault(value, row)
        if first is not row:
            _refuse(row, rule, msg("row {row} of the same batch", row=first.number))
    return {value: row for value, row in found.items() if row.new or row.doing == "restore" or _moved(rule, row)}


def _moved(rule: UniqueRule, row: Row) -> bool:
    if rule.constraint is None:
        return row.differs(rule.name)
    return (
        any(row.differs(each.name) for each in rule.fields)
        or rule.constraint.when is not None
        or row.differs("life_status")
    )


def _check(batch: Batch, plan: ObjectPlan, rule: UniqueRule, wanted: Mapping[Any, Row]) -> None:
    leaving = {row.id for row in batch.rows if row.plan is plan and row.doing == "delete"}
    moving = {
        row.id
        for row in batch.rows
        if row.plan is plan and row.doing == "update" and _value(rule, row) not in (None, row.before.get(rule.name))
    }
    statement = _statement(batch.unit, plan, rule)
    keys = list(wanted)
    for start in range(0, len(keys), AT_ONCE):
        for id, stored, visible, *title in batch.unit.connection.execute(
            statement, {"values": keys[start : start + AT_ONCE]}
        ):
            value = (
                plan.slots[rule.name].field.type.from_row(rule.fields[0], (stored,))
                if rule.constraint is None
                else stored
            )
            row = wanted.get(value)
            if (
                row is None
                or str(id) == row.id
                or str(id) in leaving
                or (rule.constraint is None and str(id) in moving)
            ):
                continue
            shown = title[0] if title and visible else None
            _refuse(row, rule, str(shown) if shown else None)


def _statement(unit: Unit, plan: ObjectPlan, rule: UniqueRule) -> Select[Any]:
    known: dict[Any, Select[Any]] = plan.part(_statements)
    key = (rule.column, unit.access.key)
    found = known.get(key)
    if found is None:
        column, title = plan.table.c[rule.column], plan.slots.get(plan.object.title)
        visible = unit.access.visible("read", plan.object, plan.table)
        found = known[key] = select(
            plan.table.c.id,
            column,
            literal(1) if visible is None else case((visible, 1), else_=0),
            *([plan.table.c[title.keys[0]]] if title else []),
        ).where(column.in_(bindparam("values", expanding=True, type_=column.type)), plan.table.c.deleted_at.is_(None))
    return found


def _statements(plan: ObjectPlan) -> dict[Any, Select[Any]]:
    return {}


def _refuse(row: Row, rule: UniqueRule, other: Message | str | None) -> None:
    row.problems.append(_problem(row.plan, rule, other, row.number or None))


def _problem(plan: ObjectPlan, rule: UniqueRule, other: Message | str | None, number: int | None) -> Problem:
    field = rule.fields[0]
    if rule.message:
        reason = msg("{message}", message=rule.message)
    elif rule.constraint is None:
        reason = msg("Another {object} already has this {label}.", object=plan.object.label, label=field.label)
    else:
        reason = msg("Another {object} is already there with the same values.", object=plan.object.label)
    return Problem(
        code="not-unique",
        reason=reason,
        fix=msg("It is {other}.", other=other) if other else None,
        thing=f"object:{plan.name}#constraints/{rule.name}" if rule.constraint else field.address,
        place=Place(field=field.name, row=number),
    )


def refused_by_database(plans: Iterable[ObjectPlan], error: IntegrityError) -> Conflict | Rejected:
    """What a unique index or foreign key said, as people read it: somebody else was first."""
    text = str(error.orig)
    for plan in plans:
        for rule in plan.part(uniques_of).rules:
            index = next(
                (each.name for each in plan.table.indexes if each.unique and each.columns.keys() == [rule.column]), None
            )
            if (index and str(index) in text) or f"{plan.table.name}.{rule.column}" in text:
                return Conflict(_problem(plan, rule, None, None))
    return Conflict(
        Problem(
            code="changed-meanwhile",
            reason=msg("A record that this change needs was changed or deleted a moment ago."),
            fix=msg("Load the page again and repeat the change."),
        )
    )


def ids_by_value(unit: Unit, plan: ObjectPlan, name: str, values: Sequence[Any]) -> dict[Any, str]:
    """The ids of live, visible records by their value of the unique field `name`."""
    rule = next(each for each in plan.part(uniques_of).rules if each.constraint is None and each.name == name)
    statement = _statement(unit, plan, rule)
    found: dict[Any, str] = {}
    for start in range(0, len(values), AT_ONCE):
        chunk = list(dict.fromkeys(values[start : start + AT_ONCE]))
        for id, stored, visible, *_ in unit.connection.execute(statement, {"values": chunk}):
            if visible:
                found[rule.fields[0].type.from_row(rule.fields[0], (stored,))] = str(id)
    return found
