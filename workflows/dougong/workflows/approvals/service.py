"""The one door to running approvals: pages, the API, steps and the command line call these, each in a unit of work.

What a person may not see is not there for them (`NotFound`); what they may see and not do is `Forbidden`; what the
approval does not allow now is `Rejected` or, where somebody else was first, `Conflict`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from dougong.base.errors import Conflict, DougongError, Forbidden, NotFound, Place, Problem, Rejected
from dougong.base.ids import is_record_id, record_id
from dougong.base.language import msg
from dougong.engine.saving.plan import plan_of
from dougong.metadata.approval import Approval
from dougong.metadata.model import Object
from dougong.workflows.approvals import (
    attached,
    carrying,
    definitions,
    editing,
    ending,
    gates,
    running,
    seeing,
    starting,
    telling,
    walking,
)
from dougong.workflows.approvals import state as states
from dougong.workflows.approvals.carrying import Carrying
from dougong.workflows.approvals.lists import PAGE, running_now, tasks, todo_count
from dougong.workflows.approvals.running import OPEN, Running
from dougong.workflows.approvals.showing import instance, of_record, shown
from dougong.workflows.approvals.told import AttachedFile, Instance, Preview, Startable, Stop
from dougong.workflows.approvals.world import CompanyWorld
from dougong.workflows.pinning import pin

if TYPE_CHECKING:
    from dougong.engine.saving.batch import Change, Update
    from dougong.engine.unit import Unit

__all__ = [
    "PAGE", "act", "comment", "file", "instance", "of_record", "preview", "running_now", "start", "startable", "submit",
    "tasks", "todo_count",
]  # fmt: skip

Chosen = Mapping[str, Sequence[str]]

_NOBODY: Chosen = MappingProxyType({})


# -- starting ---------------------------------------------------------------------------------------------------------
def startable(unit: Unit, object_name: str, record_id: str) -> tuple[Startable, ...]:
    """The approvals that the actor may start on this record now, with what stands in the way of each.

    Raises:
        NotFound: no such record for the actor.
    """
    approvals = gates.of_object(unit.runtime.model, object_name)
    if not approvals:
        return ()
    unit.records.get(object_name, record_id)
    obj = unit.runtime.model.objects[object_name]
    values = running.record_values(unit, obj, record_id)
    running_now = {each.approval for each in running.of_records(unit, [record_id], open_only=True)}
    found = []
    for approval in approvals:
        world = CompanyWorld(unit, obj, values, unit.actor.user_id or "", approval)
        if approval.name in running_now or not starting.may_start(unit, approval, obj, values):
            continue
        if starting.is_active(approval, world) and starting.is_needed(approval, world):
            found.append(
                Startable(
                    approval=approval.name,
                    label=approval.label,
                    needed=approval.start.when is not None,
                    refused=starting.refusals(approval, world),
                    choices=starting.choices(approval, world),
                )
            )
    return tuple(found)


def preview(unit: Unit, approval_name: str, record_id: str, change: Change | None = None) -> Preview:
    """Who would approve this record, or a `change` of it, if the actor sent it now; nothing is written.

    Raises:
        NotFound: no such approval, or no such record for the actor.
        Rejected: `change` is none that could be made.
    """
    approval, obj = _definition(unit, approval_name)
    unit.records.get(obj.name, record_id)
    values = running.record_values(unit, obj, record_id)
    if change is not None:
        values = gates.with_change(unit, obj, values, gates.gated(unit, obj, values, change))
    world = CompanyWorld(unit, obj, values, unit.actor.user_id or "", approval)
    return walking.preview(approval, world, unit.actor.user_id or "")


def ahead(unit: Unit, instance_id: str) -> tuple[Stop, ...]:
    """Who would still be asked in an approval if everybody approved and the record stayed as it is.

    Raises:
        NotFound: there is none, or the actor may not know of it.
    """
    held = running.find(unit, instance_id)
    seeing.require(unit, held)
    return walking.ahead(unit, held)


def submit(
    unit: Unit,
    approval_name: str,
    record_id: str,
    *,
    chosen: Chosen = _NOBODY,
    comment: str = "",
    change: Change | None = None,
    files: Sequence[str] = (),
) -> str:
    """Start an approval of a record; the id of the instance. `chosen`: people by ``node.key`` (`Choice.key`).

    `change` (an `Update` or a `Delete` of the record) is what the approval is about and is carried out once it is
    approved: what a gate holds back.

    Raises:
        NotFound: no such approval, or no such record for the actor.
        Forbidden: others may start it.
        Rejected: it is refused, runs already, or nobody is there to approve; or something else stands against `change`.
    """
    approval, obj = _definition(unit, approval_name)
    unit.records.get(obj.name, record_id)
    values = running.record_values(unit, obj, record_id)
    if not starting.may_start(unit, approval, obj, values):
        raise Forbidden(starting.not_one_of_them(approval))
    gated = None
    if change is not None:
        gated = gates.gated(unit, obj, values, change)
        gates.require_held(unit, approval, change)
    me = unit.actor.user_id or ""
    return start(
        unit, approval.name, record_id, initiator=me, chosen=chosen, comment=comment, gated=gated, files=files
    ).id


def start(
    unit: Unit,
    approval_name: str,
    id: str,
    *,
    initiator: str,
    chosen: Chosen = _NOBODY,
    comment: str = "",
    gated: Mapping[str, Any] | None = None,
    parent: tuple[str, int] | None = None,
    files: Sequence[str] = (),
) -> Running:
    """Start an approval in the name of `initiator`, whoever asks: what `submit`, gates and sub-processes do.

    Raises:
        NotFound: no such approval.
        Rejected: it is refused, runs already, or nobody is there to approve.
    """
    approval, obj = _definition(unit, approval_name)
    values = _locked(unit, obj, id)
    held = Running(
        id=record_id(), approval=approval.name, definition=pin(unit, approval.body), object=obj.id, record_id=id,
        title=_title(unit, obj, values), initiator=initiator, status="open",
        state=states.State(status="open", initiator=initiator), round=1, snapshot="", gated=gated,
        parent=parent[0] if parent else None, parent_visit=parent[1] if parent else None,
        started_at=unit.now, ended_at=None, number=0,
    )  # fmt: skip
    world = CompanyWorld(unit, obj, gates.as_it_would_be(unit, obj, held), initiator, approval)
    _refuse(unit, approval, world, chosen, held)
    running.begin(unit, held)
    if parent is not None:
        unit.memory["approvals.starting", parent[0]] = True
    ending.review(unit, approval, obj, values, held)
    people = {key: tuple(each) for key, each in chosen.items()}
    held = Carrying(unit, held, approval).carry(states.Submit(by=initiator, chosen=people), files)
    if parent is not None:
        unit.memory.pop(("approvals.starting", parent[0]), None)
    if comment.strip():
        carrying.write_log(unit, held, name="comment", by=initiator, opinion=comment)
    return held


def _refuse(unit: Unit, approval: Approval, world: CompanyWorld, chosen: Chosen, held: Running) -> None:
    """Stop what cannot be started.

    Raises:
        Rejected: every reason at once.
    """
    problems: list[Problem] = []
    where = f"approval:{approval.name}"
    if not starting.is_active(approval, world):
        problems.append(Problem(code="approval-inactive", reason=msg("This approval is switched off."), thing=where))
    elif not starting.is_needed(approval, world):
        said = msg("This record does not need this approval: {approval}.", approval=approval.label)
        problems.append(Problem(code="approval-not-needed", reason=said, thing=where))
    if any(each.approval == approval.name for each in running.of_records(unit, [held.record_id], open_only=True)):
        said = msg("This approval runs already on this record.")
        problems.append(Problem(code="approval-running", reason=said, thing=where))
    problems += starting.refusals(approval, world)
    problems += starting.wrong_choices(approval, world, chosen)
    if problems:
        raise Rejected(problems)


def _definition(unit: Unit, name: str) -> tuple[Approval, Object]:
    found = definitions.in_force(unit, name)
    obj = unit.runtime.model.objects.get(found.object)
    if obj is None:
        raise definitions.unknown(name)
    return found, obj


def _locked(unit: Unit, obj: Object, id: str) -> Mapping[str, Any]:
    """The record's values; nobody changes it, or submits it as well, until the transaction ends."""
    plan = plan_of(unit.runtime, obj.name)
    row = None
    if is_record_id(id):
        statement = select(*plan.columns).where(plan.table.c.id == id, plan.table.c.deleted_at.is_(None))
        row = unit.connection.execute(statement.with_for_update(key_share=True)).one_or_none()
    if row is None:
        reason = msg("This {object} does not exist, or you may not see it.", object=obj.label)
        raise NotFound(Problem(code="record-missing", reason=reason, thing=id))
    return plan.read(row)


