"""A support desk whose cases have clocks, and tests that say what time it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Change, Create, Delete, Update
from dougong.engine.tables import outbox
from dougong.engine.unit import Unit
from dougong.workflows.service_levels import asking, climbing
from dougong.workflows.service_levels.judging import Standing
from dougong.workflows.service_levels.keeping import COLUMNS, TOGETHER, read
from dougong.workflows.service_levels.tables import clocks
from tests.companies import PACKAGES, Copies
from tests.workflows.automations.conftest import work

T = TypeVar("T")

SUPPORT = Path(__file__).parent / "support"
"""Cases with two clocks: a reply within working hours by a table, and care counted from a moment of the record."""

ZONE = ZoneInfo("UTC")


@pytest.fixture
def support(company_copy: Copies, database_kind: str) -> Iterator[Company]:
    """A company with the support desk's metadata and no records, on each kind of database."""
    with company_copy(database_kind, "support", (PACKAGES / "base", SUPPORT)) as found:
        yield found


def moment(text: str) -> datetime:
    """A moment of March 2026 in the zone of companies in tests: ``16 09:30`` is a Monday."""
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=ZONE)


def at(company: Company, when: str, do: Callable[[Unit], T]) -> T:
    """Do something as if it were another time."""

    def then(unit: Unit) -> T:
        return do(Unit(unit.company, unit.connection, unit.runtime, SYSTEM, moment(when)))

    return company.write(SYSTEM, then)


def save(company: Company, when: str, *changes: Change) -> list[str]:
    """Save records at a time; their ids."""
    return [each.id for each in at(company, when, lambda unit: unit.records.save(list(changes))).changes]


def case(company: Company, when: str, **values: Any) -> str:
    """A new case's id."""
    return save(company, when, Create("case", {"name": "Pump", **values}))[0]


def change(company: Company, when: str, id: str, **values: Any) -> None:
    """Change a case."""
    save(company, when, Update("case", id, values))


def remove(company: Company, when: str, id: str) -> None:
    """Delete a case."""
    save(company, when, Delete("case", id))


def tick(company: Company, when: str) -> None:
    """Let the moments of clocks come, and what they set off be done; not what comes later, up to the real time."""
    at(company, when, lambda unit: unit.connection.execute(delete(outbox).where(outbox.c.job == asking.TICK)))
    while at(company, when, climbing.some) == TOGETHER:
        pass
    work(company)


def values(company: Company, id: str) -> Mapping[str, Any]:
    """What a case holds."""
    with company.read(SYSTEM) as unit:
        return unit.records.get("case", id).values


def every(company: Company, id: str, clock: str = "reply") -> list[Standing]:
    """The clocks of a case, the first first."""
    with company.read(SYSTEM) as unit:
        mine = select(*COLUMNS).where(clocks.c.record_id == id, clocks.c.clock == clock).order_by(clocks.c.id)
        return [read(tuple(row)) for row in unit.connection.execute(mine)]
