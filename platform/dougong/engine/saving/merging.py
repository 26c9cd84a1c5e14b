"""Two people, one record: what was given meets what somebody else has stored meanwhile, field by field."""

from __future__ import annotations

from typing import Any

from dougong.base.errors import Place, Problem
from dougong.base.field_types import ValueRefused
from dougong.base.language import msg
from dougong.engine.saving.batch import Overlap, StaleRecord
from dougong.engine.saving.plan import bare
from dougong.engine.saving.row import Batch, Row


def merge(batch: Batch) -> list[StaleRecord]:
    """Drop from stale rows what their person did not change; the conflicts of those where both changed the same.

    A row that says no version is not checked. One with a version but without the values that its person began from
    is a conflict as soon as the record has moved on.
    """
    stale: list[StaleRecord] = []
    for row in batch.rows:
        if row.version is None or not row.before or row.problems or row.doing == "create":
            continue
        current = int(row.before["version"])
        if row.base is None:
            if row.version != current:
                stale.append(_moved_on(row, current))
            continue
        overlaps = _overlaps(batch, row)
        if overlaps and row.version != current:
            stale.append(_conflict(row, current, overlaps))
    return stale


def _overlaps(batch: Batch, row: Row) -> list[Overlap]:
    """The fields that both sides changed to different values. Fields that only stand in the form are dropped."""
    found: list[Overlap] = []
    base = row.base or {}
    for name in list(row.given):
        field = row.plan.object.fields[name]
        said = next((base[key] for key in (name, *field.formerly) if key in base), _ABSENT)
        if said is _ABSENT:
            began: Any = row.before.get(name)
        else:
            try:
                began = bare(field, field.type.coerce(field, said, batch.unit.reading))
            except ValueRefused:
                began = row.before.get(name)
        mine, theirs = row.given[name], row.before.get(name)
        if mine == began:
            del row.given[name]
        elif theirs not in (began, mine):
            found.append(Overlap(name, mine, theirs, began))
    return found


_ABSENT: Any = object()


def _moved_on(row: Row, current: int) -> StaleRecord:
    problem = Problem(
        code="record-stale",
        reason=msg("Somebody else has changed this record since you opened it."),
        fix=msg("Load it again and repeat your change."),
        thing=f"object:{row.plan.name}",
        place=Place(row=row.number),
    )
    return StaleRecord([problem], row.id, current, ())


def _conflict(row: Row, current: int, overlaps: list[Overlap]) -> StaleRecord:
    fields = row.plan.object.fields
    problems = [
        Problem(
            code="field-conflict",
            reason=msg("Somebody else has changed {label} as well.", label=fields[each.field].label),
            fix=msg("Choose which value to keep."),
            thing=fields[each.field].address,
            place=Place(field=each.field, row=row.number),
        )
        for each in overlaps
    ]
    return StaleRecord(problems, row.id, current, tuple(overlaps))
