"""The page of a pool: what waits in it, as much of it as is seen before claiming; claiming, and dealing out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from starlette.responses import Response

from dougong.base.errors import DougongError
from dougong.base.language import label, msg
from dougong.engine.query import All, Condition, Query, Sort
from dougong.engine.rights.queues import claimed_from
from dougong.engine.unit import Unit
from dougong.metadata.model import ListColumn, Object
from dougong.metadata.pool import Pool
from dougong.web import listing
from dougong.web.frame import framed
from dougong.web.navigation import several
from dougong.web.refusals import REFUSALS
from dougong.web.routing import Page
from dougong.web.visit import Visit, with_query
from dougong.workflows.pools import claiming, quotas, seeing
from dougong.workflows.pools.claiming import Done
from dougong.workflows.pools.quotas import Quota

HERE = "/pools"
PER_PAGE = 50
COUNTED = 1000

MOST_FILTERS = 4
"""How many of the shown fields that have values can be chosen from."""

MOST_TOLD = 3
"""How many different reasons stand in the answer about many records."""


Work = Callable[[Unit, Pool], Done]


@dataclass(frozen=True, slots=True)
class Choice:
    """A shown field to narrow the list by: its values, and the one chosen."""

    name: str
    label: str
    values: tuple[tuple[str, str], ...]
    chosen: str


def show(visit: Visit, name: str) -> Response:
    """What waits in a pool."""
    return _list(visit, seeing.pool_named(visit.unit, name))


def _list(visit: Visit, pool: Pool, refused: Sequence[str] = ()) -> Response:
    obj = visit.model.objects[pool.object]
    seen = replace(visit, unit_or_none=seeing.looking(visit.unit, pool))
    choices = tuple(_choices(visit, pool, obj))
    parts = [Condition(each.name, "is", each.chosen) for each in choices if each.chosen]
    member, assigns = pool.account in claimed_from(visit.unit), seeing.may_assign(visit.unit, pool)
    ready = listing.prepare(seen, obj, [ListColumn(field=each) for each in pool.shows], member or assigns, leads=False)
    query = Query(
        object=obj.name, columns=ready.paths, where=All(tuple(parts)), sort=(Sort("id", descending=True),),
        search=visit.asked("q").strip()[:200], limit=PER_PAGE, cursor=visit.asked("cursor") or None,
    )  # fmt: skip
    page, counted = seen.unit.records.query(query), seen.unit.records.count(query, cap=COUNTED)
    common = listing.common_currency(seen, obj, ready, page.rows)
    kept = [(f"f.{each.name}", each.chosen) for each in choices if each.chosen]
    kept += [("q", query.search)] if query.search else []
    here = f"{HERE}/{pool.name}"
    quota = quotas.quota(visit.unit, pool, visit.actor.user_id or "") if member else None
    return framed(
        visit,
        "pool.html",
        here,
        label(pool.label, visit.language, pool.name),
        status=422 if refused else 200,
        pool=pool,
        tabs=tabs(visit, pool, ""),
        counted=counted,
        objects=several(obj, visit.language),
        columns=ready.columns,
        rows=listing.render_rows(seen, ready, page.rows, common),
        some=bool(page.rows),
        choices=choices,
        search=query.search,
        filtered=bool(kept),
        quota=quota,
        quota_said=tuple(_said(visit, quota)) if quota is not None else (),
        member=member,
        assigns=assigns,
        others=[each for each in visit.model.workflows.pools.values() if each.object == obj.name and each != pool],
        refused=refused,
        first=with_query(here, kept) if query.cursor else "",
        following=with_query(here, [*kept, ("cursor", page.next)]) if page.next else "",
    )


def tabs(visit: Visit, pool: Pool, current: str) -> list[tuple[str, str, bool]]:
    """The pages of a pool: what waits, what the reader has, and for who deals out what the night would do."""
    found = [("", msg("In the pool"))]
    if pool.account in claimed_from(visit.unit):
        found.append(("/mine", msg("My records")))
    if seeing.may_assign(visit.unit, pool):
        found.append(("/tonight", msg("Tonight")))
    return [(f"{HERE}/{pool.name}{way}", visit.say(said), way == current) for way, said in found]


def _choices(visit: Visit, pool: Pool, obj: Object) -> Iterator[Choice]:
    access = visit.unit.access
    fields = [obj.fields[name] for name in pool.shows if access.may_field("read", obj, obj.fields[name])]
    for field in [each for each in fields if each.type.name == "picklist" and each.picklist is not None][:MOST_FILTERS]:
        known = field.picklist.values if field.picklist is not None else {}
        values = tuple((each.value, label(each.label, visit.language)) for each in known.values() if each.active)
        chosen = visit.asked(f"f.{field.name}")
        yield Choice(field.name, label(field.label, visit.language), values, chosen if chosen in known else "")


def _said(visit: Visit, quota: Quota) -> Iterator[str]:
    """The reader's limits as sentences."""
    if quota.hold is not None:
        yield visit.say(msg("You have {n} of {most}", n=quota.held, most=quota.hold))
    if quota.per_day is not None:
        yield visit.say(msg("claimed today: {n} of {most}", n=quota.today, most=quota.per_day))


