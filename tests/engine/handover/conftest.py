"""A sales company in which somebody leaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import insert

from dougong.base.ids import record_id
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create
from dougong.engine.tables import views
from dougong.engine.unit import Unit
from tests.companies import ADMINISTRATOR, company_copy, person, sales

__all__ = ["company_copy", "sales"]


@dataclass
class Office:
    """The people by login, and the ids of the records."""

    company: Company
    admin: Actor
    people: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def value(self, address: str, of: str) -> Any:
        """What is stored at ``object.field`` of a record; of a reference its id."""
        name, _, field_name = address.partition(".")
        with self.company.read(SYSTEM) as unit:
            found = unit.records.get(name, self.ids.get(of) or self.people.get(of, of), deleted="all").values[
                field_name
            ]
        return getattr(found, "id", found)

    def owners(self, name: str, *records: str) -> list[str]:
        """Who owns these, by login."""
        logins = {id: login for login, id in self.people.items()}
        return [logins[self.value(f"{name}.owner", each)] for each in records]

    def save(self, *changes: Any) -> list[str]:
        """Save behind everybody's back."""
        return [each.id for each in self.company.write(SYSTEM, lambda unit: unit.records.save(changes)).changes]


@pytest.fixture
def office(sales: Company) -> Office:
    """Wang leaves: two customers with deals, tasks, a report, a share, a list view; Li and Zhao are there."""
    made = Office(sales, person(sales, "admin", ADMINISTRATOR))
    made.people["admin"] = made.admin.user_id or ""
    for login in ("boss", "wang", "li", "zhao"):
        made.people[login] = person(sales, login).user_id or ""
    made.people["new"] = person(sales, "new", manager=made.people["wang"]).user_id or ""

    def work(unit: Unit) -> None:
        def make(key: str, of: str, **values: Any) -> None:
            values.setdefault("owner", made.people["wang"])
            made.ids[key] = unit.records.save([Create(of, values)]).changes[0].id

        for key in ("east", "west"):
            make(key, "account", name=f"{key} Pumps", record_type="enterprise")
            make(f"{key} deal", "opportunity", name=f"{key} deal", account=made.ids[key], record_type="standard")
            make(f"{key} contact", "contact", name=f"{key} contact", account=made.ids[key])
        make("open", "task", subject="Call back", status="open")
        make("done", "task", subject="Sent the offer", status="done")
        make("other", "account", name="Of another", owner=made.people["li"])
        about = {"object": "account", "id": made.ids["other"]}
        made.ids["share"] = (
            unit.records.save([Create("record_share", {"record": about, "user": made.people["wang"], "level": "edit"})])
            .changes[0]
            .id
        )
        row = {"id": record_id(), "object": unit.runtime.model.objects["account"].id, "shared": False}
        row |= {"owner_id": made.people["wang"], "body": {"label": {"en": "Mine"}, "columns": []}}
        unit.connection.execute(insert(views), row | {"updated_at": unit.now})

    sales.write(SYSTEM, work)
    return made
