"""What the next night would do with the records of a pool's object, and until when the reader keeps theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from starlette.responses import Response

from dougong.base.errors import Forbidden, Problem
from dougong.base.language import label, msg
from dougong.engine.actor import SYSTEM
from dougong.engine.query import All, Condition, Query
from dougong.engine.rights.queues import claimed_from
from dougong.metadata.pool import Pool
from dougong.web.frame import framed
from dougong.web.routing import Page
from dougong.web.visit import Visit
from dougong.workflows.approvals.people import People
from dougong.workflows.pages.pool import HERE, tabs
from dougong.workflows.pools import facts, night, scanning, seeing
from dougong.workflows.pools.scanning import Line

MOST = 1000
"""How many records a page names; the command line names all."""

STATES = {
    "take": (msg("goes back tonight"), "red"),
    "warn": (msg("warned tonight"), "orange"),
    "warned": (msg("warned"), "yellow"),
    "later": (msg("later"), "grey"),
    "kept": (msg("never"), "green"),
}
"""What becomes of a record, and the colour of that."""


@dataclass(frozen=True, slots=True)
class Told:
    """A line as people read it."""

    url: str
    title: str
    owner: str
    state: str
    colour: str
    reason: str
    due: date | None
    protected: date | None


def tonight(visit: Visit, name: str) -> Response:
    """Who would lose what in the next night, and who would be warned. Nothing is written."""
    pool = seeing.pool_named(visit.unit, name)
    seeing.need_assign(visit.unit, pool)
    day = facts.today(visit.unit) + timedelta(days=1)
    every = night.preview(visit.company, pool.object, day)
    found = [each for each in every if each.pool.name == pool.name]
    nothing = visit.say(msg("Nobody would lose anything tonight"))
    return _page(visit, pool, "/tonight", found, nothing, tonight=True)


def mine(visit: Visit, name: str) -> Response:
    """The reader's records of a pool, those that go back soonest first."""
    pool = seeing.pool_named(visit.unit, name)
    if pool.account not in claimed_from(visit.unit):
        reason = msg("You do not claim from {pool}.", pool=pool.label)
        raise Forbidden(Problem(code="pool-member", thing=f"pool:{pool.name}", reason=reason))
    system = visit.unit.acting(SYSTEM)
    own = Condition("owner", "is", visit.actor.user_id)
    where = facts.condition(system, pool)
    query = Query(object=pool.object, where=All((own, where) if where is not None else (own,)), limit=200)
    ids = [row.id for row in system.records.query(query).rows]
    day = facts.today(visit.unit) + timedelta(days=1)
    found = [each for each in scanning.of_records(system, pool.object, ids, day) if each.pool.name == pool.name]
    found.sort(key=lambda each: (each.goes is None, each.goes or day))
    return _page(visit, pool, "/mine", found, visit.say(msg("You have no records of this pool")), tonight=False)


def _page(visit: Visit, pool: Pool, way: str, found: Sequence[Line], nothing: str, tonight: bool) -> Response:
    seen = _seen(visit, pool, [each.id for each in found[:MOST]])
    people = People(visit.unit)
    people.fetch(each.owner for each in found[:MOST])
    taken = sum(each.what == "take" for each in found)
    return framed(
        visit,
        "pool_tonight.html",
        f"{HERE}/{pool.name}",
        label(pool.label, visit.language, pool.name),
        pool=pool,
        tabs=tabs(visit, pool, way),
        rows=[told(visit, each, people) for each in found[:MOST] if each.id in seen],
        hidden=sum(each.id not in seen for each in found[:MOST]),
        taken=taken,
        warned=sum(each.what == "warn" for each in found),
        more=max(0, len(found) - MOST),
        tonight=tonight,
        nothing=nothing,
        on=facts.is_on(visit.unit, pool),
    )


def _seen(visit: Visit, pool: Pool, ids: Sequence[str]) -> set[str]:
    """Those of the records that the reader may see: the others are counted alone."""
    found: set[str] = set()
    for start in range(0, len(ids), 200):
        part = tuple(ids[start : start + 200])
        query = Query(object=pool.object, where=Condition("id", "in", part), limit=200)
        found |= {row.id for row in visit.unit.records.query(query).rows}
    return found


def told(visit: Visit, line: Line, people: People) -> Told:
    """A line in the reader's language."""
    said, colour = STATES[line.what]
    return Told(
        url=f"/o/{line.pool.object}/{line.id}",
        title=line.title or visit.say(msg("No name")),
        owner=people.name(line.owner),
        state=visit.say(said),
        colour=colour,
        reason=reason(visit, line),
        due=line.goes,
        protected=line.protected,
    )


def reason(visit: Visit, line: Line) -> str:
    """By which rule it goes, or which exception keeps it."""
    kept = next((each.label for each in line.pool.exceptions if each.key == line.kept_by), None)
    return label(line.rule.label if line.rule is not None else kept, visit.language)


PAGES = (Page("GET", HERE + "/{name}/tonight", tonight), Page("GET", HERE + "/{name}/mine", mine))
