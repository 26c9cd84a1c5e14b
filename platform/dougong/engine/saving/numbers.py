"""Auto-numbers: the next of each series, without gaps and without duplicates.

A series is one row of ``dg_number``. Counting it up locks the row until the transaction ends, so numbers are given in
the order of commits and come back when a transaction does not commit. It happens last before writing, to keep the
lock short; series are taken in order of name, so that two batches never wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import bindparam

from dougong.engine import tables
from dougong.engine.dialects.statements import upsert
from dougong.engine.fields.auto_number import AutoNumberType, Pattern, counter_scope
from dougong.engine.saving.expressions import Expressions, accessor
from dougong.engine.saving.lifecycle import IN_FORCE
from dougong.engine.saving.plan import ObjectPlan
from dougong.engine.saving.related import Needs, needs_of
from dougong.engine.saving.row import Batch, Row, grouped
from dougong.metadata.model import Field


@dataclass(slots=True)
class Series:
    """The rows that take the next numbers of one counter, in their order."""

    number: Field
    pattern: Pattern
    rows: list[tuple[Row, Callable[[str], str]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Numbering:
    """The auto-number fields of an object and what their patterns look at."""

    fields: tuple[tuple[Field, AutoNumberType], ...]
    needs: Needs


def numbering(plan: ObjectPlan) -> Numbering:
    """The auto-number fields of an object."""
    found = tuple(
        (each, each.type)
        for each in plan.object.fields.values()
        if isinstance(each.type, AutoNumberType) and each.name in plan.slots
    )
    types = [None, *plan.object.record_types]
    paths = {path for each, kind in found for name in types for path in kind.pattern(each, name).paths}
    return Numbering(found, needs_of(plan, (tuple(path.split(".")) for path in sorted(paths))))


def assign(batch: Batch, rows: Iterable[Row], expressions: Expressions) -> None:
    """Give numbers to the rows that are due for one: one statement per series."""
    due: dict[str, Series] = {}
    day = batch.unit.reading.today
    for plan, group in grouped(rows):
        numbers = plan.part(numbering)
        if not numbers.fields:
            continue
        expressions.follow([row.values for row in group], numbers.needs)
        for each, kind in numbers.fields:
            for row in group:
                if _is_due(row, each):
                    _enter(batch, due, row, each, kind, day)
    for name in sorted(due):
        _count(batch, name, due[name], day)


def _is_due(row: Row, each: Field) -> bool:
    if row.values.get(each.name) is not None:
        return False
    if each.options.get("assign") == "effective" and row.plan.object.effective:
        return row.values.get("life_status") in IN_FORCE
    return row.new


def _enter(batch: Batch, due: dict[str, Series], row: Row, each: Field, kind: AutoNumberType, day: date) -> None:
    record_type = row.values.get("record_type")
    own = record_type if record_type in (each.options.get("by_record_type") or {}) else ""
    pattern = kind.pattern(each, record_type)

    def value(path: str) -> str:
        found = accessor(row.plan, tuple(path.split(".")))(row.values, batch.related)
        return "" if found is None else str(found)

    name = f"{each.id}|{own}|{counter_scope(each, pattern, day, value)}"
    due.setdefault(name, Series(each, pattern)).rows.append((row, value))


def _count(batch: Batch, name: str, series: Series, day: date) -> None:
    first = series.pattern.start
    params = {"b_series": name, "b_first": first - 1 + len(series.rows), "b_count": len(series.rows)}
    last = batch.unit.connection.execute(_statement(batch), params).scalar_one()
    for number, (row, value) in enumerate(series.rows, last - len(series.rows) + 1):
        row.values[series.number.name] = series.pattern.write(number, day, value)


def _statement(batch: Batch) -> Any:
    prepared = batch.unit.runtime.prepared
    found = prepared.get("next_number")
    if found is None:
        numbers = tables.numbers
        statement = upsert(batch.unit.company.database.kind, numbers).values(
            series=bindparam("b_series"), last=bindparam("b_first")
        )
        found = prepared["next_number"] = statement.on_conflict_do_update(
            index_elements=["series"], set_={"last": numbers.c.last + bindparam("b_count")}
        ).returning(numbers.c.last)
    return found
