"""People chosen by the initiator or by the approver before, for nodes whose approvers are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from dougong.base.errors import Rejected
from dougong.metadata.approval import Approval, Approvers, Node
from dougong.workflows.approvals.machine import asking, foreseeing, refusals
from dougong.workflows.approvals.machine.course import Course


@dataclass(frozen=True, slots=True)
class Pick:
    """Somebody may be chosen for a rule of a node; `key` names it in `chosen`."""

    key: str
    node: Node
    rule: Approvers


def of_initiator(approval: Approval) -> tuple[Pick, ...]:
    """What the initiator may choose: for any node whose approvers they choose, and where nobody comes before."""
    everywhere = [each for node in approval.nodes.values() for each in _picks(node, "initiator")]
    return (*everywhere, *of_previous(approval, approval.first))


def of_previous(approval: Approval, first: str | None) -> tuple[Pick, ...]:
    """What whoever decides before the node `first` may choose: for the nodes of approvers that can come next."""
    found: dict[str, Node] = {}
    waiting = [first]
    seen: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key is None or key in seen or key not in approval.nodes:
            continue
        seen.add(key)
        node = approval.nodes[key]
        if node.type == "approve":
            found[key] = node
        else:
            waiting += [node.next, node.otherwise, *(each.next for each in node.branches)]
    return tuple(each for node in found.values() for each in _picks(node, "previous"))


def _picks(node: Node, who: str) -> list[Pick]:
    return [
        Pick(f"{node.key}.{rule.key}", node, rule)
        for rule in node.approvers
        if rule.way == "chosen_by" and rule.value == who
    ]


def choose(course: Course, chosen: Mapping[str, tuple[str, ...]], offered: tuple[Pick, ...]) -> None:
    """Note whom somebody chose.

    Raises:
        dougong.base.errors.Rejected: nobody may be chosen there, too many are, or somebody who may not be.
    """
    picks = {each.key: each for each in offered}
    for key, people in chosen.items():
        if key not in picks:
            raise refusals.nothing_to_choose(key)
        _check(course, picks[key], people)
    course.state = replace(course.state, chosen=MappingProxyType({**course.state.chosen, **chosen}))


def _check(course: Course, pick: Pick, people: tuple[str, ...]) -> None:
    if not people:
        raise refusals.chosen_missing(pick.node, pick.rule)
    if len(people) > pick.rule.most:
        raise refusals.chosen_too_many(pick.node, pick.rule.most)
    if any(asking.is_own(course, each) for each in people):
        raise refusals.own_approval()
    among = None if pick.rule.source is None else set(course.world.named(pick.rule.source))
    for each in people:
        if not course.world.active(each) or (among is not None and each not in among):
            raise refusals.chosen_not_allowed(pick.node)
    if len(set(people)) < len(people):
        raise refusals.chosen_not_allowed(pick.node)


def require_ahead(course: Course) -> None:
    """Refuse to start where, if everybody approves, a node would find nobody, or nobody was chosen for one.

    Raises:
        dougong.base.errors.Rejected: with each such node.
    """
    problems = [
        problem
        for each in foreseeing.foresee(course.approval, course.state, course.world)
        for problem in each.problems
        if problem.thing not in _later(course.approval)
    ]
    if problems:
        raise Rejected(problems)


def _later(approval: Approval) -> set[str]:
    """The rules for which an approver will choose."""
    return {each.key for node in approval.nodes.values() for each in _picks(node, "previous")}
