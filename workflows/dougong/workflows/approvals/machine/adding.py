"""加签 and 减签; 转办 and 委派; and the administrator's way out."""

from __future__ import annotations

from dougong.metadata.approval import Act
from dougong.workflows.approvals.machine import advancing, deciding, parts, refusals, replacing, turns
from dougong.workflows.approvals.machine.course import CLOSED, Course
from dougong.workflows.approvals.state import Add, Entry, EntryKind, HandOver, Remove, Rescue, Sweep, Visit

_ADDED: dict[str, tuple[Act, EntryKind]] = {
    "before": ("add_before", "added_before"),
    "after": ("add_after", "added_after"),
    "parallel": ("add_parallel", "added_parallel"),
}


def add(course: Course, act: Add) -> None:
    """Ask further people: before one decides, after one approved, or beside one."""
    visit, entry = turns.turn(course, act.entry, act.by)
    allowed, kind = _ADDED[act.where]
    turns.allowed(course, visit, entry, allowed)
    if not act.people:
        raise refusals.nobody_named()
    for person in act.people:
        turns.newcomer(course, course.visit(visit.number), person)
        replacing.hang(course, visit.number, entry, kind, person)
    course.settle(visit.number)


def removable(visit: Visit, entry: Entry) -> list[Entry]:
    """Those whom the person of an entry added and who have not decided."""
    own = {entry.id, *(each.id for each in parts.above(visit, entry) if each.person == entry.person)}
    return [
        each
        for each in visit.entries
        if each.kind in parts.ADDED and each.parent in own and parts.outcome(visit, each) == "pending"
    ]


def remove(course: Course, act: Remove) -> None:
    """Do without somebody whom one has added."""
    visit, entry = turns.own(course, act.entry, act.by)
    turns.allowed(course, visit, entry, "remove_added")
    removed = next((each for each in removable(visit, entry) if each.id == act.removed), None)
    if visit.status != "open" or removed is None:
        raise refusals.not_removable()
    replacing.fall_away(course, visit.number, removed, "")
    deciding.judge(course, visit.number)


def hand_over(course: Course, act: HandOver) -> None:
    """Somebody else decides in one's place; or gives an opinion first."""
    visit, entry = turns.turn(course, act.entry, act.by)
    turns.allowed(course, visit, entry, "delegate" if act.comes_back else "hand_over")
    handable(visit, entry)
    turns.newcomer(course, visit, act.to)
    if act.comes_back:
        replacing.hang(course, visit.number, entry, "delegate", act.to, entry.source)
    else:
        replacing.pass_on(course, visit.number, entry, act.to)
    course.settle(visit.number)


def handable(visit: Visit, entry: Entry) -> None:
    """Refuse to hand on what was handed on too often.

    Raises:
        dougong.base.errors.Rejected: as said.
    """
    if parts.handed(visit, entry) >= turns.HAND_OVERS:
        raise refusals.chain_too_long(turns.HAND_OVERS)


def sweep(course: Course, _act: Sweep) -> None:
    """Replace whoever cannot act any more or went on leave."""
    for visit in tuple(course.open_visits()):
        if course.visit(visit.number).status == "open" and course.node(visit).type == "approve":
            replacing.replace_inactive(course, visit.number)
            replacing.replace_absent(course, visit.number)
            deciding.judge(course, visit.number)


def rescue(course: Course, act: Rescue) -> None:
    """Put another person in an entry's place, or end the approval."""
    if course.state.status in CLOSED:
        raise refusals.ended()
    if act.end is not None:
        advancing.end(course, act.end)
        return
    turns.running(course)
    if act.entry is None or act.to is None:
        raise refusals.nobody_named()
    visit, entry = course.entry(act.entry)
    if entry.status not in parts.UNDECIDED:
        raise refusals.decided_without_you() if entry.status not in parts.DECIDED else refusals.decided_already()
    turns.newcomer(course, visit, act.to)
    replacing.pass_on(course, visit.number, entry, act.to, why="rescued")
    course.settle(visit.number)
