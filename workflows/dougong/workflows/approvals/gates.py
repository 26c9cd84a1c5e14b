"""What may not happen before an approval, and the change that waits for one.

A gate is asked on every path that saves: what it holds back is refused with the approval that is needed, and can be
submitted as a change that the approval carries. A record that is made behind a gate exists as "in review": it counts
nowhere until its approval is there. Automations are held like people, whomever they run as; what the platform itself
writes passes, and what an approval does in its own steps (see decision 25).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dougong.base.errors import BadRequest, Place, Problem, Rejected
from dougong.base.field_types import ValueRefused
from dougong.base.language import msg
from dougong.engine.actor import SYSTEM
from dougong.engine.record_locks import is_unlocked
from dougong.engine.saving.batch import Change, Delete, Update
from dougong.engine.saving.expressions import Expressions, formula_needs
from dougong.engine.saving.lifecycle import REVIEWED
from dougong.engine.saving.plan import COMPANY
from dougong.engine.saving.related import Related
from dougong.engine.saving.row import Row, grouped
from dougong.engine.saving.stages import CONVERTING
from dougong.metadata.approval import Approval
from dougong.metadata.model import Model, Object
from dougong.workflows.approvals import binding, running
from dougong.workflows.approvals.running import Running

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

DECIDING = "approvals.deciding"
"""Under this key `Unit.memory` says that an approval is carrying out its own steps."""

CREATED = "approvals.created"
"""Under this key `Unit.memory` holds what a save has made behind a gate: (object, record id, approval)."""


def of_object(model: Model, object_name: str) -> tuple[Approval, ...]:
    """The approvals of an object that are not switched off for good."""
    every = model.workflows.approvals.values()
    return tuple(each for each in every if each.object == object_name and each.active is not False)


# -- before a save ----------------------------------------------------------------------------------------------------
def check(unit: Unit, rows: Sequence[Row]) -> bool:
    """Note what gates hold back among `rows`; True where records were set in review."""
    if _passes(unit):
        return False
    reviewed = False
    for plan, group in grouped(row for row in rows if not (row.extra and row.doing != "delete")):
        gating = [each for each in of_object(unit.runtime.model, plan.name) if each.start.gates]
        for approval in gating:
            touched = [(row, gate) for row in group if (gate := _touches(unit, approval, row)) is not None]
            if touched:
                reviewed = _hold(unit, approval, plan.object, touched) or reviewed
    return reviewed


@contextmanager
def deciding(unit: Unit) -> Iterator[None]:
    """Within the block an approval carries out its own steps: what these write needs no further approval."""
    before = unit.memory.get(DECIDING, False)
    unit.memory[DECIDING] = True
    try:
        yield
    finally:
        unit.memory[DECIDING] = before


def _passes(unit: Unit) -> bool:
    """Whether the platform itself is writing, or an approval what was decided; an automation is neither."""
    return unit.actor.user_id is None and (unit.actor.channel != "workflow" or unit.memory.get(DECIDING, False))


def _touches(unit: Unit, approval: Approval, row: Row) -> str | None:
    """The first gate of an approval that a change goes through."""
    if is_unlocked(unit, row.plan.name, row.id):
        return None
    return next((gate for gate in approval.start.gates if _goes_through(unit, gate, row)), None)


def _goes_through(unit: Unit, gate: str, row: Row) -> bool:
    kind, _, name = gate.partition(":")
    match kind:
        case "create":
            return row.new or (row.doing == "update" and _takes_effect(row))
        case "delete":
            return row.doing == "delete"
        case "convert":
            return unit.memory.get(CONVERTING) == (row.plan.name, row.id)
        case "update":
            return row.doing == "update" and row.differs(name)
        case "stage":
            fields = {path.field for path in row.plan.object.paths.values()}
            return row.doing in ("create", "update") and any(
                row.differs(each) and row.values.get(each) == name for each in fields
            )
    return False


def _takes_effect(row: Row) -> bool:
    return (
        row.differs("life_status")
        and row.values.get("life_status") == "effective"
        and (row.before.get("life_status") in ("draft", "in_review"))
    )


def _hold(unit: Unit, approval: Approval, obj: Object, touched: Sequence[tuple[Row, str]]) -> bool:
    """Hold back those of `touched` that need the approval and do not have it; whether any was set in review."""
    needing = _needing(unit, approval, touched)
    others = [row for row, gate in needing if not row.new]
    approved = _approved(unit, approval, obj, others)
    reviewed = False
    for row, gate in needing:
        if row.id in approved:
            continue
        if row.new and gate == "create" and obj.effective:
            row.values["life_status"] = "in_review"
            unit.memory.setdefault(REVIEWED, set()).add(row.id)
            unit.memory.setdefault(CREATED, {})[obj.name, row.id] = approval.name
            reviewed = True
        else:
            at = gate.partition(":")[2] if gate.startswith("update:") else None
            row.problems.append(replace(needs(approval), place=Place(field=at, row=row.number or None)))
    return reviewed


def _needing(unit: Unit, approval: Approval, touched: Sequence[tuple[Row, str]]) -> list[tuple[Row, str]]:
    """Those for which the approval's condition holds, with the record as it would be."""
    plan = touched[0][0].plan
    acting = unit.acting(SYSTEM)
    expressions = Expressions(acting, Related(acting))
    conditions = [
        each for each in (approval.start.when, approval.active) if each is not None and not isinstance(each, bool)
    ]
    expressions.follow([row.values for row, _ in touched], formula_needs(plan, conditions))
    return [(row, gate) for row, gate in touched if all(expressions.holds(each, row) for each in conditions)]


