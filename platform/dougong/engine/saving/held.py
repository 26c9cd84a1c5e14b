"""Records that somebody holds: what may not be changed now, on every path, the lines of a held document included."""

from __future__ import annotations

from collections.abc import Mapping

from dougong.base.field_types import Reference
from dougong.base.language import msg
from dougong.engine.record_locks import RecordLock, locks_on
from dougong.engine.saving.row import Batch, Row

FOLLOWS = frozenset({"updated_at", "updated_by", "version"})
"""System fields that only say that something was changed."""


def check(batch: Batch) -> None:
    """Note changes of records that are locked: one question an object, for what the caller changes and takes along."""
    touched = [
        row for row in batch.rows if row.doing in ("update", "delete") and not (row.extra and row.doing != "delete")
    ]
    asked: dict[str, set[str]] = {}
    for row in touched:
        asked.setdefault(row.plan.name, set()).add(row.id)
    documents = [(row, each) for row in batch.people() for each in _documents(batch, row)]
    for _, document in documents:
        asked.setdefault(document.object, set()).add(document.id)
    locks = {name: locks_on(batch.unit, name, sorted(ids)) for name, ids in asked.items()}
    for row in touched:
        lock = locks[row.plan.name].get(row.id)
        if lock is not None:
            _refuse(row, lock)
    for row, document in documents:
        lock = locks[document.object].get(document.id)
        if lock is not None and not _told(row) and _is_change(row):
            row.refuse("record-locked", lock.reason)


def _told(row: Row) -> bool:
    return any(each.code == "record-locked" for each in row.problems)


def _is_change(row: Row) -> bool:
    return row.doing != "update" or bool(_changed(row))


def _changed(row: Row) -> list[str]:
    return [name for name in row.stored_changes() if name not in FOLLOWS]


def _refuse(row: Row, lock: RecordLock) -> None:
    if row.doing == "delete":
        row.refuse("record-locked", lock.reason)
        return
    held = [name for name in _changed(row) if name not in lock.except_fields and name in row.edited]
    # What follows from a field that is open may follow; what nobody edited at all is no change of a person.
    linked = [each.name for each in row.plan.linked if row.differs(each.name) and each.name not in lock.except_fields]
    for name in dict.fromkeys((*held, *linked)):
        row.refuse("record-locked", lock.reason, at=name)
    if row.taking and not held:
        row.refuse("record-locked", lock.reason, msg("Take it when that has ended."), at="owner")


def _documents(batch: Batch, row: Row) -> list[Reference]:
    """The documents that a row is a line of: before the change, and after it."""
    master = row.plan.object.master
    if master is None or row.plan.object.name not in _line_objects(batch):
        return []
    found: Mapping[str, Reference] = {
        value.id: value
        for value in (row.before.get(master.name), row.values.get(master.name))
        if isinstance(value, Reference)
    }
    return [each for each in found.values() if not _is_new(batch, each)]


def _is_new(batch: Batch, document: Reference) -> bool:
    row = batch.row_of(document.object, document.id)
    return row is not None and (row.new or row.doing == "delete")


def _line_objects(batch: Batch) -> frozenset[str]:
    """The objects whose records are edited as lines of another one."""
    prepared = batch.unit.runtime.prepared
    found: frozenset[str] | None = prepared.get("saving.line objects")
    if found is None:
        objects = batch.unit.runtime.model.objects.values()
        found = frozenset(line.partition(".")[0] for each in objects for line in each.lines)
        prepared["saving.line objects"] = found
    return found
