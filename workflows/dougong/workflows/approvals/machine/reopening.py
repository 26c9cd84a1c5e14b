"""A node opened again: with the same people, and without asking again who had approved there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dougong.workflows.approvals.machine import parts, replacing
from dougong.workflows.approvals.machine.course import Course
from dougong.workflows.approvals.state import Do, Entry, StartChild, Timer, Visit

_SETTLED = frozenset({"approved", "rejected", "skipped", "removed", "handed_over", "taken_back"})
_STANDS = frozenset({"removed", "handed_over", "taken_back"})
_OPINIONS = {True: frozenset({"approved", "rejected"}), False: frozenset[str]()}


def reopen(course: Course, number: int, *, opened_by: int | None = None, again: str | None = None) -> Visit:
    """Go on with a visit that was left, in a new visit of its node.

    `again` is an entry that somebody takes back: it is asked anew and the other decisions stay as they are.
    """
    old = course.visit(number)
    made = course.begin(
        node=old.node,
        before=old.before,
        within=old.within,
        split=old.split,
        arrived=old.arrived,
        resume=old.resume,
        reopens=number,
        opened_by=opened_by,
    )
    course.append(made.number, *_copied(course, old, made.number, again))
    node = course.node(made)
    if node.type == "approve":
        limit(course, made.number)
        replacing.replace_inactive(course, made.number)
        course.settle(made.number)
    elif node.type == "sub_process":
        course.effects.append(StartChild(made.number, node.approval or ""))
    elif node.type == "action":
        course.effects.append(Do(f"/nodes/{node.key}", node.steps, made.number))
    return course.visit(made.number)


def _copied(course: Course, old: Visit, number: int, again: str | None) -> Iterator[Entry]:
    """The entries of a visit in a new one: who had approved is passed over, everybody else is asked."""
    for entry in old.entries:
        parent = None if entry.parent is None else _renumbered(entry.parent, number)
        copy = replace(entry, id=_renumbered(entry.id, number), parent=parent, opened_at=None, reminded_at=None)
        if entry.id == again:
            yield _anew(copy)
        elif entry.status in (_SETTLED if again is not None else _OPINIONS[parts.only_an_opinion(old, entry)]):
            yield copy
        else:
            yield _resumed(course, copy)


def _renumbered(entry_id: str, number: int) -> str:
    return f"{number}.{entry_id.partition('.')[2]}"


def _resumed(course: Course, entry: Entry) -> Entry:
    """After a sending back, approvals hold; whoever said no is asked again, as what they saw has been worked on."""
    if entry.status in _STANDS or (entry.status == "skipped" and entry.why != "timed_out_rejected"):
        return entry
    if entry.status == "approved":
        return replace(entry, status="skipped", why="approved_before", opinion="", decided_at=course.world.now)
    return _anew(entry)


def _anew(entry: Entry) -> Entry:
    return replace(entry, status="waiting", why="", opinion="", decided_at=None)


def limit(course: Course, number: int) -> None:
    """Ask for what a node's time limit needs."""
    timeout = course.node(course.visit(number)).timeout
    if timeout is None:
        return
    due = course.world.later(timeout.after)
    course.alter(number, due_at=due)
    course.effects.append(Timer(number, "due", due))
    if timeout.remind_every is not None:
        course.effects.append(Timer(number, "remind", course.world.later(timeout.remind_every)))
