"""The audit log in the pages: what is done and refused stands there, can be searched, and only by those who may."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from dougong.base.hooks import hook
from dougong.engine.access import Access
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.audit import Event, record_alone
from dougong.engine.audit.reading import Asked, search
from dougong.engine.audit.verify import verify
from dougong.engine.saving.batch import Create
from dougong.engine.tables import audit
from dougong.web.refused_attempts import MOST, SECONDS, RefusedAttempts
from tests.web.conftest import Person

MISSING = "01890000-0000-7000-8000-00000000dead"


def kinds(person: Person) -> list[str]:
    """What stands in the log, oldest first."""
    with person.company.read(SYSTEM) as unit:
        return list(
            unit.connection.scalars(select(audit.c.kind).where(audit.c.kind != "installed").order_by(audit.c.seq))
        )


def last(person: Person) -> Any:
    """The newest entry."""
    with person.company.read(SYSTEM) as unit:
        return search(unit, Asked(limit=1))[0][0]


def test_bulk_change_is_recorded_with_its_count(person: Person) -> None:
    """Deleting several records leaves one entry: by whom, from which address, of which object, how many."""
    ids = person.save(*(Create("account", {"name": f"客户 {n}", "record_type": "enterprise"}) for n in range(2)))
    person.post("/o/account/delete", {"id": ids})
    found = last(person)
    assert (found.kind, found.target, found.data) == ("changed_in_bulk", "object:account", {"delete": 2})
    assert (found.actor_id, found.channel, found.personal["address"]) == (person.user_id, "bulk", "testclient")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", f"/o/account/{MISSING}"), ("POST", f"/o/account/{MISSING}/delete")],
)
def test_forged_id_is_recorded(person: Person, method: str, path: str) -> None:
    """An id that is not there to see: who asked, for what, and that it was refused."""
    answer = person.get(path) if method == "GET" else person.post(path, {})
    assert answer.status_code == 404
    found = last(person)
    assert (found.kind, found.target, found.actor_id) == ("refused", path, person.user_id)
    assert (found.data["method"], found.data["status"]) == (method, 404)


def test_foreign_form_is_recorded_and_a_mistyped_address_is_not(person: Person) -> None:
    """A form of another site is an attack; an address that leads nowhere is a slip."""
    person.get("/o/nothing")
    person.get("/nowhere")
    assert "refused" not in kinds(person)
    person.post("/o/account/delete", {}, sec_fetch_site="cross-site")
    assert last(person).data["code"] == "form-foreign"


def test_a_flood_leaves_few_entries() -> None:
    """The same refusal once a minute, and no more than some of one address; the next entry counts the rest."""
    now = [0.0]
    refusals = RefusedAttempts(lambda: now[0])
    assert [refusals._admitted("a", "x") for _ in range(3)] == [0, None, None]
    assert sum(refusals._admitted("a", str(n)) is not None for n in range(100)) == MOST - 1
    assert refusals._admitted("b", "x") == 0
    now[0] = SECONDS
    assert refusals._admitted("a", "x") == 2 + 100 - (MOST - 1)


def test_log_is_searched_by_who_what_when_and_kind(person: Person) -> None:
    """Each filter finds its entry alone; several hold together."""
    person.get(f"/o/account/{MISSING}")
    record_alone(person.company, SYSTEM, Event("exported", "object:contact", {"records": 312}))
    for query, found in {
        "": (True, True),
        "?kind=refused": (True, False),
        "?kind=group:data": (False, True),
        "?what=object:contact": (False, True),
        "?what=Contact": (False, True),
        "?who=nobody+of+this+name": (False, False),
        "?since=2999-01-01": (False, False),
        "?until=2000-01-01": (False, False),
        "?since=rubbish&until=9999-12-31&before=rubbish": (True, True),
        "?kind=refused&what=object": (False, False),
    }.items():
        page = person.get(f"/audit{query}").text.partition("<tbody")[2]
        assert ("Attempt refused" in page, "Exported" in page) == found, query


def test_pages_of_the_log_follow_one_another(person: Person) -> None:
    """Every entry is on one page, none on two."""
    for number in range(60):
        record_alone(person.company, SYSTEM, Event("exported", f"thing:{number}x"))
    first = person.get("/audit?kind=exported").text
    second = person.get("/audit?kind=exported&before=" + first.partition("before=")[2].partition('"')[0]).text
    assert [sum(f"thing:{n}x" in page for page in (first, second)) for n in range(60)] == [1] * 60


def test_entry_shows_what_was_before_and_after(person: Person) -> None:
    """Values of the data stand in a table; texts are escaped."""
    changes = {"active": [True, False], "title": ["<b>old</b>", "new"]}
    record_alone(
        person.company, SYSTEM, Event("rights_changed", f"user:{person.user_id}", personal={"changes": changes})
    )
    page = person.get(f"/audit/{last(person).seq}").text
    assert "&lt;b&gt;old&lt;/b&gt;" in page
    assert "Rights of a user changed" in page


def test_entry_of_a_publish_shows_the_metadata(person: Person) -> None:
    """Every component that the installation of the packages brought."""
    with person.company.read(SYSTEM) as unit:
        (seq,) = unit.connection.scalars(select(audit.c.seq).where(audit.c.target == "revision:1"))
    page = person.get(f"/audit/{seq}").text
    assert "Revision 1" in page
    assert "action:" in page


@pytest.mark.parametrize("path", ["/audit/0", "/audit/99999999", "/audit/x", "/audit/99999999999999999999"])
def test_no_such_entry(person: Person, path: str) -> None:
    """Whatever is no number of the log is not found."""
    assert person.get(path).status_code == 404


class Blind(Access):
    """An access without the right to the log."""

    key = "blind"

    def has(self, right: str) -> bool:
        return right != "view_audit"


class Blinding:
    @hook
    def access(self, actor: Actor, model: object) -> Access:
        return Blind()


@pytest.mark.parametrize("path", ["/audit", "/audit/1"])
def test_without_the_right_nothing_is_shown(person: Person, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page, entry and link are refused, and the attempt is recorded."""
    assert 'href="/audit"' in person.get("/o/user").text
    hooks = person.company.hooks
    monkeypatch.setattr(person.company, "hooks", _with(hooks))
    assert person.get(path).status_code == 403
    assert 'href="/audit"' not in person.get("/o/user").text
    monkeypatch.setattr(person.company, "hooks", hooks)
    assert last(person).data["code"] == "not-allowed"


def _with(hooks: Any) -> Any:
    from dougong.base.hooks import plugin_manager

    return plugin_manager([Blinding()]).hook


def test_log_is_whole_after_all_of_it(person: Person) -> None:
    """What the pages recorded verifies."""
    person.get(f"/o/account/{MISSING}")
    with person.company.read(SYSTEM) as unit:
        assert list(verify(unit.connection)) == []
