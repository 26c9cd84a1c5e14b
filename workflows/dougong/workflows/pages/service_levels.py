"""The clocks that are due soonest and those that were missed: of the reader, of their team, of all they may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from starlette.responses import Response

from dougong.base.field_types import Reference
from dougong.base.language import Message, label, msg
from dougong.engine.query import Condition, Query
from dougong.web.context import record_url
from dougong.web.frame import framed
from dougong.web.routing import Page
from dougong.web.visit import Visit, with_query
from dougong.workflows.automations import clock as automations
from dougong.workflows.service_levels import seeing
from dougong.workflows.service_levels.facts import OWNER
from dougong.workflows.service_levels.judging import Standing
from dougong.workflows.service_levels.seeing import Shown, Whose

HERE = "/service-levels"

MOST = 100
"""Clocks that the page shows."""

WHOSE: Mapping[Whose, Message] = {"mine": msg("My records"), "team": msg("Those of my team"), "all": msg("All")}

STATES: Mapping[str, tuple[Message, str, str]] = {
    "running": (msg("running"), "blue", "clock"),
    "paused": (msg("paused"), "grey", "clock"),
    "missed": (msg("missed"), "red", "alert-circle"),
    "met": (msg("met"), "green", "check"),
}
"""How the state of a clock is called, its colour and its picture."""


@dataclass(frozen=True, slots=True)
class Told:
    """A clock in the reader's language; `rung` comes next, `when`.

    `url`, `title` and `owner` are its record's, where many are shown.
    """

    level: str
    clock: str
    state: str
    colour: str
    icon: str
    said: str
    due: datetime | None
    rung: str
    when: str
    url: str = ""
    title: str = ""
    owner: str = ""


def show(visit: Visit) -> Response:
    """The open clocks, those first that are due first: what was missed stands before what is to come."""
    whose: Whose = next((each for each in get_args(Whose) if each == visit.asked("of")), "mine")
    found = seeing.soonest(visit.unit, whose, MOST)
    called = _called(visit, found)
    return framed(
        visit,
        "service_levels.html",
        HERE,
        visit.say(msg("Service levels")),
        tabs=[(with_query(HERE, [("of", key)] if key != "mine" else []), visit.say(said), key == whose)
              for key, said in WHOSE.items()],
        rows=[told(visit, each, *called[each.record]) for each in found if each.record in called],
        most=MOST if len(found) == MOST else 0,
    )  # fmt: skip


def _called(visit: Visit, found: Sequence[Shown]) -> dict[str, tuple[str, str]]:
    """Title and owner of the records by id, as far as the reader sees them: one statement an object."""
    names: dict[str, tuple[str, str]] = {}
    for object_name in dict.fromkeys(each.object for each in found):
        obj = visit.model.objects[object_name]
        owned = (OWNER,) if OWNER in obj.fields and visit.unit.access.may_field("read", obj, obj.fields[OWNER]) else ()
        ids = tuple({each.record for each in found if each.object == object_name})
        query = Query(object=object_name, columns=(obj.title, *owned), where=Condition("id", "in", ids), limit=MOST)
        for row in visit.unit.records.query(query).rows:
            owner = row.values[1] if owned else None
            names[row.id] = (str(row.values[0] or ""), owner.title or "" if isinstance(owner, Reference) else "")
    return names


def told(visit: Visit, each: Shown, title: str = "", owner: str = "") -> Told:
    """A clock as people read it."""
    standing = each.standing
    over = standing.ended_at is None and standing.due_at is not None and standing.due_at <= visit.unit.now
    late = over or standing.missed_at is not None
    state, colour, icon = STATES["missed" if late else standing.state]
    rung, when = _next(visit, each)
    return Told(
        level=label(each.level.label, visit.language, each.level.name),
        clock=label(each.clock.label, visit.language, each.clock.key),
        state=visit.say(state),
        colour=colour,
        icon=icon,
        said=_said(visit, standing),
        due=standing.due_at,
        rung=rung,
        when=when,
        url=record_url(each.object, each.record),
        title=title or visit.say(msg("No name")),
        owner=owner,
    )


def _said(visit: Visit, standing: Standing) -> str:
    """Where a clock stands, in a sentence."""
    when = visit.context.datetime
    if standing.ended_at is not None and standing.missed_at is not None:
        return visit.say(msg("Over on {moment}, later than it was due.", moment=when(standing.ended_at)))
    if standing.ended_at is not None:
        return visit.say(msg("Over on {moment}.", moment=when(standing.ended_at)))
    if standing.due_at is not None and standing.due_at <= visit.unit.now:
        return visit.say(msg("Was due on {moment}.", moment=when(standing.due_at)))
    if standing.paused_at is not None:
        return visit.say(msg("Paused since {moment}: no time counts.", moment=when(standing.paused_at)))
    if standing.due_at is not None:
        return visit.say(msg("Due on {moment}.", moment=when(standing.due_at)))
    return visit.say(msg("Counted since {moment}.", moment=when(standing.began_at)))


def _next(visit: Visit, each: Shown) -> tuple[str, str]:
    """The rung that comes next, and when in words; nothing where none does, or the settings switch the ladder off."""
    if each.rung is None or each.rung_at is None or not automations.is_on(visit.unit, each.rung.automation):
        return "", ""
    soon = each.rung_at <= visit.unit.now
    when = visit.say(msg("any moment now")) if soon else visit.context.datetime(each.rung_at)
    return label(each.rung.label, visit.language, each.rung.key), when


PAGES = (Page("GET", HERE, show),)
