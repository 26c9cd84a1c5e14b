"""Live records against constraints that a publish brings: counted for the plan, and looked at again within the switch.

A constraint holds for every record from the moment of its publishing. The plan reads the records through the model in
force, since the columns that the new one wants may not be there; the switch, when nobody writes, asks the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, select

from dougong.base.errors import Conflict, FormulaError, Problem
from dougong.base.field_types import ValueRefused
from dougong.base.language import Message, msg
from dougong.engine.actor import SYSTEM
from dougong.engine.backfill import converted
from dougong.engine.runtime import Runtime
from dougong.engine.saving.balances import BalanceRule, balance_rules
from dougong.engine.saving.expressions import Expressions
from dougong.engine.saving.keys import address, key_of
from dougong.engine.saving.overlaps import OverlapRule, claimed, overlap_rules
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.engine.saving.related import Related
from dougong.engine.saving.row import Row
from dougong.engine.saving.row_checks import CheckRule, check_rules, holds
from dougong.engine.storage import RecordTable
from dougong.engine.trials import as_coming
from dougong.engine.unit import Unit
from dougong.formulas.evaluation import Context
from dougong.metadata.model import Constraint

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from dougong.engine.company import Company

NAMED = 5
"""How many records a refused publish names; the plan names more."""


class RecordsRefuse(Conflict):
    """Live records stand against constraints that were to be published; nothing is."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A constraint that is new, or says something else than it did, and the table of its object before and after."""

    before: RecordTable
    after: RecordTable
    constraint: Constraint

    @property
    def address(self) -> str:
        """The address of the constraint."""
        return address(self.after.object.name, self.constraint)


def arrivals(before: Runtime, after: Runtime) -> tuple[Arrival, ...]:
    """The constraints that records have not been held to yet; unique ones are an index's affair."""
    known = {records.object.id: records for records in before.storage.tables.values()}
    found = []
    for records in after.storage.tables.values():
        former = known.get(records.object.id)
        for constraint in records.object.constraints.values() if former is not None else ():
            if constraint.kind == "unique" or former is None:
                continue
            old = former.object.constraints.get(constraint.name)
            if old is None or _said(former, old) != _said(records, constraint):
                found.append(Arrival(former, records, constraint))
    return tuple(found)


def _said(records: RecordTable, constraint: Constraint) -> tuple[Any, ...]:
    """What a constraint says, in terms that renaming does not change."""
    limits, key = constraint.range, records.uniques.get(constraint.name)
    read = [limits.start, limits.end] if limits else []
    read += [constraint.summed] if constraint.summed else []
    columns = tuple(column.name for name in read for column in records.parts.get(name, ()))
    formulas = tuple(each.text if each else None for each in (constraint.formula, constraint.when))
    sides = (limits.closed, limits.unbounded) if limits else ()
    return (constraint.kind, key.name if key is not None else None, columns, sides,
            constraint.least, constraint.most, formulas)  # fmt: skip


# -- for the plan -------------------------------------------------------------------------------------------
def breaking(unit: Unit, runtime: Runtime, arrival: Arrival) -> tuple[Message, list[str]]:
    """What is to be said of the live records that a constraint would refuse, and their ids."""
    expressions = Expressions(unit, Related(unit))
    plan, name = plan_of(runtime, arrival.after.object.name), arrival.constraint.name
    rows = _retyped(unit, arrival, as_coming(unit, runtime, arrival.before, arrival.after))
    for overlap in plan.part(overlap_rules):
        if overlap.keyed.constraint.name == name:
            return _told(overlap, _overlapping(overlap, _keyed(plan, arrival.constraint, rows, expressions)))
    for balance in plan.part(balance_rules):
        if balance.keyed.constraint.name == name:
            return _told(balance, _unbalanced(balance, _keyed(plan, arrival.constraint, rows, expressions)))
    check = next(each for each in plan.part(check_rules) if each.constraint.name == name)
    return _told(check, [row.id for row in rows if not holds(expressions, check, row)])


