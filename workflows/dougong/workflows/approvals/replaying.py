"""The past on a draft: approvals that ran, walked again on another definition, and whose way would be another.

Both definitions, the one an approval ran under and the draft, are given the same: the values that were approved, the
initiator, who was chosen, and what each person decided; people and rules are those of now. So what differs comes of the
definition alone. Nothing is written, actions are not carried out, and whoever had not decided is taken to approve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from dougong.base.errors import DougongError, Forbidden, Problem
from dougong.base.language import msg
from dougong.engine import drafts, revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.dialects.among import among
from dougong.engine.saving.plan import COMPANY, plan_of
from dougong.engine.saving.related import Related
from dougong.metadata.approval import Approval
from dougong.metadata.building.approvals import build_approval
from dougong.metadata.check import check
from dougong.metadata.component import Component
from dougong.metadata.index import Index
from dougong.metadata.layers import effective
from dougong.metadata.model import Object
from dougong.metadata.trees import Tree
from dougong.workflows.approvals import binding, definitions, machine, running, seeing, starting
from dougong.workflows.approvals import state as states
from dougong.workflows.approvals.machine import choosing
from dougong.workflows.approvals.people import People
from dougong.workflows.approvals.running import Running
from dougong.workflows.approvals.state import State, Visit
from dougong.workflows.approvals.tables import instances
from dougong.workflows.approvals.world import CompanyWorld

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

AT_ONCE = 200
"""Approvals that are read at once: three statements for all of them."""

MOST_ACTS = 300
"""A way with more acts is left there: the draft runs in a circle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The way of one approval: its steps of people in order, the ids of whom each asked, and how it ends."""

    steps: tuple[str, ...] = ()
    people: Mapping[str, frozenset[str]]
    ends: str
    refused: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One approval on both definitions. `entered` and `skipped` are steps that the draft adds and leaves out.

    `others` are the steps on both ways at which other people are asked.
    """

    instance: str
    title: str
    initiator: str
    started_at: datetime
    before: Way
    after: Way
    entered: tuple[str, ...]
    skipped: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether its way would have been another."""
        return bool(self.entered or self.skipped or self.others) or self.before.ends != self.after.ends


# -- the draft --------------------------------------------------------------------------------------------------------
def of_draft(unit: Unit, name: str, draft: str) -> Approval:
    """The approval of this name in a draft of the actor's.

    Raises:
        NotFound: there is no such draft, or no such approval in it.
        MetadataError: the draft has faults, or its approval names what is not in force yet.
    """
    return _built(unit, name, drafts.tree(unit, drafts.get(unit, draft)))


def of_document(unit: Unit, name: str, body: Mapping[str, Any]) -> Approval:
    """The approval that a document says, in the application as it is otherwise.

    Raises:
        MetadataError: the document has faults.
    """
    tree = revisions.tree_of(unit.connection, unit.runtime.revision)
    now = next((each for each in tree.of_kind("approval") if each.name == name), None)
    made = Component("approval", name, body) if now is None else replace(now, body={**body, "id": now.body.get("id")})
    return _built(unit, name, tree.put(made))


def _built(unit: Unit, name: str, tree: Tree) -> Approval:
    check(tree).model()
    found = next((each for each in tree.of_kind("approval") if each.name == name), None)
    if found is None:
        raise definitions.unknown(name)
    in_force = revisions.tree_of(unit.connection, unit.runtime.revision)
    return build_approval(Index(effective(in_force)), name, found.body)


# -- walking ----------------------------------------------------------------------------------------------------------
def replay(unit: Unit, name: str, draft: Approval, since: datetime, limit: int | None = None) -> Iterator[Replayed]:
    """Every approval of this name begun after `since` on both definitions, the latest first, at most `limit`.

    Those whose record is gone, or whose own definition can no longer be read, are left out.

    Raises:
        Forbidden: the actor may not rescue approvals.
    """
    if not seeing.may_rescue(unit):
        raise Forbidden(
            Problem(code="not-allowed", reason=msg("Approvals are replayed by those who manage users."), thing=name)
        )
    system = unit.acting(SYSTEM)
    people, related = _Known(system), Related(system)
    last, count = "", 0
    while True:
        held = _some(unit, name, since, last)
        values = _values(unit, held)
        for each in held:
            old, obj = each.pinned(unit), each.of(unit)
            if old is None or obj is None or each.id not in values:
                continue
            worlds = [_Then(unit, obj, values[each.id], each, of, people, related) for of in (old, draft)]
            yield _compared(each, walk(old, each.state, worlds[0]), walk(draft, each.state, worlds[1]))
            count += 1
            if limit is not None and count >= limit:
                return
        if len(held) < AT_ONCE:
            return
        last = held[-1].id


def _some(unit: Unit, name: str, since: datetime, before: str) -> list[Running]:
    columns = instances.c
    asked = select(*running.COLUMNS).where(columns.approval == name, columns.started_at >= since)
    if before:
        asked = asked.where(columns.id < before)
    return [running.read(row) for row in unit.connection.execute(asked.order_by(columns.id.desc()).limit(AT_ONCE))]


def _values(unit: Unit, held: Sequence[Running]) -> dict[str, Mapping[str, Any]]:
    """By approval, its record with the values that were approved: as it is now where nothing was bound."""
    obj = next((each.of(unit) for each in held), None)
    if obj is None:
        return {}
    plan, reading = plan_of(unit.runtime, obj.name), unit.acting(SYSTEM).reading
    wanted = select(*plan.columns).where(among(plan.table.c.id, "ids"))
    ids = list({each.record_id for each in held})
    records = {str(row["id"]): row for row in map(plan.read, unit.connection.execute(wanted, {"ids": ids}))}
    kept = binding.kept(unit.connection, [each.id for each in held])
    by_id = {field.id: field for field in obj.fields.values()}
    found: dict[str, Mapping[str, Any]] = {}
    for each in held:
        if each.record_id not in records or not kept.get(each.id):
            continue
        values = dict(records[each.record_id])
        for id, said in kept[each.id][-1].values.items():
            field = by_id.get(id)
            if field is not None:
                values[field.name] = None if said is None else field.type.coerce(field, said, reading)
                if field.type.money and obj.currency.mode == "company":
                    values[field.name + COMPANY] = values[field.name]
        found[each.id] = values
    return found


class _Known(People):
    """The users of many approvals: who belongs to what is asked once."""

    def __init__(self, unit: Unit) -> None:
        super().__init__(unit)
        self._asked: dict[tuple[str, ...], list[Any]] = {}

    def _once(self, key: tuple[str, ...], ask: Callable[[], list[Any]]) -> list[Any]:
        if key not in self._asked:
            self._asked[key] = ask()
        return self._asked[key]

    def in_group(self, group: str) -> list[str]:
        return self._once(("group", group), lambda: People.in_group(self, group))

    def in_position(self, code: str) -> list[str]:
        return self._once(("position", code), lambda: People.in_position(self, code))

    def with_login(self, login: str) -> list[str]:
        return self._once(("login", login), lambda: People.with_login(self, login))

    def read(self, object_name: str, ids: Sequence[str]) -> list[Mapping[str, Any]]:
        return self._once((object_name, *ids), lambda: People.read(self, object_name, ids))


class _Then(CompanyWorld):
    """The company for a replay: people looked up once for all, nobody on leave, nothing changed, no time passing."""

    def __init__(
        self, unit: Unit, obj: Object, values: Mapping[str, Any], held: Running, approval: Approval, people: People,
        related: Related,
    ) -> None:  # fmt: skip
        super().__init__(unit, obj, values, held.initiator, approval)
        self.members, self._related = people, related

    def delegate(self, person: str) -> str | None:
        return None

    def changed_since(self, at: datetime) -> bool:
        return False

    def later(self, duration: str) -> datetime:
        return self.now


def walk(approval: Approval, past: State, world: CompanyWorld) -> Way:
    """The way of an approval under a definition, with what its people decided in `past`."""
    if not (starting.is_active(approval, world) and starting.is_needed(approval, world)):
        return Way(people={}, ends="not_needed")
    picks = {each.key for each in choosing.of_initiator(approval)}
    chosen = {key: people for key, people in past.chosen.items() if key in picks}
    now: State | None = None
    waiting: list[states.Act] = [states.Submit(by=past.initiator, chosen=chosen)]
    try:
        for _ in range(MOST_ACTS):
            act = waiting.pop(0) if waiting else _decision(approval, past, now)
            if act is None:
                break
            advanced = machine.advance(approval, now, act, world)
            now = advanced.state
            waiting += [each for effect in advanced.effects for each in _following(effect, past, approval)]
    except DougongError as refused:
        return Way(**_told(now), ends="refused", refused=refused.problems)
    return Way(**_told(now), ends=now.status if now is not None else "refused")


def _told(now: State | None) -> dict[str, Any]:
    visits = [each for each in now.visits if each.entries] if now is not None else []
    people: dict[str, frozenset[str]] = {}
    for visit in visits:
        asked = {each.person for each in visit.entries if each.status != "skipped"}
        people[visit.node] = people.get(visit.node, frozenset()) | asked
    return {"steps": tuple(dict.fromkeys(each.node for each in visits)), "people": people}


def _following(effect: states.Effect, past: State, approval: Approval) -> list[states.Act]:
    """What follows of itself: actions are taken as done, sub-processes as they ended."""
    match effect:
        case states.Do(visit=int(visit)):
            return [states.Did(visit=visit)]
        case states.StartChild(visit=visit, approval=wanted):
            nodes = {each.key for each in approval.nodes.values() if each.approval == wanted}
            lost = any(each.node in nodes and each.child and each.status == "rejected" for each in past.visits)
            return [states.ChildEnded(visit=visit, outcome="rejected" if lost else "approved")]
    return []


def _decision(approval: Approval, past: State, now: State | None) -> states.Act | None:
    """What whoever's turn it is decided then: at that step, else anywhere; else they approve."""
    for visit in now.visits if now is not None else ():
        for entry in visit.entries:
            if visit.status != "open" or entry.status != "open":
                continue
            if _said_no(past, visit, entry.person):
                return states.Reject(entry=entry.id, by=entry.person, opinion="as then")
            picks = {each.key for each in choosing.of_previous(approval, approval.nodes[visit.node].next)}
            chosen = {key: people for key, people in past.chosen.items() if key in picks}
            return states.Approve(entry=entry.id, by=entry.person, opinion="as then", chosen=chosen)
    return None


def _said_no(past: State, here: Visit, person: str) -> bool:
    """Whether somebody's last decision was a rejection."""
    said = [
        (visit.node == here.node, entry.decided_at, entry.status)
        for visit in past.visits
        for entry in visit.entries
        if entry.person == person and entry.status in ("approved", "rejected") and entry.decided_at is not None
    ]
    return bool(said) and max(said)[2] == "rejected"


def _compared(held: Running, before: Way, after: Way) -> Replayed:
    return Replayed(
        instance=held.id,
        title=held.title,
        initiator=held.initiator,
        started_at=held.started_at,
        before=before,
        after=after,
        entered=tuple(each for each in after.steps if each not in before.steps),
        skipped=tuple(each for each in before.steps if each not in after.steps),
        others=tuple(
            each for each in after.steps if each in before.people and before.people[each] != after.people[each]
        ),
    )
