"""Going on: from node to node until somebody, a sub-process, an action or a join is waited for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from dougong.base.errors import DougongError
from dougong.metadata.approval import Node, NodeType
from dougong.workflows.approvals.machine import asking, parts, refusals, reopening
from dougong.workflows.approvals.machine.course import Course
from dougong.workflows.approvals.state import Copied, CopySent, Do, InstanceStatus, StartChild, Visit, VisitStatus

Within = tuple[tuple[int, str], ...]
"""The splits that something stands in, the outermost first: number of the split's visit, key of the branch."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A node is reached. `anew`: it was sent back to here, and `resume` is what opens again once it is passed."""

    node: str
    before: int | None
    within: Within = ()
    anew: bool = False
    resume: tuple[int, ...] = ()


def start(course: Course) -> None:
    """Begin at the first node."""
    run(course, Arrival(course.approval.first, None))


def run(course: Course, *arrivals: Arrival) -> None:
    """Reach nodes until everything waits; where nothing is left to wait for, the approval is given."""
    waiting = deque(arrivals)
    while waiting:
        while waiting:
            waiting.extendleft(reversed(_reach(course, waiting.popleft())))
        if (join := next(_complete(course), None)) is not None:
            waiting.extend(_pass_join(course, join))
    if not any(course.open_visits()):
        end(course, "approved")


def end(course: Course, status: InstanceStatus) -> None:
    """End with an outcome, or leave it with the initiator, and carry out what is stated for that."""
    course.finish(status)
    if steps := course.approval.outcomes.get(status):
        course.effects.append(Do(f"/outcomes/{status}", steps))


def leave(course: Course, number: int, status: VisitStatus = "passed") -> list[Arrival]:
    """Close a visit that is done; what is reached next, if it does not go back to who had sent it here."""
    visit = course.close(number, status)
    if visit.resume:
        return [arrival for each in visit.resume for arrival in open_again(course, each, opened_by=number)]
    return _next(course, visit)


def open_again(course: Course, number: int, *, opened_by: int | None = None) -> list[Arrival]:
    """Go on with a visit that was left; what is reached next, where nobody is left there to be asked."""
    visit = reopening.reopen(course, number, opened_by=opened_by)
    node = course.node(visit)
    passed = node.type == "approve" and parts.verdict(node, visit) == "passed"
    return leave(course, visit.number) if passed else []


def _next(course: Course, visit: Visit, within: Within | None = None) -> list[Arrival]:
    node = course.node(visit)
    return [_arrival(course, node, node.next, visit, visit.within if within is None else within)]


def _arrival(course: Course, node: Node, key: str | None, visit: Visit, within: Within) -> Arrival:
    if key is None or key not in course.approval.nodes:
        raise refusals.no_way_on(node)
    return Arrival(key, visit.number, within)


def _reach(course: Course, arrival: Arrival) -> list[Arrival]:
    node = course.approval.nodes[arrival.node]
    return _REACH[node.type](course, node, arrival)


def _begin(course: Course, arrival: Arrival) -> Visit:
    return course.begin(node=arrival.node, before=arrival.before, within=arrival.within, resume=arrival.resume)


def _approve(course: Course, node: Node, arrival: Arrival) -> list[Arrival]:
    visit = _begin(course, arrival)
    try:
        asked = asking.asked_at(course, node)
    except DougongError as refused:
        if not course.foreseeing:
            raise
        course.missing[visit.number] = refused
        return []
    course.append(visit.number, *asking.entries(course, visit, asked, anew=arrival.anew))
    reopening.limit(course, visit.number)
    course.settle(visit.number)
    passed = parts.verdict(node, course.visit(visit.number)) == "passed"
    return leave(course, visit.number) if passed else []


def _condition(course: Course, node: Node, arrival: Arrival) -> list[Arrival]:
    ways = (each.next for each in node.branches if each.when is None or course.world.holds(each.when))
    key = next(ways, node.otherwise)
    visit = course.close(_begin(course, arrival).number, "passed")
    return [_arrival(course, node, key, visit, visit.within)]


def _split(course: Course, node: Node, arrival: Arrival) -> list[Arrival]:
    visit = course.close(_begin(course, arrival).number, "passed")
    return [
        _arrival(course, node, each.next, visit, (*visit.within, (visit.number, each.key))) for each in node.branches
    ]


def _copy_to(course: Course, node: Node, arrival: Arrival) -> list[Arrival]:
    visit = _begin(course, arrival)
    rules = [rule for rule in node.to if rule.when is None or course.world.holds(rule.when)]
    people = dict.fromkeys(person for rule in rules for person in course.world.people(rule, course.state))
    copies = [Copied(person=each, node=node.key, at=course.world.now) for each in people]
    course.state = replace(course.state, copies=(*course.state.copies, *copies))
    course.effects += [CopySent(each) for each in copies]
    return leave(course, visit.number)


def _action(course: Course, node: Node, arrival: Arrival) -> list[Arrival]:
    visit = _begin(course, arrival)
    course.effects.append(Do(f"/nodes/{node.key}", node.steps, visit.number))
    return []


def _sub_process(course: Course, node: Node, arrival: Arrival) -> list[Arrival]:
    visit = _begin(course, arrival)
    course.effects.append(StartChild(visit.number, node.approval or ""))
    return []


def _end(course: Course, _node: Node, arrival: Arrival) -> list[Arrival]:
    course.close(_begin(course, arrival).number, "passed")
    return []


# -- joins ------------------------------------------------------------------------------------------------------------
def _join(course: Course, _node: Node, arrival: Arrival) -> list[Arrival]:
    if not arrival.within:
        return leave(course, _begin(course, arrival).number)
    split, before = arrival.within[-1][0], arrival.before or 0
    same = [each for each in course.state.visits if each.node == arrival.node and each.split == split]
    if same and same[-1].status == "open":
        course.alter(same[-1].number, arrived=(*same[-1].arrived, before))
        return []
    kept = [each for each in same[-1].arrived if not _same_branch(course, each, before, split)] if same else []
    visit = course.begin(node=arrival.node, before=before, within=arrival.within[:-1])
    course.alter(visit.number, split=split, arrived=(*kept, before))
    return []


def _same_branch(course: Course, one: int, other: int, split: int) -> bool:
    return dict(course.visit(one).within).get(split) == dict(course.visit(other).within).get(split)


def _complete(course: Course) -> Iterator[Visit]:
    """The joins that wait for nothing any more."""
    inside = {split for visit in course.open_visits() for split, _ in visit.within}
    for visit in course.open_visits():
        if visit.split is not None and (visit.split not in inside or course.node(visit).wait_for == "any"):
            yield visit


def _pass_join(course: Course, join: Visit) -> list[Arrival]:
    """Go on behind a join; what is open in branches that it does not wait for is left."""
    left = [each.number for each in course.open_visits() if join.split in dict(each.within)]
    for number in left:
        course.close(number, "void")
    course.alter(join.number, left=tuple(left))
    return leave(course, join.number)


_REACH: dict[NodeType, Callable[[Course, Node, Arrival], list[Arrival]]] = {
    "approve": _approve,
    "condition": _condition,
    "split": _split,
    "join": _join,
    "copy_to": _copy_to,
    "action": _action,
    "sub_process": _sub_process,
    "end": _end,
}


def within(visit: Visit, outer: Sequence[tuple[int, str]]) -> bool:
    """Whether a visit stands in these branches."""
    return visit.within[: len(outer)] == tuple(outer)
