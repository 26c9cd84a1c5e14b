"""An approval that runs is moved to another version of its definition: which step becomes which, who is asked then.

Everything is a function of both definitions, the state, and the world. Nobody's decision is lost: a step that was
passed stays passed, and what was decided at a step at work counts on under its new rules. What cannot be moved is told
with every reason at once, and then nothing follows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from dougong.base.errors import DougongError, Problem
from dougong.base.language import Labels, Message, msg
from dougong.metadata.approval import Approval, Approvers, Node
from dougong.workflows.approvals.machine import advancing, asking, choosing, deciding, parts, reopening
from dougong.workflows.approvals.machine.course import CLOSED, Course
from dougong.workflows.approvals.machine.nesting import Stack, stacks
from dougong.workflows.approvals.machine.replacing import fall_away
from dougong.workflows.approvals.state import Advanced, Entry, State, Visit, World

NOTHING_STATED: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step that was reached: its key, the key that it has in the new version (None: it has none), and whether it is
    still at work, or may be opened again."""

    old: str
    new: str | None
    at_work: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a move comes to. `refused` says why it cannot be done; then `led_to` is None.

    `kept`, `dropped` and `added` are the undecided parts of people at the steps at work.
    """

    steps: tuple[Step, ...] = ()
    kept: tuple[Entry, ...] = ()
    dropped: tuple[Entry, ...] = ()
    added: tuple[Entry, ...] = ()
    refused: tuple[Problem, ...] = ()
    led_to: Advanced | None = None


def move(old: Approval, state: State, new: Approval, world: World, stated: Mapping[str, str] = NOTHING_STATED) -> Moved:
    """Move `state` from `old` to `new`. `stated` are steps by old key that become others than the definitions say.

    A step becomes what is stated, else that of its key, else that which was called so `formerly`.
    """
    becomes = _becomes(old, state, new, stated)
    at_work = {visit.node for visit in _at_work(state)}
    steps = tuple(
        Step(old=key, new=becomes.get(key), at_work=key in at_work)
        for key in dict.fromkeys(visit.node for visit in state.visits)
    )
    problems = tuple(_problems(old, state, new, becomes, stated))
    if problems:
        return Moved(steps=steps, refused=problems)
    try:
        after = _carried_over(old, state, new, becomes, world)
    except DougongError as refused:
        return Moved(steps=steps, refused=refused.problems)
    before, now = _undecided(state), _undecided(after.state)
    last = {each.id: each for visit in after.state.visits for each in visit.entries}
    return Moved(
        steps=steps,
        kept=tuple(each for id, each in now.items() if id in before),
        dropped=tuple(last[id] for id in before if id not in now),
        added=tuple(each for id, each in now.items() if id not in before),
        led_to=after,
    )


def _undecided(state: State) -> Mapping[str, Entry]:
    return {
        each.id: each
        for visit in state.visits
        for each in visit.entries
        if visit.status == "open" and each.status in parts.UNDECIDED
    }


# -- which step becomes which -----------------------------------------------------------------------------------------
def _becomes(old: Approval, state: State, new: Approval, stated: Mapping[str, str]) -> Mapping[str, str]:
    """The new key of every old one that has one."""
    former: dict[str, set[str]] = {}
    for node in new.nodes.values():
        for key in node.formerly:
            former.setdefault(key, set()).add(node.key)
    found = dict(stated)
    for key in (*old.nodes, *(visit.node for visit in state.visits)):
        if key in found:
            continue
        if key in new.nodes:
            found[key] = key
        elif len(former.get(key, ())) == 1:
            found[key] = next(iter(former[key]))
    return found


def _at_work(state: State) -> list[Visit]:
    """The visits that are open, those that may be opened again, and the splits in which they stand."""
    wanted = {each.number for each in state.visits if each.status == "open"} | set(state.resume)
    waiting = list(wanted)
    while waiting:
        visit = state.visits[waiting.pop() - 1]
        others = {*visit.resume, *(split for split, _ in visit.within), *((visit.split,) if visit.split else ())}
        waiting += others - wanted
        wanted |= others
    left = {number for each in state.visits if each.status == "passed" and not each.undone for number in each.left}
    return [each for each in state.visits if each.number in wanted | left]


def _problems(
    old: Approval, state: State, new: Approval, becomes: Mapping[str, str], stated: Mapping[str, str]
) -> Iterator[Problem]:
    """Every reason for which it cannot be moved, before anybody is asked."""
    if state.status in CLOSED:
        yield _problem("approval-move-ended", msg("This approval has ended"), old.name)
        return
    known = {visit.node for visit in state.visits} | set(old.nodes)
    for key, to in stated.items():
        if key not in known or to not in new.nodes:
            missing = key if key not in known else to
            yield _problem("approval-move-unknown", msg("There is no step {step}.", step=missing), key)
    reached = dict.fromkeys(visit.node for visit in state.visits)
    at_work = {visit.node for visit in _at_work(state)}
    for key in reached:
        yield from _problems_of(old, state, new, key, becomes.get(key), key in at_work)
    twice = Counter(becomes[key] for key in reached if key in becomes)
    for key, count in twice.items():
        if count > 1:
            said = msg("Several steps would become {step}.", step=_called(new.nodes.get(key), key))
            yield _problem("approval-move-merged", said, key)
    if all(becomes.get(key) in new.nodes for key in at_work):
        yield from _misplaced(old, state, new, becomes)


def _problems_of(
    old: Approval, state: State, new: Approval, key: str, to: str | None, at_work: bool
) -> Iterator[Problem]:
    was = old.nodes.get(key)
    kind = was.type if was is not None else state.gone.get(key)
    named = _called(was, key)
    if to is None or to not in new.nodes:
        if at_work and to is None:
            said = msg("{step} is at work, and the new version has no step for it.", step=named)
            fix = msg("State which step it becomes, or let the approval finish as it is.")
            yield _problem("approval-move-step", said, key, fix)
    elif new.nodes[to].type != kind:
        said = msg("{step} is a step of another type in the new version.", step=named)
        yield _problem("approval-move-type", said, key)
    elif at_work and was is not None and was.approval != new.nodes[to].approval:
        said = msg("{step} waits for another approval than the new version starts there.", step=named)
        yield _problem("approval-move-child", said, key)


def _misplaced(old: Approval, state: State, new: Approval, becomes: Mapping[str, str]) -> Iterator[Problem]:
    """Steps that stand in other branches, and branches that would never be run."""
    known = stacks(new)
    for visit in _at_work(state):
        to = becomes[visit.node]
        if visit.split is None and _stack(state, visit, becomes) not in known.get(to, frozenset()):
            said = msg(
                "{step} stands in other branches in the new version.", step=_called(old.nodes.get(visit.node), to)
            )
            yield _problem("approval-move-branch", said, visit.node)
        was = old.nodes.get(visit.node)
        if was is not None and was.type == "split":
            fresh = {each.key for each in new.nodes[to].branches} - {each.key for each in was.branches}
            if fresh:
                said = msg("{step} has a new branch, which would never be run.", step=_called(was, to))
                yield _problem("approval-move-new-branch", said, visit.node)


def _stack(state: State, visit: Visit, becomes: Mapping[str, str]) -> Stack:
    return tuple((becomes[state.visits[split - 1].node], branch) for split, branch in visit.within)


def _called(node: Node | None, key: str) -> Labels | str:
    return node.label if node is not None and node.label else key


def _problem(code: str, said: Message, thing: str, fix: Message | None = None) -> Problem:
    return Problem(code=code, reason=said, thing=f"node:{thing}", fix=fix)


# -- what follows -----------------------------------------------------------------------------------------------------
def _carried_over(old: Approval, state: State, new: Approval, becomes: Mapping[str, str], world: World) -> Advanced:
    """The state under the new definition, and what belongs to it.

    Raises:
        dougong.base.errors.DougongError: nobody would be found at a step, now or further on.
    """
    course = Course(new, _renamed(old, state, new, becomes), world)
    for visit in tuple(course.open_visits()):
        if course.visit(visit.number).status == "open" and course.node(visit).type == "approve":
            was = old.nodes[state.visits[visit.number - 1].node]
            _ask(course, visit.number, was)
            deciding.judge(course, visit.number)
    if any(course.open_visits()):
        advancing.run(course)
    choosing.require_ahead(Course(new, course.state, world))
    return course.advanced()


def _renamed(old: Approval, state: State, new: Approval, becomes: Mapping[str, str]) -> State:
    """The state with the keys of the new version; what it has no more is noted with its type."""
    gone = dict(state.gone) | {each.node: old.nodes[each.node].type for each in state.visits if each.node in old.nodes}
    visits = tuple(replace(each, node=becomes.get(each.node, each.node)) for each in state.visits)
    chosen = {}
    for key, people in state.chosen.items():
        node, _, rule = key.partition(".")
        chosen[f"{becomes.get(node, node)}.{rule}"] = people
    return replace(
        state,
        visits=visits,
        chosen=MappingProxyType(chosen),
        gone=MappingProxyType({key: kind for key, kind in gone.items() if key not in becomes}),
    )


def _ask(course: Course, number: int, was: Node) -> None:
    """Bring the people of a step at work in line with its rules, where these are others, and its time limit."""
    node = course.node(course.visit(number))
    if [_rule(each) for each in was.approvers] != [_rule(each) for each in node.approvers]:
        _ask_anew(course, number, node)
    if was.timeout != node.timeout and node.timeout is None:
        course.alter(number, due_at=None)
    elif _limit(was) != _limit(node):
        reopening.limit(course, number)


def _ask_anew(course: Course, number: int, node: Node) -> None:
    asked = [each for each in asking.asked_at(course, node) if not each.why]
    wanted = {each.stands_for or each.person: each for each in asked}
    there: set[str] = set()
    for entry in course.visit(number).entries:
        if entry.parent is not None:
            continue
        person = entry.stands_for or entry.person
        pending = parts.outcome(course.visit(number), entry) == "pending"
        if person in wanted and entry.status != "removed":
            there.add(person)
            course.put(number, replace(entry, source=wanted[person].source))
        elif pending:
            fall_away(course, number, entry, "moved")
    fresh = [each for person, each in wanted.items() if person not in there]
    made = asking.entries(course, course.visit(number), fresh)
    first = [course.next_entry(number, ahead=count) for count in range(len(made))]
    course.append(number, *(replace(each, id=id) for each, id in zip(made, first, strict=True)))


def _rule(rule: Approvers) -> tuple[Any, ...]:
    """What a rule says; its key names it alone, and compiled formulas are compared by their text."""
    formulas = [each and each.text for each in (rule.formula, rule.when)]
    return (rule.key, rule.way, rule.value, rule.up_to, rule.source, rule.most, *formulas)


def _limit(node: Node) -> tuple[Any, ...]:
    return () if node.timeout is None else (node.timeout.after, node.timeout.remind_every)