def _title(unit: Unit, obj: Object, values: Mapping[str, Any]) -> str:
    field = obj.fields[obj.title]
    return field.type.display(field, values.get(obj.title), unit.reading)


# -- acting -----------------------------------------------------------------------------------------------------------
BY_CLOCK = (states.TimeOut, states.Invalidate, states.Did, states.ChildStarted, states.ChildEnded, states.Sweep)
"""Acts that no person does."""


def act(
    unit: Unit,
    instance_id: str,
    act: states.Act,
    *,
    files: Sequence[str] = (),
    number: int | None = None,
    change: Update | None = None,
) -> Instance:
    """Do what a person decided; the instance as it is then.

    `files` are ids of files of the actor that belong to the opinion from now on. With `number` (`Instance.number` as
    the person saw it), an act that comes after somebody else's is refused. `change` is of the fields that the actor's
    node opens to them; it is saved with the act or not at all.

    Raises:
        NotFound: no such instance for the actor.
        Forbidden: the act, or the change, is somebody else's to do.
        Rejected: the approval does not allow it now.
        Conflict: somebody else acted a moment ago.
    """
    held = running.find(unit, instance_id, lock=True)
    seeing.require(unit, held)
    _require_own(unit, act)
    if number is not None and number != held.number:
        raise running.acted_meanwhile(held)
    if change is not None:
        held = editing.edit(unit, held, change)
    return shown(unit, carry_out(unit, held, act, files))


