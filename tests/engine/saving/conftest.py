"""A company that has every kind of relation, rule and computed value, and short words to work in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.saving.batch import Change, Create, Delete, Restore, Saved, Update
from tests.companies import Copies

STUDIO = Path(__file__).parent / "studio"


class Studio:
    """A company in which one user writes; every call is one transaction."""

    def __init__(self, company: Company, user: Mapping[str, Any] | None = None) -> None:
        self.company = company
        self.actor = SYSTEM
        user_id = self.save(Create("user", user or {"name": "Li"})).changes[0].id
        self.actor = Actor(user_id=user_id, name="Li")
        self.statements: list[str] = []

    def save(self, *changes: Change, why: str = "", actor: Actor | None = None, **options: Any) -> Saved:
        return self.company.write(
            actor or self.actor, lambda unit: unit.records.save(list(changes), **options), why=why
        )

    def create(self, object_name: str, **values: Any) -> str:
        return self.save(Create(object_name, values)).changes[0].id

    def update(self, object_name: str, id: str, *, why: str = "", **values: Any) -> Saved:
        return self.save(Update(object_name, id, values), why=why)

    def delete(self, object_name: str, id: str) -> Saved:
        return self.save(Delete(object_name, id))

    def restore(self, object_name: str, id: str) -> Saved:
        return self.save(Restore(object_name, id))

    def get(self, object_name: str, id: str, deleted: str = "live") -> Mapping[str, Any]:
        with self.company.read(SYSTEM) as unit:
            record = unit.records.get(object_name, id, deleted=deleted)
            return {**record.values, "version": record.version}

    def read(self, work: Any) -> Any:
        with self.company.read(SYSTEM) as unit:
            return work(unit)

    @contextmanager
    def counting(self) -> Iterator[list[str]]:
        """The statements that writing sends within the block."""
        found: list[str] = []

        def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            found.append(statement)

        event.listen(self.company.database.writers, "before_cursor_execute", note)
        try:
            yield found
        finally:
            event.remove(self.company.database.writers, "before_cursor_execute", note)


@pytest.fixture
def studio(company_copy: Copies, database_kind: str) -> Iterator[Studio]:
    """An empty studio on each kind of database."""
    with company_copy(database_kind, "studio", (STUDIO,)) as company:
        yield Studio(company)
