"""The log of what leaves at its pages: who sees what of it, and what failed is sent once more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, select

from dougong.base.hooks import hook
from dougong.base.settings import Settings
from dougong.cli.assembly import plugins
from dougong.engine import tables
from dougong.engine.access import Access
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.jobs import JOBS
from dougong.workflows.notices import sending
from dougong.workflows.notices.tables import deliveries
from dougong.workflows.notices.telling import Notice, tell
from dougong.workflows.steps import call
from tests.companies import ADMINISTRATOR, person
from tests.receivers import Calls
from tests.web.conftest import Person, settings
from tests.workflows.automations.conftest import all_runs, hurry, make, work
from tests.workflows.automations.test_in_order import calls, levels, telling, tickets
from tests.workflows.automations.test_pages import boss, signed_in

__all__ = ["boss", "calls", "settings"]


class Narrow(Access):
    """What is kept from somebody who looks after work: a field, and customers."""

    key = "narrow"

    def may_field(self, right: Any, obj: Any, field: Any) -> bool:
        """Not the note of a ticket."""
        return (obj.name, field.name) != ("ticket", "note")

    def visible(self, right: Any, obj: Any, table: Any) -> Any:
        """Not the customer that is confidential, nor its ticket."""
        return table.c.name != "Hidden" if obj.name in ("client", "ticket") else None


class Narrowing:
    """Narrows what the keeper may see."""

    @hook
    def access(self, actor: Any, model: Any) -> Access | None:
        """Of one person alone."""
        return Narrow() if actor.login == "keeper" else None


@pytest.fixture
def keeper(desk: Company, settings: Settings) -> Iterator[Person]:
    """An administrator of whom something is kept."""
    manager = plugins()
    manager.register(Narrowing())
    desk.hooks = manager.hook
    yield from signed_in(desk, settings, "keeper", ADMINISTRATOR)


def rows(company: Company) -> list[Any]:
    """The log, the first first."""
    with company.read(SYSTEM) as unit:
        return list(unit.connection.execute(select(deliveries).order_by(deliveries.c.id)))


def fail(company: Company, calls: Calls, monkeypatch: pytest.MonkeyPatch, tries: int = 2) -> None:
    """Let every call fail for good, after so many tries."""
    monkeypatch.setattr(sending, "ATTEMPTS", tries)
    monkeypatch.setattr(JOBS, "_entries", {**JOBS, call.JOB: replace(call.CALL, attempts=tries)})
    calls.status, calls.answer = 503, b"the secret of the answer"
    for _ in range(tries):
        work(company)
        hurry(company)


def job_of(company: Company, row: Any) -> str:
    """The work that sends a message."""
    with company.read(SYSTEM) as unit:
        return str(unit.connection.scalar(select(tables.outbox.c.id).where(tables.outbox.c.key == row.job_key)))


def csrf(somebody: Person) -> str:
    """The token of their forms."""
    found = re.search(r'name="csrf" value="([^"]+)"', somebody.get("/preferences").text)
    assert found is not None
    return found[1]


def test_each_call_stands_in_the_log(boss: Person, desk: Company, calls: Calls) -> None:
    """With where it went, what was answered and what it told; by state, endpoint, record and step of a run."""
    telling(desk, calls, body={"name": "name", "note": "note"})
    one, two = tickets(desk, "One", "Two")
    levels(desk, [one, two], "1")
    assert "Waiting" in boss.get("/deliveries").text
    calls.answer = b"thanks"
    work(desk)
    page = boss.get("/deliveries").text
    assert [name in page for name in ("One", "Two", f"{calls.url}/hook", "200 OK", "thanks")] == [
        True, True, True, True, False
    ]  # fmt: skip
    first, second = rows(desk)
    shown = boss.get(f"/deliveries/{first.id}").text
    assert all(
        each in shown for each in ("thanks", first.message_id, "&#34;name&#34;: &#34;One&#34;", f"/o/ticket/{one}")
    )
    for query, there in (
        ("show=sent", (True, True)),
        ("show=failed", (False, False)),
        (f"endpoint={calls.url}/hook", (True, True)),
        ("endpoint=mail", (False, False)),
        (f"record=http://testserver/o/ticket/{two}?tab=history", (False, True)),
        (f"step={second.origin}", (False, True)),
    ):
        found = boss.get(f"/deliveries?{query}").text
        assert (first.id in found, second.id in found) == there, query
    run = next(each for each in all_runs(desk) if each.records == (two,))
    step = f"/deliveries?step={run.id}%3Acall"
    assert step in boss.get(f"/automations/runs/{run.id}").text
    assert second.id in boss.get(step).text
    assert 'href="/deliveries"' in boss.get("/jobs").text
    assert boss.get("/deliveries/nothing").status_code == 404


def test_what_failed_is_sent_again_one_by_one(
    boss: Person, desk: Company, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By who may; what comes after it waits for it again. Who decided is in the audit log."""
    telling(desk, calls)
    levels(desk, tickets(desk, "One"), "1")
    fail(desk, calls, monkeypatch)
    (row,) = rows(desk)
    assert row.state == "failed"
    shown = boss.get(f"/deliveries/{row.id}").text
    assert "503" in shown and "the secret of the answer" in shown
    way = f"/deliveries/{row.id}/retry"
    assert boss.post(way, {}, sec_fetch_site="cross-site").status_code == 403
    sent = {"csrf": csrf(boss), "why": "mended"}
    assert [boss.post(way, sent).status_code for _ in range(2)] == [303, 409]
    assert rows(desk)[0].state == "waiting"
    calls.status = 200
    work(desk)
    assert rows(desk)[0].state == "sent"
    assert len({each.headers["webhook-id"] for each in calls.calls}) == 1
    with desk.read(SYSTEM) as unit:
        kinds = unit.connection.scalars(select(tables.audit.c.kind).order_by(tables.audit.c.seq)).all()
    assert kinds[-1] == "job_retried"