def _retyped(unit: Unit, arrival: Arrival, rows: Iterable[Row]) -> Iterator[Row]:
    """`rows` with the values of fields that change their type as the coming model will have them."""
    old = {each.id: each for each in arrival.before.object.fields.values()}
    moved = [(old[each.id], each) for each in arrival.after.object.fields.values() if each.id in old]
    moved = [(was, field) for was, field in moved if was.type != field.type]
    for row in rows:
        for was, field in moved:
            try:
                row.values[field.name] = converted(was, field, row.values.get(field.name), unit.reading)
            except ValueRefused:
                row.values[field.name] = None
        yield row


def _told(rule: OverlapRule | BalanceRule | CheckRule, ids: list[str]) -> tuple[Message, list[str]]:
    if isinstance(rule, OverlapRule):
        return msg("{count} records have ranges that overlap or end before they begin.", count=len(ids)), ids
    if isinstance(rule, BalanceRule):
        return msg("{count} records make up sums outside the bounds.", count=len(ids)), ids
    return msg("{count} records break the new check.", count=len(ids)), ids


def _keyed(
    plan: ObjectPlan, constraint: Constraint, rows: Iterable[Row], expressions: Expressions
) -> Iterator[tuple[str, Row]]:
    when = constraint.when
    for row in rows:
        key = key_of(plan, constraint, row.values, when is None or expressions.holds(when, row))
        if key is not None:
            yield key, row


def _overlapping(rule: OverlapRule, rows: Iterable[tuple[str, Row]]) -> list[str]:
    claims = [(claim, row.id) for key, row in rows if (claim := claimed(rule, key, row.values)) is not None]
    found = {id: None for claim, id in claims if claim.start >= claim.end}
    for (one, first), (two, second) in pairwise(sorted(claims)):
        if one.key == two.key and two.start < one.end:
            found |= {first: None, second: None}
    return list(found)


def _unbalanced(rule: BalanceRule, rows: Iterable[tuple[str, Row]]) -> list[str]:
    entries = sorted(rows, key=lambda each: (each[0], each[1].id))
    found: list[str] = []
    for _, group in groupby(entries, key=lambda each: each[0]):
        listed = [row for _, row in group]
        total = sum((Decimal(row.values.get(rule.value) or 0) for row in listed), Decimal(0))
        if (rule.least is not None and total < rule.least) or (rule.most is not None and total > rule.most):
            found += (row.id for row in listed)
    return found


# -- within the switch ----------------------------------------------------------------------------------------
def ensure(company: Company, connection: Connection, runtime: Runtime, coming: Sequence[Arrival]) -> None:
    """See that no live record stands against a constraint that comes into force; keys are filled, nobody writes.

    Raises:
        RecordsRefuse: some do; every constraint is named, with some of the records.
    """
    if not coming:
        return
    unit = Unit(company, connection, runtime, SYSTEM, datetime.now(UTC))
    problems = [problem for each in coming if (problem := _problem(unit, each)) is not None]
    if problems:
        raise RecordsRefuse(problems)


def _problem(unit: Unit, arrival: Arrival) -> Problem | None:
    plan = plan_of(unit.runtime, arrival.after.object.name)
    ids = against(unit, plan, arrival.constraint.name)
    if not ids:
        return None
    return Problem(
        code="publish-constraint",
        thing=arrival.address,
        reason=msg("{count} records stand against this rule: {names}", count=len(ids), names=_names(unit, plan, ids)),
        fix=msg("The plan lists them. Change them, then publish again."),
    )


def against(unit: Unit, plan: ObjectPlan, name: str) -> list[str]:
    """The live records that stand against the constraint `name` of an object; of a unique one the database sees none.

    One that is in force may be stood against where what it reads followed by itself: a rate, the day.
    """
    for overlap in plan.part(overlap_rules):
        if overlap.keyed.constraint.name == name:
            return _stored_overlaps(unit, plan, overlap)
    for balance in plan.part(balance_rules):
        if balance.keyed.constraint.name == name:
            return _stored_balances(unit, plan, balance)
    for check in plan.part(check_rules):
        if check.constraint.name == name:
            return _stored_checks(unit, plan, check)
    return []


