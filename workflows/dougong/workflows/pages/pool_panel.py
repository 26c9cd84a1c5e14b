"""What the page of a record says of its pool: until when its owner keeps it, and how they give it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from dougong.base.language import label, msg
from dougong.engine.actor import SYSTEM
from dougong.engine.query import Record
from dougong.metadata.model import Object
from dougong.web.panels import Panel
from dougong.web.visit import Visit
from dougong.workflows.pages.pool import HERE
from dougong.workflows.pages.pool_tonight import reason
from dougong.workflows.pools import facts, scanning, seeing
from dougong.workflows.pools.scanning import Line


@dataclass(frozen=True, slots=True)
class Kept:
    """The sentences of the panel; `soon` is that the owner has to do something. `back`: where they give it back."""

    pool: str
    url: str
    text: str
    more: str
    soon: bool
    back: str
    reason_required: bool


def panels(visit: Visit, obj: Object, record: Record) -> tuple[Panel, ...]:
    """The panel, for the owner and those who deal out; no statement for objects without pools."""
    owner = record.values.get("owner")
    pools = facts.pools_of(visit.unit, obj.name)
    if not pools or owner is None or record.deleted:
        return ()
    waits = next((each for each in pools if each.account == owner.id), None)
    if waits is not None:
        said = visit.say(msg("Waits in {pool}: nobody works on it.", pool=waits.label))
        url = f"{HERE}/{waits.name}" if seeing.may_enter(visit.unit, waits) else ""
        return (_panel(visit, Kept(label(waits.label, visit.language), url, said, "", False, "", False)),)
    mine = owner.id == visit.actor.user_id
    if not mine and not any(seeing.may_assign(visit.unit, each) for each in pools):
        return ()
    day = facts.today(visit.unit) + timedelta(days=1)
    lines = scanning.of_records(visit.unit.acting(SYSTEM), obj.name, [record.id], day)
    return tuple(_panel(visit, _kept(visit, each, mine)) for each in lines)


def _panel(visit: Visit, kept: Kept) -> Panel:
    return Panel(visit.say(msg("Pool")), "parts/pool_panel.html", {"kept": kept}, order=60)


def _kept(visit: Visit, line: Line, mine: bool) -> Kept:
    pool, formats = line.pool, visit.context
    text = visit.say(msg("It does not go back to {pool} by itself.", pool=pool.label))
    if line.what == "kept":
        text = visit.say(
            msg("It is never taken back to {pool}: {reason}.", pool=pool.label, reason=reason(visit, line))
        )
    elif line.goes is not None:
        day = formats.date(line.goes)
        text = visit.say(
            msg("Goes back to {pool} on {day}: {reason}.", pool=pool.label, day=day, reason=reason(visit, line))
        )
    more = visit.say(msg("Protected until {day}.", day=formats.date(line.protected))) if _protected(visit, line) else ""
    back = f"/o/{pool.object}/{line.id}/give-back-to-pool" if mine and pool.give_back != "no" else ""
    soon = line.what in ("take", "warn", "warned")
    called = label(pool.label, visit.language, pool.name)
    return Kept(called, "", text, more, soon, back, pool.give_back == "with_reason")


def _protected(visit: Visit, line: Line) -> bool:
    return line.protected is not None and line.protected > facts.today(visit.unit)
