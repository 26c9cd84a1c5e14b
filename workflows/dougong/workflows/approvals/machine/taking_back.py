"""取回 by an approver, and 撤回 by the initiator."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

from dougong.workflows.approvals.machine import advancing, deciding, parts, refusals, reopening, sending_back, turns
from dougong.workflows.approvals.machine.advancing import Arrival
from dougong.workflows.approvals.machine.course import CLOSED, Course
from dougong.workflows.approvals.state import Entry, Recall, TakeBack, Visit


# -- 取回 -------------------------------------------------------------------------------------------------------------
def take_back(course: Course, act: TakeBack) -> None:
    """Undo one's decision; what was opened because of it is closed, and what closed because of it opens again."""
    visit, entry = takeable(course, act.entry, act.by)
    if visit.status == "passed":
        arrivals = _close_followers(course, visit)
    elif not any(each.status == "void" for each in visit.entries):
        course.put(visit.number, replace(entry, status="taken_back"))
        course.append(visit.number, _retaken(course, visit, entry))
        course.settle(visit.number)
        return
    else:
        arrivals = []
    course.close(visit.number, "void")
    made = reopening.reopen(course, visit.number, again=entry.id)
    advancing.run(course, *arrivals)
    deciding.judge(course, made.number)


def _retaken(course: Course, visit: Visit, entry: Entry) -> Entry:
    return Entry(
        id=course.next_entry(visit.number),
        person=entry.person,
        source=entry.source,
        stands_for=entry.stands_for,
        status="waiting",
        kind="retaken",
        parent=entry.id,
    )


def takeable(course: Course, entry_id: str, by: str) -> tuple[Visit, Entry]:
    """A decision that its person may undo.

    Raises:
        dougong.base.errors.DougongError: it is none of theirs, or somebody has acted after it, or something was done.
    """
    visit, entry = turns.own(course, entry_id, by)
    if entry.status not in ("approved", "rejected") or visit.undone or visit.status not in ("open", "passed"):
        raise refusals.nothing_to_take_back()
    if any(course.is_gone(each) for each in (visit, *_followers(course, visit))):
        raise refusals.nothing_to_take_back()
    if any(_acted(visit, each, entry) for each in _dependent(course, visit, entry)):
        raise refusals.acted_after()
    if visit.status == "passed":
        _untouched(course, visit)
    return visit, entry


def _acted(visit: Visit, other: Entry, since: Entry) -> bool:
    """Whether the person of an entry did something after a decision."""
    if other.status in parts.DECIDED or other.status in parts.TAKEN_OVER or other.status == "delegated":
        return True
    return any(
        each.parent == other.id and each.opened_at is not None and each.opened_at > (since.decided_at or each.opened_at)
        for each in visit.entries
    )


def _dependent(course: Course, visit: Visit, entry: Entry) -> Iterator[Entry]:
    """The entries at the same visit whose turn came only because of one that was decided."""
    chain = [entry, *parts.above(visit, entry)]
    yield from _after(visit, entry)
    for lower, upper in itertools.pairwise(chain):
        if lower.kind == "added_parallel":
            break
        if lower.kind in ("added_before", "delegate"):
            yield upper
        if lower.kind != "added_after":
            yield from _after(visit, upper)
        if lower.kind == "added_before":
            yield from (each for each in parts.below(visit, upper) if each.kind in ("delegate", *parts.SUCCESSORS))
    if course.node(visit).mode == "sequence":
        own = parts.group(visit, entry)
        groups = [each.id for each in visit.entries if each.parent is None]
        later = groups[groups.index(own) + 1 :]
        yield from (each for each in visit.entries if parts.group(visit, each) in later)


def _after(visit: Visit, entry: Entry) -> Iterator[Entry]:
    for each in parts.children(visit, entry, "added_after"):
        yield each
        yield from parts.below(visit, each)


def _followers(course: Course, visit: Visit) -> list[Visit]:
    return [each for each in course.state.visits if sending_back.follows(course, each, visit.number)]


def _untouched(course: Course, visit: Visit) -> None:
    """Refuse where what came after a node was acted on, or did something.

    Raises:
        dougong.base.errors.Conflict: as said.
    """
    for each in _followers(course, visit):
        left = [course.visit(number) for number in each.left]
        if course.node(each).type in ("action", "sub_process") or any(other.child is not None for other in left):
            raise refusals.effects_after()
        if each.undone or each.timed_out_at is not None or each.status in ("sent_back", "rejected"):
            raise refusals.acted_after()
        if any(_touched(entry) for entry in each.entries):
            raise refusals.acted_after()


def _touched(entry: Entry) -> bool:
    return (
        entry.status in parts.DECIDED
        or entry.status in parts.TAKEN_OVER
        or entry.status == "delegated"
        or entry.kind in parts.ADDED
    )


def _close_followers(course: Course, visit: Visit) -> list[Arrival]:
    """Close what was reached from a visit; joins go on waiting for what has arrived otherwise."""
    arrivals: list[Arrival] = []
    followers = _followers(course, visit)
    gone = {visit.number, *(each.number for each in followers)}
    for each in followers:
        others = tuple(number for number in each.arrived if number not in gone)
        if others and each.status == "open":
            course.alter(each.number, arrived=others)
        elif each.status in ("open", "passed"):
            course.close(each.number, "void")
            for number in each.left:
                arrivals += advancing.open_again(course, number)
            if others and course.node(each).wait_for == "all":
                made = course.begin(node=each.node, before=others[0], within=each.within, reopens=each.number)
                course.alter(made.number, split=each.split, arrived=others)
    return arrivals


# -- 撤回 -------------------------------------------------------------------------------------------------------------
def recall(course: Course, act: Recall) -> None:
    """The initiator wants it back."""
    recallable(course, act.by)
    advancing.end(course, "recalled")


def recallable(course: Course, by: str) -> None:
    """Refuse a recall that the definition does not allow, or not any more; what was sent back can always be.

    Raises:
        dougong.base.errors.DougongError: as said.
    """
    if by != course.state.initiator:
        raise refusals.not_the_initiator()
    if course.state.status in CLOSED:
        raise refusals.ended()
    if course.state.status == "returned" or course.approval.recall == "until_end":
        return
    if course.approval.recall == "never":
        raise refusals.no_recall()
    if any(_was_decided(course, each) for each in course.state.visits if each.round == course.state.round):
        raise refusals.recall_too_late()


def _was_decided(course: Course, visit: Visit) -> bool:
    """Whether a person, the clock or a sub-process has decided at a visit."""
    if course.node(visit).type == "sub_process":
        return visit.status in ("passed", "rejected")
    return visit.timed_out_at is not None or any(each.status in parts.DECIDED for each in visit.entries)
