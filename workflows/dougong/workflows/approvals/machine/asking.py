"""Who is asked at a node: its rules, then what is stated for the initiator, the absent, the same person and nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dougong.metadata.approval import Approvers, Node
from dougong.workflows.approvals.machine import parts, refusals
from dougong.workflows.approvals.machine.course import Course
from dougong.workflows.approvals.state import Entry, Visit, Why

NOBODY = "nobody"
"""The source of an entry whose person was found by `people.nobody`."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody found for a node, by the rule `source`; with `why`, they are only noted."""

    person: str
    source: str
    stands_for: str | None = None
    why: Why = ""


def asked_at(course: Course, node: Node) -> list[Asked]:
    """Everybody whom a node asks, in order.

    Raises:
        dougong.base.errors.Rejected: nobody is found and the definition says to refuse, or somebody has to be chosen.
    """
    rules = [rule for rule in node.approvers if rule.when is None or course.world.holds(rule.when)]
    found = [(rule, _found(course, node, rule)) for rule in rules]
    anybody = any(not each.why for _, people in found for each in people)
    asked: list[Asked] = []
    for _rule, people in found:
        asked += people
        if not _remains(people, anybody, node):
            asked += _stand_ins(course, node)
    if not found:
        asked += _stand_ins(course, node)
    asked = _merged(course, asked)
    return _merged(course, _without_who_stands_in(course, node, asked))


def _remains(people: Sequence[Asked], anybody: bool, node: Node) -> bool:
    """Whether a rule's part is spoken for; one who only skips may be missing where others remain."""
    if any(not each.why for each in people):
        return True
    return anybody and (node.mode == "any" or any(each.why == "initiator" for each in people))


def _found(course: Course, node: Node, rule: Approvers) -> list[Asked]:
    """The people of one rule."""
    if rule.way == "chosen_by":
        people: Sequence[str] = _chosen(course, node, rule)
    else:
        people = course.world.people(rule, course.state)
    found: list[Asked] = []
    for person in people:
        if person == course.state.initiator:
            found += _instead_of_initiator(course, rule.key)
        elif course.world.active(person):
            found.append(present(course, person, rule.key))
    return found


def _chosen(course: Course, node: Node, rule: Approvers) -> Sequence[str]:
    chosen = course.state.chosen.get(f"{node.key}.{rule.key}", ())
    if not chosen and (course.foreseeing or (course.by_person and rule.value == "previous")):
        raise refusals.chosen_missing(node, rule)
    return chosen


def _instead_of_initiator(course: Course, source: str) -> list[Asked]:
    initiator, rule = course.state.initiator, course.approval.people.initiator_is_approver
    if rule == "skip":
        return [Asked(initiator, source, why="initiator")]
    other = course.world.manager(initiator) if rule == "next_manager" else course.world.department_head(initiator)
    if other is None or other == initiator or not course.world.active(other):
        return []
    return [present(course, other, source)]


def present(course: Course, person: str, source: str) -> Asked:
    """Somebody, or who acts for them while they are absent."""
    acting = acting_for(course, person)
    return Asked(person, source) if acting is None else Asked(acting, source, stands_for=person)


def acting_for(course: Course, person: str) -> str | None:
    """Who acts for somebody absent; None where they are there, nobody does, or it would be on what is their own."""
    if course.approval.people.absent == "wait":
        return None
    acting = course.world.delegate(person)
    if acting is None or acting == person or not course.world.active(acting) or is_own(course, acting):
        return None
    return acting


def _stand_ins(course: Course, node: Node) -> list[Asked]:
    """Who is asked when nobody is found, by the first address that finds somebody."""
    for people in stand_ins(course):
        return [present(course, person, NOBODY) for person in people]
    raise refusals.nobody(node)


def stand_ins(course: Course) -> Iterator[list[str]]:
    """By each address of `people.nobody` that finds somebody who may decide, up to "refuse": these people."""
    for address in course.approval.people.nobody:
        if address == "refuse":
            return
        found = course.world.named(address)
        people = [each for each in found if course.world.active(each) and not is_own(course, each)]
        if people:
            yield people


def is_own(course: Course, person: str) -> bool:
    """Whether somebody would decide on what they submitted, or stands in for whoever did."""
    initiator = course.state.initiator
    return person == initiator or course.world.delegate(initiator) == person


def _without_who_stands_in(course: Course, node: Node, asked: list[Asked]) -> list[Asked]:
    """Who acts for the absent initiator is never the one who decides alone."""
    voices = [each for each in asked if not each.why]
    own = [each for each in voices if is_own(course, each.person)]
    if parts.needed(node, len(voices)) > len(own):
        return asked
    noted = [replace(each, why="initiator") if each in own else each for each in asked]
    return noted if len(own) < len(voices) else [*noted, *_stand_ins(course, node)]


def _merged(course: Course, asked: list[Asked]) -> list[Asked]:
    """Each person asked once, where so stated; further parts of the same person are only noted."""
    if course.approval.people.same_person == "repeat":
        return asked
    seen: set[str] = set()
    merged: list[Asked] = []
    for each in asked:
        merged.append(replace(each, why="merged") if not each.why and each.person in seen else each)
        if not each.why:
            seen.add(each.person)
    return merged


def entries(course: Course, visit: Visit, asked: Sequence[Asked], *, anew: bool = False) -> tuple[Entry, ...]:
    """The entries of a visit that begins. `anew`: it was sent back to here, so that nobody is passed over."""
    skip = course.approval.people.same_person == "skip" and not anew
    made = []
    for count, each in enumerate(asked, start=1):
        why: Why = each.why or ("approved_before" if skip and approved_before(course, each.person) else "")
        made.append(
            Entry(
                id=f"{visit.number}.{count}",
                person=each.person,
                source=each.source,
                stands_for=each.stands_for,
                status="skipped" if why else "waiting",
                why=why,
                decided_at=course.world.now if why else None,
            )
        )
    return tuple(made)


def approved_before(course: Course, person: str) -> bool:
    """Whether somebody has approved in this round, and nothing was gone back behind or changed since."""
    return any(
        entry.person == person
        and entry.status == "approved"
        and not parts.only_an_opinion(visit, entry)
        and entry.decided_at is not None
        and not course.world.changed_since(entry.decided_at)
        for visit in course.state.visits
        if visit.round == course.state.round and not visit.undone and visit.status in ("open", "passed")
        for entry in visit.entries
    )
