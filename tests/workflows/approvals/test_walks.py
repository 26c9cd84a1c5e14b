"""Random walks: random people do random things in random charts, and what must always hold holds.

A walk is the choices of one seed, so that one that fails can be taken again.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from dougong.base.errors import DougongError
from dougong.metadata.approval import Approval, Branch, Node, PeopleRules, TimeLimit
from dougong.metadata.steps import Step
from dougong.workflows.approvals.machine import Possible, advance, ahead, possible
from dougong.workflows.approvals.state import (
    Act,
    Add,
    Approve,
    ChildEnded,
    ChildStarted,
    Closed,
    Did,
    Do,
    HandOver,
    Opened,
    Read,
    Recall,
    Reject,
    Remind,
    Remove,
    Rescue,
    Resubmit,
    SendBack,
    StartChild,
    State,
    Stranded,
    Submit,
    Sweep,
    TakeBack,
    TimeOut,
)
from dougong.workflows.approvals.state_json import from_json, to_json
from tests.workflows.approvals.office import Office, asks, chart, holds, node, rule, split

STAFF = tuple("abcdefgh")
INITIATOR = "a"
CHAIR = "chair"
"""Who stands in when nobody is found; never leaves."""

UNDECIDED = {"waiting", "open", "delegated"}
OFTEN = {"approve": 8, "reject": 1, "recall": 0.1, "remind": 0.3, "take_back": 4, "resubmit": 20}
CONDITIONS = ("big", "odd", "late")


# -- charts -----------------------------------------------------------------------------------------------------------
class Charts:
    """Makes a random chart whose ways all end: blocks one after another, splits and conditions with blocks in them."""

    def __init__(self, choice: random.Random) -> None:
        self.choice = choice
        self.nodes: dict[str, Node] = {}

    def approval(self) -> Approval:
        """A whole approval, which begins with a step of approvers."""
        pick = self.choice.choice
        first = self.step(self.row(2, "end"))
        return chart(
            first,
            self.nodes,
            recall=pick(("until_next_decision", "until_end", "never")),
            resubmit=pick(("choose", "resume", "again")),
            people=_people(pick),
        )

    def key(self) -> str:
        return f"n{len(self.nodes) + 1}"

    def put(self, each: Node) -> str:
        key = self.key()
        self.nodes[key] = each
        return key

    def row(self, depth: int, then: str) -> str:
        """Some blocks that lead to `then`; the key of the first."""
        for _ in range(self.choice.randint(1, 2)):
            kinds = [self.step, self.step, self.small]
            if depth:
                kinds += [lambda then: self.fork(depth - 1, then), lambda then: self.either(depth - 1, then)]
            then = self.choice.choice(kinds)(then)
        return then

    def step(self, then: str) -> str:
        pick = self.choice.choice
        rules = tuple(
            rule(pick(("anna", "two", "three", "none", "initiator")), key=f"r{each}")
            for each in range(self.choice.randint(1, 2))
        )
        limit = TimeLimit(
            after="8h", then=pick(("remind", "escalate", "pass", "reject", "hand_over")), to=(rule("two"),)
        )
        return self.put(
            asks(
                *rules,
                mode=pick(("all", "any", "sequence", "vote")),
                need=pick((None, 1, 2)),
                reject=pick(("first_ends", "when_lost", "all")),
                on_reject=pick(("end", "initiator", "previous")),
                timeout=pick((None, limit)),
                next=then,
            )
        )

    def small(self, then: str) -> str:
        kind = self.choice.choice(("copy_to", "action", "sub_process"))
        return self.put(
            node(
                kind,
                then,
                to=(rule("two"),),
                steps=(Step(key="do", do="set", given={}),),
                approval="x.y",
                on_reject=self.choice.choice(("end", "initiator", "previous")),
            )
        )

    def fork(self, depth: int, then: str) -> str:
        join = self.put(node("join", then, wait_for=self.choice.choice(("all", "all", "any"))))
        return self.put(split(*(self.row(depth, join) for _ in range(self.choice.randint(2, 3)))))

    def either(self, depth: int, then: str) -> str:
        ways = tuple(
            Branch(key=each, next=self.row(depth, then), when=holds(each))
            for each in self.choice.sample(CONDITIONS, self.choice.randint(1, 2))
        )
        return self.put(node("condition", branches=ways, otherwise=then))


def _people(pick: Any) -> PeopleRules:
    return PeopleRules(
        initiator_is_approver=pick(("skip", "next_manager", "department_head")),
        same_person=pick(("skip", "repeat")),
        absent=pick(("delegate", "wait")),
        nobody=("role:chair", "refuse"),
    )


def office() -> Office:
    """Eight people and a chair."""
    return Office(
        rules={"anna": ("b",), "two": ("b", "c"), "three": ("c", "d", "e"), "none": (), "initiator": (INITIATOR,)},
        addresses={"role:chair": (CHAIR,)},
        managers={each: STAFF[place - 1] for place, each in enumerate(STAFF) if place} | {INITIATOR: "h"},
        heads={INITIATOR: "d"},
        away={"e": "f"},
    )


# -- a walk -----------------------------------------------------------------------------------------------------------
class Walk:
    """One instance from its submission until it ends or `length` acts were done."""

    def __init__(self, seed: int) -> None:
        self.choice = random.Random(seed)
        self.approval = Charts(self.choice).approval()
        self.office = office()
        self.state: State | None = None
        self.log: list[tuple[Act, Office]] = []
        self.tasks: set[str] = set()
        self.children = 0
        self.stranded = False
        self.refused = 0

    def walk(self, length: int) -> None:
        self.do(Submit(by=INITIATOR))
        for _ in range(length):
            state = self.state
            if state is None or state.status in ("approved", "rejected", "recalled", "cancelled"):
                break
            self.turn_the_world()
            if self.choice.random() < 0.2:
                self.compare_possible(state)
                ahead(self.approval, state, self.office)
            if self.choice.random() < 0.75:
                act = self.chosen()
            else:
                acts = list(self.machinery(state))
                act = self.choice.choice(acts) if acts else None
            if act is not None:
                self.do(act)
        self.replay()

    def turn_the_world(self) -> None:
        """Time passes; conditions change; people leave, and somebody is swept for at once."""
        self.office.now += timedelta(minutes=self.choice.randint(1, 200))
        if self.choice.random() < 0.1:
            self.office.true ^= {self.choice.choice(CONDITIONS)}
        if self.choice.random() < 0.03:
            self.office.changed_at = self.office.now
        if self.choice.random() < 0.04 and len(self.office.gone) < 3:
            self.office.gone.add(self.choice.choice(STAFF[1:]))
            self.do(Sweep())
        if self.choice.random() < 0.04:
            self.office.away = {self.choice.choice("bcd"): self.choice.choice("fgh")}
            self.do(Sweep())

    def possible(self, who: str) -> tuple[Possible, ...]:
        if who in self.office.gone or self.state is None:
            return ()
        return possible(self.approval, self.state, who, self.office)

    def chosen(self) -> Act | None:
        """What somebody may do, with whatever has to be said chosen; what leads on is done more often."""
        offered = [(who, each) for who in (*STAFF, CHAIR) for each in self.possible(who)]
        if not offered:
            return None
        weights = [OFTEN.get(each.act, 2) for _, each in offered]
        who, may = self.choice.choices(offered, weights)[0]
        return self.act(who, may)

    def act(self, who: str, may: Possible) -> Act:
        """The act that an offer stands for."""
        pick, entry = self.choice.choice, may.entry or ""
        others = [each for each in (*STAFF, CHAIR) if each not in self.office.gone]
        if may.act in ("add_before", "add_after", "add_parallel"):
            where: Any = may.act.removeprefix("add_")
            return Add(entry=entry, by=who, people=(pick(others),), where=where)
        if may.act in ("hand_over", "delegate"):
            return HandOver(entry=entry, by=who, to=pick(others), comes_back=may.act == "delegate")
        if may.act == "send_back":
            return SendBack(entry=entry, by=who, to=pick(may.targets), then=pick((None, *may.then)))
        if may.act == "remove_added":
            return Remove(entry=entry, by=who, removed=pick(may.removable).id)
        if may.act == "resubmit":
            return Resubmit(by=who, then=pick((None, *may.then)))
        if may.act in ("recall", "remind", "read"):
            return {"recall": Recall, "remind": Remind, "read": Read}[may.act](by=who)  # type: ignore[operator]
        return {"approve": Approve, "reject": Reject, "take_back": TakeBack}[may.act](entry=entry, by=who)

    def machinery(self, state: State) -> Iterator[Act]:
        """What the clock, sub-processes and administrators do."""
        for visit in state.visits:
            if visit.status == "open" and visit.due_at is not None:
                yield TimeOut(visit=visit.number)
            if visit.status == "open" and visit.child is not None:
                yield ChildEnded(visit=visit.number, outcome=self.choice.choice(("approved", "approved", "rejected")))
            for entry in visit.entries:
                if entry.status in UNDECIDED and self.choice.random() < 0.1:
                    yield Rescue(by="root", entry=entry.id, to=self.choice.choice((*STAFF[1:], CHAIR)))

    def do(self, act: Act) -> None:
        """Do something, with what follows from it."""
        self.carry_out(act)
        self.somebody_can_go_on()

    def carry_out(self, act: Act) -> None:
        """Advance, and answer the effects that wait for an answer."""
        before = self.state
        try:
            advanced = advance(self.approval, before, act, self.office)
        except DougongError as refused:
            assert all(each.code.startswith("approval-") for each in refused.problems)
            self.refused += 1
            return
        self.log.append((act, self.snapshot()))
        self.state = advanced.state
        for effect in advanced.effects:
            match effect:
                case Opened():
                    assert effect.entry.id not in self.tasks
                    self.tasks.add(effect.entry.id)
                case Closed():
                    self.tasks.remove(effect.entry.id)
                case Stranded():
                    self.stranded = True
                case _:
                    pass
        self.hold(before, advanced.state)
        for effect in advanced.effects:
            if isinstance(effect, Do) and effect.visit is not None:
                self.carry_out(Did(visit=effect.visit))
            elif isinstance(effect, StartChild):
                self.children += 1
                self.carry_out(ChildStarted(visit=effect.visit, child=f"c{self.children}"))

    def snapshot(self) -> Office:
        own = self.office
        given = {each.name: getattr(own, each.name) for each in fields(own)}
        return Office(**given | {"true": set(own.true), "gone": set(own.gone), "away": dict(own.away)})

    # -- what must hold
    def hold(self, before: State | None, state: State) -> None:
        open_entries = {each.id for visit in state.visits for each in visit.entries if each.status == "open"}
        assert open_entries == self.tasks
        for visit in state.visits:
            for entry in visit.entries:
                if entry.status in UNDECIDED:
                    assert visit.status == "open" and state.status == "open"
                if entry.status in UNDECIDED | {"approved", "rejected", "sent_back"}:
                    assert entry.person != INITIATOR, "nobody decides on their own"
        if state.status != "open":
            assert all(each.status != "open" for each in state.visits)
        if before is not None:
            self.monotone(before, state)
        assert from_json(to_json(state)) == state

    def monotone(self, before: State, state: State) -> None:
        """Visits and entries are only added; what was decided stays as it was said."""
        assert len(before.visits) <= len(state.visits)
        for was, now in zip(before.visits, state.visits, strict=False):
            assert was.node == now.node and was.round == now.round
            assert was.status == "open" or now.status != "open"
            assert len(was.entries) <= len(now.entries)
            for old, new in zip(was.entries, now.entries, strict=False):
                assert (old.id, old.person, old.kind, old.parent) == (new.id, new.person, new.kind, new.parent)
                if old.status not in UNDECIDED:
                    assert new.status in (old.status, "taken_back")
                    assert (old.decided_at, old.opinion) == (new.decided_at, new.opinion)

    def somebody_can_go_on(self) -> None:
        """While it is open, somebody who is active can act, or a sub-process is awaited."""
        state = self.state
        if state is None or state.status != "open" or self.stranded:
            return
        if any(visit.status == "open" and visit.child is not None for visit in state.visits):
            return
        people = {each.person for visit in state.visits for each in visit.entries if each.status == "open"}
        assert people - self.office.gone, state

    def compare_possible(self, state: State) -> None:
        """For everybody and every part: an act that is offered is not refused, one that is not offered is refused."""
        for who in (*STAFF, CHAIR, "stranger"):
            offered = {(each.act, each.entry) for each in possible(self.approval, state, who, self.office)}
            for name, entry, act in self.plain_acts(state, who):
                assert ((name, entry) in offered) == self.accepted(state, act), (name, entry, who)

    def plain_acts(self, state: State, who: str) -> Iterator[tuple[str, str | None, Act]]:
        for visit in state.visits[-4:]:
            for each in visit.entries:
                mine = each.id
                yield "approve", mine, Approve(entry=mine, by=who, opinion="x")
                yield "reject", mine, Reject(entry=mine, by=who, opinion="x")
                yield "take_back", mine, TakeBack(entry=mine, by=who)
                yield "send_back", mine, SendBack(entry=mine, by=who)
                yield "add_after", mine, Add(entry=mine, by=who, people=("new",), where="after")
                yield "hand_over", mine, HandOver(entry=mine, by=who, to="new")
                yield "delegate", mine, HandOver(entry=mine, by=who, to="new", comes_back=True)
        yield "recall", None, Recall(by=who)
        yield "resubmit", None, Resubmit(by=who)
        yield "remind", None, Remind(by=who)

    def accepted(self, state: State, act: Act) -> bool:
        try:
            advance(self.approval, state, act, self.office)
        except DougongError:
            return False
        return True

    def replay(self) -> None:
        """The same acts in the same world lead to the same state."""
        state: State | None = None
        for act, world in self.log:
            state = advance(self.approval, state, act, world).state
        assert state == self.state


@pytest.mark.parametrize("block", range(5))
def test_random_walks(block: int) -> None:
    walks = [Walk(seed) for seed in range(block * 20, block * 20 + 20)]
    for each in walks:
        each.walk(60)
    assert sum(len(each.log) for each in walks) > 20 * 8
