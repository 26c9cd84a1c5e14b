"""A company whose help desk has automations of every kind, and what its tests do with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.jobs import run_due
from dougong.engine.saving.batch import Create, Update
from dougong.engine.tables import outbox
from dougong.engine.unit import Unit
from dougong.metadata.automation import Automation
from dougong.workflows.automations import kept, starting
from dougong.workflows.automations.tables import runs as table
from tests.companies import PACKAGES, Copies

DESK = Path(__file__).parent / "desk"
"""Objects and automations of a help desk."""


@pytest.fixture
def desk(company_copy: Copies, database_kind: str) -> Iterator[Company]:
    """A company with the desk's metadata and no records, on each kind of database."""
    with company_copy(database_kind, "desk", (PACKAGES / "base", DESK)) as found:
        yield found


def make(company: Company, object: str, **values: Any) -> str:
    """A new record's id."""
    return company.write(SYSTEM, lambda unit: unit.records.save([Create(object, values)])).changes[0].id


def change(company: Company, object: str, *ids: str, **values: Any) -> None:
    """Change records in one batch."""
    company.write(SYSTEM, lambda unit: unit.records.save([Update(object, id, values) for id in ids]))


def values(company: Company, object: str, id: str) -> Mapping[str, Any]:
    """What a record holds."""
    with company.read(SYSTEM) as unit:
        return unit.records.get(object, id).values


def work(company: Company) -> None:
    """Do every job that is due, and those that come of it."""
    while run_due(company):
        pass


def all_runs(company: Company) -> list[kept.Run]:
    """Every run, the first first."""
    with company.read(SYSTEM) as unit:
        return [kept.read(row) for row in unit.connection.execute(select(*kept.COLUMNS).order_by(table.c.id))]


def press(company: Company, name: str, *ids: str, working: bool = True) -> None:
    """Set an automation off by hand, and let it run; not `working`, its own job alone is done."""

    def fire(unit: Unit) -> list[str]:
        return starting.fire(unit, unit.runtime.model.workflows.automations[name], ids, "button")

    company.write(SYSTEM, fire)
    if working:
        work(company)
    else:
        run_due(company)


def hurry(company: Company) -> None:
    """Let every job be due now, also one that is to be tried again later."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    ready = update(outbox).where(outbox.c.state == "ready").values(run_at=past)
    company.write(SYSTEM, lambda unit: unit.connection.execute(ready))


def with_automation(company: Company, automation: Automation) -> Automation:
    """Let an automation be in force beside the others, or instead of the one of its name."""
    model = company.runtime().model
    every = {**model.workflows.automations, automation.name: automation}
    changed = replace(model, workflows=replace(model.workflows, automations=every))
    company.remember(replace(company.runtime(), model=changed, prepared={}))
    return automation


def with_setting(company: Company, name: str, value: Any) -> None:
    """Let a setting have a value."""
    model = company.runtime().model
    changed = replace(model, settings={**model.settings, name: value})
    company.remember(replace(company.runtime(), model=changed, prepared={}))
