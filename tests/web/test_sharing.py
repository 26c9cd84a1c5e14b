"""The team and shares of a record at its page: who has it, sharing it with what hangs on it, ending that."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from dougong.engine.actor import Actor
from dougong.engine.reading.covering import covered
from dougong.engine.saving.batch import Create
from dougong.web import sessions
from tests.web.conftest import Person


@pytest.fixture
def zhao(person: Person) -> Actor:
    """A colleague who sees what is theirs or shared with them."""
    rights = {"permission_sets": ["work_basics", "sales_work"]}
    made = person.save(Create("user", {"login": "zhao", "name": "Zhao", "language": "en", **rights}))[0]
    return Actor(user_id=made, name="Zhao")


def sees(person: Person, actor: Actor) -> list[bool]:
    """Whether the colleague sees the customer and its deal."""
    with person.company.read(actor) as unit:
        objects = unit.runtime.model.objects
        pairs = (("account", person.ids["account1"]), ("opportunity", person.ids["deal1"]))
        return [bool(covered(unit, "read", objects[name], [id])) for name, id in pairs]


def test_share_with_what_hangs_on_it(person: Person, zhao: Actor) -> None:
    """One switch shares the deals as well; the last day is told; what was shared together ends together."""
    here = f"/o/account/{person.ids['account1']}"
    assert f"{here}/sharing" in person.get(here).text
    page = person.get(f"{here}/sharing").text
    assert "Seen with it: Contacts" in page
    until = (date.today() + timedelta(days=9)).isoformat()
    sent = {"user": zhao.user_id, "level": "read", "until": until, "reason": "holiday", "also": "opportunity.account"}
    done = person.post(f"{here}/sharing", sent)
    assert done.status_code == 303, done.text
    assert sees(person, zhao) == [True, True]
    page = person.get(f"{here}/sharing").text
    assert "Zhao" in page
    assert "holiday" in page
    share = page.split(f"{here}/sharing/")[1].split("/")[0]
    assert person.post(f"{here}/sharing/{share}/end", {}).status_code == 303
    assert sees(person, zhao) == [False, False]
    assert person.post(f"{here}/sharing/{share}/end", {}).status_code == 404


def test_alone(person: Person, zhao: Actor) -> None:
    """Without the switch the deals stay where they are; a share whose day is over shows nothing and says so."""
    here = f"/o/account/{person.ids['account1']}"
    person.post(f"{here}/sharing", {"user": zhao.user_id, "level": "read"})
    assert sees(person, zhao) == [True, False]
    about = {"object": "account", "id": person.ids["account2"]}
    person.save(Create("record_share", {"record": about, "user": zhao.user_id, "until": "2020-01-01"}))
    assert "was until" in person.get(f"/o/account/{person.ids['account2']}/sharing").text


def test_amiss(person: Person, zhao: Actor) -> None:
    """Nobody, or two receivers, are refused at the form; a relation that is none as well."""
    here = f"/o/account/{person.ids['account1']}/sharing"
    for wrong in ({}, {"user": zhao.user_id, "role": "system_administrator"}):
        page = person.post(here, {"level": "read", **wrong})
        assert page.status_code == 422
        assert "Name one person, group, department or role" in page.text
    sent = {"user": zhao.user_id, "level": "read", "also": "task.owner"}
    assert person.post(here, sent).status_code == 400
    assert sees(person, zhao) == [False, False]


def test_who_only_sees_it(person: Person, zhao: Actor) -> None:
    """They see the list, and can neither share it further nor end a share."""
    here = f"/o/account/{person.ids['account1']}/sharing"
    assert zhao.user_id is not None
    person.post(here, {"user": zhao.user_id, "level": "read"})
    share = person.get(here).text.split(f"{here}/")[1].split("/")[0]
    token = person.company.write(zhao, lambda unit: sessions.begin(unit, zhao.user_id or "", "test", "127.0.0.1"))
    person.client.cookies.set(sessions.cookie_name(False), token)
    page = person.get(here)
    assert page.status_code == 200
    assert "Share it" not in page.text
    assert person.post(here, {"user": person.user_id, "level": "edit"}).status_code == 403
    assert person.post(f"{here}/{share}/end", {}).status_code in (403, 404)
    assert person.get(f"/o/account/{person.ids['account2']}/sharing").status_code == 404
    assert sees(person, zhao) == [True, False]