def _names(unit: Unit, plan: ObjectPlan, ids: Sequence[str]) -> str:
    slot = plan.slots[plan.object.title]
    columns = [plan.table.c[key] for key in slot.keys]
    chosen = plan.table.c.id.in_(sorted(ids)[:NAMED])
    found = []
    for id, *parts in unit.connection.execute(
        select(plan.table.c.id, *columns).where(chosen).order_by(plan.table.c.id)
    ):
        title = slot.field.type.display(slot.field, slot.field.type.from_row(slot.field, parts), unit.reading)
        found.append(title or str(id))
    return ", ".join(found) + (" …" if len(ids) > NAMED else "")


def _stored_overlaps(unit: Unit, plan: ObjectPlan, rule: OverlapRule) -> list[str]:
    table, key = plan.table, plan.table.c[rule.keyed.column]
    start, end = table.c[rule.start.keys[0]], table.c[rule.end.keys[0]]
    order: dict[str, Any] = {"partition_by": key, "order_by": [start.asc().nulls_first(), table.c.id]}
    pairs = (
        select(
            table.c.id, start.label("start"), end.label("end"),
            func.lead(table.c.id, type_=table.c.id.type).over(**order).label("other"),
            func.lead(start, type_=start.type).over(**order).label("following"),
        )
        .where(key.is_not(None), table.c.deleted_at.is_(None))
        .subquery()
    )  # fmt: skip
    it = pairs.c
    meets = it.following <= it.end if rule.range.closed else it.following < it.end
    clash = and_(it.other.is_not(None), or_(it.end.is_(None), it.following.is_(None), meets))
    backwards = it.end < it.start if rule.range.closed else it.end <= it.start
    found: dict[str, None] = {}
    for id, other in unit.connection.execute(select(it.id, it.other).where(clash)):
        found |= {str(id): None, str(other): None}
    for id in unit.connection.scalars(select(it.id).where(backwards)):
        found[str(id)] = None
    return list(found)


def _stored_balances(unit: Unit, plan: ObjectPlan, rule: BalanceRule) -> list[str]:
    table, key = plan.table, plan.table.c[rule.keyed.column]
    value, live = table.c[rule.column], table.c.deleted_at.is_(None)
    total = func.sum(value, type_=value.type)
    bounds = [] if rule.least is None else [total < rule.least]
    bounds += [] if rule.most is None else [total > rule.most]
    keys = select(key).where(key.is_not(None), live).group_by(key).having(or_(*bounds))
    return [str(id) for id in unit.connection.scalars(select(table.c.id).where(key.in_(keys), live))]


def _stored_checks(unit: Unit, plan: ObjectPlan, rule: CheckRule) -> list[str]:
    table, live = plan.table, plan.table.c.deleted_at.is_(None)
    try:
        condition = _broken(unit, plan, rule)
    except FormulaError:  # Part of the formula has no SQL: the records are read one by one.
        condition = None
    if condition is not None:
        return [str(id) for id in unit.connection.scalars(select(table.c.id).where(live, condition))]
    expressions, found = Expressions(unit, Related(unit)), []
    for stored in unit.connection.execute(select(*plan.columns).where(live)):
        values = plan.read(stored)
        row = Row(0, "derive", plan, str(values["id"]), {}, before=values, written=values, values=values)
        if not holds(expressions, rule, row):
            found.append(row.id)
    return found


def _broken(unit: Unit, plan: ObjectPlan, rule: CheckRule) -> ColumnElement[bool] | None:
    """The records that break a check, in SQL; None where it reads more than plain columns.

    Raises:
        FormulaError: part of it is not supported in SQL.
    """
    formulas = [each for each in (rule.formula, rule.constraint.when) if each is not None]
    columns = {}
    for path in {path for each in formulas for path in each.references}:
        slot = plan.slots.get(path[0])
        if slot is None or len(path) > 1 or not slot.plain:
            return None
        columns[path] = plan.table.c[slot.keys[0]]
    context = Context(now=unit.now, timezone=unit.actor.zone)
    wrong = not_(rule.formula.sql(columns, context))
    error = rule.formula.sql_error(columns, context)
    broken = wrong if error is None else or_(wrong, error)
    when = rule.constraint.when
    return broken if when is None else and_(broken, when.condition(columns, context))
