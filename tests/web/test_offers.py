"""Actions that are offered under a condition, and related lists that show some of the records alone."""

from __future__ import annotations

from typing import Any

import pytest

from dougong.engine.actor import SYSTEM
from dougong.engine.publish import Publication, publish
from dougong.engine.revisions import tree_of
from dougong.metadata.documents import from_bodies
from tests.web.conftest import Person


def label(name: str) -> dict[str, str]:
    return {"en": name, "zh-CN": name}


def action(name: str, when: str, **does: Any) -> dict[str, Any]:
    return {"kind": "action", "name": f"account.{name}", "object": "account", "label": label(name.title()),
            "place": ["record", "row"], "visible_when": when, "does": does}  # fmt: skip


METADATA = [
    action("rename", 'name <> "Renamed"', edit={"set": {"name": '"Renamed"'}}),
    action("praise", 'owner.name = "Li Lei"', edit={"set": {"name": 'name & "!"'}}),
    action("ask", "ISBLANK(name)", create={"object": "opportunity", "prefill": {"name": "name"}}),
]
KEYS = ("rename", "praise", "ask")


def put(person: Person, *bodies: dict[str, Any], **changes: Any) -> None:
    """Publish documents, and other keys of the layout of enterprises."""
    with person.company.read(SYSTEM) as unit:
        tree = tree_of(unit.connection, unit.runtime.revision)
    overlay = {"kind": "overlay", "name": "offers", "target": "layout:account.enterprise", "set": changes}
    publish(person.company, Publication(tree=tree.put(*from_bodies([*bodies, overlay]))))


@pytest.fixture
def account(person: Person) -> str:
    put(person, *METADATA, actions=[{"key": key} for key in KEYS])
    return f"/o/account/{person.ids['account1']}"


def test_an_action_is_offered_while_its_condition_holds(person: Person, account: str) -> None:
    """On the record and in the menu of its row; conditions may look at parents."""
    for page in (person.get(account).text, person.get(f"{account}/actions").text):
        offered = [key for key in KEYS if f"action/{key}" in page or f"action={key}" in page]
        assert offered == ["rename"]
    assert person.post(f"{account}/action/rename", {}).status_code == 303
    assert "action/rename" not in person.get(account).text


def test_an_action_that_is_not_offered_is_not_done(person: Person, account: str) -> None:
    """Whoever knows its address is told that it is not offered; nothing changes."""
    new = f"/o/opportunity/new?type=standard&action=ask&from=account:{person.ids['account1']}"
    for path in (f"{account}/action/praise", new):
        answer = person.get(path)
        assert answer.status_code == 409 and "is not offered" in answer.text
    assert person.post(f"{account}/action/praise", {}).status_code == 409
    assert person.value("account", person.ids["account1"], "name") == "Aldgate Tools"


def test_a_related_list_shows_what_its_filter_lets_through(person: Person, account: str) -> None:
    """Counted the same way."""
    listed = {"key": "deals", "from": "opportunity.account", "columns": ["name"]}
    put(person, related=[{**listed, "filter": {"field": "amount", "op": "gt", "value": "1500"}}])
    second = f"/o/account/{person.ids['account2']}"
    assert "Deal 1" not in person.get(account).text
    assert "Deal 2" in person.get(second).text
    put(person, related=[listed])
    assert "Deal 1" in person.get(account).text
