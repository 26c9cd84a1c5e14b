"""Somebody in place of another: who cannot act any more, is on leave, is late, or is replaced by an administrator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dougong.workflows.approvals.machine import asking, parts
from dougong.workflows.approvals.machine.course import Course
from dougong.workflows.approvals.state import Entry, EntryKind, Stranded, Visit, Why


def hang(course: Course, number: int, entry: Entry, kind: EntryKind, person: str, source: str = "") -> Entry:
    """Add somebody who hangs on an entry; where they are on leave, their delegate, if that one has no part yet."""
    acting = asking.acting_for(course, person)
    if acting is not None and (acting == entry.person or parts.has_part(course.visit(number), acting)):
        acting = None
    made = Entry(
        id=course.next_entry(number),
        person=acting or person,
        source=source,
        stands_for=person if acting else None,
        status="waiting",
        kind=kind,
        parent=entry.id,
    )
    course.append(number, made)
    return made


def pass_on(course: Course, number: int, entry: Entry, person: str, *, why: Why = "", source: str = "") -> Entry:
    """Somebody else speaks for an entry from now on; an opinion that it waited for is not needed any more."""
    visit = course.visit(number)
    for asked in parts.children(visit, entry, "delegate", "escalated"):
        for each in (asked, *parts.below(visit, asked)):
            if each.status in parts.UNDECIDED:
                course.put(number, replace(each, status="void"))
    course.put(number, replace(entry, status="handed_over", why=why, decided_at=course.world.now))
    return hang(course, number, entry, "handed_over", person, source or entry.source)


def give_turns(course: Course, number: int) -> None:
    """Give the turn to those whose it is now, or to others where they have left or went on leave while they waited."""
    known = {each.id for each in course.visit(number).entries if each.status == "open"}
    course.settle(number)
    while new := [each for each in course.visit(number).entries if each.status == "open" and each.id not in known]:
        known |= {each.id for each in new}
        for entry in new:
            if not course.world.active(entry.person):
                _replace(course, number, entry)
            else:
                _pass_to_delegate(course, number, entry)
        course.settle(number)


def replace_inactive(course: Course, number: int) -> None:
    """Reroute what waits for people who cannot act any more."""
    for entry in course.visit(number).entries:
        if entry.status in parts.UNDECIDED and not course.world.active(entry.person):
            _replace(course, number, entry)


def replace_absent(course: Course, number: int) -> None:
    """Pass on what waits for people who went on leave to who acts for them."""
    for entry in course.visit(number).entries:
        if entry.status in ("open", "waiting") and course.world.active(entry.person):
            _pass_to_delegate(course, number, entry)


def _pass_to_delegate(course: Course, number: int, entry: Entry) -> None:
    acting = asking.acting_for(course, entry.person)
    if acting is not None and not parts.has_part(course.visit(number), acting):
        pass_on(course, number, entry, entry.person, why="absent")


def _replace(course: Course, number: int, entry: Entry) -> None:
    """Whoever is next for an entry takes it over; it falls away where others speak for its rule."""
    visit = course.visit(number)
    found = next(_candidates(course, visit, entry), None)
    if found is None and not _dispensable(visit, entry):
        found = next(_stand_ins(course, visit), None)
    if found is not None:
        pass_on(course, number, entry, found[0], why="inactive", source=found[1])
    elif _dispensable(visit, entry):
        fall_away(course, number, entry, "inactive")
    else:
        course.effects.append(Stranded(number, entry))


def fall_away(course: Course, number: int, entry: Entry, why: Why) -> None:
    """An entry is not asked any more, and what hangs on it neither."""
    for each in (entry, *parts.below(course.visit(number), entry)):
        if each.status in parts.UNDECIDED:
            course.put(number, replace(each, status="removed", why=why, decided_at=course.world.now))


def _candidates(course: Course, visit: Visit, entry: Entry) -> Iterator[tuple[str, str]]:
    """Who gets an entry back, or whom its rule finds by now, with the source."""
    people: list[str] = [entry.stands_for] if entry.stands_for is not None else []
    if entry.kind in ("handed_over", "retaken"):
        people += [each.person for each in parts.above(visit, entry) if each.status in parts.TAKEN_OVER]
    rule = next((each for each in course.node(visit).approvers if each.key == entry.source), None)
    if rule is not None and rule.way != "chosen_by" and entry.kind not in ("delegate", "escalated"):
        people += course.world.people(rule, course.state)
    for each in people:
        if course.world.active(each) and not asking.is_own(course, each) and not parts.has_part(visit, each):
            yield each, entry.source


def _dispensable(visit: Visit, entry: Entry) -> bool:
    """Whether nobody needs to come in place of an entry: it was added to another's, or its rule has another voice."""
    if entry.kind in ("delegate", "escalated", *parts.ADDED):
        return True
    own = parts.group(visit, entry)
    return any(
        part.source == entry.source and part.id != own and parts.outcome(visit, part) != "none"
        for part in parts.parts(visit)
    )


def _stand_ins(course: Course, visit: Visit) -> Iterator[tuple[str, str]]:
    for people in asking.stand_ins(course):
        yield from ((each, asking.NOBODY) for each in people if not parts.has_part(visit, each))
