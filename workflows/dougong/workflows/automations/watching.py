"""What is written while somebody watches: each record with its fields before and after, as saving hands it on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal

from dougong.engine.saving.row import Row
from dougong.workflows.automations.triggers import EVENTS, UNSEEN


@dataclass(frozen=True, slots=True)
class Written:
    """One record that was written. `fields` are (before, after) by name, of those that changed and that people see."""

    object: str
    id: str
    action: Literal["create", "change", "delete"]
    fields: Mapping[str, tuple[Any, Any]]


_SEEN: ContextVar[list[Written] | None] = ContextVar("written", default=None)


@contextmanager
def watching() -> Iterator[list[Written]]:
    """Within the block, what is saved in this thread is put into the list that it gives, in the order of saving."""
    seen: list[Written] = []
    token = _SEEN.set(seen)
    try:
        yield seen
    finally:
        _SEEN.reset(token)


def saw(rows: Sequence[Row]) -> None:
    """Take note of saved rows, where somebody watches."""
    seen = _SEEN.get()
    if seen is not None:
        seen.extend(each for row in rows if row.doing in EVENTS and (each := _written(row)) is not None)


def _written(row: Row) -> Written | None:
    """None for a row in which nothing changed that people see."""
    action = EVENTS[row.doing]
    if action == "delete":
        return Written(row.plan.name, row.id, "delete", {})
    names = [name for name in row.plan.slots if name not in UNSEEN and row.differs(name)]
    fields = {name: (row.before.get(name), row.values.get(name)) for name in names}
    if action == "create":
        return Written(row.plan.name, row.id, "create", fields)
    return Written(row.plan.name, row.id, "change", fields) if fields else None
