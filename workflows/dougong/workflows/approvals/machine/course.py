"""The course of one instance while one act is carried out: a working copy of its state, and the effects so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

from dougong.base.errors import DougongError
from dougong.metadata.approval import Approval, Node, NodeType
from dougong.workflows.approvals.machine import parts, refusals
from dougong.workflows.approvals.state import (
    Advanced,
    CancelChild,
    Closed,
    Do,
    Effect,
    Ended,
    Entry,
    InstanceStatus,
    Opened,
    StartChild,
    State,
    Timer,
    Visit,
    VisitStatus,
    World,
)

MOST_VISITS = 1_000
"""An instance that would reach more nodes is stopped: its definition goes round in circles."""

CLOSED: frozenset[InstanceStatus] = frozenset({"approved", "rejected", "recalled", "cancelled"})


class Course:
    """What the parts of the machine work on. Nothing of it outlives the act."""

    def __init__(self, approval: Approval, state: State, world: World) -> None:
        """Begin with `state`, which is not changed."""
        self.approval = approval
        self.world = world
        self.before = state
        self.state = state
        self.effects: list[Effect] = []
        self.by_person = False
        """Whether a person acts, who can be asked to choose somebody."""
        self.foreseeing = False
        """Whether it is only looked ahead: what would be refused is noted in `missing`, by the visit's number."""
        self.missing: dict[int, DougongError] = {}

    # -- reading
    def node(self, visit: Visit) -> Node:
        """The node of a visit; of one that an earlier definition had, no more than its type."""
        if visit.node in self.state.gone:
            return Node(key=visit.node, type=cast(NodeType, self.state.gone[visit.node]), label={})
        return self.approval.nodes[visit.node]

    def is_gone(self, visit: Visit) -> bool:
        """Whether the node of a visit is none of this definition, so that it cannot be opened again."""
        return visit.node in self.state.gone

    def visit(self, number: int) -> Visit:
        """A visit by its number.

        Raises:
            dougong.base.errors.NotFound: there is none.
        """
        if not 1 <= number <= len(self.state.visits):
            raise refusals.unknown_entry()
        return self.state.visits[number - 1]

    def entry(self, entry_id: str) -> tuple[Visit, Entry]:
        """An entry by its id, with its visit.

        Raises:
            dougong.base.errors.NotFound: there is none.
        """
        for visit in reversed(self.state.visits):
            if (found := parts.entry_of(visit, entry_id)) is not None:
                return visit, found
        raise refusals.unknown_entry()

    def open_visits(self) -> Iterator[Visit]:
        """The visits that are not closed."""
        return (each for each in self.state.visits if each.status == "open")

    # -- changing
    def alter(self, number: int, **values: Any) -> Visit:
        """Change a visit."""
        changed = replace(self.visit(number), **values)
        visits = self.state.visits
        self.state = replace(self.state, visits=(*visits[: number - 1], changed, *visits[number:]))
        return changed

    def put(self, number: int, entry: Entry) -> Visit:
        """Change an entry of a visit, by its id."""
        entries = tuple(entry if each.id == entry.id else each for each in self.visit(number).entries)
        return self.alter(number, entries=entries)

    def append(self, number: int, *entries: Entry) -> Visit:
        """Add entries to a visit, after those it has."""
        return self.alter(number, entries=(*self.visit(number).entries, *entries))

    def next_entry(self, number: int, ahead: int = 0) -> str:
        """The id of the next entry of a visit, `ahead` of which are not appended yet."""
        return f"{number}.{len(self.visit(number).entries) + 1 + ahead}"

    def begin(self, **values: Any) -> Visit:
        """A new visit.

        Raises:
            dougong.base.errors.Rejected: there are too many.
        """
        number = len(self.state.visits) + 1
        if number > MOST_VISITS:
            raise refusals.too_long(MOST_VISITS)
        made = Visit(number=number, round=self.state.round, opened_at=self.world.now, status="open", **values)
        self.state = replace(self.state, visits=(*self.state.visits, made))
        return made

    def close(self, number: int, status: VisitStatus) -> Visit:
        """Close a visit: who has not decided there need not any more, and a sub-process in it is cancelled."""
        visit = self.visit(number)
        entries = tuple(
            replace(each, status="void") if each.status in parts.UNDECIDED else each for each in visit.entries
        )
        if visit.child is not None and status in ("void", "sent_back"):
            self.effects.append(CancelChild(number, visit.child))
        return self.alter(number, status=status, entries=entries, closed_at=self.world.now)

    def finish(self, status: InstanceStatus) -> None:
        """End the instance, or leave it with its initiator: nothing stays open."""
        for visit in tuple(self.open_visits()):
            self.close(visit.number, "void")
        self.state = replace(self.state, status=status)
        self.effects.append(Ended(status))

    def settle(self, number: int) -> None:
        """Give the turn to those whose it is, within an open visit of approvers."""
        visit = self.visit(number)
        turns, live, now = parts.turns(self.node(visit), visit), parts.live(visit), self.world.now
        for entry in visit.entries:
            if entry.status not in parts.UNDECIDED:
                continue
            if entry.id in turns:
                self.put(number, replace(entry, status="open", opened_at=entry.opened_at or now))
            elif entry.id not in live:
                self.put(number, replace(entry, status="void"))
            else:
                asked = parts.waits_for_delegate(visit, entry)
                self.put(number, replace(entry, status="delegated" if asked else "waiting"))

    def advanced(self) -> Advanced:
        """The state and the effects, with the tasks that appear and go by what the act has changed."""
        was, now = _tasks(self.before), _tasks(self.state)
        closed = [Closed(visit, _latest(self.state, each)) for key, (visit, each) in was.items() if key not in now]
        opened = [Opened(visit, each) for key, (visit, each) in now.items() if key not in was]
        return Advanced(self.state, (*closed, *opened, *filter(self._wanted, self.effects)))

    def _wanted(self, effect: Effect) -> bool:
        """Whether an effect that belongs to a visit is one of a visit that is still open."""
        if isinstance(effect, Timer | StartChild | Do) and effect.visit is not None:
            return self.visit(effect.visit).status == "open"
        return True


def _tasks(state: State) -> dict[str, tuple[int, Entry]]:
    return {each.id: (visit.number, each) for visit in state.visits for each in visit.entries if each.status == "open"}


def _latest(state: State, entry: Entry) -> Entry:
    number = int(entry.id.partition(".")[0])
    return next(each for each in state.visits[number - 1].entries if each.id == entry.id)
