"""The past of a record: its changes page by page, how it stood at any moment, and taking changes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from dougong.base.errors import BadRequest, NotFound, Place, Problem
from dougong.base.field_types import ValueRefused
from dougong.base.language import msg
from dougong.engine import tables
from dougong.engine.fields.masked import MaskedType
from dougong.engine.query import Record
from dougong.engine.saving.batch import Saved, Update
from dougong.engine.saving.expressions import Expressions, formula_needs
from dougong.engine.saving.history import read_changes, told
from dougong.engine.saving.pipeline import save
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.engine.saving.related import Related
from dougong.engine.saving.row import Row
from dougong.metadata.model import Field

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

PAGE = 50
"""How many changes a page holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastChange:
    """One change of a record. `changes` are old and new value by current API name, of fields that may be read.

    `action` is create, update, derive, delete or restore; `actor` the name that the person had.
    """

    id: str
    action: str
    version: int
    at: datetime
    actor_id: str | None
    actor: str
    channel: str
    why: str
    operation: str | None
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A page of changes, the latest first; `next` is the cursor of the page before these, None at the beginning."""

    changes: tuple[PastChange, ...]
    next: str | None = None


def history(unit: Unit, object_name: str, id: str, cursor: str | None = None, limit: int = PAGE) -> Past:
    """The changes of a record that the actor may see, in the bin or not.

    Raises:
        NotFound: the object or record does not exist, or may not be seen.
    """
    plan = _plan(unit, object_name, id)
    entries = tables.history
    wanted = select(entries).where(entries.c.record_id == id, entries.c.object == plan.object.id)
    if cursor:
        wanted = wanted.where(entries.c.id < cursor)
    stored = unit.connection.execute(wanted.order_by(entries.c.id.desc()).limit(limit + 1)).all()
    found = tuple(_change(unit, plan, row) for row in stored[:limit])
    return Past(changes=found, next=found[-1].id if len(stored) > limit else None)


def _plan(unit: Unit, object_name: str, id: str) -> ObjectPlan:
    record = unit.records.get(object_name, id, deleted="all")
    return plan_of(unit.runtime, record.object)


def _change(unit: Unit, plan: ObjectPlan, row: Any) -> PastChange:
    return PastChange(
        id=str(row.id),
        action=row.action,
        version=row.version,
        at=row.at,
        actor_id=row.actor_id,
        actor=row.actor,
        channel=row.channel,
        why=row.why,
        operation=row.operation_id,
        changes=_values(unit, plan, row.changes),
    )


def _values(unit: Unit, plan: ObjectPlan, changes: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The kept changes as values of today's fields; a value that a field no longer takes is left as JSON."""
    found = {}
    for name, pair in read_changes(plan, changes).items():
        each = unit.access.seen(plan.object, plan.object.fields[name])
        if each is not None:
            found[name] = (_value(unit, each, pair[0]), _value(unit, each, pair[1]))
    return found


def _value(unit: Unit, each: Field, kept: Any) -> Any:
    if isinstance(each.type, MaskedType):
        return each.type.seen(kept)
    try:
        return each.type.coerce(each, kept, unit.reading)
    except ValueRefused:
        return kept


def record_as_of(unit: Unit, object_name: str, id: str, moment: datetime) -> Record:
    """The record as it stood at `moment`: today's values with all later changes taken back.

    Roll-ups are left out: what they were counted over has a past of its own.

    Raises:
        NotFound: it did not exist then, or may not be seen.
    """
    record = unit.records.get(object_name, id, deleted="all")
    plan = plan_of(unit.runtime, record.object)
    entries = tables.history
    later = (
        select(entries)
        .where(entries.c.record_id == id, entries.c.object == plan.object.id, entries.c.at > moment)
        .order_by(entries.c.id.desc())
    )
    kept = {each.name for each in plan.part(told)}
    values = {
        name: value
        for name, value in record.values.items()
        if name in kept or name in ("id", "created_at", "created_by")
    }
    version, deleted = record.version, record.values.get("deleted_at") is not None
    for row in unit.connection.execute(later):
        if row.action == "create":
            raise _not_there(plan, id)
        for name, (old, _) in _values(unit, plan, row.changes).items():
            values[name] = old
        if row.action in ("delete", "restore"):
            deleted = row.action == "restore"
        version = row.version if row.action == "derive" else row.version - 1
    if record.values.get("created_at") is not None and record.values["created_at"] > moment:
        raise _not_there(plan, id)
    return Record(object=plan.name, id=id, version=version, values=values, deleted=deleted)