def test_all_to_one_endpoint_are_sent_again(
    boss: Person, desk: Company, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And none to another; given up at the page of work, a message is so in the log."""
    telling(desk, calls)
    telling(desk, calls, name="too", url=f"{calls.url}/other")
    one, two = tickets(desk, "One", "Two")
    levels(desk, [one, two], "1")
    fail(desk, calls, monkeypatch)
    assert [row.state for row in rows(desk)] == ["failed"] * 4
    page = boss.get("/deliveries").text
    assert f"{calls.url}/hook: 2 messages have failed." in page
    sent = {"csrf": csrf(boss), "endpoint": f"{calls.url}/hook"}
    assert boss.post("/deliveries/retry", sent, sec_fetch_site="cross-site").status_code == 403
    assert boss.post("/deliveries/retry", sent).status_code == 303
    calls.status = 200
    work(desk)
    states = sorted((row.endpoint.rpartition("/")[2], row.state) for row in rows(desk))
    assert states == [("hook", "sent")] * 2 + [("other", "failed")] * 2
    with desk.read(SYSTEM) as unit:
        (body,) = unit.connection.scalars(
            select(tables.audit.c.body).where(tables.audit.c.kind == "deliveries_retried")
        )
        dead = unit.connection.scalars(select(tables.outbox.c.id).where(tables.outbox.c.state == "failed")).all()
    assert f"{calls.url}/hook" in body
    boss.post(f"/jobs/{dead[0]}/drop", {"csrf": sent["csrf"], "why": "sold"})
    assert sorted(row.state for row in rows(desk)) == ["dropped", "failed", "sent", "sent"]
    boss.post("/deliveries/retry", {**sent, "endpoint": f"{calls.url}/other"})
    assert sorted(row.state for row in rows(desk)) == ["dropped", "sent", "sent", "waiting"]


def test_what_waits_for_another_says_so(boss: Person, desk: Company, calls: Calls) -> None:
    """The first says when it is tried next."""
    telling(desk, calls)
    (one,) = tickets(desk, "One")
    calls.status = 500
    levels(desk, [one], "1", "2")
    work(desk)
    page = boss.get("/deliveries").text
    assert (page.count("next try"), page.count("waits for an earlier one")) == (1, 1)


def test_nobody_sees_here_what_they_may_not_see_elsewhere(
    keeper: Person, desk: Company, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither records, nor fields, nor what was looked up, nor secrets in addresses; here and at the page of work."""
    given = {"name": "name"}
    telling(desk, calls, url=f"{calls.url}/hook?token=hidden-token", body=given)
    telling(desk, calls, name="noted", url=f"{calls.url}/noted", body={**given, "note": "note"})
    telling(desk, calls, name="client", url=f"{calls.url}/client", body={**given, "city": "client.city"})
    ids = [make(desk, "ticket", name=name, note="kept-note") for name in ("Open", "Hidden")]
    levels(desk, ids, "1")
    fail(desk, calls, monkeypatch)
    seen: dict[tuple[str, str], bool] = {}
    every = keeper.get("/deliveries").text
    for row in rows(desk):
        shown, worked = (keeper.get(path).text for path in (f"/deliveries/{row.id}", f"/jobs/{job_of(desk, row)}"))
        name = "Open" if row.record == ids[0] else "Hidden"
        seen[row.endpoint.rpartition("/")[2], name] = "&#34;name&#34;" in shown
        for page in (shown, every):
            assert "hidden-token" not in page and "Hidden" not in page and "kept-note" not in page
        assert not any(each in worked for each in ("&#34;name&#34;", "kept-note", "hidden-token", "of the answer"))
        assert ("the secret of the answer" in shown) is seen[row.endpoint.rpartition("/")[2], name]
    assert "the secret of the answer" not in every and "503" in every
    assert seen == {
        ("hook", "Open"): True, ("hook", "Hidden"): False, ("noted", "Open"): False, ("noted", "Hidden"): False,
        ("client", "Open"): False, ("client", "Hidden"): False,
    }  # fmt: skip


def test_what_people_are_told_is_theirs(keeper: Person, boss: Person, desk: Company) -> None:
    """The subject of a message is for who may read all of its record, and for whom it is for; others see its kind."""
    id = make(desk, "ticket", name="Open", note="kept-note")
    for key, about, who in (("a", id, "li"), ("b", None, "wang"), ("c", None, "keeper")):
        user = keeper.user_id if who == "keeper" else str(person(desk, who, email=f"{who}@example.com").user_id)
        notice = Notice(
            kind="automation", key=key, title=f"told-{key}", channels=("gone",), record=about,
            object="ticket" if about else None,
        )  # fmt: skip
        desk.write(SYSTEM, lambda unit, user=user, notice=notice: tell(unit, [user], notice))  # type: ignore[misc]
    texts = {"keeper": keeper.get("/deliveries").text, "boss": boss.get("/deliveries").text}
    assert {who: [f"told-{key}" in text for key in "abc"] for who, text in texts.items()} == {
        "keeper": [False, False, True], "boss": [True, False, False]
    }  # fmt: skip
    assert "Messages of automations" in texts["keeper"]


def test_who_does_not_look_after_work_sees_nothing(desk: Company, settings: Settings) -> None:
    """Nor sends anything again."""
    for somebody in signed_in(desk, settings, "li"):
        token = csrf(somebody)
        assert [somebody.get(path).status_code for path in ("/deliveries", "/deliveries/x")] == [403, 403]
        for path in ("/deliveries/retry", "/deliveries/x/retry"):
            assert somebody.post(path, {"csrf": token, "endpoint": "mail"}).status_code == 403


def test_pages_follow_each_other_and_cost_the_same(
    boss: Person, desk: Company, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many lines a page has, it asks the database as often; each line is on one page."""
    telling(desk, calls)

    def asked(path: str) -> tuple[int, set[str], str]:
        seen: list[str] = []

        def note(*call: Any) -> None:
            seen.append(str(call[2]))

        event.listen(desk.database.readers, "before_cursor_execute", note)
        text = boss.get(path).text
        event.remove(desk.database.readers, "before_cursor_execute", note)
        following = re.search(r'href="([^"]+before=[^"]+)"', text)
        ids = set(re.findall(r'href="/deliveries/([0-9a-f-]{36})"', text))
        return len(seen), ids, following[1].replace("&amp;", "&") if following else ""

    levels(desk, tickets(desk, "one"), "1")
    work(desk)
    asked("/deliveries")
    few, ids, _ = asked("/deliveries")
    levels(desk, tickets(desk, *map(str, range(6))), "1")
    work(desk)
    monkeypatch.setattr("dougong.workflows.notices.log.PAGE", 4)
    monkeypatch.setattr("dougong.workflows.notices.log.listed.__defaults__", ("", 4))
    many, first, following = asked("/deliveries?show=sent")
    _, second, end = asked(following)
    assert (len(ids), len(first), len(second), end) == (1, 4, 3, "")
    assert not first & second
    assert few == many
