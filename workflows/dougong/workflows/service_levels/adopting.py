"""Documents that are new or changed hold for records that are there: their clocks begin, and go by them from now on.

Each batch of records is a transaction of its own, so nobody waits for a large table.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select, update

from dougong.base.ids import record_id
from dougong.base.language import msg
from dougong.engine import outbox
from dougong.engine.actor import SYSTEM
from dougong.engine.dialects.statements import upsert
from dougong.engine.jobs import Job
from dougong.engine.saving.plan import plan_of
from dougong.engine.unit import Unit
from dougong.metadata.component import content_hash
from dougong.metadata.model import Model
from dougong.metadata.service_level import ServiceLevel
from dougong.workflows.service_levels.keeping import TOGETHER, review
from dougong.workflows.service_levels.tables import adopted, clocks

if TYPE_CHECKING:
    from dougong.engine.company import Company
    from dougong.engine.outbox import Task

ADOPT = "sla.adopt"
"""The job: payload `sla`, the name of a service level."""


def published(company: Company, connection: Connection, model: Model, now: datetime) -> None:
    """In the transaction of a publish: end what is no longer there, ask for what is new or changed to be adopted."""
    levels = model.workflows.service_levels
    gone = update(clocks).where(clocks.c.ended_at.is_(None), clocks.c.sla.not_in(list(levels)))
    known = dict(connection.execute(select(adopted.c.sla, adopted.c.hash)).all())
    if known.keys() - levels.keys():
        connection.execute(gone.values(state="ended", ended_at=now, next_at=None))
        connection.execute(adopted.delete().where(adopted.c.sla.not_in(list(levels))))
    for name, each in levels.items():
        digest = content_hash(each.body)
        if known.get(name) != digest:
            statement = upsert(connection.dialect.name, adopted).values(sla=name, hash=digest)
            connection.execute(statement.on_conflict_do_update(index_elements=["sla"], set_={"hash": digest}))
            id = outbox.put(connection, ADOPT, {"sla": name}, f"{ADOPT}:{record_id()}", now, now)
            if id is not None:
                company.database.announce(connection, id, now)


def _adopt(company: Company, task: Task) -> None:
    """Let the clocks of every record stand as a service level says; done twice it changes nothing."""
    name, after = str(task.payload["sla"]), ""
    while True:
        last = company.write(SYSTEM, lambda unit, after=after: some(unit, name, after))  # type: ignore[misc]
        if not last:
            return
        after = last


def some(unit: Unit, name: str, after: str) -> str:
    """Look at the next records by id; the last of them, "" where that were all."""
    level = unit.runtime.model.workflows.service_levels.get(name)
    if level is None:
        return ""
    if not after:
        _end_keys(unit, level)
    table = plan_of(unit.runtime, level.object).table
    asked = select(table.c.id).where(table.c.deleted_at.is_(None)).order_by(table.c.id).limit(TOGETHER)
    ids = list(map(str, unit.connection.scalars(asked.where(table.c.id > after) if after else asked)))
    if ids:
        review(unit, level.object, ids, (level,))
    return ids[-1] if len(ids) == TOGETHER else ""


def _end_keys(unit: Unit, level: ServiceLevel) -> None:
    """Clocks that the document no longer has."""
    its = clocks.c
    gone = (its.sla == level.name, its.ended_at.is_(None), its.clock.not_in([each.key for each in level.clocks]))
    unit.connection.execute(update(clocks).where(*gone).values(state="ended", ended_at=unit.now, next_at=None))


JOBS = (Job(ADOPT, _adopt, attempts=20, label=msg("Service levels after a publish")),)
"""What the workers do when service levels are published."""
