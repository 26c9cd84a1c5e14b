"""The truth table of a node: every mode × rejection rule × one to five approvers × what changes midway.

Each decision of each approver is followed both ways. What must hold is stated here without the machine: a node is a
list of voices, a voice is a list of people who must all say yes, one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from dougong.metadata.approval import Approval, Mode, Rejection
from dougong.workflows.approvals.machine import advance
from dougong.workflows.approvals.state import Act, Add, Approve, Entry, HandOver, Reject, Remove, State, Submit
from tests.workflows.approvals.office import Office, asks, chart

PEOPLE = ("ann", "bob", "cat", "dan", "eve")
GUEST = "guest"
REJECTIONS: tuple[Rejection, ...] = ("first_ends", "when_lost", "all")
MIDWAY = ("nothing", "before", "after", "parallel", "removed", "handed over", "delegated")

OFFICE = Office(rules={each: (each,) for each in PEOPLE})


# -- what must hold ---------------------------------------------------------------------------------------------------
Voice = tuple[str, ...]
Said = dict[str, bool]


@dataclass(frozen=True)
class Plain:
    """A node in plain terms. `beside`: voices that have their turn with the one before; `asked`: who asks whom."""

    mode: Mode
    rejection: Rejection
    need: str
    voices: tuple[Voice, ...]
    beside: frozenset[Voice] = frozenset()
    asked: tuple[str, str] | None = None

    def spoken(self, voice: Voice, said: Said) -> bool | None:
        """Yes, no, or nothing yet."""
        if any(said.get(each) is False for each in voice):
            return False
        return True if all(said.get(each) for each in voice) else None

    def votes(self) -> int:
        """How many yeses pass the node."""
        count = len(self.voices)
        if self.mode == "any":
            return 1
        if self.mode != "vote":
            return count
        if self.need.endswith("%"):
            exact = count * int(self.need[:-1]) / 100
            return int(exact) if exact == int(exact) else int(exact) + 1
        return min(count, int(self.need)) if self.need else count // 2 + 1

    def status(self, said: Said) -> str:
        """What the approval is after these decisions."""
        heard = [self.spoken(voice, said) for voice in self.voices]
        yes, no = heard.count(True), heard.count(False)
        if no and self.rejection == "first_ends":
            return "rejected"
        if yes >= self.votes():
            return "approved"
        if self.rejection == "when_lost" and len(heard) - no < self.votes():
            return "rejected"
        return "rejected" if self.rejection == "all" and yes + no == len(heard) else "open"

    def turns(self, said: Said) -> set[str]:
        """Whose turn it is after these decisions."""
        waiting: list[list[Voice]] = []
        for voice in self.voices:
            if waiting and (self.mode != "sequence" or voice in self.beside):
                waiting[-1].append(voice)
            else:
                waiting.append([voice])
        for together in waiting:
            open_ones = [voice for voice in together if self.spoken(voice, said) is None]
            if open_ones:
                next_ones = {next(each for each in voice if each not in said) for voice in open_ones}
                if self.asked and self.asked[0] in next_ones and self.asked[1] not in said:
                    next_ones = next_ones - {self.asked[0]} | {self.asked[1]}
                return next_ones
        return set()

    def with_guest(self, midway: str, by: str) -> Plain:
        """The same after somebody brought the guest in."""
        mine = next(voice for voice in self.voices if by in voice)
        place = self.voices.index(mine)
        head, tail = self.voices[:place], self.voices[place + 1 :]
        match midway:
            case "before":
                return replace(self, voices=(*head, (GUEST, by), *tail))
            case "after":
                return replace(self, voices=(*head, (by, GUEST), *tail))
            case "handed over":
                return replace(self, voices=(*head, (GUEST,), *tail))
            case "parallel":
                return replace(self, voices=(*head, mine, (GUEST,), *tail), beside=frozenset({(GUEST,)}))
            case "delegated":
                return replace(self, asked=(by, GUEST))
            case _:
                return self


# -- the table --------------------------------------------------------------------------------------------------------
def modes(count: int) -> Iterator[tuple[Mode, str]]:
    """Every mode, with what a vote needs."""
    yield from (("all", ""), ("any", ""), ("sequence", ""), ("vote", ""))
    yield from (("vote", str(need)) for need in range(1, count + 2))
    yield from (("vote", f"{percent}%") for percent in (1, 50, 67, 100))


def approval(plain: Plain) -> Approval:
    """One node of this kind."""
    votes = (
        {"need_percent": int(plain.need[:-1])} if plain.need.endswith("%") else {"need": int(plain.need or 0) or None}
    )
    return chart(
        "node", node=asks(*(voice[0] for voice in plain.voices), mode=plain.mode, reject=plain.rejection, **votes)
    )


def entries(state: State, person: str) -> Iterator[Entry]:
    """The parts of somebody."""
    return (each for each in state.visits[0].entries if each.person == person)


def bring_in(midway: str, state: State, by: str) -> Iterator[Act]:
    """The acts by which somebody brings the guest in."""
    mine = next(entries(state, by)).id
    if midway in ("before", "after", "parallel"):
        yield Add(entry=mine, by=by, people=(GUEST,), where=midway)  # type: ignore[arg-type]
    elif midway == "removed":
        yield Add(entry=mine, by=by, people=(GUEST,), where="before")
        yield Remove(entry=mine, by=by, removed=f"1.{len(state.visits[0].entries) + 1}")
    elif midway != "nothing":
        yield HandOver(entry=mine, by=by, to=GUEST, comes_back=midway == "delegated")


class Table:
    """Follows every decision both ways, with the change after `when` decisions."""

    def __init__(self, plain: Plain, midway: str, when: int) -> None:
        self.approval, self.midway, self.when = approval(plain), midway, when
        self.rows = 0
        state = advance(self.approval, None, Submit(by="ivy"), OFFICE).state
        self.follow(plain, state, {})

    def follow(self, plain: Plain, state: State, said: Said) -> None:
        """Compare, then go on with each decision of one whose turn it is."""
        told = (plain, self.midway, self.when, said)
        assert state.status == plain.status(said), told
        self.rows += 1
        if state.status != "open":
            assert not any(each.status in ("open", "waiting") for each in state.visits[0].entries), told
            return
        turns = {each.person for each in state.visits[0].entries if each.status == "open"}
        assert turns == plain.turns(said), told
        if len(said) == self.when and not any(entries(state, GUEST)):
            by = min(turns)
            for act in bring_in(self.midway, state, by):
                state = advance(self.approval, state, act, OFFICE).state
            if self.midway != "nothing":
                self.follow(plain.with_guest(self.midway, by), state, said)
                return
        person = max(turns) if len(said) % 2 else min(turns)
        part = next(each for each in entries(state, person) if each.status == "open").id
        for decision in (True, False):
            act = (Approve if decision else Reject)(entry=part, by=person)
            self.follow(plain, advance(self.approval, state, act, OFFICE).state, {**said, person: decision})


@pytest.mark.parametrize("midway", MIDWAY)
@pytest.mark.parametrize("count", range(1, 6))
def test_the_truth_table(count: int, midway: str) -> None:
    """Every mode and rejection rule, with the change before the first decision, after the first, and after half."""
    rows = 0
    for mode, need in modes(count):
        for rejection in REJECTIONS:
            plain = Plain(mode, rejection, need, tuple((each,) for each in PEOPLE[:count]))
            for when in sorted({0, min(1, count - 1), count // 2} if midway != "nothing" else {0}):
                rows += Table(plain, midway, when).rows
    assert rows > 3 * 4 * count