def carry_out(unit: Unit, held: Running, act: states.Act, files: Sequence[str] = ()) -> Running:
    """Do an act on an approval that this transaction has locked, whoever asks."""
    if held.status not in OPEN and not isinstance(act, states.Read | states.TakeBack):
        raise _over(held)
    approval = held.pinned(unit)
    if approval is None or held.of(unit) is None:
        return _without_definition(unit, held, act)
    if isinstance(act, states.Approve):
        _require_fields(unit, held, approval, act)
    return Carrying(unit, held, approval).carry(act, files)


def _without_definition(unit: Unit, held: Running, act: states.Act) -> Running:
    """What can be done where the definition can no longer be read: recall, or end it."""
    if isinstance(act, states.Recall) and act.by == held.initiator:
        return carrying.end_by_hand(unit, held, "recalled", act)
    if isinstance(act, states.Rescue) and act.end is not None:
        return carrying.end_by_hand(unit, held, act.end, act)
    if isinstance(act, BY_CLOCK):
        return held
    raise carrying.unreadable(held)


def _require_own(unit: Unit, act: states.Act) -> None:
    """Stop who acts as somebody else.

    Raises:
        Forbidden: the act is not the actor's.
    """
    if unit.actor.is_system:
        return
    refused: DougongError | None = None
    if isinstance(act, BY_CLOCK) or getattr(act, "by", None) != unit.actor.user_id:
        refused = Forbidden(
            Problem(code="approval-not-yours", reason=msg("This decision is somebody else's"),
                    fix=msg("Only the person who is asked can decide; they can hand it over"))
        )  # fmt: skip
    elif isinstance(act, states.Rescue) and not seeing.may_rescue(unit):
        refused = Forbidden(Problem(code="not-allowed", reason=msg("Approvals are rescued by those who manage users.")))
    if refused is not None:
        raise refused


def _require_fields(unit: Unit, held: Running, approval: Approval, act: states.Approve) -> None:
    """What a node requires of its approver stands in the record before they approve.

    Raises:
        Rejected: fields are not filled in.
    """
    obj = held.of(unit)
    visit = next((each for each in held.state.visits for entry in each.entries if entry.id == act.entry), None)
    node = approval.nodes.get(visit.node) if visit is not None else None
    required = [name for name, mode in node.fields.items() if mode == "require"] if node is not None else []
    if obj is None or not required:
        return
    values = gates.as_it_would_be(unit, obj, held)
    blank = [obj.fields[name] for name in required if name in obj.fields and values.get(name) in (None, "", ())]
    if blank:
        raise Rejected(
            Problem(
                code="approval-field-required",
                reason=msg("{label} is needed before this can be approved.", label=field.label),
                thing=f"field:{obj.name}.{field.name}",
                place=Place(field=field.name),
            )
            for field in blank
        )


def _over(held: Running) -> Conflict:
    return Conflict(
        Problem(
            code="approval-ended",
            reason=msg("This approval has ended"),
            fix=msg("Submit the record again if it needs another one"),
            thing=f"approval/{held.id}",
        )
    )


def file(unit: Unit, instance_id: str, file_id: str) -> AttachedFile:
    """A file of an opinion, for everybody who may see the approval, whatever else they may read.

    Raises:
        NotFound: no such instance for the actor, or no such file of it.
    """
    held = running.find(unit, instance_id)
    seeing.require(unit, held)
    return attached.find(unit, held.id, file_id)


def comment(unit: Unit, instance_id: str, text: str, *, files: Sequence[str] = ()) -> None:
    """Say something about an approval without deciding anything.

    Raises:
        NotFound: no such instance for the actor.
        Rejected: nothing was said.
    """
    held = running.find(unit, instance_id)
    seeing.require(unit, held)
    if not text.strip() and not files:
        raise Rejected(Problem(code="approval-comment", reason=msg("A comment needs words, or a file.")))
    carrying.write_log(unit, held, name="comment", by=unit.actor.user_id or "", opinion=text, files=files)
    telling.commented(unit, held, seeing.involved(held.state), text)
