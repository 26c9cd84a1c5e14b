"""Looking ahead: what is still to come if everybody approves and the record stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dougong.base.errors import DougongError, Problem
from dougong.metadata.approval import Approval
from dougong.workflows.approvals.machine import advancing, parts
from dougong.workflows.approvals.machine.course import CLOSED, Course
from dougong.workflows.approvals.state import Entry, State, Visit, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """A node still to come, in order; `entries` are those of the people that it would ask.

    `problems` say why it would ask nobody (nobody is found, or somebody has to be chosen first), or why the way
    does not go on there.
    """

    node: str
    within: tuple[tuple[int, str], ...]
    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()


def foresee(approval: Approval, state: State, world: World) -> tuple[Ahead, ...]:
    """The nodes that come after those where the approval stands, if everybody approves.

    From the start where nothing was visited, or it was sent back to the initiator. A circle is followed once.
    """
    if state.status in CLOSED:
        return ()
    course = Course(approval, state, world)
    course.foreseeing = True
    begun = len(state.visits)
    try:
        _follow(course, begun)
    except DougongError as refused:
        course.missing[len(course.state.visits)] = refused
    return tuple(_ahead(course, visit) for visit in course.state.visits[begun:])


def _follow(course: Course, begun: int) -> None:
    """Pass whatever is open until nothing is."""
    if not any(course.open_visits()):
        course.state = replace(course.state, status="open", round=course.state.round + bool(course.state.visits))
        advancing.start(course)
    while (visit := next(_next(course, begun), None)) is not None:
        _approve(course, visit)
        advancing.run(course, *advancing.leave(course, visit.number))


def _next(course: Course, begun: int) -> Iterator[Visit]:
    """The open visits that can be passed; none in a circle."""
    come = [visit.node for visit in course.state.visits[begun:] if visit.split is None]
    if len(come) == len(set(come)):
        yield from (visit for visit in course.open_visits() if visit.split is None)


def _approve(course: Course, visit: Visit) -> None:
    """Whoever has to approve for the node to be passed does."""
    if course.node(visit).mode not in ("all", "sequence"):
        return
    for entry in visit.entries:
        if entry.status in parts.UNDECIDED:
            course.put(visit.number, replace(entry, status="approved", decided_at=course.world.now))


def _ahead(course: Course, visit: Visit) -> Ahead:
    refused = course.missing.get(visit.number)
    return Ahead(
        node=visit.node,
        within=visit.within,
        entries=visit.entries,
        problems=() if refused is None else refused.problems,
    )
