"""Parents of which only a part is read: those that got new children, and follow these in a few values.

A customer has sixty columns, and a new deal adds to five of them. What else follows from these is known from the
metadata: fields computed from them, and what those read. Where something more may follow (a rule, a constraint, a fill,
another record that reads them, a plugin), the whole record is read, as it is where it is asked for later in the batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, select

from dougong.engine.dialects.among import among
from dougong.engine.saving.defaults import defaults_of
from dougong.engine.saving.followers import followers_of
from dougong.engine.saving.money import money_plan
from dougong.engine.saving.plan import COMPANY, ObjectPlan, RowReading, look, reading_of
from dougong.engine.saving.related import AT_ONCE
from dougong.engine.saving.rollup_ways import Concerned
from dougong.engine.saving.row import Batch, Row
from dougong.engine.saving.search_rows import search_plan
from dougong.engine.saving.validation import validation_of

SAID = ("id", "version", "created_at", "deleted_at")
"""What is read of every record: which it is, what history says of it, the day of its exchange rate."""


@dataclass(frozen=True, slots=True)
class Part:
    """A few fields of an object: the statement that reads and locks them, by id, and how its rows are read.

    `following` are those among them that may change, with what they are computed from.
    """

    names: frozenset[str]
    following: frozenset[str]
    load: Select[Any]
    reading: RowReading

    def read(self, stored: Sequence[Any]) -> dict[str, Any]:
        """The values of a row of `load`, by API name."""
        return self.reading.read(stored)


def part_of(batch: Batch, plan: ObjectPlan, concerned: Concerned) -> Part | None:
    """What is read of parents that only got new children; None where it is everything."""
    known: dict[frozenset[str], Part | None] = plan.part(_parts)
    names = frozenset(concerned.names)
    if names not in known:
        known[names] = _part(plan, names)
    part = known[names]
    return None if part is None or _somebody_looks(batch, plan, part) else part


def _somebody_looks(batch: Batch, plan: ObjectPlan, part: Part) -> bool:
    """Whether a plugin acts on what changes of an object: it is shown whole records."""
    hooks = batch.unit.company.hooks
    known = hooks.indifferent(model=batch.unit.runtime.model, object_name=plan.name, fields=part.following)
    return len(hooks.after_save.get_hookimpls()) > sum(map(bool, known))


def _parts(plan: ObjectPlan) -> dict[frozenset[str], Part | None]:
    return {}


def _part(plan: ObjectPlan, names: frozenset[str]) -> Part | None:
    following = None if _wants_all(plan) else _following(plan, names)
    if following is None:
        return None
    read = {each.partition(COMPANY)[0] for each in followers_of(plan.runtime).get(plan.name, ())}
    if not following.isdisjoint(read | plan.part(search_plan).own):
        return None
    money = plan.object.currency
    wanted = {*following, *SAID, plan.object.title, "currency", money.rate_date}
    chosen = [slot for slot in plan.slots.values() if slot.name in wanted]
    slots, start = [], 0
    for slot in chosen:
        slots.append(replace(slot, start=start))
        start += len(slot.keys)
    columns = [plan.table.c[key] for slot in slots for key in slot.keys]
    statement = select(*columns).where(among(plan.table.c.id, "ids")).order_by(plan.table.c.id)
    read_here = frozenset(slot.name for slot in slots)
    return Part(read_here, following, statement.with_for_update(key_share=True), reading_of(slots))


def _wants_all(plan: ObjectPlan) -> bool:
    """Whether there is more of an object that may follow from its roll-ups than computed fields."""
    obj = plan.object
    return bool(
        obj.fills
        or obj.constraints
        or plan.records.uniques
        or plan.part(validation_of).late
        or obj.currency.freeze_when
        or plan.part(money_plan).masters
        or plan.part(defaults_of).copies
    )


def _following(plan: ObjectPlan, names: frozenset[str]) -> frozenset[str] | None:
    """`names`, the fields computed from them, and all that these read; None where one reads beyond the record."""
    known = plan.part(defaults_of)
    found = set(names)
    for field, _ in known.computes:  # each after those that it reads
        reads = known.own_reads[field.name]
        if reads is None:
            return None
        if not found.isdisjoint(reads):
            found |= {field.name, *reads}
    return frozenset(found)


def complete(batch: Batch, plan: ObjectPlan, rows: Mapping[str, Row]) -> None:
    """Read the rest of `rows`, by id, which are locked and written as far as they are known."""
    ids = sorted(rows)
    for start in range(0, len(ids), AT_ONCE):
        for stored in batch.unit.connection.execute(plan.part(look), {"ids": ids[start : start + AT_ONCE]}):
            values = plan.read(stored)
            row = rows[str(values["id"])]
            row.before, row.settled = {**values, **row.before}, {**values, **row.settled}
            row.written, row.values, row.part = dict(values), values, False
            batch.related.put(plan.name, row.id, values)
