"""Approving and rejecting, and what the decisions at a node come to."""

from __future__ import annotations

from dataclasses import replace

from dougong.workflows.approvals.machine import advancing, choosing, parts, replacing, sending_back, turns
from dougong.workflows.approvals.machine.course import Course
from dougong.workflows.approvals.state import Approve, Reject


def approve(course: Course, act: Approve) -> None:
    """One person's yes, with whom they choose for what comes next."""
    visit, entry = turns.turn(course, act.entry, act.by)
    node = course.node(visit)
    said = turns.opinion(node, act.opinion, approving=True)
    course.by_person = True
    choosing.choose(course, act.chosen, choosing.of_previous(course.approval, node.next))
    course.put(visit.number, replace(entry, status="approved", opinion=said, decided_at=course.world.now))
    judge(course, visit.number)


def reject(course: Course, act: Reject) -> None:
    """One person's no."""
    visit, entry = turns.turn(course, act.entry, act.by)
    said = turns.opinion(course.node(visit), act.opinion, approving=False)
    course.put(visit.number, replace(entry, status="rejected", opinion=said, decided_at=course.world.now))
    judge(course, visit.number)


def judge(course: Course, number: int) -> None:
    """Give the turn to those whose it is now; go on where the node is passed, or do what it does when rejected."""
    replacing.give_turns(course, number)
    visit = course.visit(number)
    match parts.verdict(course.node(visit), visit):
        case "passed":
            advancing.run(course, *advancing.leave(course, number))
        case "rejected":
            rejected(course, number)


def rejected(course: Course, number: int) -> None:
    """A node, or the sub-process of one, is rejected."""
    visit = course.visit(number)
    where = course.node(visit).on_reject
    target = sending_back.previous(course, visit) if where == "previous" else None
    if where == "end":
        course.close(number, "rejected")
        advancing.end(course, "rejected")
    elif target is not None:
        sending_back.to_visit(course, number, target, sending_back.stated(course) or "again", "rejected")
    else:
        sending_back.to_initiator(course, number, status="rejected")
