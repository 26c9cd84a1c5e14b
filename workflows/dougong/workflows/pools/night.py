"""The night: owners are warned, and what is due goes back to its pool.

What is due follows from dates that are kept, so a night that was missed is made up for by the next one, and a night
done twice does nothing twice. Each batch is a transaction of its own.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import select

from dougong.base.language import Labels, Message, label, msg
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.dialects.statements import upsert
from dougong.engine.jobs import Job
from dougong.engine.outbox import Task
from dougong.engine.reasons import reason as kept_reason
from dougong.engine.saving.batch import Change, Update
from dougong.engine.saving.plan import plan_of
from dougong.engine.unit import Unit
from dougong.metadata.pool import Pool, Reclaim
from dougong.workflows.notices.telling import Notice, tell
from dougong.workflows.pools import facts, scanning
from dougong.workflows.pools.keeping import CAUSE, Cause
from dougong.workflows.pools.scanning import Line
from dougong.workflows.pools.tables import holds

NAMED = 10
"""How many records a notice names."""


@dataclass(frozen=True, slots=True)
class Night:
    """What was done: the ids of records taken, of those whose owners were warned, and why others could not be taken."""

    taken: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()

    def __add__(self, other: Night) -> Night:
        return Night(self.taken + other.taken, self.warned + other.warned, self.refused + other.refused)


def objects(company: Company) -> list[str]:
    """The objects that have pools."""
    with company.read(SYSTEM) as unit:
        return list(dict.fromkeys(each.object for each in unit.runtime.model.workflows.pools.values()))


def preview(company: Company, object_name: str, day: date) -> Iterator[Line]:
    """What the night before `day` would take, and warn of, and what was warned of and waits; nothing is written."""
    after: str | None = ""
    while after is not None:
        with company.read(SYSTEM) as unit:
            found, after = scanning.lines(unit, object_name, day, after)
        yield from (each for each in found if each.what in ("take", "warn", "warned"))


def carry_out(company: Company, object_name: str, day: date | None = None) -> Night:
    """Warn and take, in batches; `day` is the company's today where it is not said."""
    done, after = Night(), ""
    while True:
        some, last = company.write(SYSTEM, functools.partial(_some, name=object_name, day=day, after=after))
        done += some
        if last is None:
            return done
        after = last


def _some(unit: Unit, name: str, day: date | None, after: str) -> tuple[Night, str | None]:
    day = day or facts.today(unit)
    found, last = scanning.lines(unit, name, day, after)
    meant = [each.id for each in found if each.what in ("take", "warn")]
    if not meant:
        return Night(), last
    # Somebody may have worked on them meanwhile: they are judged again once nobody can.
    table = plan_of(unit.runtime, name).table
    locked = select(table.c.id).where(table.c.id.in_(meant)).order_by(table.c.id).with_for_update(key_share=True)
    unit.connection.execute(locked)
    judged = scanning.of_records(unit, name, meant, day)
    warned = [each for each in judged if each.what == "warn"]
    _warn(unit, warned, day)
    return Night(warned=tuple(each.id for each in warned)) + _take(unit, [e for e in judged if e.what == "take"]), last


def _warn(unit: Unit, lines: Sequence[Line], day: date) -> None:
    if not lines:
        return
    obj = unit.runtime.model.objects[lines[0].pool.object]
    for each in lines:
        rule = each.rule
        if rule is None:
            continue
        told = {"warned_rule": rule.key, "warned_due": each.due, "warned_on": day}
        # What nobody has changed hands since pools are kept has no row: it is as old as the record.
        own = {"object": obj.id, "record_id": each.id, "owner_id": each.owner, "since": _since(unit, obj.name, each.id)}
        known = upsert(unit.connection.dialect.name, holds).values(own | {"gained": "other"} | told)
        unit.connection.execute(known.on_conflict_do_update(index_elements=["object", "record_id"], set_=told))
    for (owner, name), some in _by(lines, lambda each: (each.owner, each.pool.name)):
        first = min(each.goes for each in some if each.goes is not None)
        title = msg("{n} record goes back to {pool} on {day}, unless something happens",
                    "{n} records go back to {pool} from {day} on, unless something happens",
                    n=len(some), pool=some[0].pool.label, day=str(first))  # fmt: skip
        _tell(unit, owner, some, title, f"pool.warned:{name}:{day.isoformat()}:{some[0].id}")


def _since(unit: Unit, name: str, id: str) -> Any:
    table = plan_of(unit.runtime, name).table
    return unit.connection.scalar(select(table.c.created_at).where(table.c.id == id))


def _take(unit: Unit, lines: Sequence[Line]) -> Night:
    night = Night()
    for (_, _), some in _by(lines, lambda each: (each.pool.name, each.rule.key if each.rule else "")):
        pool, rule = some[0].pool, some[0].rule
        if rule is not None:
            night += _take_for(unit, pool, rule, some)
    return night


def _take_for(unit: Unit, pool: Pool, rule: Reclaim, lines: Sequence[Line]) -> Night:
    why = label(rule.label, unit.company.language, rule.key)
    taking = unit.acting(SYSTEM)
    taking.why, taking.memory[CAUSE] = kept_reason(why), Cause(event="reclaimed", reason=why, rule=rule.key)
    changes: list[Change] = [Update(pool.object, each.id, {"owner": pool.account}) for each in lines]
    saved = taking.records.save(changes, partial=True)
    taken = {each.id for each in saved.changes if each.object == pool.object}
    for (owner,), some in _by([each for each in lines if each.id in taken], lambda each: (each.owner,)):
        title = msg("{n} record went back to {pool}: {reason}", "{n} records went back to {pool}: {reason}",
                    n=len(some), pool=pool.label, reason=rule.label)  # fmt: skip
        _tell(unit, owner, some, title, f"pool.taken:{pool.name}:{saved.operation}")
    refused = tuple(
        (lines[each.place.row - 1].id, each.text(unit.company.language)) for each in saved.problems if each.place.row
    )
    return Night(taken=tuple(sorted(taken)), refused=refused)


def _by(lines: Sequence[Line], key: Any) -> Iterator[tuple[Any, list[Line]]]:
    for found, group in groupby(sorted(lines, key=key), key=key):
        yield found, list(group)


def _tell(unit: Unit, owner: str, lines: Sequence[Line], title: Message | Labels, key: str) -> None:
    body = "\n".join(each.title for each in lines[:NAMED])
    pool = lines[0].pool
    here = f"/o/{pool.object}/{lines[0].id}" if len(lines) == 1 else f"/pools/{pool.name}/mine"
    tell(unit, [owner], Notice(kind="pool", title=title, body=body, url=here, key=key, object=pool.object))


def _run(company: Company, task: Task) -> None:
    """The daily job, for every object that has pools."""
    for name in objects(company):
        carry_out(company, name)


JOBS = (Job("pool.night", _run, daily=True, label=msg("Night of the pools")),)
"""What the workers do once a day."""
