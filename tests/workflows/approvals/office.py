"""An office for tests of the machine: people by rule, who is away, what is true, and a clock that one turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from dougong.formulas import Formula
from dougong.metadata.approval import ACTS, Approval, Approvers, Branch, Node
from dougong.workflows.approvals.machine import advance
from dougong.workflows.approvals.state import (
    Act,
    Add,
    Approve,
    Did,
    Do,
    Effect,
    Entry,
    HandOver,
    Reject,
    SendBack,
    State,
    Submit,
    Visit,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Office:
    """A `World` of plain tables: `rules` are people by the value of an `Approvers`, `true` the conditions that hold."""

    rules: dict[str, tuple[str, ...]] = field(default_factory=dict)
    addresses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    true: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    away: dict[str, str] = field(default_factory=dict)
    managers: dict[str, str] = field(default_factory=dict)
    heads: dict[str, str] = field(default_factory=dict)
    changed_at: datetime | None = None
    now: datetime = NOON

    def people(self, approvers: Approvers, state: State, of: str | None = None) -> Sequence[str]:
        found = self.rules.get(f"{approvers.value} of {of}", self.rules.get(approvers.value, ()))
        return [each for each in found if self.active(each)]

    def named(self, address: str) -> Sequence[str]:
        return [each for each in self.addresses.get(address, ()) if self.active(each)]

    def holds(self, condition: Formula) -> bool:
        return cast(Any, condition) in self.true

    def changed_since(self, at: datetime) -> bool:
        return self.changed_at is not None and self.changed_at > at

    def later(self, duration: str) -> datetime:
        return self.now + timedelta(hours=int(duration.removesuffix("h")))

    def active(self, person: str) -> bool:
        return person not in self.gone

    def delegate(self, person: str) -> str | None:
        return self.away.get(person)

    def manager(self, person: str) -> str | None:
        return self.managers.get(person)

    def department_head(self, person: str) -> str | None:
        return self.heads.get(person)


def rule(value: str, **more: Any) -> Approvers:
    """People whom the office knows by `value`; several by commas become a role of that name."""
    return Approvers(key=more.pop("key", value), way=more.pop("way", "role"), value=value, **more)


def holds(name: str) -> Formula:
    """A condition that holds where the office says so."""
    return cast(Formula, name)


def asks(*rules: str | Approvers, **more: Any) -> Node:
    """A node of approvers that may do everything, with rejections that need no opinion."""
    given = {"opinion": "free", "may": frozenset(ACTS), "next": "end"} | more
    approvers = tuple(each if isinstance(each, Approvers) else rule(each) for each in rules)
    return Node(key="", type="approve", label={}, approvers=approvers, **given)


def node(type: Any, next: str | None = None, **more: Any) -> Node:
    """A node of another type."""
    return Node(key="", type=type, label={}, next=next, **more)


def split(*ways: str) -> Node:
    """A split into branches that begin at these nodes."""
    return node("split", branches=tuple(Branch(key=f"to_{each}", next=each) for each in ways))


def chart(first: str, /, nodes: Mapping[str, Node] | None = None, **more: Any) -> Approval:
    """An approval of these nodes; keyword arguments that are nodes are nodes too, "end" is there already."""
    named = {**(nodes or {}), **{key: each for key, each in more.items() if isinstance(each, Node)}}
    rest = {key: each for key, each in more.items() if not isinstance(each, Node)}
    keyed = {key: Node(**{**_values(each), "key": key}) for key, each in named.items()}
    keyed.setdefault("end", Node(key="end", type="end", label={}))
    own = {"name": "quote.test", "own": "test", "object": "quote", "label": {}, "body": {}} | rest
    return Approval(first=first, nodes=keyed, **own)


def _values(each: Node) -> dict[str, Any]:
    return {name: getattr(each, name) for name in Node.__dataclass_fields__}


class Case:
    """One instance, driven by people's names: `case.approves("ann")` decides the open part that Ann has."""

    def __init__(self, approval: Approval, office: Office, by: str = "ivy", **chosen: tuple[str, ...]) -> None:
        """Submit by `by`; `chosen` has two underscores for the dot."""
        self.approval, self.office = approval, office
        self.effects: tuple[Effect, ...] = ()
        self.all_effects: list[Effect] = []
        self._state: State | None = None
        self.acts: list[Act] = []
        self.act(Submit(by=by, chosen={key.replace("__", "."): people for key, people in chosen.items()}))

    @property
    def state(self) -> State:
        assert self._state is not None
        return self._state

    def act(self, act: Act) -> Case:
        """Carry out an act, with the actions that it leads to."""
        advanced = advance(self.approval, self._state, act, self.office)
        self._state, self.effects = advanced.state, advanced.effects
        self.all_effects += self.effects
        self.acts.append(act)
        for effect in self.effects:
            if isinstance(effect, Do) and effect.visit is not None:
                self.act(Did(visit=effect.visit))
        return self

    def entry(self, person: str, *statuses: str) -> Entry:
        """The latest part of somebody with one of these statuses, else open, else any."""
        entries = [each for visit in self.state.visits for each in visit.entries if each.person == person]
        wanted = [each for each in entries if each.status in (statuses or ("open",))]
        return (wanted or entries)[-1]

    def part(self, person: str, *statuses: str) -> str:
        return self.entry(person, *statuses).id

    def approves(self, *people: str, **more: Any) -> Case:
        for each in people:
            self.act(Approve(entry=self.part(each), by=each, **more))
        return self

    def rejects(self, *people: str, **more: Any) -> Case:
        for each in people:
            self.act(Reject(entry=self.part(each), by=each, **more))
        return self

    def sends_back(self, person: str, to: str = "initiator", then: Any = None) -> Case:
        return self.act(SendBack(entry=self.part(person), by=person, to=to, then=then))

    def adds(self, person: str, where: Any, *people: str) -> Case:
        return self.act(Add(entry=self.part(person), by=person, people=people, where=where))

    def hands_over(self, person: str, to: str, comes_back: bool = False) -> Case:
        return self.act(HandOver(entry=self.part(person), by=person, to=to, comes_back=comes_back))

    @property
    def turns(self) -> set[str]:
        """Whose turn it is."""
        return {each.person for visit in self.state.visits for each in visit.entries if each.status == "open"}

    @property
    def at(self) -> set[str]:
        """The nodes that are open."""
        return {visit.node for visit in self.state.visits if visit.status == "open"}

    @property
    def last(self) -> Visit:
        return self.state.visits[-1]

    @property
    def status(self) -> str:
        return self.state.status
