"""Where a problem is told with a record that nobody named: at the rows that brought it about."""

from __future__ import annotations

from dougong.engine.saving.related import references
from dougong.engine.saving.row import Batch, Row


def told_at(batch: Batch, row: Row) -> list[Row]:
    """The rows of the caller at which a problem with `row` is told: itself, or those that name it.

    A record that follows others (a document whose lines changed) is in the batch without a number.
    """
    if row.number:
        return [row]
    people = batch.people()
    naming = [
        each
        for each in people
        if any(
            named.id == row.id
            for value in (*each.values.values(), *each.before.values())
            for named in references(value)
        )
    ]
    return naming or people or [row]
