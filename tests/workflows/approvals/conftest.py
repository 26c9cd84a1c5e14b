"""A small company that buys things: what tests of running approvals work on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create, Update
from dougong.engine.unit import Unit
from dougong.workflows.approvals import service
from dougong.workflows.approvals.state import Act, Approve
from dougong.workflows.approvals.told import Instance, TaskPage, Which
from tests.companies import ADMINISTRATOR, PACKAGES, Copies, person

PURCHASING = Path(__file__).parents[1] / "purchasing"
"""Purchases with lines, suppliers, and approvals of both."""


@dataclass
class Office:
    """A company with its people: `who` by login."""

    company: Company
    who: dict[str, Actor] = field(default_factory=dict)

    def hire(self, login: str, *roles: str, **values: Any) -> Actor:
        """A new user; `manager` by login."""
        if "manager" in values:
            values["manager"] = self.id(values["manager"])
        self.who[login] = person(self.company, login, *roles, **values)
        return self.who[login]

    def id(self, login: str) -> str:
        """A user's id."""
        return str(self.who[login].user_id)

    def login(self, id: str) -> str:
        """The login of a user's id."""
        return next(login for login, actor in self.who.items() if actor.user_id == id)

    def write(self, login: str, work: Callable[[Unit], Any]) -> Any:
        """Do `work` as somebody."""
        return self.company.write(self.who[login] if login else SYSTEM, work)

    def read(self, login: str, work: Callable[[Unit], Any]) -> Any:
        """Read as somebody."""
        with self.company.read(self.who[login] if login else SYSTEM) as unit:
            return work(unit)

    # -- records
    def make(self, login: str, name: str = "paper", object_name: str = "purchase", **values: Any) -> str:
        """A record of somebody; its id."""
        made = Create(object_name, {"name": name, **values})
        return str(self.write(login, lambda unit: unit.records.save([made])).changes[0].id)

    def change(self, login: str, id: str, object_name: str = "purchase", **values: Any) -> None:
        """Change a record as somebody."""
        self.write(login, lambda unit: unit.records.save([Update(object_name, id, values)]))

    def values(self, id: str, object_name: str = "purchase") -> Mapping[str, Any]:
        """What is stored of a record."""
        return dict(self.read("", lambda unit: unit.records.get(object_name, id).values))

    # -- approvals
    def submit(self, login: str, id: str, name: str = "purchase.spend", **said: Any) -> str:
        """Submit a record as somebody; the id of the approval."""
        return str(self.write(login, lambda unit: service.submit(unit, name, id, **said)))

    def act(self, login: str, instance: str, act: Act, **said: Any) -> Instance:
        """Act as somebody."""
        found: Instance = self.write(login, lambda unit: service.act(unit, instance, act, **said))
        return found

    def approve(self, login: str, instance: str, **said: Any) -> Instance:
        """Approve as somebody whose turn it is."""
        return self.act(login, instance, Approve(entry=self.entry(login, instance), by=self.id(login), **said))

    def entry(self, login: str, instance: str) -> str:
        """The open part of somebody."""
        found = self.look(login, instance).entry
        assert found is not None, f"it is not the turn of {login}"
        return found

    def look(self, login: str, instance: str) -> Instance:
        """An approval as somebody sees it."""
        found: Instance = self.read(login, lambda unit: service.instance(unit, instance))
        return found

    def tasks(self, login: str, which: Which = "todo") -> TaskPage:
        """A list of somebody's approval centre."""
        found: TaskPage = self.read(login, lambda unit: service.tasks(unit, which))
        return found

    def waiting(self, instance: str) -> set[str]:
        """Whose turn it is, by login."""
        state = self.look("admin", instance).state
        return {
            self.login(entry.person)
            for visit in state.visits
            for entry in visit.entries
            if visit.status == "open" and entry.status == "open"
        }


@pytest.fixture
def office(company_copy: Copies, database_kind: str) -> Iterator[Office]:
    """The company on each kind of database: a buyer and their managers, three of finance, an auditor, a stranger."""
    with company_copy(database_kind, "purchasing", (PACKAGES / "base", PURCHASING)) as company:
        found = Office(company)
        found.hire("admin", ADMINISTRATOR)
        found.hire("top", "buyer")
        found.hire("boss", "buyer", manager="top")
        found.hire("clerk", "buyer", manager="boss")
        for login in ("fay", "finn", "flo"):
            found.hire(login, "finance", manager="top")
        found.hire("aud", "auditor")
        found.hire("stranger", "buyer")
        yield found


SMALL, LARGE = Decimal(5000), Decimal(20000)
"""Amounts that need the manager alone, and finance as well."""