def _approved(unit: Unit, approval: Approval, obj: Object, rows: Sequence[Row]) -> frozenset[str]:
    """Those of `rows` that were approved just as they would be."""
    if not rows:
        return frozenset()
    latest: dict[str, Running] = {}
    for each in running.of_records(unit, [row.id for row in rows], open_only=False):
        if each.approval == approval.name and each.status == "approved":
            latest.setdefault(each.record_id, each)
    return frozenset(
        row.id
        for row in rows
        if row.id in latest and binding.take(unit, approval, obj, row.values).hash == latest[row.id].snapshot
    )


def needs(approval: Approval) -> Problem:
    """What is said where an approval is needed first."""
    return Problem(
        code="approval-needed",
        reason=msg("This needs an approval first: {approval}.", approval=approval.label),
        fix=msg("Submit it for approval."),
        thing=f"approval:{approval.name}",
    )


# -- a change that waits for its approval -----------------------------------------------------------------------------
def gated(unit: Unit, obj: Object, record: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """A change as an approval carries it: what would be set, and what stands there now, by field id as JSON.

    Raises:
        Rejected: a field that is not there, may not be set, or does not take the value.
        BadRequest: a change that no approval carries.
    """
    match change:
        case Delete():
            return {"do": "delete", "values": {}, "old": {}}
        case Update(values=values):
            return _gated_update(unit, obj, record, values)
    raise BadRequest(
        Problem(code="approval-change", reason=msg("An approval carries a change of a record, or its deletion."))
    )


def require_held(unit: Unit, approval: Approval, change: Change) -> None:
    """Check a change by the way of every other: this approval is all that stands against it. It is tried and undone.

    Raises:
        Rejected, Conflict, Forbidden, NotFound: something else does, or nothing, and no approval is needed.
    """
    try:
        with unit.connection.begin_nested() as trial:
            unit.records.save([change])
            trial.rollback()
    except Rejected as refused:
        mine = needs(approval)
        others = [each for each in refused.problems if (each.code, each.thing) != (mine.code, mine.thing)]
        if others:
            raise Rejected(others) from None
        return
    said = msg("This change needs no such approval: {approval}.", approval=approval.label)
    raise Rejected(
        Problem(code="approval-not-needed", reason=said, fix=msg("Save it."), thing=f"approval:{approval.name}")
    )


def _gated_update(unit: Unit, obj: Object, record: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    new: dict[str, Any] = {}
    old: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, given in values.items():
        field = obj.field_named(name)
        if field is None or not field.type.writable or unit.access.seen(obj, field) is None:
            problems.append(
                Problem(code="field-unknown", thing=f"field:{obj.name}.{name}",
                        reason=msg("{object} has no field {name} that could be changed.", object=obj.label, name=name))
            )  # fmt: skip
            continue
        if not unit.access.may_field("edit", obj, field):
            reason = msg("You may not change {label}.", label=field.label)
            problems.append(Problem(code="field-not-allowed", reason=reason, thing=f"field:{obj.name}.{name}"))
            continue
        try:
            value = field.type.coerce(field, given, unit.reading)
        except ValueRefused as error:
            problems.append(
                Problem(code=error.code, reason=error.reason, fix=error.fix, thing=f"field:{obj.name}.{name}")
            )
            continue
        before = record.get(field.name)
        new[field.id] = None if value is None else field.type.to_json(field, value)
        old[field.id] = None if before is None else field.type.to_json(field, before)
    if problems:
        raise Rejected(problems)
    return {"do": "update", "values": new, "old": old}


def as_it_would_be(unit: Unit, obj: Object, held: Running) -> Mapping[str, Any]:
    """The record's stored values with the change that waits for the approval; empty where it is gone."""
    values = running.record_values(unit, obj, held.record_id)
    if not values or values.get("deleted_at") is not None:
        return {}
    return with_change(unit, obj, values, held.gated if held.status in running.OPEN else None)


def with_change(
    unit: Unit, obj: Object, values: Mapping[str, Any], change: Mapping[str, Any] | None
) -> Mapping[str, Any]:
    """A record's values with a change as approvals carry it."""
    found = dict(values)
    for field, value in _carried(unit, obj, change):
        found[field.name] = value
        if field.type.money:
            found[field.name + COMPANY] = value if obj.currency.mode == "company" else found.get(field.name + COMPANY)
    return found


def _carried(unit: Unit, obj: Object, change: Mapping[str, Any] | None) -> list[tuple[Any, Any]]:
    """The fields that a carried change sets, as far as they are still there, with their values."""
    if change is None or change["do"] != "update":
        return []
    by_id = {field.id: field for field in obj.fields.values()}
    reading = unit.acting(SYSTEM).reading
    return [
        (by_id[id], None if value is None else by_id[id].type.coerce(by_id[id], value, reading))
        for id, value in change["values"].items()
        if id in by_id
    ]
