"""What a chart says: each node with its people and how far it has come, each way with whether it was taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dougong.base.language import Message, label, msg
from dougong.metadata.approval import Approval, Mode, Node, NodeType
from dougong.workflows.approvals.state import Entry, EntryStatus, State, Visit
from dougong.workflows.charts.layout import Edge

Look = Literal["past", "now", "bad", "off", ""]
"""How far: passed, at work, refused, never to come, still to come."""

Mark = Literal["yes", "no", "me", "wait", "none"]

MOST_PEOPLE = 5
"""People whom a box names; how many more there are stands below."""

MODES: Mapping[Mode, Message] = {
    "all": msg("all have to approve"),
    "any": msg("one of them decides"),
    "sequence": msg("one after the other"),
    "vote": msg("by votes"),
}

TYPES: Mapping[NodeType, Message] = {
    "approve": msg("Approval"),
    "condition": msg("Condition"),
    "split": msg("At the same time"),
    "join": msg("Together again"),
    "copy_to": msg("Copy to"),
    "action": msg("Action"),
    "sub_process": msg("Another approval"),
    "end": msg("End"),
}
"""What a node without a name is called."""

DECIDED: Mapping[EntryStatus, tuple[Message, Mark]] = {
    "approved": (msg("approved"), "yes"),
    "rejected": (msg("rejected"), "no"),
    "sent_back": (msg("sent back"), "no"),
    "open": (msg("to decide"), "wait"),
    "waiting": (msg("not their turn yet"), "wait"),
    "delegated": (msg("asked for an opinion"), "wait"),
    "handed_over": (msg("handed over"), "none"),
    "skipped": (msg("skipped"), "none"),
    "removed": (msg("removed"), "none"),
    "void": (msg("not needed any more"), "none"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One person of a node: name, with whom they stand in for or that they were added, and what became of it."""

    name: str
    said: str
    mark: Mark
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One node as people read it. `tally` is "1 / 3" of those who have to be heard."""

    key: str
    type: NodeType
    title: str
    detail: str
    look: Look
    lines: tuple[Line, ...] = ()
    tally: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """A way from one node to another, with what is said at it."""

    edge: Edge
    said: str
    look: Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Whose language and names; `me` is who looks. `ahead` are those who would be asked, by node."""

    say: Callable[[Message], str]
    language: str
    names: Mapping[str, str]
    me: str = ""
    ahead: Mapping[str, Sequence[str]] | None = None

    def nodes(self, approval: Approval, state: State | None) -> tuple[Told, ...]:
        """Every node, in the order of the document, the first one before all others."""
        order = sorted(approval.nodes.values(), key=lambda node: node.key != approval.first)
        return tuple(self._node(node, state) for node in order)

    def ways(self, approval: Approval, state: State | None) -> tuple[Way, ...]:
        """Every way of the chart."""
        taken = _taken(state) if state is not None else set()
        ended = state is not None and state.status not in ("open", "returned")
        return tuple(
            Way(edge, said, "past" if (edge.source, edge.target) in taken else "off" if ended else "")
            for node in approval.nodes.values()
            for edge, said in self._out(node)
            if edge.target in approval.nodes
        )

    def _out(self, node: Node) -> Iterator[tuple[Edge, str]]:
        for branch in node.branches:
            yield Edge(node.key, branch.next, branch.key), label(branch.label, self.language)
        if node.otherwise:
            yield Edge(node.key, node.otherwise, "otherwise"), self.say(msg("otherwise"))
        if node.next:
            yield Edge(node.key, node.next), ""

    def _node(self, node: Node, state: State | None) -> Told:
        visits = [each for each in _standing(state) if each.node == node.key]
        visit = visits[-1] if visits else None
        lines = tuple(self._lines(node, visit, state))
        title = label(node.label, self.language) or self.say(TYPES[node.type])
        return Told(node.key, node.type, title, self._detail(node), _look(visit, state), lines, _tally(visit))

    def _detail(self, node: Node) -> str:
        several = len(node.approvers) > 1 or node.mode == "vote" or node.mode == "sequence"
        return self.say(MODES[node.mode]) if node.type == "approve" and several else ""

    def _lines(self, node: Node, visit: Visit | None, state: State | None) -> Iterator[Line]:
        found = list(self._people(node, visit, state))
        yield from found[:MOST_PEOPLE]
        if len(found) > MOST_PEOPLE:
            yield Line(self.say(msg("and {n} more", n=len(found) - MOST_PEOPLE)), "", "none")

    def _people(self, node: Node, visit: Visit | None, state: State | None) -> Iterator[Line]:
        if visit is not None:
            yield from (self._entry(visit, each) for each in visit.entries)
        elif self.ahead is not None:
            yield from (Line(self._name(each), "", "wait") for each in self.ahead.get(node.key, ()))
        if node.type == "copy_to" and state is not None:
            for copy in state.copies:
                if copy.node == node.key:
                    read = copy.read_at is not None
                    said = self.say(msg("read")) if read else ""
                    yield Line(self._name(copy.person), said, "yes" if read else "none", copy.read_at)

    def _entry(self, visit: Visit, entry: Entry) -> Line:
        left = visit.status != "open" and entry.status in ("open", "waiting", "delegated")
        said, mark = DECIDED["void" if left else entry.status]
        name = self._name(entry.person)
        if entry.stands_for:
            name = self.say(msg("{name} for {other}", name=name, other=self._name(entry.stands_for)))
        elif entry.kind.startswith("added"):
            name = self.say(msg("{name} (added)", name=name))
        if entry.status == "open" and not left and entry.person == self.me:
            return Line(name, self.say(msg("your turn")), "me")
        return Line(name, self.say(said), mark, entry.decided_at)

    def _name(self, person: str) -> str:
        return self.names.get(person, person)


def _look(visit: Visit | None, state: State | None) -> Look:
    if visit is None:
        return "off" if state is not None and state.status not in ("open", "returned") else ""
    match visit.status:
        case "open":
            return "now"
        case "passed":
            return "past"
        case "rejected" | "sent_back":
            return "bad"
    return "off"


def _tally(visit: Visit | None) -> str:
    """How many of those who are asked have approved, while it is being decided."""
    if visit is None or visit.status != "open":
        return ""
    asked = [each for each in visit.entries if each.status in ("approved", "open", "waiting", "delegated")]
    return f"{sum(each.status == 'approved' for each in asked)} / {len(asked)}" if len(asked) > 1 else ""


def _taken(state: State) -> set[tuple[str, str]]:
    """The pairs of nodes between which the approval went."""
    by_number = {each.number: each for each in state.visits}
    return {(by_number[each.before].node, each.node) for each in _standing(state) if each.before in by_number}


def _standing(state: State | None) -> list[Visit]:
    """The visits that count: what is done all over again after a sending back is still to come."""
    return [each for each in state.visits if not each.undone] if state is not None else []
