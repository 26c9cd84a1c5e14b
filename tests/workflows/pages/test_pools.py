"""Pools at the pages: claiming and giving back, dealing out, the night's preview; nobody sees what is hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from dougong.base.settings import Settings
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.saving.batch import Update
from dougong.web import sessions
from dougong.web.app import create_app, make_site
from dougong.workflows.pages import PAGES
from dougong.workflows.pools.tables import events, holds
from tests.companies import person as somebody
from tests.workflows.pools.conftest import aged, customer, owner, pool

HERE = "/pools/account.public"


class Floor:
    """People of the sales package at its pages."""

    def __init__(self, company: Company, client: TestClient) -> None:
        self.company, self.client = company, client

    def person(self, login: str, role: str) -> Actor:
        """A new person who reads English."""
        return somebody(self.company, login, role, language="en")

    def get(self, actor: Actor, path: str) -> Any:
        """A page as somebody."""
        token = self.company.write(SYSTEM, lambda unit: sessions.begin(unit, str(actor.user_id), "test", "127.0.0.1"))
        self.client.cookies.set(sessions.cookie_name(False), token)
        return self.client.get(path, follow_redirects=False)

    def post(self, actor: Actor, page: str, path: str, **sent: Any) -> Any:
        """A form of a page, sent as somebody."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.get(actor, page).text)
        assert found is not None
        data, headers = {"csrf": found[1], **sent}, {"sec-fetch-site": "same-origin"}
        return self.client.post(path, data=data, headers=headers, follow_redirects=False)


@pytest.fixture
def floor(sales: Company, settings: Settings) -> Iterator[Floor]:
    """The pages of a company with the sales package."""
    with TestClient(create_app(make_site(settings, sales), PAGES), base_url="http://testserver") as client:
        yield Floor(sales, client)


def test_from_the_pool_to_ones_own_and_back(floor: Floor, sales: Company) -> None:
    """What is hidden is on no page before; claimed, the record says until when, and is given back with a reason."""
    wang = floor.person("wang", "sales")
    id = customer(sales, pool(sales).account, "远澜新能源", phone="021-88001234", level="b")
    page = floor.get(wang, HERE).text
    assert ("远澜新能源" in page, "021-88001234" in page, "8800-1234" in page) == (True, False, False)
    assert "claimed today: 0 of 10" in page
    assert f'href="/o/account/{id}"' not in page
    assert floor.get(wang, f"/o/account/{id}").status_code == 404
    for path in ("/o/account?view=all", "/search?q=远澜"):
        assert "远澜新能源" not in floor.get(wang, path).text
    answer = floor.post(wang, HERE, f"{HERE}/claim", id=id)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/o/account/{id}")
    page = floor.get(wang, f"/o/account/{id}").text
    assert ("Goes back to Public customers on" in page, "Protected until" in page) == (True, True)
    back = f"/o/account/{id}/give-back-to-pool"
    answer = floor.post(wang, f"/o/account/{id}", back, why="")
    assert (owner(sales, id), answer.headers["location"]) == (wang.user_id, f"/o/account/{id}")
    answer = floor.post(wang, f"/o/account/{id}", back, why="nobody answers")
    assert (owner(sales, id), answer.headers["location"]) == (pool(sales).account, HERE)
    answer = floor.post(wang, HERE, f"{HERE}/claim", id=id)
    assert (answer.status_code, "You had this record and may claim it again on" in answer.text) == (422, True)


def test_narrowed_by_what_is_shown_alone(floor: Floor, sales: Company) -> None:
    """By search and by values of shown fields; what is hidden finds nothing, and is no choice."""
    wang = floor.person("wang", "sales")
    for name, level, mobile in (("甲公司", "a", "13800000001"), ("乙公司", "b", "13800000002")):
        customer(sales, pool(sales).account, name, level=level, mobile=mobile)
    for path, shown in (
        ("?f.level=a", {"甲"}),
        ("?q=乙", {"乙"}),
        ("?q=13800000001", set()),
        ("?f.mobile=1", {"甲", "乙"}),
    ):
        page = floor.get(wang, HERE + path).text
        assert {each for each in "甲乙" if f"{each}公司" in page} == shown
    assert 'name="f.mobile"' not in page


def test_a_manager_deals_out_and_sees_the_night(floor: Floor, sales: Company) -> None:
    """The preview names what goes and why, and writes nothing; salespeople have no such page."""
    boss, wang = floor.person("li", "sales_manager"), floor.person("wang", "sales")
    manage = [Update("user", str(wang.user_id), {"manager": boss.user_id})]
    sales.write(SYSTEM, lambda unit: unit.records.save(manage))
    waits, idle = customer(sales, pool(sales).account, "公海一"), customer(sales, str(wang.user_id), "久未跟进")
    aged(sales, [idle], 200)
    page = floor.get(boss, f"{HERE}/tonight").text
    assert ("久未跟进" in page, "warned tonight" in page, "Not followed up for too long" in page) == (True, True, True)
    with sales.read(SYSTEM) as unit:
        assert unit.connection.scalar(select(holds.c.warned_on).where(holds.c.record_id == idle)) is None
    assert floor.get(wang, f"{HERE}/tonight").status_code == 403
    mine = floor.get(wang, f"{HERE}/mine").text
    assert ("久未跟进" in mine, "公海一" in mine) == (True, False)
    answer = floor.post(boss, HERE, f"{HERE}/assign", id=waits, to=str(wang.user_id))
    assert (answer.status_code, owner(sales, waits)) == (303, wang.user_id)
    with sales.read(SYSTEM) as unit:
        asked = select(events.c.event, events.c.by).order_by(events.c.id.desc()).limit(1)
        assert unit.connection.execute(asked).one() == ("assigned", boss.user_id)


def test_who_is_no_member_has_no_page(floor: Floor, sales: Company) -> None:
    """Nor an entry of the navigation; members have both."""
    reader, wang = floor.person("qian", "sales_reader"), floor.person("wang", "sales")
    assert floor.get(reader, HERE).status_code == 404
    assert f'href="{HERE}"' not in floor.get(reader, "/o/account").text
    assert f'href="{HERE}"' in floor.get(wang, "/o/account").text