def claim(visit: Visit, name: str) -> Response:
    """Claim what was chosen, as far as the quota goes; what others have is left to them, and told."""
    ids = visit.sent_all("id")
    return _change(visit, name, ids, lambda unit, pool: claiming.claim(unit, pool, ids), claimed=True)


def assign(visit: Visit, name: str) -> Response:
    """Give what was chosen to somebody, or to another pool."""
    ids, to, why = visit.sent_all("id"), visit.sent("to") or visit.sent("pool"), visit.sent("why")
    return _change(visit, name, ids, lambda unit, pool: claiming.assign(unit, pool, ids, to, why), why=why)


def _change(visit: Visit, name: str, ids: Sequence[str], work: Work, why: str = "", claimed: bool = False) -> Response:
    with visit.read() as reading:
        pool = seeing.pool_named(reading.unit, name)
    here = f"{HERE}/{name}"
    if not ids:
        return visit.go(here, visit.say(msg("Nothing was selected")))
    try:
        done: Done = visit.write(lambda unit: work(unit, seeing.pool_named(unit, name)), why=why)
    except REFUSALS as error:
        with visit.read() as reading:
            return _list(reading, pool, list(claiming.reasons(error.problems, visit.language)))
    reasons = list(claiming.reasons(done.problems, visit.language))
    if not done.ids:
        with visit.read() as reading:
            return _list(reading, pool, reasons)
    n = len(done.ids)
    told = msg("{n} record is yours now", "{n} records are yours now", n=n)
    told = told if claimed else msg("{n} record given out", "{n} records given out", n=n)
    said = " · ".join([visit.say(told), *reasons[:MOST_TOLD]])
    leads = claimed and len(ids) == 1
    return visit.go(f"/o/{pool.object}/{done.ids[0]}" if leads else here, said)


def give_back(visit: Visit, object: str, id: str) -> Response:
    """Put a record of the reader back."""
    here, why = f"/o/{object}/{id}", visit.sent("why")
    try:
        pool = visit.write(lambda unit: claiming.give_back(unit, object, id, why), why=why)
    except DougongError as error:
        if not isinstance(error, REFUSALS):
            raise
        return visit.go(here, " ".join(claiming.reasons(error.problems, visit.language)))
    return visit.go(f"{HERE}/{pool.name}", visit.say(msg("Given back to {queue}", queue=pool.label)))


PAGES = (
    Page("GET", HERE + "/{name}", show),
    Page("POST", HERE + "/{name}/claim", claim),
    Page("POST", HERE + "/{name}/assign", assign),
    Page("POST", "/o/{object}/{id}/give-back-to-pool", give_back),
)
