"""Two people's rights beside each other: what one has that the other has not, and where each right comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from dougong.base.language import Message, label, msg
from dougong.engine.rights.comparing import Gain, Row, difference
from dougong.engine.rights.holder import find
from dougong.web import record_page
from dougong.web.access_links import COMPARE, RIGHT, WHY
from dougong.web.frame import framed
from dougong.web.pages.formulas import record_chosen
from dougong.web.routing import Page
from dougong.web.visit import Visit, with_query

PARTS: Mapping[str, Message] = {
    "system": msg("System rights"),
    "apps": msg("Apps"),
    "objects": msg("Objects"),
    "fields": msg("Fields"),
    "scopes": msg("How far rights reach"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """One of the two, and what they hold."""

    id: str
    name: str
    holds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownRow:
    """What the two differ in alike, in the reader's language: for each side, rights and where they come from."""

    things: tuple[str, ...]
    sides: tuple[tuple[tuple[str, str], ...], ...]


def show(visit: Visit) -> Response:
    """The two people and in what they differ."""
    left, right = _person(visit, "left"), _person(visit, "right")
    parts: list[tuple[str, bool, list[ShownRow]]] = []
    if left.id and right.id:
        found = difference(visit.unit, left.id, right.id).parts
        parts = [
            (visit.say(name), key != "scopes", [_shown(visit, each) for each in found[key]])
            for key, name in PARTS.items()
            if key in found
        ]
    return framed(
        visit,
        "access_compare.html",
        WHY,
        visit.say(msg("Compare the rights of two people")),
        left=left,
        right=right,
        parts=parts,
        swapped=with_query(COMPARE, [("left", right.id), ("right", left.id)]),
    )


def _person(visit: Visit, side: str) -> Person:
    """Who was chosen for a side.

    Raises:
        NotFound: the reader may not see them.
    """
    obj = visit.model.objects["user"]
    id = record_chosen(visit, obj, visit.asked(side), visit.asked(f"{side}_text"))
    if not id:
        return Person("", "", ())
    name = record_page.title_of(visit, obj, visit.unit.records.get("user", id, deleted="all").values)
    holder = find(visit.unit, id)
    of_roles = {each for role in holder.roles for each in role.permission_sets}
    beside = [each.label for each in holder.sets if each.name not in of_roles]
    return Person(
        id, name, tuple(label(each, visit.language) for each in (*(role.label for role in holder.roles), *beside))
    )


def _shown(visit: Visit, row: Row) -> ShownRow:
    sides = tuple(tuple(_gain(visit, each) for each in side) for side in (row.left, row.right))
    return ShownRow(tuple(visit.say(each) for each in row.things), sides)


def _gain(visit: Visit, gain: Gain) -> tuple[str, str]:
    between = visit.say(msg(", "))
    return tuple(between.join(visit.say(each) for each in said) for said in (gain.rights, gain.sources))  # type: ignore[return-value]


PAGES = (Page("GET", COMPARE, show, right=RIGHT),)
