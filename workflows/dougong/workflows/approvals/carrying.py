"""An act carried out: the machine says what follows, and all of that is done in the transaction of the act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from dougong.base.errors import Problem, Rejected
from dougong.base.ids import record_id
from dougong.base.language import msg
from dougong.base.step_types import STEP_TYPES
from dougong.engine.actor import SYSTEM
from dougong.engine.audit import Event
from dougong.engine.audit import record as audited
from dougong.engine.record_locks import unlocked
from dougong.metadata.approval import Approval
from dougong.metadata.model import Object
from dougong.workflows.approvals import (
    attached,
    binding,
    ending,
    gates,
    machine,
    running,
    state,
    tasks,
    telling,
    timers,
)
from dougong.workflows.approvals.running import OPEN, Running
from dougong.workflows.approvals.tables import acts
from dougong.workflows.approvals.world import CompanyWorld
from dougong.workflows.steps.doing import Doing

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

MOST_FOLLOWING = 200
"""How many acts may follow from one: a chart that runs in a circle ends there."""

SAYING = frozenset({"by", "entry", "opinion"})
"""What every act has, and the log keeps in columns of its own."""


class Carrying:
    """One act on one approval, and what follows from it."""

    def __init__(self, unit: Unit, held: Running, approval: Approval) -> None:
        """Act on an approval whose row this transaction has locked (or just made)."""
        self.unit, self.held, self.approval = unit, held, approval
        found = held.of(unit)
        if found is None:
            raise unreadable(held)
        self.object: Object = found
        self.values = gates.as_it_would_be(unit, self.object, held)
        self.steps = 0

    @property
    def world(self) -> CompanyWorld:
        """The company with the record as it is now."""
        return CompanyWorld(self.unit, self.object, self.values, self.held.initiator, self.approval)

    def carry(self, act: state.Act, files: Sequence[str] = ()) -> Running:
        """Do `act` and all that follows; the approval as it is then."""
        if not self.values and not isinstance(act, state.Invalidate | state.Rescue | state.Recall):
            raise gone(self.held)
        return self._carry([act], act, files)

    def take_over(self, led_to: state.Advanced) -> Running:
        """Go on with the state that a move to this definition led to, and do all that follows."""
        return self._carry(self._follow(self.held.state, led_to), None, ())

    def _carry(self, waiting: list[state.Act], act: state.Act | None, files: Sequence[str]) -> Running:
        while waiting:
            self.steps += 1
            if self.steps > MOST_FOLLOWING:
                raise RuntimeError(f"approval {self.held.id} does not come to an end")
            here = waiting.pop(0)
            before = None if isinstance(here, state.Submit) else self.held.state
            advanced = machine.advance(self.approval, before, here, self.world)
            waiting = [*self._follow(before, advanced, here, files if here is act else None), *waiting]
        return self.held

    def _follow(
        self,
        before: state.State | None,
        advanced: state.Advanced,
        act: state.Act | None = None,
        files: Sequence[str] | None = None,
    ) -> list[state.Act]:
        """Write a state, and carry out what belongs to it; the acts that follow. `files`: of an act that is logged."""
        self.held = replace(self.held, state=advanced.state)
        self._bind(act)
        self.held = running.write(self.unit, self.held)
        tasks.follow(self.unit, self.approval, before, self.held)
        if act is not None and files is not None:
            log(self.unit, self.held, act, files)
        return [each for effect in advanced.effects for each in self._effect(effect)]

    def _bind(self, act: state.Act | None) -> None:
        """Take what is bound anew where the record was submitted, and where the last word was said."""
        ended = self.held.state.status == "approved"
        if isinstance(act, state.Submit | state.Resubmit) or ended:
            snapshot = binding.take(self.unit, self.approval, self.object, self.values)
            binding.keep(self.unit.connection, self.held.id, self.held.state.round, snapshot, self.unit.now)
            self.held = replace(self.held, snapshot=snapshot.hash)

    # -- effects ----------------------------------------------------------------------------------------------
    def _effect(self, effect: state.Effect) -> list[state.Act]:
        """Carry out one effect; the acts that follow from it."""
        match effect:
            case state.Do():
                self._do(effect)
                return [state.Did(visit=effect.visit)] if effect.visit is not None else []
            case state.Timer():
                timers.ask(self.unit, self.held, effect)
            case state.StartChild():
                return self._start_child(effect)
            case state.CancelChild(child=child):
                self._cancel(child)
            case state.Ended(status=status):
                self._ended(status)
        telling.of_effect(self.unit, self.held, self.approval.label, effect)
        return []

    def _do(self, do: state.Do) -> None:
        """Carry out steps on the record, in their order; the record is read anew after them."""
        acting = self.unit.acting(replace(SYSTEM, channel="workflow"))
        acting.why = self.unit.why
        people = {"initiator": (self.held.initiator,), "approvers": tuple(_deciders(self.held.state))}
        outputs: dict[str, Any] = {}
        with unlocked(acting, self.object.name, [self.held.record_id]), gates.deciding(acting):
            for step in do.steps:
                key = f"approval:{self.held.id}:{self.held.number}:{do.place}:{step.key}"
                doing = Doing(
                    unit=acting, step=step, object=self.object.name, ids=[self.held.record_id], key=key,
                    values=outputs, people=people, name=f"approval:{self.held.approval}",
                )  # fmt: skip
                outputs[step.key] = STEP_TYPES[step.do].run(doing)
        self.values = gates.as_it_would_be(self.unit, self.object, self.held)

    def _start_child(self, wanted: state.StartChild) -> list[state.Act]:
        from dougong.workflows.approvals.service import start

        acting = self.unit.acting(SYSTEM)
        child = start(
            acting, wanted.approval, self.held.record_id, initiator=self.held.initiator,
            parent=(self.held.id, wanted.visit),
        )  # fmt: skip
        found: list[state.Act] = [state.ChildStarted(visit=wanted.visit, child=child.id)]
        if child.status not in OPEN:
            found.append(state.ChildEnded(visit=wanted.visit, outcome=outcome_of(child)))
        return found

    def _cancel(self, child: str) -> None:
        held = running.find(self.unit, child, lock=True)
        definition = held.pinned(self.unit)
        if held.status in OPEN:
            held = replace(held, parent=None, parent_visit=None)
            if definition is None:
                end_by_hand(self.unit, held, "cancelled", state.Invalidate(reason=""))
            else:
                Carrying(self.unit, held, definition).carry(state.Invalidate(reason="the approval it belongs to ended"))

    def _ended(self, status: state.InstanceStatus) -> None:
        """The approval is over, or waits for its initiator: the record goes on, or back."""
        ending.ended(self.unit, self.approval, self.object, self.held, status)
        self.values = gates.as_it_would_be(self.unit, self.object, self.held)
        if status == "approved" and self.values:  # the hash that stands is that of what came of it
            snapshot = binding.take(self.unit, self.approval, self.object, self.values)
            binding.keep(self.unit.connection, self.held.id, self.held.round, snapshot, self.unit.now)
            self.held = running.rehashed(self.unit, self.held, snapshot.hash)
        if status not in OPEN:
            end_parent(self.unit, self.held)


def outcome_of(held: Running) -> Any:
    """The outcome that a parent is told."""
    return held.status if held.status in ("approved", "rejected", "recalled") else "cancelled"


def end_parent(unit: Unit, held: Running) -> None:
    """Let the approval go on that waits for this one."""
    if held.parent is None or held.parent_visit is None or unit.memory.get(("approvals.starting", held.parent)):
        return
    parent = running.find(unit, held.parent, lock=True)
    approval = parent.pinned(unit)
    if parent.status in OPEN and approval is not None:
        Carrying(unit, parent, approval).carry(state.ChildEnded(visit=held.parent_visit, outcome=outcome_of(held)))


def _deciders(told: state.State) -> list[str]:
    entries = [entry for visit in told.visits for entry in visit.entries]
    return list(dict.fromkeys(each.person for each in entries if each.status in ("open", "approved", "rejected")))


# -- the log ----------------------------------------------------------------------------------------------------------
def log(unit: Unit, held: Running, act: state.Act, files: Sequence[str] = ()) -> None:
    """Keep an act for good; a rescue is in the audit log as well."""
    said = {each.name: getattr(act, each.name) for each in fields(act)}
    entry = said.get("entry")
    visit, part = next(
        ((visit, each) for visit in held.state.visits for each in visit.entries if each.id == entry), (None, None)
    )
    details = {key: value for key, value in said.items() if key not in SAYING and value}
    write_log(
        unit, held, name=type(act).__name__, by=str(said.get("by") or ""), opinion=str(said.get("opinion") or ""),
        files=files, details=details, entry=entry, node=visit.node if visit else None,
        stands_for=part.stands_for if part else None,
    )  # fmt: skip
    if isinstance(act, state.Rescue):
        data = {"approval": held.approval, "record": held.record_id, "entry": act.entry, "to": act.to, "end": act.end}
        audited(unit, Event("approval_rescued", target=f"approval/{held.id}", data=data, why=act.opinion))


def write_log(
    unit: Unit,
    held: Running,
    *,
    name: str,
    by: str = "",
    opinion: str = "",
    files: Sequence[str] = (),
    details: Mapping[str, Any] = {},
    entry: str | None = None,
    node: str | None = None,
    stands_for: str | None = None,
) -> None:
    """Append a line to the log of an approval; of what was decided by an e-mail link it says so."""
    if by and unit.actor.channel == "mail":
        details = {**details, "channel": "mail"}
    id = record_id()
    unit.connection.execute(
        insert(acts).values(
            id=id, instance=held.id, number=held.number, at=unit.now, actor_id=by or None,
            actor=unit.actor.name if by else SYSTEM.name, stands_for=stands_for, act=_snake(name), node=node,
            entry=entry, opinion=opinion, files=list(files), details=_plain(details),
        )
    )  # fmt: skip
    attached.attach(unit, held, id, files)


def _snake(name: str) -> str:
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name).lstrip("_")


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (tuple, list, set, frozenset)):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)


# -- what can no longer be read ---------------------------------------------------------------------------------------
def end_by_hand(unit: Unit, held: Running, status: state.InstanceStatus, act: state.Act) -> Running:
    """End an approval without its definition: every part that is open is void, and no outcome is carried out."""
    before = held.state
    visits = tuple(
        replace(
            visit,
            status="void",
            closed_at=unit.now,
            entries=tuple(
                replace(each, status="void") if each.status in ("open", "waiting", "delegated") else each
                for each in visit.entries
            ),
        )
        if visit.status == "open"
        else visit
        for visit in before.visits
    )
    held = running.write(unit, replace(held, state=replace(before, status=status, visits=visits)))
    tasks.follow(unit, None, before, held)
    log(unit, held, act)
    telling.of_effect(unit, held, held.approval, state.Ended(status))
    end_parent(unit, held)
    return held


def unreadable(held: Running) -> Rejected:
    """What is said where an approval's own definition no longer fits the application."""
    return Rejected(
        Problem(
            code="approval-unreadable",
            reason=msg("This approval was started under a definition that the application no longer has all parts of."),
            fix=msg("It can be recalled and started anew, or ended by an administrator."),
            thing=f"approval:{held.approval}",
        )
    )


def gone(held: Running) -> Rejected:
    """What is said where the record is no longer there."""
    return Rejected(
        Problem(
            code="approval-record-gone",
            reason=msg("The record that this approval is about is no longer there."),
            fix=msg("The approval can be recalled, or ended by an administrator."),
            thing=f"approval:{held.approval}",
        )
    )
