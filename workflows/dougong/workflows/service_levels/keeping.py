"""Whatever changes a record, and however: its clocks begin, pause, go on and end with it, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select, update

from dougong.base.ids import record_id
from dougong.engine.unit import Unit
from dougong.metadata.model import Model
from dougong.metadata.service_level import ServiceLevel
from dougong.workflows.service_levels import asking
from dougong.workflows.service_levels.facts import Asked, levels_of, reads
from dougong.workflows.service_levels.judging import Standing, judged
from dougong.workflows.service_levels.tables import clocks
from dougong.workflows.working_time import Length, Span

if TYPE_CHECKING:
    from dougong.engine.saving.row import Row

TOGETHER = 500
"""Records that are looked at together."""

KEPT = ("create", "update", "derive", "restore")
"""What happens to records that are there afterwards."""

COLUMNS = tuple(clocks.c[name] for name in Standing.__slots__)
"""What is kept of how a clock stands."""


def indifferent(model: Model, object_name: str, fields: Set[str]) -> bool:
    """Whether a change of these fields of an object's records says nothing to clocks."""
    levels = (each for each in model.workflows.service_levels.values() if each.object == object_name)
    return all(reads(each).isdisjoint(fields) for each in levels)


def after_save(unit: Unit, rows: Sequence[Row]) -> None:
    """Let the clocks of saved records stand as the records say."""
    known = levels_of(unit.runtime)
    for object_name in dict.fromkeys(row.plan.name for row in rows) if known else ():
        levels = known.get(object_name, ())
        if levels:
            fields = frozenset[str]().union(*map(reads, levels))
            own = [row for row in rows if row.plan.name == object_name]
            _end(unit, [row.id for row in own if row.doing == "delete"])
            moved = [row for row in own if row.doing in KEPT and _concerns(row, fields)]
            for start in range(0, len(moved), TOGETHER):
                chunk = moved[start : start + TOGETHER]
                review(unit, object_name, [row.id for row in chunk], levels, chunk)


def _concerns(row: Row, fields: Set[str]) -> bool:
    return row.new or row.doing == "restore" or any(name in row.plan.slots and row.differs(name) for name in fields)


def _end(unit: Unit, ids: Sequence[str]) -> None:
    """The clocks of records that are deleted."""
    for start in range(0, len(ids), TOGETHER):
        gone = (clocks.c.record_id.in_(ids[start : start + TOGETHER]), clocks.c.ended_at.is_(None))
        unit.connection.execute(update(clocks).where(*gone).values(state="ended", ended_at=unit.now, next_at=None))


def review(
    unit: Unit, object_name: str, ids: Sequence[str], levels: Sequence[ServiceLevel], rows: Sequence[Row] = ()
) -> None:
    """Let the clocks of records stand as the records say now; `rows` are those that are just being saved.

    Of records that nobody saves it is not known since when a clock without a beginning would run: none begins.
    """
    fresh = {row.id for row in rows if row.new}
    open_ones = standing(unit, [id for id in ids if id not in fresh])
    asked = Asked(unit, object_name, ids, levels, rows)
    changed: list[tuple[str, Standing]] = []
    begun: list[dict[str, Any]] = []
    for level in levels:
        for clock in level.clocks:
            for id in ids:
                key, old = open_ones.get((id, level.name, clock.key), ("", None))
                if old is None and clock.begins is None and not rows:
                    continue
                now, new = judged(clock, asked.facts(level, clock, id), unit.now, old)
                if now is not None and now != old:
                    changed.append((key, now))
                if new is not None:
                    own = {"id": record_id(), "sla": level.name, "clock": clock.key, "object": object_name}
                    begun.append({**own, "record_id": id, **stored(new)})
    keep(unit, changed)
    if begun:
        unit.connection.execute(insert(clocks), begun)
    asking.ask(unit, [*(each.next_at for _, each in changed), *(each["next_at"] for each in begun)])


def standing(unit: Unit, ids: Sequence[str]) -> dict[tuple[str, str, str], tuple[str, Standing]]:
    """The open clocks of records with their ids, by record, service level and key."""
    if not ids:
        return {}
    its = clocks.c
    asked = select(its.id, its.record_id, its.sla, its.clock, *COLUMNS).where(
        its.record_id.in_(list(ids)), its.ended_at.is_(None)
    )
    return {(str(row[1]), row[2], row[3]): (str(row[0]), read(row[4:])) for row in unit.connection.execute(asked)}


def keep(unit: Unit, changed: Iterable[tuple[str, Standing]]) -> None:
    """Write how clocks stand, by id: those that ended first, so that another may begin."""
    rows = [{"its_id": id, **{f"new_{name}": value for name, value in stored(each).items()}} for id, each in changed]
    if rows:
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in Standing.__slots__}
        unit.connection.execute(update(clocks).where(clocks.c.id == bindparam("its_id")).values(values), rows)


def stored(each: Standing) -> dict[str, Any]:
    """How a clock stands, as the table has it."""
    found: dict[str, Any] = {name: getattr(each, name) for name in Standing.__slots__}
    if each.target is not None:
        found["target"] = [int(each.target.time.total_seconds()), each.target.counting]
    found["gaps"] = [[begins.isoformat(), ends.isoformat()] for begins, ends in each.gaps]
    found["climbed"] = list(each.climbed)
    return found


def read(row: Sequence[Any]) -> Standing:
    """How a clock stands, out of `COLUMNS`."""
    found = Standing(**dict(zip(Standing.__slots__, row, strict=True)))
    return replace(found, target=_length(found.target), gaps=tuple(map(_gap, found.gaps)), climbed=tuple(found.climbed))


def _length(told: Any) -> Length | None:
    return Length(timedelta(seconds=told[0]), told[1]) if told is not None else None


def _gap(told: Any) -> Span:
    begins, ends = map(datetime.fromisoformat, told)
    return begins, ends
