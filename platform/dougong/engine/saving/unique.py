"""Uniqueness: of single fields and of several together, told before writing and held by the database under race."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, case, literal, select
from sqlalchemy.exc import IntegrityError

from dougong.base.errors import Conflict, Place, Problem, Rejected
from dougong.base.language import Labels, Message, msg
from dougong.engine.dialects.among import among
from dougong.engine.saving.discretion import discreet
from dougong.engine.saving.expressions import Expressions
from dougong.engine.saving.keys import fill_keys
from dougong.engine.saving.plan import ObjectPlan, Slot
from dougong.engine.saving.related import AT_ONCE
from dougong.engine.saving.row import Batch, Row
from dougong.metadata.model import Constraint, Field

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


@dataclass(frozen=True, slots=True)
class UniqueRule:
    """One field or constraint. `column` is the physical column that the database keeps unique among live records."""

    name: str
    fields: tuple[Field, ...]
    column: str
    constraint: Constraint | None
    message: Labels


def uniques_of(plan: ObjectPlan) -> tuple[UniqueRule, ...]:
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
    return tuple(rules)


def check(batch: Batch, expressions: Expressions, ask: bool = True) -> None:
    """Note every record whose unique value another row of the batch has; where it is to `ask`, or another live record.

    Who does not ask here asks by `ask` where there are other problems, and leaves it to the database where there are
    none.
    """
    fill_keys((row for row in batch.rows if row.doing != "delete"), expressions)
    for plan, rows in batch.groups("create", "update", "restore", "derive"):
        for rule in plan.part(uniques_of):
            wanted = _wanted(plan, rule, rows)
            if wanted and ask:
                _check(batch, plan, rule, wanted)
            elif wanted:
                batch.unasked.append((plan, rule, wanted))


def ask(batch: Batch) -> None:
    """Note every record whose unique value another live record has, as far as that was not asked yet."""
    unasked, batch.unasked = batch.unasked, []
    for each in unasked:
        _check(batch, *each)


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
        column, title = plan.table.c[rule.column], _told_by(unit, plan, rule)
        visible = unit.access.visible("read", plan.object, plan.table)
        found = known[key] = select(
            plan.table.c.id,
            column,
            literal(1) if visible is None else case((visible, 1), else_=0),
            *([plan.table.c[title.keys[0]]] if title else []),
        ).where(among(column, "values"), plan.table.c.deleted_at.is_(None))
    return found


def _told_by(unit: Unit, plan: ObjectPlan, rule: UniqueRule) -> Slot | None:
    """What names the other record: its title, unless that is hidden, or a value that is not shown would be found."""
    fields = (*rule.fields, plan.object.fields[plan.object.title])
    known = all(unit.access.may_field("read", plan.object, each) for each in fields)
    return plan.slots.get(plan.object.title) if known else None


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


def refused_by_database(batch: Batch, error: IntegrityError) -> Conflict | Rejected:
    """What a unique index or foreign key said, as people read it: somebody else was first."""
    text = str(error.orig)
    for plan, _ in batch.groups():
        for rule in plan.part(uniques_of):
            index = next(
                (each.name for each in plan.table.indexes if each.unique and each.columns.keys() == [rule.column]), None
            )
            if (index and str(index) in text) or f"{plan.table.name}.{rule.column}" in text:
                return Conflict(discreet(batch.unit.access, plan, _problem(plan, rule, None, None)))
    return Conflict(
        Problem(
            code="changed-meanwhile",
            reason=msg("A record that this change needs was changed or deleted a moment ago."),
            fix=msg("Load the page again and repeat the change."),
        )
    )


def ids_by_value(unit: Unit, plan: ObjectPlan, name: str, values: Sequence[Any]) -> dict[Any, str]:
    """The ids of live, visible records by their value of the unique field `name`."""
    rule = next(each for each in plan.part(uniques_of) if each.constraint is None and each.name == name)
    statement = _statement(unit, plan, rule)
    found: dict[Any, str] = {}
    for start in range(0, len(values), AT_ONCE):
        chunk = list(dict.fromkeys(values[start : start + AT_ONCE]))
        for id, stored, visible, *_ in unit.connection.execute(statement, {"values": chunk}):
            if visible:
                found[rule.fields[0].type.from_row(rule.fields[0], (stored,))] = str(id)
    return found
