"""Service levels at the pages: how the clocks of a record stand, and what is due soonest of what a reader sees."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from dougong.base.settings import Settings
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create, Update
from dougong.web import sessions
from dougong.web.app import create_app, make_site
from dougong.workflows.pages import PAGES
from dougong.workflows.service_levels.tables import clocks
from tests.companies import person
from tests.workflows.automations.conftest import with_setting

HERE = "/service-levels"


class Desk:
    """The pages of the sales package."""

    def __init__(self, company: Company, client: TestClient) -> None:
        self.company, self.client, self.numbers = company, client, itertools.count(1)

    def get(self, actor: Actor, path: str) -> str:
        """A page as somebody."""
        token = self.company.write(SYSTEM, lambda unit: sessions.begin(unit, str(actor.user_id), "test", "127.0.0.1"))
        self.client.cookies.set(sessions.cookie_name(False), token)
        return self.client.get(path).text

    def rows(self, actor: Actor, of: str = "mine") -> list[str]:
        """The records in the list, in its order."""
        return re.findall(r'<td role="cell" class="name"[^>]*><a [^>]*>([^<]+)</a>', self.get(actor, f"{HERE}?of={of}"))

    def lead(self, name: str, owner: Actor, **kept: Any) -> str:
        """A new lead of somebody, its clock as it would stand at another time."""
        who = {"company": "Wu", "person": name, "mobile": f"1380000{next(self.numbers):04}"}
        made = Create("lead", {"name": name, "owner": str(owner.user_id), **who})
        id = self.company.write(SYSTEM, lambda unit: unit.records.save([made])).changes[0].id
        if kept:
            change = update(clocks).where(clocks.c.record_id == id).values(kept)
            self.company.write(SYSTEM, lambda unit: unit.connection.execute(change))
        return id


@pytest.fixture
def desk(sales: Company, settings: Settings) -> Iterator[Desk]:
    """The pages of a company with the sales package."""
    with TestClient(create_app(make_site(settings, sales), PAGES), base_url="http://testserver") as client:
        yield Desk(sales, client)


def test_the_record_tells_how_its_clock_stands(desk: Desk, sales: Company) -> None:
    """When it is due and what happens next; missed with what it was due; when it was over."""
    li = person(sales, "li", "sales", language="en")
    id = desk.lead("Pumps", li)
    page = desk.get(li, f"/o/lead/{id}")
    assert re.search(r"First contact</b> <span[^>]*>running</span> Due on [^<]+\.", page)
    assert "Next: Owner reminded, " in page
    late = datetime(2026, 1, 5, 9, tzinfo=UTC)
    missed = desk.lead("Valves", li, due_at=late, missed_at=late, climbed=["owner", "manager", "others"])
    page = desk.get(li, f"/o/lead/{missed}")
    assert "missed</span> Was due on 5 Jan 2026 " in page and "Next: " not in page
    sales.write(SYSTEM, lambda unit: unit.records.save([Update("lead", id, {"status": "contacting"})]))
    assert re.search(r"met</span> Over on [^<]+\.", desk.get(li, f"/o/lead/{id}"))


def test_what_is_switched_off_is_not_announced(desk: Desk, sales: Company) -> None:
    """The clock runs, and nothing is said to happen next."""
    with_setting(sales, "sales.first_contact", False)
    li = person(sales, "li", "sales", language="en")
    page = desk.get(li, f"/o/lead/{desk.lead('Pumps', li)}")
    assert "Due on " in page and "Next: " not in page


def test_what_is_due_soonest_stands_first(desk: Desk, sales: Company) -> None:
    """One's own, one's team's, all; of nobody what they do not see."""
    boss = person(sales, "boss", "sales_manager", language="en")
    li = person(sales, "li", "sales", language="en", manager=boss.user_id)
    wang = person(sales, "wang", "sales", language="en")
    now = datetime.now(UTC)
    desk.lead("Later", li, due_at=now + timedelta(days=30))
    desk.lead("Missed", li, due_at=now - timedelta(days=2), missed_at=now - timedelta(days=2))
    desk.lead("Soon", boss, due_at=now + timedelta(days=1))
    desk.lead("Of another", wang, due_at=now + timedelta(days=2))
    assert desk.rows(li) == ["Missed", "Later"]
    assert desk.rows(boss) == ["Soon"]
    assert desk.rows(boss, "team") == ["Missed", "Soon", "Later"]
    assert desk.rows(li, "all") == ["Missed", "Later"]
    assert desk.rows(wang) == desk.rows(wang, "all") == ["Of another"]
    assert "No clock runs here" in desk.get(person(sales, "zhao", "sales", language="en"), HERE)
