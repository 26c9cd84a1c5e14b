"""Lines of a document as they were approved, brought back where the approval of their change did not come about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from dougong.engine.dialects.among import among
from dougong.engine.saving.batch import Change, Create, Delete, Restore, Update
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.metadata.approval import Approval
from dougong.metadata.model import Object
from dougong.workflows.approvals import binding

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

Lines = Mapping[str, Mapping[str, Any]]
"""Lines as snapshots have them: by record id and field id."""


def changes(unit: Unit, approval: Approval, obj: Object, record_id: str, old: Mapping[str, Any]) -> list[Change]:
    """What makes the lines of a document those of `old` again, in one batch.

    A line that was deleted comes out of the bin as it went in there: the approval of its deletion began with that, and
    held the document from then on.
    """
    found: list[Change] = []
    for name, lookup in binding.line_objects(approval, obj):
        was = old.get(f"{binding.LINES}:{name}")
        if was is not None:
            found += _of_kind(unit, plan_of(unit.runtime, name), lookup, record_id, was)
    return found


def _of_kind(unit: Unit, plan: ObjectPlan, lookup: str, record_id: str, was: Lines) -> Iterator[Change]:
    now = binding.lines_of(unit, plan, lookup, record_id)
    names = {each.id: each.name for each in binding.line_fields(plan, lookup)}
    yield from (Delete(plan.name, id) for id in now if id not in was)
    gone = [id for id in was if id not in now]
    stored = _stored(unit, plan, gone)
    for id, before in was.items():
        values = {name: before.get(key) for key, name in names.items()}
        if id in now:
            differing = {name: values[name] for key, name in names.items() if before.get(key) != now[id].get(key)}
            if differing:
                yield Update(plan.name, id, differing)
        elif id not in stored:
            yield Create(plan.name, {**values, lookup: record_id}, id=id)
        elif stored[id]:
            yield Restore(plan.name, id)
        else:
            yield Update(plan.name, id, {**values, lookup: record_id})


def _stored(unit: Unit, plan: ObjectPlan, ids: list[str]) -> dict[str, bool]:
    """Those of lines that there still are, each with whether it is in the bin; else it is of another document now."""
    if not ids:
        return {}
    column = plan.table.c
    rows = unit.connection.execute(select(column.id, column.deleted_at).where(among(column.id, "ids")), {"ids": ids})
    return {str(row.id): row.deleted_at is not None for row in rows}
