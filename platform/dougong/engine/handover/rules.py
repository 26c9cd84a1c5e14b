"""What somebody asks for when they hand over: who gets what, and what stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from dougong.base.errors import BadRequest, Place, Problem
from dougong.base.ids import is_record_id
from dougong.base.language import msg
from dougong.engine.query import Filter
from dougong.engine.reading.filters import dump, formulas, parse
from dougong.formulas import Formula

Afterwards = Literal["stay", "freeze", "deactivate"]
"""What becomes of the person's account: nothing, shut out for now, switched off for good."""

MOST_RECEIVERS = 50
MOST_CASES = 20

Reads = Callable[[str, str], Formula]
"""From the name of an object and a text to a yes/no formula over it."""


@dataclass(frozen=True, slots=True)
class Case:
    """Records that fulfil a condition go to people of their own: to one, or to several in turn."""

    to: tuple[str, ...]
    where: Filter | None = None
    when: Formula | None = None
    text: str = ""
    """The formula as it was given."""


@dataclass(frozen=True, slots=True)
class Part:
    """What becomes of one holding: it is left, or goes to `to` (in turn); the first of `cases` that fits is before it.

    Without receivers of its own it goes as the handover says.
    """

    to: tuple[str, ...] = ()
    leave: bool = False
    cases: tuple[Case, ...] = ()


USUAL = Part()


@dataclass(frozen=True, slots=True)
class Handover:
    """What is asked for. `user` is the id of who leaves, `to` those who take over, in turn where they are several.

    `closed` says whether closed records move as well. `parts` are by holding (``account.owner``, ``user.manager``,
    ``views``); what is not named there goes as is usual for it.
    """

    user: str
    to: tuple[str, ...]
    closed: bool = False
    parts: Mapping[str, Part] = field(default_factory=dict)
    afterwards: Afterwards = "stay"

    def part(self, key: str) -> Part | None:
        """What was said of the holding `key`; None where nothing was."""
        return self.parts.get(key)

    @property
    def receivers(self) -> tuple[str, ...]:
        """Everybody who is to get something, each once."""
        found = dict.fromkeys(self.to)
        for part in self.parts.values():
            found |= dict.fromkeys(part.to)
            for case in part.cases:
                found |= dict.fromkeys(case.to)
        return tuple(found)


def read(document: Any, user: str, formula: Reads) -> Handover:
    """The handover of `user` that a JSON `document` asks for: to, closed, parts, afterwards.

    Raises:
        BadRequest: the document says something else.
        FormulaError: a formula in it is wrong.
    """
    _need(isinstance(document, dict) and set(document) <= {"to", "closed", "parts", "afterwards"}, "")
    afterwards, closed, parts = document.get("afterwards", "stay"), document.get("closed", False), document.get("parts")
    _need(afterwards in get_args(Afterwards), "/afterwards")
    _need(isinstance(closed, bool), "/closed")
    _need(parts is None or isinstance(parts, dict), "/parts")
    found = {key: _part(key, each, f"/parts/{key}", formula) for key, each in (parts or {}).items()}
    return Handover(user, _people(document.get("to", ()), "/to"), closed, found, afterwards)


def _part(key: str, body: Any, at: str, formula: Reads) -> Part:
    _need(isinstance(body, dict) and set(body) <= {"to", "leave", "cases"}, at)
    leave, cases = body.get("leave", False), body.get("cases", [])
    _need(isinstance(leave, bool), f"{at}/leave")
    _need(isinstance(cases, list) and len(cases) <= MOST_CASES, f"{at}/cases")
    name = key.partition(".")[0]
    read_cases = tuple(_case(name, each, f"{at}/cases/{number}", formula) for number, each in enumerate(cases))
    return Part(_people(body.get("to", ()), f"{at}/to"), leave, read_cases)


def _case(object_name: str, body: Any, at: str, formula: Reads) -> Case:
    _need(isinstance(body, dict) and {"to"} < set(body) <= {"to", "where", "when"}, at)
    text = body.get("when", "")
    where = parse(body.get("where"))
    _need(isinstance(text, str), f"{at}/when")
    _need(not any(formulas(where)), f"{at}/where")
    to = _people(body["to"], f"{at}/to")
    _need(bool(to), f"{at}/to")
    return Case(to, where, formula(object_name, text) if text else None, text)


def _people(given: Any, at: str) -> tuple[str, ...]:
    _need(isinstance(given, list | tuple) and len(given) <= MOST_RECEIVERS, at)
    _need(all(isinstance(each, str) and is_record_id(each) for each in given), at)
    return tuple(dict.fromkeys(given))


def _need(holds: bool, pointer: str) -> None:
    if not holds:
        reason = msg("This is no handover: to (user ids), closed, parts, afterwards.")
        raise BadRequest(Problem(code="handover-shape", reason=reason, place=Place(pointer=pointer or "/")))


def written(asked: Handover) -> dict[str, Any]:
    """The document that `read` takes for the same handover."""
    return {
        "to": list(asked.to),
        "closed": asked.closed,
        "parts": {key: _written(each) for key, each in asked.parts.items()},
        "afterwards": asked.afterwards,
    }


def _written(part: Part) -> dict[str, Any]:
    cases = [
        {"to": list(each.to)}
        | ({"where": dump(each.where)} if each.where is not None else {})
        | ({"when": each.text} if each.text else {})
        for each in part.cases
    ]
    return (
        ({"to": list(part.to)} if part.to else {})
        | ({"leave": True} if part.leave else {})
        | ({"cases": cases} if cases else {})
    )


def turns(people: Sequence[str]) -> Callable[[], str]:
    """Gives one of `people` at each call, in turn."""
    given = 0

    def following() -> str:
        nonlocal given
        given += 1
        return people[(given - 1) % len(people)]

    return following
