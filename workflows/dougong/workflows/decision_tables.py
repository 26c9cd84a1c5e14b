"""Tables that decide: records whose fields are compared with what formulas give; a blank field fits anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from dougong.base.field_types import Reference
from dougong.engine.actor import SYSTEM
from dougong.engine.query import Query
from dougong.engine.reading.listing import LARGEST_PAGE
from dougong.engine.unit import Unit

Row = tuple[Any, ...]
"""The values of a row that are compared, and behind them what it decides."""


def rows_of(unit: Unit, object_name: str, compared: Sequence[str], decides: str) -> list[Row]:
    """The rows of a table that decide something, in the order of trying: the fewest blanks first, then the earliest."""
    found = [(id, row) for id, row in _read(unit, object_name, (*compared, decides)) if row[-1] is not None]
    return [row for _, row in sorted(found, key=lambda each: (sum(one is None for one in each[1][:-1]), each[0]))]


def fits(row: Row, asked: Sequence[Any]) -> bool:
    """Whether a row is for a record of which formulas give `asked` (as `plain` has it), in the order of its fields."""
    return all(here is None or here == of for here, of in zip(row, asked, strict=False))


def plain(value: Any) -> Any:
    """A value of a row or of a formula, to be compared: of a record its id, nothing where it is blank."""
    if isinstance(value, Reference):
        return value.id
    return None if value == "" else value


def _read(unit: Unit, object_name: str, columns: tuple[str, ...]) -> Iterator[tuple[str, Row]]:
    query: Query | None = Query(object=object_name, columns=columns, limit=LARGEST_PAGE)
    while query is not None:
        page = unit.acting(SYSTEM).records.query(query)
        yield from ((row.id, tuple(map(plain, row.values))) for row in page.rows)
        query = replace(query, cursor=page.next) if page.next is not None else None
