"""`Records`: the one door to a company's records, held by every unit of work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dougong.engine.query import Counted, Page, Query, Record, Summary
from dougong.engine.reading import listing, summaries

if TYPE_CHECKING:
    from dougong.engine.saving.batch import Change, Saved
    from dougong.engine.saving.pipeline import Prepared
    from dougong.engine.unit import Unit


class Records:
    """Reads and writes records for the actor of one unit."""

    __slots__ = ("_unit",)

    def __init__(self, unit: Unit) -> None:
        """Work within `unit`: its connection, its actor, its revision."""
        self._unit = unit

    def query(self, query: Query) -> Page:
        """One page of records. See `dougong.engine.reading.listing.run` for what it raises."""
        return listing.run(self._unit, query)

    def ask(self, query: Query) -> Callable[[], Page]:
        """`query`, asked now and read by calling what this gives: for several of one `Unit.together`."""
        return listing.ask(self._unit, query)

    def get(self, name: str, record_id: str, *, deleted: str = "live") -> Record:
        """One record in full; `NotFound` when absent or not visible."""
        return listing.get(self._unit, name, record_id, deleted)

    def count(self, query: Query, *, cap: int | None = None) -> Counted:
        """How many records a query finds, counting no further than `cap`."""
        return summaries.count(self._unit, query, cap)

    def ask_count(self, query: Query, *, cap: int | None = None) -> Callable[[], Counted]:
        """`count`, asked now and read by calling what this gives."""
        return summaries.ask_count(self._unit, query, cap)

    def summarise(self, summary: Summary) -> list[tuple[tuple[Any, ...], tuple[Any, ...]]]:
        """Grouped measures: a list of (group values, measure values)."""
        return summaries.summarise(self._unit, summary)

    def totals(self, query: Query, fields: Sequence[tuple[str, str]]) -> tuple[Any, ...]:
        """Measures over all records of a query, in one statement: `fields` are (op, path) pairs."""
        return summaries.totals(self._unit, query, fields)

    def save(
        self,
        batch: Sequence[Change],
        *,
        partial: bool = False,
        operation: str | None = None,
        reverting: bool = False,
        prepared: Prepared | None = None,
    ) -> Saved:
        """Write a batch of changes, all or none unless `partial`; `operation` groups the history of several batches.

        `reverting` takes changes back; `prepared` is what `pipeline.prepare` made of them in this unit. See
        `dougong.engine.saving.pipeline.save` for what it raises.
        """
        from dougong.engine.saving.pipeline import save

        return save(self._unit, batch, partial=partial, operation=operation, reverting=reverting, prepared=prepared)
