"""What follows a publish as background work: indexes on tables in use, roll-ups over records that are there."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Index, inspect, select

from dougong.base.ids import record_id
from dougong.base.language import msg
from dougong.engine import midnight, outbox
from dougong.engine.actor import SYSTEM
from dougong.engine.backfill import Filling
from dougong.engine.company import Company
from dougong.engine.dialects.indexing import indexes_of
from dougong.engine.jobs import job
from dougong.engine.outbox import Task
from dougong.engine.preparation import Coming
from dougong.engine.saving import history, search_rows
from dougong.engine.saving.cascade import recompute, refresh
from dougong.engine.saving.expressions import Expressions
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.engine.saving.related import Related
from dougong.engine.saving.row import Batch
from dougong.engine.unit import Unit
from dougong.metadata.component import PLATFORM
from dougong.metadata.model import Field, Model, Object
from dougong.metadata.territories import FIELD as TERRITORY

ROWS = 200
"""Records whose roll-ups one transaction computes; their children are what takes the time."""


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What has to follow a publish of `model`: jobs with their payloads, and whether values change at midnight."""

    jobs: tuple[tuple[str, dict[str, Any]], ...]
    timed: bool
    model: Model


def work_after(before: Model, coming: Coming) -> Aftermath:
    """What has to follow the switch from `before`; found beforehand, since others wait for a switch."""
    wanted: list[tuple[str, dict[str, Any]]] = []
    if coming.steps.indexes:
        wanted.append(("metadata.indexes", {}))
    made = {table.name for table in coming.steps.tables}
    for name, fields in stale_rollups(before, coming.runtime.model):
        if coming.runtime.storage.tables[name].table.name not in made:
            wanted.append(("metadata.rollups", {"object": name, "fields": fields}))
    for name in stale_texts(before, coming.runtime.model):
        if coming.runtime.storage.tables[name].table.name not in made:
            wanted.append(("metadata.texts", {"object": name}))
    for filling in coming.fillings:
        if reads_others(filling):
            wanted.append(("metadata.formulas", {"object": filling.after.object.name}))
    return Aftermath(tuple(wanted), midnight.timed(coming.runtime.model), coming.runtime.model)


def ask_for_work(company: Company, connection: Connection, work: Aftermath) -> list[str]:
    """Within the switch: put what has to follow it into the outbox; the ids of the tasks."""
    now = datetime.now(UTC)
    if work.timed:
        midnight.ask(company, connection, now)
    company.hooks.published(company=company, connection=connection, model=work.model)
    tasks: list[str] = []
    for name, payload in work.jobs:
        id = outbox.put(connection, name, payload, None, now, now)
        if id is not None:
            company.database.announce(connection, id, now)
            tasks.append(id)
    return tasks


def stale_rollups(before: Model, after: Model) -> Iterator[tuple[str, list[str]]]:
    """The roll-ups, by object, whose stored values do not follow from their definition in `after`."""
    known = before.by_field_id
    for obj in after.objects.values():
        names = [
            each.name
            for each in obj.fields.values()
            if each.type.name == "rollup"
            and not each.type.virtual
            and (each.id not in known or _meaning(known[each.id]) != _meaning(each))
        ]
        if names:
            yield obj.name, names


def _meaning(field: Field) -> tuple[Any, ...]:
    return dict(field.options), field.targets, field.where.text if field.where else None


def reads_others(filling: Filling) -> bool:
    """Whether new formulas of a table read other records, which may have changed since the formulas were filled."""
    fields = filling.after.object.fields
    formulas = [formula for name in filling.formulas if (formula := fields[name].formula) is not None]
    firsts = [(fields[path[0]], path) for each in formulas for path in each.references]
    return any(first.type.name == "rollup" or (len(path) > 1 and first.type.refers) for first, path in firsts)


