"""`advance`: one act, and what it leads to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dougong.metadata.approval import Approval
from dougong.workflows.approvals.machine import (
    adding,
    advancing,
    choosing,
    clock,
    deciding,
    refusals,
    sending_back,
    taking_back,
)
from dougong.workflows.approvals.machine.course import CLOSED, Course
from dougong.workflows.approvals.state import (
    Act,
    Add,
    Advanced,
    Approve,
    CancelChild,
    ChildEnded,
    ChildStarted,
    Did,
    HandOver,
    Invalidate,
    Read,
    Recall,
    Reject,
    Remind,
    Remove,
    Rescue,
    Resubmit,
    SendBack,
    State,
    Submit,
    Sweep,
    TakeBack,
    TimeOut,
    World,
)


def advance(approval: Approval, state: State | None, act: Act, world: World) -> Advanced:
    """What an act leads to; `state` is None for a `Submit`, and is never changed.

    What comes late of the clock, of an action or of a sub-process, for a visit that is closed by then, changes nothing.

    Raises:
        dougong.base.errors.DougongError: the act is refused; nothing has happened then.
    """
    if isinstance(act, Submit):
        return _submit(approval, state, act, world)
    if state is None:
        raise refusals.unknown_entry()
    course = Course(approval, state, world)
    _ACTS[type(act)](course, act)
    return course.advanced()


def _submit(approval: Approval, state: State | None, act: Submit, world: World) -> Advanced:
    if state is not None:
        raise refusals.ended() if state.status in CLOSED else refusals.not_returned()
    course = Course(approval, State(status="open", initiator=act.by), world)
    course.by_person = True
    choosing.choose(course, act.chosen, choosing.of_initiator(approval))
    choosing.require_ahead(course)
    advancing.start(course)
    return course.advanced()


def _read(course: Course, act: Read) -> None:
    mine = [each for each in course.state.copies if each.person == act.by]
    if not mine:
        raise refusals.not_involved()
    now = course.world.now
    copies = tuple(
        replace(each, read_at=each.read_at or now) if each.person == act.by else each for each in course.state.copies
    )
    course.state = replace(course.state, copies=copies)


def _invalidate(course: Course, _act: Invalidate) -> None:
    if course.state.status not in CLOSED:
        advancing.end(course, "cancelled")


def _did(course: Course, act: Did) -> None:
    visit = course.visit(act.visit)
    if visit.status == "open" and course.node(visit).type == "action":
        advancing.run(course, *advancing.leave(course, act.visit))


def _child_started(course: Course, act: ChildStarted) -> None:
    visit = course.alter(act.visit, child=act.child)
    if visit.status != "open":
        course.effects.append(CancelChild(act.visit, act.child))


def _child_ended(course: Course, act: ChildEnded) -> None:
    visit = course.visit(act.visit)
    if visit.status != "open" or course.node(visit).type != "sub_process":
        return
    if act.outcome == "approved":
        advancing.run(course, *advancing.leave(course, act.visit))
    else:
        deciding.rejected(course, act.visit)


_ACTS: dict[type[Act], Callable[[Course, Any], None]] = {
    Approve: deciding.approve,
    Reject: deciding.reject,
    SendBack: sending_back.send_back,
    Resubmit: sending_back.resubmit,
    Add: adding.add,
    Remove: adding.remove,
    HandOver: adding.hand_over,
    Sweep: adding.sweep,
    Rescue: adding.rescue,
    TakeBack: taking_back.take_back,
    Recall: taking_back.recall,
    Remind: clock.remind,
    TimeOut: clock.time_out,
    Read: _read,
    Invalidate: _invalidate,
    Did: _did,
    ChildStarted: _child_started,
    ChildEnded: _child_ended,
}
