"""What an approval is bound to: the values that people decide on, hashed, so that a later change of them is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from dougong.engine.dialects.statements import upsert
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.engine.tables import history
from dougong.metadata.approval import Approval
from dougong.metadata.component import content_hash
from dougong.metadata.model import Field, Model, Object
from dougong.workflows.approvals.tables import snapshots
from dougong.workflows.approvals.told import Change, LineChange

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from dougong.engine.unit import Unit

UNBOUND = frozenset(
    {"id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at", "life_status", "owner"}
)
"""System fields that an approval is bound to only where it names them."""


LINES = "lines"
"""What stands before the name of an object of lines in a snapshot."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Values bound, by field id as JSON; lines under ``lines:object``, by record id and field id."""

    values: Mapping[str, Any]

    @property
    def hash(self) -> str:
        """The SHA-256 of the values in canonical JSON."""
        return content_hash(self.values)


def bound_fields(approval: Approval, obj: Object) -> tuple[Field, ...]:
    """The stored fields that the approval is bound to: those named, else all that people set, but for the free ones.

    A field whose change the approval itself gates, or its outcomes set, says nothing of what was decided on.
    """
    binds = approval.binds
    if binds.fields:
        names: Iterable[str] = (name for name in obj.fields if name in binds.fields)
    else:
        moved = _moved(approval, obj)
        names = (
            name
            for name, field in obj.fields.items()
            if name not in UNBOUND and name not in moved and field.type.writable and field.compute is None
        )
    fields = (obj.fields[name] for name in names if name not in binds.free)
    return tuple(each for each in fields if each.type.stored and not each.type.virtual)


def _moved(approval: Approval, obj: Object) -> frozenset[str]:
    stages = (
        {path.field for path in obj.paths.values()}
        if any(each.startswith("stage:") for each in approval.start.gates)
        else set()
    )
    steps = [step for several in approval.outcomes.values() for step in several]
    steps += [step for node in approval.nodes.values() for step in node.steps]
    return frozenset(stages | {name for step in steps if step.do == "set" for name in step.given})


def line_objects(approval: Approval, obj: Object) -> tuple[tuple[str, str], ...]:
    """The lines that the approval is bound to: (object, lookup to the document); all where it names no fields."""
    named = approval.binds.fields
    bound = (each.partition(".") for each in obj.lines if not named or each in named)
    return tuple((name, field) for name, _, field in bound)


def take(unit: Unit, approval: Approval, obj: Object, values: Mapping[str, Any]) -> Snapshot:
    """What the approval binds of a record with `values`: one statement for each kind of lines that it binds."""
    found: dict[str, Any] = {}
    for field in bound_fields(approval, obj):
        value = values.get(field.name)
        found[field.id] = None if value is None else field.type.to_json(field, value)
    for name, lookup in line_objects(approval, obj):
        found[f"{LINES}:{name}"] = lines_of(unit, plan_of(unit.runtime, name), lookup, str(values["id"]))
    return Snapshot(found)


def line_fields(plan: ObjectPlan, lookup: str) -> tuple[Field, ...]:
    """The fields of lines that an approval is bound to: what people set, but for the document."""
    return tuple(
        each for name, each in plan.object.fields.items()
        if name in plan.slots and name not in UNBOUND and each.type.writable and name != lookup
    )  # fmt: skip


def lines_of(unit: Unit, plan: ObjectPlan, lookup: str, record_id: str) -> dict[str, dict[str, Any]]:
    """The lines of a document as an approval binds them: by record id and field id, as JSON."""
    column = plan.table.c[plan.slots[lookup].keys[0]]
    statement = select(*plan.columns).where(column == record_id, plan.table.c.deleted_at.is_(None))
    fields = line_fields(plan, lookup)
    rows = [plan.read(row) for row in unit.connection.execute(statement)]
    return {
        str(row["id"]): {
            each.id: each.type.to_json(each, row[each.name]) for each in fields if row.get(each.name) is not None
        }
        for row in rows
    }


def differing(approval: Approval, obj: Object, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Field]:
    """The bound fields in which two records differ."""
    return [each for each in bound_fields(approval, obj) if before.get(each.name) != after.get(each.name)]


def changed_since(unit: Unit, approval: Approval, obj: Object, values: Mapping[str, Any], at: datetime) -> bool:
    """Whether a bound field of the record, or a bound line, was changed after `at`."""
    ids = {each.id for each in bound_fields(approval, obj)}
    columns = history.c
    told = select(columns.changes).where(columns.record_id == values["id"], columns.at > at)
    if any(ids & set(each) for each in unit.connection.scalars(told)):
        return True
    for name, lookup in line_objects(approval, obj):
        plan = plan_of(unit.runtime, name)
        column = plan.table.c[plan.slots[lookup].keys[0]]
        changed = or_(plan.table.c.updated_at > at, plan.table.c.deleted_at > at)
        if unit.connection.scalar(select(plan.table.c.id).where(column == values["id"], changed).limit(1)) is not None:
            return True
    return False


# -- kept snapshots ---------------------------------------------------------------------------------------------------
def keep(connection: Connection, instance: str, round: int, snapshot: Snapshot, at: datetime) -> None:
    """Keep what an approval is bound to in a round; what an approver was allowed to change is taken anew."""
    values = {"instance": instance, "round": round, "at": at, "hash": snapshot.hash, "bound": dict(snapshot.values)}
    statement = upsert(connection.dialect.name, snapshots).values(**values)
    statement = statement.on_conflict_do_update(
        index_elements=["instance", "round"], set_={key: values[key] for key in ("at", "hash", "bound")}
    )
    connection.execute(statement)


def kept(connection: Connection, instances: Sequence[str]) -> dict[str, list[Snapshot]]:
    """The snapshots of some approvals, round by round."""
    columns = snapshots.c
    asked = select(columns.instance, columns.bound).where(columns.instance.in_(list(instances)))
    found: dict[str, list[Snapshot]] = {}
    for instance, bound in connection.execute(asked.order_by(columns.instance, columns.round)):
        found.setdefault(str(instance), []).append(Snapshot(bound))
    return found


def changes(obj: Object, old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """Old → new of two snapshots, as JSON values, for the fields that the object still has."""
    by_id = {field.id: field for field in obj.fields.values()}
    found = []
    for id in dict.fromkeys((*old, *new)):
        if id in by_id and old.get(id) != new.get(id):
            found.append(Change(field=by_id[id].name, label=by_id[id].label, old=old.get(id), new=new.get(id)))
    return tuple(found)


def line_changes(model: Model, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[LineChange]:
    """What became of the lines that two snapshots hold, of the objects that there still are."""
    for key in dict.fromkeys((*old, *new)):
        kind, _, name = key.partition(":")
        obj = model.objects.get(name) if kind == LINES else None
        if obj is None:
            continue
        before, after = old.get(key) or {}, new.get(key) or {}
        for id in dict.fromkeys((*before, *after)):
            was, now = before.get(id, {}), after.get(id, {})
            found = changes(obj, was, now)
            if found:
                yield LineChange(
                    object=name,
                    record=id,
                    what="changed" if id in before and id in after else "added" if id in after else "removed",
                    title=(now or was).get(obj.fields[obj.title].id),
                    changes=found,
                )
