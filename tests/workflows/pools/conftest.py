"""The sales package with people in it, and what tests of pools do with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create, Update
from dougong.metadata.pool import Pool
from dougong.workflows.pools import claiming
from dougong.workflows.pools.claiming import Done
from dougong.workflows.pools.tables import holds


def pool(company: Company, name: str = "account.public") -> Pool:
    """A pool of the company."""
    return company.runtime().model.workflows.pools[name]


def customer(company: Company, owner: str, name: str = "远澜新能源", **values: Any) -> str:
    """A new customer's id."""
    given = {"name": name, "record_type": "enterprise", "owner": owner, **values}
    return company.write(SYSTEM, lambda unit: unit.records.save([Create("account", given)])).changes[0].id


def claimed(company: Company, actor: Actor, *ids: str, name: str = "account.public") -> Done:
    """Let somebody claim."""
    return company.write(actor, lambda unit: claiming.claim(unit, pool(company, name), ids))


def owner(company: Company, id: str, object: str = "account") -> str:
    """Whose a record is."""
    with company.read(SYSTEM) as unit:
        return str(unit.records.get(object, id).values["owner"].id)


def give(company: Company, id: str, to: str, object: str = "account") -> None:
    """Change a record's owner."""
    company.write(SYSTEM, lambda unit: unit.records.save([Update(object, id, {"owner": to})]))


def aged(company: Company, ids: Sequence[str], days: int) -> None:
    """Let records be in their owners' hands for so many days."""
    since = datetime.now(UTC) - timedelta(days=days)
    company.write(
        SYSTEM,
        lambda unit: unit.connection.execute(update(holds).where(holds.c.record_id.in_(ids)).values(since=since)),
    )
