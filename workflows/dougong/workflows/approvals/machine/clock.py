"""Time limits and reminders."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dougong.workflows.approvals.machine import asking, deciding, parts, refusals, replacing, turns
from dougong.workflows.approvals.machine.course import Course
from dougong.workflows.approvals.state import Entry, EntryKind, Remind, Reminded, TimeOut, Timer, Visit, Why

REMINDED_EVERY = timedelta(hours=1)
"""A person is reminded of a task by people at most once in this time."""


def time_out(course: Course, act: TimeOut) -> None:
    """Do what a node says when its time has run out: once, and not before."""
    visit = course.visit(act.visit)
    limit, now = course.node(visit).timeout, course.world.now
    if visit.status != "open" or visit.timed_out_at is not None or limit is None:
        return
    if visit.due_at is not None and visit.due_at > now:
        return
    course.alter(visit.number, timed_out_at=now)
    match limit.then:
        case "remind":
            _remind(course, visit.number, _late(visit))
        case "pass":
            _decide(course, visit.number, "timed_out_approved")
        case "reject":
            _decide(course, visit.number, "timed_out_rejected")
        case "escalate":
            _escalate(course, visit.number)
        case "hand_over":
            _hand_over(course, visit.number)


def _late(visit: Visit) -> list[Entry]:
    return [each for each in visit.entries if each.status == "open"]


def _decide(course: Course, number: int, why: Why) -> None:
    """Who has not decided counts as having approved, or rejected; the rule of the node then says what that comes to."""
    for entry in course.visit(number).entries:
        if entry.status in parts.UNDECIDED:
            course.put(number, replace(entry, status="skipped", why=why, decided_at=course.world.now))
    deciding.judge(course, number)


def _escalate(course: Course, number: int) -> None:
    """Whoever is late is still asked, and beside them those above: the first of them decides for both."""
    for entry in _late(course.visit(number)):
        people = [each for each in _above(course, number, entry) if _free(course, number, each, "escalated")]
        for person in people:
            replacing.hang(course, number, entry, "escalated", person)
        if not people:
            _remind(course, number, [entry])
    course.settle(number)


def _hand_over(course: Course, number: int) -> None:
    """Others take the parts of those who are late; where they are fewer, the remaining parts fall away."""
    late, taken = _late(course.visit(number)), False
    for entry in late:
        person = next((each for each in _above(course, number, entry) if _free(course, number, each)), None)
        if person is not None:
            replacing.pass_on(course, number, entry, person, why="timed_out")
            taken = True
        elif taken:
            replacing.fall_away(course, number, entry, "timed_out")
    if not taken:
        _remind(course, number, late)
    deciding.judge(course, number)


def _above(course: Course, number: int, entry: Entry) -> list[str]:
    """Whom the time limit names for somebody who is late; their manager where it names none."""
    limit = course.node(course.visit(number)).timeout
    if limit is None or not limit.to:
        manager = course.world.manager(entry.person)
        return [] if manager is None else [manager]
    rules = [rule for rule in limit.to if rule.when is None or course.world.holds(rule.when)]
    return list(dict.fromkeys(each for rule in rules for each in course.world.people(rule, course.state, entry.person)))


def _free(course: Course, number: int, person: str, but: EntryKind | None = None) -> bool:
    """Whether somebody can be asked at a visit; having a part of the kind `but` does not hinder."""
    visit = course.visit(number)
    others = replace(visit, entries=tuple(each for each in visit.entries if each.kind != but))
    return course.world.active(person) and not asking.is_own(course, person) and not parts.has_part(others, person)


# -- reminders --------------------------------------------------------------------------------------------------------
def remind(course: Course, act: Remind) -> None:
    """Remind those whose turn it is: all by a person, those of one visit by the clock."""
    if act.visit is not None:
        _by_the_clock(course, act.visit)
        return
    for number, entry in remindable(course, act.by):
        _remind(course, number, [entry])


def remindable(course: Course, by: str) -> list[tuple[int, Entry]]:
    """The open entries whose people somebody may remind now: who asked may, and who has had their own turn.

    Raises:
        dougong.base.errors.DougongError: nothing runs, they have no part in it, it is their own turn, or all were
            reminded already.
    """
    turns.running(course)
    entries = [(visit.number, each) for visit in course.state.visits for each in visit.entries]
    if by != course.state.initiator:
        own = [each.status for _, each in entries if each.person == by]
        if not own:
            raise refusals.not_involved()
        if "open" in own:
            raise refusals.own_turn()
    now = course.world.now
    due = [
        (number, each)
        for number, each in entries
        if each.status == "open"
        and each.person != by
        and (each.reminded_at is None or now - each.reminded_at >= REMINDED_EVERY)
    ]
    if not due:
        raise refusals.reminded_already()
    return due


def _by_the_clock(course: Course, number: int) -> None:
    visit = course.visit(number)
    limit = course.node(visit).timeout
    if visit.status != "open" or limit is None or limit.remind_every is None:
        return
    _remind(course, number, _relied_on(visit))
    course.effects.append(Timer(number, "remind", course.world.later(limit.remind_every)))


def _relied_on(visit: Visit) -> list[Entry]:
    """Whom the clock reminds: of a part that was escalated those above, no longer the one who let the time pass.

    Who took a part over is asked in place of the late one, whose part is closed. Where a time limit found nobody, the
    late one is all there is.
    """
    passed_up = {each.parent for each in visit.entries if each.kind == "escalated" and each.status == "open"}
    return [each for each in _late(visit) if each.id not in passed_up]


def _remind(course: Course, number: int, entries: list[Entry]) -> None:
    for each in entries:
        reminded = replace(each, reminded_at=course.world.now)
        course.put(number, reminded)
        course.effects.append(Reminded(number, reminded))
