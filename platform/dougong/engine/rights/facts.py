"""What conditions come to for records: asked together, for as many records as are explained at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, case, literal, select

from dougong.base.ids import is_record_id
from dougong.engine.reading.covering import AT_ONCE
from dougong.metadata.model import Object

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


class Facts:
    """What conditions come to for some records of an object; each is asked once, for all of them."""

    def __init__(self, unit: Unit, obj: Object, record_ids: Sequence[str]) -> None:
        """About those of `record_ids` that are ids at all, asked as the user of `unit` would ask."""
        self.unit, self.record_ids = unit, [each for each in record_ids if is_record_id(each)]
        self.table = unit.runtime.storage.tables[obj.name].table
        self._known: dict[str, dict[str, list[bool]]] = {}

    def of(self, record_id: str, key: str, conditions: Callable[[], list[ColumnElement[bool]]]) -> list[bool] | None:
        """Which of the conditions, asked under `key`, hold for a record; None where there is no such record."""
        if key not in self._known:
            self._known[key] = self._ask(conditions())
        return self._known[key].get(record_id)

    def _ask(self, conditions: list[ColumnElement[bool]]) -> dict[str, list[bool]]:
        columns: list[ColumnElement[int]] = [case((each, literal(1)), else_=literal(0)) for each in conditions]
        found: dict[str, list[bool]] = {}
        for start in range(0, len(self.record_ids), AT_ONCE):
            some = self.table.c.id.in_(self.record_ids[start : start + AT_ONCE])
            for id, *held in self.unit.connection.execute(select(self.table.c.id, *columns).where(some)):
                found[str(id)] = [bool(each) for each in held]
        return found
