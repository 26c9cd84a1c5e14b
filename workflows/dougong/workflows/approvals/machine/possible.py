"""What somebody may do now: what their page offers. It asks what the acts themselves ask first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from dougong.base.errors import DougongError
from dougong.metadata.approval import Approval
from dougong.workflows.approvals.machine import (
    adding,
    choosing,
    clock,
    sending_back,
    taking_back,
    turns,
)
from dougong.workflows.approvals.machine.choosing import Pick
from dougong.workflows.approvals.machine.course import Course
from dougong.workflows.approvals.state import Entry, State, Visit, World

Name = Literal[
    "approve", "reject", "send_back", "add_before", "add_after", "add_parallel", "remove_added", "hand_over",
    "delegate", "take_back", "recall", "resubmit", "remind", "read",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """One act that somebody may do now, and what they say with it.

    `entry` is the part it is done for; None for acts upon the whole approval. `picks` are the nodes for which they
    choose people; who does not is told where somebody has to be chosen. `targets` are where it can be sent back:
    "initiator", "previous", keys of nodes. `then` are the ways of going on that they choose between; empty where that
    is stated. `removable` are the parts of those whom they added.
    """

    act: Name
    entry: str | None = None
    opinion_required: bool = False
    picks: tuple[Pick, ...] = ()
    targets: tuple[str, ...] = ()
    then: tuple[Literal["resume", "again"], ...] = ()
    removable: tuple[Entry, ...] = ()


def possible(approval: Approval, state: State, person: str, world: World) -> tuple[Possible, ...]:
    """What somebody may do now; what an administrator may do to rescue it is no matter of the approval."""
    course = Course(approval, state, world)
    mine = [(visit, each) for visit in state.visits for each in visit.entries if each.person == person]
    return (
        *(act for visit, each in mine if each.status == "open" for act in _turn(course, visit, each)),
        *(act for visit, each in mine if visit.status == "open" for act in _removing(course, visit, each)),
        *(Possible(act="take_back", entry=each.id) for _, each in mine if _may(taking_back.takeable, course, each)),
        *_whole(course, person),
    )


def _may(check: Callable[..., Any], course: Course, entry: Entry) -> bool:
    return _passes(check, course, entry.id, entry.person)


def _passes(check: Callable[..., Any], *given: Any) -> bool:
    """Whether something is not refused."""
    try:
        check(*given)
    except DougongError:
        return False
    return True


def _turn(course: Course, visit: Visit, entry: Entry) -> Iterator[Possible]:
    """The acts of somebody whose turn it is."""
    if not _may(turns.turn, course, entry):
        return
    node, mine = course.node(visit), entry.id
    on_yes, on_no = (turns.opinion_required(node, approving=each) for each in (True, False))
    picks = choosing.of_previous(course.approval, node.next)
    yield Possible(act="approve", entry=mine, opinion_required=on_yes, picks=picks)
    yield Possible(act="reject", entry=mine, opinion_required=on_no)
    if _passes(turns.allowed, course, visit, entry, "send_back"):
        then: tuple[Literal["resume", "again"], ...] = ("resume", "again")
        then = then if course.approval.resubmit == "choose" else ()
        targets = tuple(_targets(course, visit))
        yield Possible(act="send_back", entry=mine, opinion_required=on_no, targets=targets, then=then)
    adds: tuple[Literal["add_before", "add_after", "add_parallel"], ...] = ("add_before", "add_after", "add_parallel")
    for add in adds:
        if _passes(turns.allowed, course, visit, entry, add):
            yield Possible(act=add, entry=mine)
    hands: tuple[Literal["hand_over", "delegate"], ...] = ("hand_over", "delegate")
    for hand in hands:
        if _passes(turns.allowed, course, visit, entry, hand) and _passes(adding.handable, visit, entry):
            yield Possible(act=hand, entry=mine)


def _targets(course: Course, visit: Visit) -> Iterator[str]:
    yield "initiator"
    if sending_back.previous(course, visit) is not None:
        yield "previous"
    yield from (each.node for each in sending_back.targets(course, visit))


def _removing(course: Course, visit: Visit, entry: Entry) -> Iterator[Possible]:
    removable = tuple(adding.removable(visit, entry))
    if removable and _may(turns.own, course, entry) and _passes(turns.allowed, course, visit, entry, "remove_added"):
        yield Possible(act="remove_added", entry=entry.id, removable=removable)


def _whole(course: Course, person: str) -> Iterator[Possible]:
    """The acts upon the approval as a whole."""
    if _passes(taking_back.recallable, course, person):
        yield Possible(act="recall")
    if _passes(sending_back.returned, course, person):
        choice = sending_back.choice(course)
        picks = choosing.of_initiator(course.approval)
        yield Possible(act="resubmit", then=choice if len(choice) > 1 else (), picks=picks)
    if _passes(clock.remindable, course, person):
        yield Possible(act="remind")
    if any(each.person == person and each.read_at is None for each in course.state.copies):
        yield Possible(act="read")
