"""What the turn of the day changes: roll-ups over rolling periods, and those whose condition asks for the day.

One task a day waits in the outbox for the company's midnight. It makes anew the roll-ups of those parents whose
children count on one of the days and not on the other, then asks for the next. A company without such roll-ups has no
task; publishing the first one asks for it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, false, func, select

from dougong.base.ids import record_id
from dougong.base.language import msg
from dougong.engine import outbox
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.jobs import job
from dougong.engine.outbox import Task
from dougong.engine.runtime import Runtime
from dougong.engine.saving.cascade import refresh
from dougong.engine.saving.expressions import Expressions
from dougong.engine.saving.plan import plan_of
from dougong.engine.saving.related import Related
from dougong.engine.saving.rollup_children import Children
from dougong.engine.saving.rollups import Route, routes_of
from dougong.engine.saving.row import Batch
from dougong.engine.saving.trees import with_ancestors
from dougong.engine.saving.windows import is_timed
from dougong.engine.unit import Unit
from dougong.metadata.model import Model

JOB = "rollups.midnight"

ROWS = 200
"""Records whose roll-ups one transaction makes anew."""


def timed(model: Model) -> bool:
    """Whether any roll-up changes with the day."""
    return any(
        each.type.name == "rollup" and not each.type.virtual and is_timed(each)
        for obj in model.objects.values()
        for each in obj.fields.values()
    )


def ask(company: Company, connection: Connection, now: datetime, since: date | None = None) -> str | None:
    """In a transaction: ask for the next midnight's work; the task, None where it was asked for already.

    `since` is the day for which everything is right; the present one unless said.
    """
    today = now.astimezone(company.zone).date()
    tomorrow = today + timedelta(days=1)
    payload = {"since": (since or today).isoformat()}
    when = _begin(tomorrow, company.zone)
    id = outbox.put(connection, JOB, payload, f"{JOB}:{tomorrow.isoformat()}", now, when)
    if id is not None:
        company.database.announce(connection, id, when)
    return id


def _begin(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


@job(JOB, attempts=1000, label=msg("Roll-ups that change with the day"))
def _midnight(company: Company, task: Task) -> None:
    """Make anew what the days since the last time changed; done twice it does the same twice."""
    turn(company, date.fromisoformat(task.payload["since"]))
    company.write(SYSTEM, _again)


def _again(unit: Unit) -> None:
    if timed(unit.runtime.model):
        ask(unit.company, unit.connection, unit.now)


def turn(company: Company, since: date) -> int:
    """Make anew the roll-ups that differ between the day `since` and the present one; of how many records."""
    count = 0
    for name, field in _fields(company.runtime()):
        ids = _parents(company, name, field, since)
        for start in range(0, len(ids), ROWS):
            chunk = ids[start : start + ROWS]
            company.write(SYSTEM, functools.partial(_refresh, name=name, ids=chunk, field=field))
        count += len(ids)
    return count


def _fields(runtime: Runtime) -> Iterator[tuple[str, str]]:
    for name, its in routes_of(runtime).by_parent.items():
        yield from ((name, each.field.name) for each in its if is_timed(each.field))


def _parents(company: Company, name: str, field: str, since: date) -> Sequence[str]:
    """The parents with children that count on one of the two days alone."""
    with company.read(SYSTEM) as unit:
        route = _route(unit, name, field)
        if route is None:
            return ()
        noon = datetime.combine(since, time(12), company.zone).astimezone(UTC)
        found = set(unit.connection.scalars(_crossing(unit, route, noon)))
        return sorted(map(str, found))


def _route(unit: Unit, name: str, field: str) -> Route | None:
    its: Iterable[Route] = routes_of(unit.runtime).by_parent.get(name, ())
    return next((each for each in its if each.field.name == field and is_timed(each.field)), None)


def _crossing(unit: Unit, route: Route, then: datetime) -> Select[Any]:
    """The parents of children that count at one of the unit's moment and `then`, and not at the other."""
    children = Children(unit, replace(route, tree=False))
    counts_now = children.where(route.field)
    children.unit = Unit(unit.company, unit.connection, unit.runtime, unit.actor, then)
    counted = children.where(route.field)
    differs = func.coalesce(counts_now, false()) != func.coalesce(counted, false())
    return select(children.parent).select_from(children.source).where(differs, *children.conditions).distinct()


def _refresh(unit: Unit, name: str, ids: Sequence[str], field: str) -> None:
    route = _route(unit, name, field)
    if route is None:
        return
    related = Related(unit)
    batch = Batch(unit, [], related, record_id(), Expressions(unit, related))
    plan = plan_of(unit.runtime, name)
    wanted = sorted(with_ancestors(batch, plan, ids)) if route.tree else ids
    refresh(batch, plan, wanted, [field])