def _not_there(plan: ObjectPlan, id: str) -> NotFound:
    reason = msg("This record did not exist at that time.")
    return NotFound(Problem(code="record-not-yet", reason=reason, thing=f"object:{plan.name}", place=Place()))


def restore_field(unit: Unit, object_name: str, id: str, change: str, name: str) -> Saved:
    """Give a field the value back that it had before the history entry `change`.

    Raises:
        NotFound: the record or the entry does not exist.
        BadRequest: the entry did not change that field.
    """
    plan = _plan(unit, object_name, id)
    entry = _entry(unit, plan, id, change)
    kept = read_changes(plan, entry.changes)
    if name not in kept:
        known = plan.object.fields.get(name)
        label = known.label if known is not None and unit.access.seen(plan.object, known) is not None else name
        raise BadRequest(Problem(code="field-not-changed", reason=msg("{label} was not changed there.", label=label)))
    return save(unit, [Update(plan.name, id, {name: kept[name][0]})])


def restore_version(unit: Unit, object_name: str, id: str, version: int) -> Saved:
    """Give a record the values back that it had in `version`; what the engine computes follows.

    Raises:
        NotFound: the record or that version of it does not exist.
    """
    plan = _plan(unit, object_name, id)
    entries = tables.history
    later = (
        select(entries)
        .where(entries.c.record_id == id, entries.c.object == plan.object.id, entries.c.version > version)
        .order_by(entries.c.id.desc())
    )
    values: dict[str, Any] = {}
    for row in unit.connection.execute(later):
        if row.action == "create":
            raise _no_entry(plan)
        for name, (old, _) in read_changes(plan, row.changes).items():
            values[name] = old
    return save(unit, [Update(plan.name, id, _writable(unit, plan, id, values))])


def _writable(unit: Unit, plan: ObjectPlan, id: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """What may be given back: not what is computed, numbered or kept by the system."""
    found, computed = {}, _computed(unit, plan, id, values)
    for name, value in values.items():
        each = plan.object.fields[name]
        if (
            each.type.writable
            and name not in computed
            and (not each.system or name in ("owner", "record_type", "currency"))
        ):
            found[name] = value
    return found


def _computed(unit: Unit, plan: ObjectPlan, id: str, values: Mapping[str, Any]) -> frozenset[str]:
    """The fields that are computed once a record has `values` again: always, or because it is so that they are."""
    rules = {each.name: each.compute for each in plan.object.fields.values() if each.compute is not None}
    conditions = {name: rule.when for name, rule in rules.items() if rule.when is not None}
    found = frozenset(name for name, rule in rules.items() if rule.mode == "always")
    if not conditions:
        return found
    after, expressions = {**unit.records.get(plan.name, id).values, **values}, Expressions(unit, Related(unit))
    expressions.follow((after,), formula_needs(plan, conditions.values()))
    row = Row(0, "update", plan, id, {}, before=after, values=after)
    return found.union(name for name, when in conditions.items() if expressions.holds(when, row))


def _entry(unit: Unit, plan: ObjectPlan, id: str, change: str) -> Any:
    entries = tables.history
    statement = select(entries).where(entries.c.id == bindparam("entry"), entries.c.record_id == id)
    found = unit.connection.execute(statement, {"entry": change}).one_or_none()
    if found is None:
        raise _no_entry(plan)
    return found


def _no_entry(plan: ObjectPlan) -> NotFound:
    reason = msg("There is no such entry in the history of this record.")
    return NotFound(Problem(code="history-entry-unknown", reason=reason, thing=f"object:{plan.name}"))
