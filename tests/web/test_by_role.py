"""Apps, list views and layouts by role: offered to whom they are for; to others they are not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dougong.base.errors import Rejected
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.saving.batch import Create, Update
from dougong.metadata.documents import from_bodies
from dougong.web import sessions
from tests.companies import person as someone
from tests.engine.test_publish import change
from tests.web.conftest import Person


def label(text: str) -> dict[str, str]:
    return {"en": text, "zh-CN": text}


SECTION = {
    "key": "deal", "label": label("For managers"),
    "items": [{"field": "name"}, {"field": "amount"}, {"field": "close_date", "required_when": "amount > 5000"}],
}  # fmt: skip

SELLERS = {"key": "deal", "label": label("For sellers"), "items": [{"field": "name"}, {"field": "amount"}]}

DOCUMENTS: tuple[dict[str, Any], ...] = (
    {
        "kind": "app", "name": "desk", "label": label("Manager's desk"), "for": ["role:sales_manager"],
        "items": [{"key": "deals", "object": "opportunity", "view": "desk"}, {"key": "all", "object": "account"}],
    },
    {
        "kind": "app", "name": "open", "label": label("Open desk"),
        "items": [{"key": "deals", "object": "opportunity", "view": "desk"}, {"key": "all", "object": "account"}],
    },
    {
        "kind": "list_view", "name": "opportunity.desk", "object": "opportunity", "label": label("On the desk"),
        "columns": [{"field": "name"}], "shared_with": ["role:sales_manager"],
    },
    {
        "kind": "layout", "name": "opportunity.desk", "object": "opportunity",
        "for": {"roles": ["sales_manager"], "purpose": ["view", "edit"]},
        "tabs": [{"key": "main", "label": label("Main"), "sections": [SECTION]}],
    },
    {
        "kind": "list_view", "name": "opportunity.first", "object": "opportunity", "label": label("First of all"),
        "columns": [{"field": "name"}], "default_for": ["sales"],
    },
    {
        "kind": "record_type", "name": "opportunity.framework", "object": "opportunity", "label": label("Framework"),
        "default_for": ["sales"],
    },
    {
        "kind": "layout", "name": "opportunity.plain", "object": "opportunity", "for": {"purpose": ["view", "edit"]},
        "tabs": [{"key": "main", "label": label("Main"), "sections": [SELLERS]}],
    },
    {
        "kind": "app", "name": "till", "label": label("Till"),
        "items": [{"key": "leads", "object": "lead"}, {"key": "deals", "object": "opportunity"}],
    },
    {
        "kind": "overlay", "name": "seller", "target": "role:sales",
        "set": {"app": "till", "layouts/opportunity": "opportunity.plain"},
    },
    {
        "kind": "permission_set", "name": "desks", "label": label("Desks"),
        "apps": {"desk": True, "open": True, "till": True},
    },
    {
        "kind": "permission_set", "name": "tidy", "label": label("Tidy"), "apps": {"sales": True},
        "objects": {"account": {"read": True}, "lead": {"read": True}, "product": {"read": True}},
        "tabs": {"*": "hidden", "lead": "off", "account": "on"},
    },
    {"kind": "permission_set", "name": "untidy", "label": label("Untidy"), "tabs": {"product": "off"}},
    {"kind": "role", "name": "clerk", "label": label("Clerk"), "permission_sets": ["tidy"]},
)  # fmt: skip


@pytest.fixture
def people(person: Person) -> dict[str, Actor]:
    """A manager and a seller who may both open the app by their permission set; the seller has a deal."""
    change(person.company, *from_bodies(list(DOCUMENTS)))
    manager = someone(person.company, "manager", "sales_manager", permission_sets=["desks"], language="en")
    more = {"permission_sets": ["desks"], "manager": manager.user_id, "language": "en"}
    seller = someone(person.company, "seller", "sales", **more)
    person.save(*(Update(name, person.ids[f"{at}1"], {"owner": seller.user_id})
                  for at, name in (("account", "account"), ("deal", "opportunity"))))  # fmt: skip
    return {"manager": manager, "seller": seller}


@contextmanager
def signed_in(person: Person, actor: Actor) -> Iterator[Person]:
    """The browser as somebody else."""
    token = person.company.write(actor, lambda unit: sessions.begin(unit, actor.user_id or "", "test", "127.0.0.1"))
    person.client.cookies.set(sessions.cookie_name(False), token)
    yield person


def test_apps_and_views_are_there_for_those_whom_they_are_for(person: Person, people: dict[str, Actor]) -> None:
    """In the switcher, in the navigation of an app for everybody, as a direct address, in the picker and the export."""
    with signed_in(person, people["manager"]) as browser:
        assert browser.get("/app/desk").headers["location"] == "/o/opportunity?view=desk"
        assert browser.get("/").headers["location"] == "/o/opportunity?view=desk"  # the app of the role is the first
        page = browser.get("/o/opportunity?view=desk").text
        assert "Manager&#39;s desk" in page and "On the desk" in page and "My team&#39;s open deals" in page
        assert browser.get("/app/open").headers["location"] == "/o/opportunity?view=desk"
    with signed_in(person, people["seller"]) as browser:
        page = browser.get("/o/opportunity").text
        assert browser.get("/").headers["location"] != "/o/opportunity?view=desk"
        assert "Open desk" in page
        assert not any(each in page for each in ("Manager&#39;s desk", "On the desk", "My team&#39;s open deals"))
        assert browser.get("/app/open").headers["location"] == "/o/account"
        for theirs, missing in (("/app/{}", "desk"), ("/o/opportunity?view={}", "desk")):
            answers = [browser.get(theirs.format(each)) for each in (missing, "none")]
            assert [each.status_code for each in answers] == [404, 404]
            said = [re.sub(r'tnum">[0-9a-f]+<', "", each.text) for each in answers]  # the number of the answer
            assert said[0].replace("desk", "none") == said[1]
    with signed_in(person, Actor(user_id=person.user_id, name="Li Lei")) as browser:
        page = browser.get("/o/opportunity?view=desk").text
        assert "Manager&#39;s desk" in page and "On the desk" in page  # who has everything looks after everything


def test_a_role_has_its_layout_on_the_page_and_when_it_saves(person: Person, people: dict[str, Actor]) -> None:
    """Each sees their own; what the layout asks for is asked of those alone who have it."""
    here = f"/o/opportunity/{person.ids['deal1']}"
    with signed_in(person, people["manager"]) as browser:
        assert "For managers" in browser.get(here).text and "For managers" in browser.get(f"{here}/edit").text
    for actor in (people["seller"], Actor(user_id=person.user_id, name="Li Lei")):
        with signed_in(person, actor) as browser:
            assert "For managers" not in browser.get(here).text
    dear = [Update("opportunity", person.ids["deal1"], {"amount": "9000", "close_date": None})]
    with pytest.raises(Rejected) as refused:
        person.company.write(people["manager"], lambda unit: unit.records.save(dear))
    assert [each.code for each in refused.value.problems] == ["layout-required"]
    person.company.write(people["seller"], lambda unit: unit.records.save(dear))


def test_roles_and_groups_are_known_as_they_change(person: Person, people: dict[str, Actor]) -> None:
    """Also of who has everything; the platform has none. Who comes into a group is in it from then on."""
    person.save(Create("group", {"name": "Desk", "code": "desk", "members": [people["seller"].user_id]}))
    with person.company.read(people["manager"]) as unit:
        assert unit.roles == {"sales_manager"} and unit.access.is_one_of(["role:sales_manager", "group:desk"])
        assert not unit.access.is_one_of(["role:sales_director", "group:desk"]) and unit.access.is_one_of([])
    with person.company.read(people["seller"]) as unit:
        assert unit.access.is_one_of(["role:sales_director", "group:desk"])
    with person.company.read(Actor(user_id=person.user_id, name="Li Lei")) as unit:
        assert unit.roles == {"system_administrator"} and unit.access.is_one_of(["role:sales_director"])
    with person.company.read(SYSTEM) as unit:
        assert unit.roles == frozenset()


def test_a_role_chooses_where_its_holders_begin(person: Person, people: dict[str, Actor]) -> None:
    """Its app, its layout before others, its list view before the default, its record type where none is chosen."""
    here = f"/o/opportunity/{person.ids['deal1']}"
    with signed_in(person, people["seller"]) as browser:
        assert browser.get("/").headers["location"] == "/o/lead"
        assert "For sellers" in browser.get(here).text and "For sellers" in browser.get(f"{here}/edit").text
        assert 'aria-current="page">First of all<' in browser.get("/o/opportunity").text
        kinds = browser.get("/o/opportunity/new").text
        assert kinds.index("Framework") < kinds.index("Usual for you") < kinds.index("Tender")
    with signed_in(person, people["manager"]) as browser:
        assert browser.get("/").headers["location"] == "/o/opportunity?view=desk"
        assert "For sellers" not in browser.get(here).text
        page = browser.get("/o/opportunity").text
        assert 'aria-current="page">First of all<' not in page and ">First of all<" in page
        assert "Usual for you" not in browser.get("/o/opportunity/new").text
    made = {}
    for name, actor in people.items():
        deal = Create("opportunity", {"name": name, "account": person.ids["account1"], "owner": actor.user_id})
        saved = person.company.write(actor, lambda unit, deal=deal: unit.records.save([deal]))  # type: ignore[misc]
        made[name] = person.value("opportunity", saved.changes[0].id, "record_type")
    assert made == {"seller": "framework", "manager": "standard"}


def rail(page: str) -> tuple[str, str]:
    """The entries of the navigation on a page: those shown, those under *More*."""
    shown = page.partition('<nav class="rail"')[2].partition("</nav>")[0].partition('class="menu pop"')[2]
    shown, _, aside = shown.partition('<details class="aside"')
    return shown, aside.partition("</details>")[0]


def test_permission_sets_say_what_navigation_shows(person: Person, people: dict[str, Actor]) -> None:
    """Shown, under *More*, not at all; the most that a set of theirs says counts. Nothing is protected by it."""
    clerk = someone(person.company, "clerk", "clerk", language="en")
    with signed_in(person, clerk) as browser:
        shown, aside = rail(browser.get("/o/account").text)
        assert 'href="/o/account' in shown and 'href="/o/lead' in aside and 'href="/o/lead' not in shown
        assert "/o/product" not in shown + aside and "/o/opportunity" not in shown + aside
        assert browser.get("/o/product").status_code == 200
        assert browser.get("/").headers["location"].startswith("/o/account")  # not the leads, which stand before it
    person.save(Update("user", clerk.user_id or "", {"permission_sets": ["untidy"]}))
    with signed_in(person, clerk) as browser:
        shown, aside = rail(browser.get("/o/lead").text)
        assert 'href="/o/product' in aside and aside.startswith(" open>")  # the place where one is stands there
    with signed_in(person, Actor(user_id=person.user_id, name="Li Lei")) as browser:
        shown, aside = rail(browser.get("/o/account").text)
        assert 'href="/o/lead' in shown and not aside  # who has everything is offered everything
