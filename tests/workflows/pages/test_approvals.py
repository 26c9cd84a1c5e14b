"""Approvals at the pages: the centre, one approval with its acts, on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from dougong.base.settings import Settings
from dougong.engine.actor import SYSTEM
from dougong.engine.saving.batch import Create, Update
from dougong.web import sessions
from dougong.web.app import create_app, make_site
from dougong.workflows.pages import PAGES
from tests.engine.statements import statements_of
from tests.workflows.approvals.conftest import LARGE, SMALL, Office, office

__all__ = ["office"]


@dataclass
class Desk:
    """The office at its pages."""

    office: Office
    client: TestClient

    def enter(self, login: str) -> None:
        """From here on `login` asks."""
        token = self.office.company.write(
            SYSTEM, lambda unit: sessions.begin(unit, self.office.id(login), "test", "127.0.0.1")
        )
        self.client.cookies.set(sessions.cookie_name(False), token)

    def get(self, login: str, path: str) -> Any:
        """A page as somebody."""
        self.enter(login)
        return self.client.get(path, follow_redirects=False)

    def post(self, login: str, path: str, **sent: Any) -> Any:
        """A form of a page, sent as somebody."""
        page = self.get(login, path).text
        found = re.search(r'name="csrf" value="([^"]+)"', page)
        assert found is not None
        number = re.search(r'name="number" value="(\d+)"', page)
        data = {"csrf": found[1], **({"number": number[1]} if number else {}), **sent}
        return self.client.post(path, data=data, headers={"sec-fetch-site": "same-origin"}, follow_redirects=False)


@pytest.fixture
def desk(office: Office, settings: Settings) -> Iterator[Desk]:
    """The office, with somebody at its pages who reads English."""
    english = [Update("user", str(each.user_id), {"language": "en"}) for each in office.who.values()]
    office.write("", lambda unit: unit.records.save(english))
    with TestClient(create_app(make_site(settings, office.company), PAGES), base_url="http://testserver") as client:
        yield Desk(office, client)


def asked(desk: Desk, amount: Any = SMALL, name: str = "paper") -> str:
    return desk.office.submit("clerk", desk.office.make("clerk", name, amount=amount))


def test_from_the_centre_to_the_decision(desk: Desk) -> None:
    """What waits is counted and listed; approved, it is gone from there, and stands among what was decided."""
    instance = asked(desk)
    page = desk.get("boss", "/approvals").text
    assert 'aria-label="Approvals, 1 waiting"' in page
    assert f'href="/approvals/{instance}"' in page
    entry = desk.office.entry("boss", instance)
    answer = desk.post("boss", f"/approvals/{instance}", act="approve", entry=entry, opinion="fine by me")
    assert (answer.status_code, answer.headers["location"]) == (303, "/approvals")
    assert "Nothing waits for you" in desk.get("boss", "/approvals").text
    assert instance in desk.get("boss", "/approvals?list=done").text
    assert "fine by me" in desk.get("clerk", f"/approvals/{instance}").text
    assert "fine by me" in desk.get("clerk", f"/approvals/{instance}/print").text


def test_a_refusal_is_said_where_one_was(desk: Desk) -> None:
    """Rejecting without a word is refused; the page offers the decision still; nothing is decided."""
    instance = asked(desk)
    entry = desk.office.entry("boss", instance)
    answer = desk.post("boss", f"/approvals/{instance}", act="reject", entry=entry)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'value="approve"' in answer.text
    assert desk.office.look("boss", instance).status == "open"


def test_what_was_decided_meanwhile_is_said(desk: Desk) -> None:
    """A page that is older than the approval decides nothing."""
    instance = asked(desk)
    entry = desk.office.entry("boss", instance)
    answer = desk.post("boss", f"/approvals/{instance}", act="approve", entry=entry, number="999")
    assert answer.status_code == 409
    assert "Somebody else acted on this approval a moment ago." in answer.text
    assert desk.office.look("boss", instance).status == "open"


def test_several_at_once(desk: Desk) -> None:
    """Those that can be decided are; the rest are named."""
    first, second = asked(desk), asked(desk, name="pens")
    ids = [f"{each}:{desk.office.entry('boss', each)}" for each in (first, second)]
    answer = desk.post("boss", "/approvals", act="reject", id=ids)
    assert answer.status_code == 422
    assert ("paper" in answer.text, "pens" in answer.text) == (True, True)
    assert desk.post("boss", "/approvals", act="approve", id=ids).status_code == 303
    assert {desk.office.look("boss", each).status for each in (first, second)} == {"approved"}


def test_the_initiator_recalls_and_a_stranger_sees_nothing(desk: Desk) -> None:
    """Whoever has no part in it learns nothing of it; who asked takes it back."""
    instance = asked(desk)
    assert desk.get("stranger", f"/approvals/{instance}").status_code == 404
    assert desk.get("clerk", "/approvals?list=mine").text.count(instance) == 1
    assert desk.post("clerk", f"/approvals/{instance}", act="recall").status_code == 303
    assert desk.office.look("clerk", instance).status == "recalled"


def test_people_are_added_and_it_is_handed_over(desk: Desk) -> None:
    """By name where there is no script; a name that nobody has is said."""
    instance = asked(desk, LARGE)
    url, entry = f"/approvals/{instance}", desk.office.entry("boss", instance)
    page = desk.get("boss", url).text
    offered = {each for each in ("add", "hand_over", "delegate", "send_back") if f'name="act" value="{each}"' in page}
    for act in offered & {"add", "hand_over"}:
        wrong = {"where": "before"} if act == "add" else {}
        assert desk.post(
            "boss", url, act=act, entry=entry, **{"people.text": "nobody at all"}, **wrong
        ).status_code in (400, 422)
    if "hand_over" in offered:
        assert desk.post("boss", url, act="hand_over", entry=entry, **{"people.text": "top"}).status_code == 303
        assert desk.office.waiting(instance) == {"top"}
    assert offered


@pytest.mark.parametrize("count", [1, 8])
def test_the_centre_costs_the_same_however_much_waits(desk: Desk, count: int) -> None:
    """A constant number of statements."""
    for at in range(count):
        asked(desk, name=f"paper {at}")
    desk.get("boss", "/approvals")
    with statements_of(desk.office.company.database.readers) as sent:  # type: ignore[arg-type]
        assert desk.client.get("/approvals").status_code == 200
    assert len(sent) <= 6, sent


def test_bound_lines_are_shown(desk: Desk) -> None:
    """On the page and in print: each line by its name, with the fields that hold something."""
    purchase = desk.office.make("clerk", amount=SMALL)
    for item, pieces in (("ink", 3), ("pens", None)):
        values = {"purchase": purchase, "item": item, "pieces": pieces}
        desk.office.write("clerk", lambda unit, values=values: unit.records.save([Create("purchase_line", values)]))
    here = f"/approvals/{desk.office.submit('clerk', purchase)}"
    for path in (here, f"{here}/print"):
        page = desk.get("boss", path).text
        assert '<b>ink</b><ul><li><span class="mute">Pieces</span> 3</li></ul>' in page
        assert "<b>pens</b><ul></ul>" in page