def stale_texts(before: Model, after: Model) -> Iterator[str]:
    """The objects with titles, codes or territories that a formula fills, where it was another one, or none, before."""
    known = {obj.id: obj for obj in before.objects.values()}
    for obj in after.objects.values():
        old = known.get(obj.id)
        if old is not None and any(_filled(old).get(id) != text for id, text in _filled(obj).items()):
            yield obj.name


def _filled(obj: Object) -> dict[str, str]:
    """The formulas that fill the title, the codes and the territory of an object, by the id of the field."""
    fields = [each for each in obj.fields.values() if each.type.name == "barcode"]
    if "template" in obj.raw.get("title", {}):
        fields.append(obj.fields[obj.title])
    territory = obj.fields.get(TERRITORY)
    if territory is not None and territory.layer == PLATFORM:
        fields.append(territory)
    return {each.id: each.compute.formula.text for each in fields if each.compute is not None}


def missing_indexes(connection: Connection, company: Company) -> list[Index]:
    """The indexes of the model in force that the database does not have."""
    inspector = inspect(connection)
    found: list[Index] = []
    for table in company.runtime().storage.metadata.tables.values():
        if inspector.has_table(table.name):
            there = {index["name"] for index in inspector.get_indexes(table.name)}
            found += [each for each in indexes_of(connection, table) if each.name not in there]
    return found


@job("metadata.indexes", label=msg("Indexes after a publish"))
def _indexes(company: Company, task: Task) -> None:
    """Build the indexes that are missing, one by one."""
    with company.database.maintenance() as connection:
        with connection.begin():
            wanted = missing_indexes(connection, company)
        for index in wanted:
            company.database.create_index(connection, index)


@job("metadata.rollups", label=msg("Roll-ups after a publish"))
def _rollups(company: Company, task: Task) -> None:
    """Compute roll-ups of every record of an object; done twice it does the same twice."""
    _every(company, task.payload["object"], functools.partial(_refresh, fields=task.payload["fields"]))


@job("metadata.formulas", label=msg("Stored formulas after a publish"))
def _formulas(company: Company, task: Task) -> None:
    """Compute stored formulas of every record of an object; done twice it does the same twice."""
    _every(company, task.payload["object"], _recompute)


@job("metadata.texts", label=msg("Titles and codes after a publish"))
def _texts(company: Company, task: Task) -> None:
    """Fill the titles, codes and territories of every record of an object; done twice it does the same twice."""
    _every(company, task.payload["object"], _recompute)


Work = Callable[[Batch, ObjectPlan, Sequence[str]], None]


def _every(company: Company, name: str, work: Work) -> None:
    """Do `work` to all live records of an object, so many in a transaction."""
    last: str | None = None
    while True:
        ids = company.write(SYSTEM, functools.partial(_next, name=name, last=last, work=work))
        if not ids:
            return
        last = ids[-1]


def _next(unit: Unit, name: str, last: str | None, work: Work) -> Sequence[str]:
    if name not in unit.runtime.model.objects:
        return ()
    plan = plan_of(unit.runtime, name)
    rows = select(plan.table.c.id).where(plan.table.c.deleted_at.is_(None)).order_by(plan.table.c.id).limit(ROWS)
    ids = unit.connection.scalars(rows if last is None else rows.where(plan.table.c.id > last)).all()
    if ids:
        related = Related(unit)
        work(Batch(unit, [], related, record_id(), Expressions(unit, related)), plan, ids)
    return ids


def _refresh(batch: Batch, plan: ObjectPlan, ids: Sequence[str], fields: Sequence[str]) -> None:
    names = [each for each in fields if each in plan.slots]
    if names:
        refresh(batch, plan, ids, names)


def _recompute(batch: Batch, plan: ObjectPlan, ids: Sequence[str]) -> None:
    recompute(batch, plan, ids)
    history.write(batch, [row for row in batch.rows if row.differs(TERRITORY)])  # who sees it may be others now
    search_rows.write(batch, batch.rows, batch.expressions)
