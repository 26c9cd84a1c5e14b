"""退回: back to the initiator, to the step before, or to any step on the way here; and going on from there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from dougong.workflows.approvals.machine import advancing, choosing, refusals, turns
from dougong.workflows.approvals.machine.advancing import Arrival
from dougong.workflows.approvals.machine.course import CLOSED, Course
from dougong.workflows.approvals.state import Resubmit, SendBack, Visit, VisitStatus

Then = Literal["choose", "resume", "again"]


# -- the way here -----------------------------------------------------------------------------------------------------
def way_here(course: Course, visit: Visit) -> list[Visit]:
    """The visits by which one was reached, through all branches of a join, the latest first; without itself."""
    found: set[int] = set()
    waiting = [visit]
    while waiting:
        each = waiting.pop()
        beyond = {number for number in (each.before, each.opened_by, *each.arrived) if number is not None} - found
        found |= beyond
        waiting += map(course.visit, beyond)
    return [course.visit(number) for number in sorted(found, reverse=True)]


def follows(course: Course, visit: Visit, number: int) -> bool:
    """Whether a visit was reached by way of another one."""
    return any(each.number == number for each in way_here(course, visit))


def targets(course: Course, visit: Visit) -> Iterator[Visit]:
    """The visits of approvers to which one can be sent back, the latest of each node."""
    seen = {visit.node}
    for each in way_here(course, visit):
        if course.is_gone(each) or each.status != "passed" or each.node in seen:
            continue
        if course.node(each).type == "approve":
            seen.add(each.node)
            yield each


def previous(course: Course, visit: Visit) -> Visit | None:
    """The step before: the latest on the way here at which a person decided."""
    return next((each for each in targets(course, visit) if _was_decided(each)), None)


def _was_decided(visit: Visit) -> bool:
    return any(each.status == "approved" for each in visit.entries)


# -- sending back -----------------------------------------------------------------------------------------------------
def send_back(course: Course, act: SendBack) -> None:
    """One person sends it back; the opinion is with their entry."""
    visit, entry = turns.turn(course, act.entry, act.by)
    turns.allowed(course, visit, entry, "send_back")
    said = turns.opinion(course.node(visit), act.opinion, approving=False)
    if act.then not in (None, "choose") and course.approval.resubmit not in ("choose", act.then):
        raise refusals.then_is_stated()
    course.put(visit.number, replace(entry, status="sent_back", opinion=said, decided_at=course.world.now))
    if act.to == "initiator":
        to_initiator(course, visit.number, act.then)
        return
    target = _target(course, visit, act.to)
    if target is None:
        raise refusals.no_such_target(act.to)
    to_visit(course, visit.number, target, stated(course, act.then) or "again")


def _target(course: Course, visit: Visit, to: str) -> Visit | None:
    if to == "previous":
        return previous(course, visit)
    return next((each for each in targets(course, visit) if each.node == to), None)


def to_initiator(course: Course, number: int, then: Then | None = None, status: VisitStatus = "sent_back") -> None:
    """Leave everything; the initiator submits again, or recalls."""
    resume = tuple(each.number for each in course.open_visits())
    course.close(number, status)
    course.state = replace(course.state, resume=resume, resume_said=then)
    advancing.end(course, "returned")


def to_visit(
    course: Course,
    number: int,
    target: Visit,
    then: Literal["resume", "again"],
    status: VisitStatus = "sent_back",
) -> None:
    """Open an earlier step again; what stands beside the branch of both is not touched."""
    visit = course.visit(number)
    common = _common(visit, target)
    left = [each.number for each in course.open_visits() if advancing.within(each, common)]
    for each in left:
        course.close(each, status if each == number else "void")
    _undo(course, target, all_after=then == "again")
    resume = tuple(left) if then == "resume" else ()
    advancing.run(course, Arrival(target.node, target.before, target.within, anew=True, resume=resume))


def _common(one: Visit, other: Visit) -> tuple[tuple[int, str], ...]:
    pairs = zip(one.within, other.within, strict=False)
    same = 0
    for mine, theirs in pairs:
        if mine != theirs:
            break
        same += 1
    return one.within[:same]


def _undo(course: Course, target: Visit, *, all_after: bool) -> None:
    """What was decided at a step counts for nothing further, and `all_after` it neither."""
    for each in course.state.visits:
        if each.number == target.number or (all_after and follows(course, each, target.number)):
            course.alter(each.number, undone=True)


def stated(course: Course, said: Then | None = None) -> Literal["resume", "again"] | None:
    """What follows, as far as it is stated: by the definition, else by who sent it back."""
    for each in (course.approval.resubmit, said):
        if each == "resume" or each == "again":
            return each
    return None


# -- submitting again -------------------------------------------------------------------------------------------------
def choice(course: Course) -> tuple[Literal["resume", "again"], ...]:
    """The ways of going on between which the initiator of what was sent back chooses."""
    said = stated(course, course.state.resume_said)
    return ("resume", "again") if said is None else (said,)


def returned(course: Course, by: str) -> None:
    """Refuse to submit again what was not sent back, or by somebody else.

    Raises:
        dougong.base.errors.DougongError: as said.
    """
    if by != course.state.initiator:
        raise refusals.not_the_initiator()
    if course.state.status in CLOSED:
        raise refusals.ended()
    if course.state.status != "returned":
        raise refusals.not_returned()


def resubmit(course: Course, act: Resubmit) -> None:
    """Begin another round."""
    returned(course, act.by)
    offered = choice(course)
    if act.then is not None and act.then not in offered:
        raise refusals.then_is_stated()
    then = act.then or (offered[0] if len(offered) == 1 else "again")
    resume = course.state.resume
    course.by_person = True
    course.state = replace(course.state, status="open", round=course.state.round + 1, resume=(), resume_said=None)
    choosing.choose(course, act.chosen, choosing.of_initiator(course.approval))
    if then == "resume":
        advancing.run(course, *(arrival for number in resume for arrival in advancing.open_again(course, number)))
        return
    for each in course.state.visits:
        course.alter(each.number, undone=True)
    choosing.require_ahead(course)
    advancing.start(course)
