"""Rules of the chart of an approval: every node is reached, every way ends, what splits meets again.

The chart is judged as a whole only where all ways lead to nodes that are there; what leads nowhere is reported first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.formulas import Formula
from dougong.metadata.checking.formulas import tried
from dougong.metadata.checking.report import Spot, enumerated, spots, unknown
from dougong.metadata.checking.totality import always
from dougong.metadata.index import Index
from dougong.metadata.scope import FieldScope

Document = Mapping[str, Any]

WAYS_OUT = ("condition", "split")
"""The types of nodes whose ways out are branches."""


def approval_charts(index: Index) -> Iterator[Problem]:
    """Everything that is wrong with how the nodes of approvals hang together."""
    for spot, body in spots(index, "approval"):
        nodes = body.get("nodes")
        if not isinstance(nodes, Mapping) or "first" not in body:
            continue  # reported as what the schema asks for
        chart = _Chart(spot, nodes, str(body["first"]))
        lost = list(chart.leads_nowhere())
        yield from lost or chart.problems()
        yield from _total(spot, str(body.get("object", "")), nodes)
    yield from _sub_processes(index)


@dataclass(frozen=True, slots=True)
class _Chart:
    """The nodes of one approval, as a graph. `arrivals` caches where the ways from a node come out."""

    spot: Spot
    nodes: Mapping[str, Document]
    first: str
    arrivals: dict[str, frozenset[str]] = field(default_factory=dict)

    def at(self, key: str) -> Spot:
        return self.spot / "nodes" / key

    def type(self, key: str) -> str:
        return str(self.nodes[key].get("type"))

    def after(self, key: str) -> list[str]:
        """The nodes that may follow a node, each once."""
        return list(dict.fromkeys(str(each) for _, each in self._ways(key)))

    def _ways(self, key: str) -> Iterator[tuple[Spot, Any]]:
        node, here = self.nodes[key], self.at(key)
        if self.type(key) in WAYS_OUT:
            for below, branch in enumerated(here, "branches", node):
                yield below / "next", branch.get("next")
            if "otherwise" in node and self.type(key) == "condition":
                yield here / "otherwise", node["otherwise"]
        elif self.type(key) != "end" and "next" in node:
            yield here / "next", node["next"]

    def leads_nowhere(self) -> Iterator[Problem]:
        """Ways to nodes that are not there."""
        if self.first not in self.nodes:
            yield unknown(self.spot / "first", msg("node"), self.first, self.nodes)
        for key in self.nodes:
            for where, following in self._ways(key):
                if following not in self.nodes:
                    yield unknown(where, msg("node"), str(following), self.nodes)

    def problems(self) -> Iterator[Problem]:
        """What is wrong where every way leads to a node."""
        reached = self._reached(lambda key: True)
        for key in self.nodes:
            if key not in reached:
                reason = msg("Nothing leads to the node {node}.", node=key)
                yield self.at(key).problem("approval-unreachable", reason, msg("Lead a way to it, or take it out."))
        round_about = self._circle()
        if round_about:
            reason = msg("The nodes follow each other in a circle: {names}.", names=" → ".join(round_about))
            fix = msg("Who decides sends back; the chart itself goes forward.")
            yield self.at(round_about[0]).problem("approval-circle", reason, fix)
            return
        if not any(self.type(key) == "end" for key in reached):
            reason = msg("No way comes to an end.")
            yield (self.spot / "nodes").problem("approval-endless", reason, msg('Add a node of the type "end".'))
            return
        yield from self._meetings(reached)
        yield from self._nobody_before()

    def _reached(self, goes_on: Callable[[str], bool]) -> set[str]:
        """The nodes that are reached from the first one, ways going on behind a node only where so said."""
        found: set[str] = set()
        waiting = [self.first]
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                waiting.extend(self.after(key) if goes_on(key) else ())
        return found

    def _circle(self) -> list[str]:
        try:
            TopologicalSorter({key: self.after(key) for key in self.nodes}).prepare()
        except CycleError as error:
            return list(reversed(error.args[1]))
        return []

    # -- splits and joins -----------------------------------------------------------------------------------------
    def _meetings(self, reached: set[str]) -> Iterator[Problem]:
        """The ways of each split meet at one join, which is that of no other way."""
        wrong = False
        for key in self.nodes:
            if key in reached and self.type(key) == "split":
                found = list(self._split(key))
                wrong = wrong or bool(found)
                yield from found
        outside = sorted(each for each in self._arrivals(self.first) if self.type(each) == "join")
        for key in outside if not wrong else ():
            reason = msg("Nothing was split that would meet at the join {node}.", node=key)
            yield self.at(key).problem("approval-join", reason, msg("Let every way to it come from one split."))

    def _split(self, key: str) -> Iterator[Problem]:
        branches = [str(each.get("next")) for each in self.nodes[key].get("branches", ())]
        if len(branches) < 2:
            yield self.at(key).problem(
                "approval-split", msg("A split needs two ways."), msg("Add one, or leave it out.")
            )
            return
        ends = {end for each in branches for end in self._arrivals(each)}
        if len(ends) != 1 or any(self.type(end) != "join" for end in ends):
            reason = msg("The ways of the split {node} do not meet: they come to {names}.", node=key, names=_list(ends))
            fix = msg("Lead all of them to one node of the type join.")
            yield self.at(key).problem("approval-split", reason, fix)
            return
        seen: dict[str, str] = {}
        for each in branches:
            for inside in self._until(each, ends):
                other = seen.setdefault(inside, each)
                if other != each or branches.count(each) > 1:
                    reason = msg("Two ways of the split {split} go through the node {node}.", split=key, node=inside)
                    yield self.at(inside).problem("approval-split", reason, msg("Put it behind the join."))

    def _until(self, start: str, ends: set[str]) -> list[str]:
        """The nodes from `start` on that come before `ends`."""
        found: dict[str, None] = {}
        waiting = [start]
        while waiting:
            key = waiting.pop()
            if key not in ends and key not in found:
                found[key] = None
                waiting.extend(self.after(key))
        return list(found)

    def _arrivals(self, key: str) -> frozenset[str]:
        """The joins and ends at which the ways from a node come out, splits on the way with their joins passed."""
        if key not in self.arrivals:
            self.arrivals[key] = self._arriving(key)
        return self.arrivals[key]

    def _arriving(self, key: str) -> frozenset[str]:
        if self.type(key) in ("join", "end"):
            return frozenset({key})
        found = frozenset(end for each in self.after(key) for end in self._arrivals(each))
        if self.type(key) != "split":
            return found
        joins = [each for each in found if self.type(each) == "join"]
        return frozenset(end for each in joins for end in self.after(each) for end in self._arrivals(end))

    # -- what asks for an approver before -------------------------------------------------------------------------
    def _nobody_before(self) -> Iterator[Problem]:
        """At nodes that may be reached before anybody approved there is no previous approver."""
        early = self._reached(lambda key: self.type(key) != "approve")
        for key in self.nodes:
            if key not in early:
                continue
            node, here = self.nodes[key], self.at(key)
            for name in ("approvers", "to"):
                for below, each in enumerated(here, name, node):
                    if each.get("chosen_by") == "previous":
                        reason = msg("Nobody approves before the node {node}, so nobody could choose.", node=key)
                        yield (below / "chosen_by").problem("approval-previous", reason, msg('Say "initiator".'))
            if node.get("on_reject") == "previous":
                reason = msg("Nobody approves before the node {node}, so nothing goes back to them.", node=key)
                yield (here / "on_reject").problem("approval-previous", reason, msg('Say "initiator".'))


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names))


def _total(spot: Spot, object_name: str, nodes: Mapping[str, Document]) -> Iterator[Problem]:
    """One way of every condition is taken, whatever the record holds."""
    for key, node in nodes.items():
        if node.get("type") != "condition" or "otherwise" in node:
            continue
        compiled: list[Formula] = []
        for below, branch in enumerated(spot / "nodes" / key, "branches", node):
            found = tried(below / "when", branch.get("when"), FieldScope(spot.index, object_name), "boolean")
            compiled += [each for each in found if isinstance(each, Formula)]
        if len(compiled) == len(node.get("branches", ())) and not always(compiled):
            reason = msg("It is not certain that one of the conditions always holds.")
            fix = msg("Say under otherwise which node follows where none does.")
            yield (spot / "nodes" / key).problem("approval-not-total", reason, fix)


# -- approvals in approvals -----------------------------------------------------------------------------------------
def _sub_processes(index: Index) -> Iterator[Problem]:
    """A sub-process is another approval of the same object, and none comes back to itself."""
    graph: dict[str, list[str]] = {}
    for spot, body in spots(index, "approval"):
        own = index.of_object("approval", str(body.get("object", "")))
        known = {each.name for each in own.values()} - {spot.component.name}
        for key, node in body.get("nodes", {}).items():
            if node.get("type") != "sub_process" or "approval" not in node:
                continue
            graph.setdefault(spot.component.name, []).append(str(node["approval"]))
            if node["approval"] not in {*known, spot.component.name}:
                yield unknown(spot / "nodes" / key / "approval", msg("approval"), str(node["approval"]), known)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        way = list(reversed(error.args[1]))
        reason = msg("These approvals start each other in a circle: {names}.", names=" → ".join(way))
        component = index.named("approval")[way[0]]
        yield Spot(index, component, "/nodes").problem("approval-recursion", reason, msg("Take one of the nodes out."))
