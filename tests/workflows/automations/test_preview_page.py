"""The page of what an automation would have done in a period: what it tells, to whom, and that nothing of it stays."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest

from dougong.base.settings import Settings
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Update
from dougong.workflows.automations import period
from dougong.workflows.automations.seeing import Sight
from dougong.workflows.pages import automation_preview
from tests.companies import person
from tests.engine.statements import statements_of
from tests.web.conftest import Person, settings
from tests.workflows.automations.conftest import change, make
from tests.workflows.automations.test_delivery_log import Narrow, keeper
from tests.workflows.automations.test_pages import boss, signed_in
from tests.workflows.automations.test_previewing import counts

__all__ = ["boss", "keeper", "settings"]

WON = "/automations/preview?automation=ticket.won"


def said(person: Person, path: str, **headers: str) -> str:
    """The texts of the page's own part."""
    page = person.get(path, **headers).text
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page[page.index("<main") :])))


def figures(person: Person, path: str) -> dict[str, str]:
    """What is counted, by its name."""
    page = person.get(path).text
    return dict(re.findall(r"<div><dt>([^<]*)</dt><dd>([^<]*)</dd></div>", page))


def win(desk: Company, *names: str) -> list[str]:
    """Tickets that are won, of somebody who is told."""
    owner = person(desk, "owner", name="Wang Fang", language="en").user_id
    ids = [make(desk, "ticket", name=name, amount="5", owner=owner) for name in names]
    for id in ids:
        change(desk, "ticket", id, status="won")
    return ids


def test_one_is_chosen_first(boss: Person, desk: Company) -> None:
    """The last seven days are proposed; the page is reached from the runs, and keeps the automation there."""
    page = boss.get("/automations/preview")
    assert page.status_code == 200
    assert '<option value="ticket.won">' in page.text
    assert "ticket.level" not in page.text  # it sets values while records are saved: there is nothing to rehearse
    since, until = re.findall(r'type="date" value="(\d{4}-\d\d-\d\d)"', page.text)
    assert since < until
    assert "What would it have done?" in page.text
    assert 'href="/automations/preview"' in boss.get("/automations/runs").text
    runs = boss.get("/automations/runs?automation=ticket.won").text
    assert 'href="/automations/preview?automation=ticket.won"' in runs


def test_what_it_would_have_done(boss: Person, desk: Company) -> None:
    """Records with old and new values, what would be made, who would be told what; nothing of it stays."""
    (id,) = win(desk, "One")
    before = counts(desk)
    page = said(boss, WON)
    assert counts(desk) == before
    for text in ("One", "Would change", "won: One", "Would make", "Would tell Wang Fang", "Won: One",
                 "Nothing was changed, and nobody was told."):  # fmt: skip
        assert text in page
    assert f'href="/o/ticket/{id}"' in boss.get(WON).text
    told = figures(boss, WON)
    assert (told["Would have set it off"], told["Records it is about"], told["Messages"]) == ("1", "1", "1")
    assert (told["Records written"], told["Would fail"]) == ("2", "0")


def test_in_chinese(boss: Person, desk: Company) -> None:
    win(desk, "One")
    boss.save(Update("user", boss.user_id, {"language": "zh-CN"}))
    page = said(boss, WON)
    for text in ("自动化本来会做什么", "会修改", "会通知 Wang Fang", "赢单：One"):
        assert text in page
    assert not re.findall(r"\b(?:Would|Nothing|Records|Events)\b", page)


def test_what_would_fail_says_why(boss: Person, desk: Company) -> None:
    win(desk, "bad")
    page = said(boss, WON)
    assert "Would fail" in page
    assert "No bad notes" in page
    assert figures(boss, WON)["Would fail"] == "1"


def test_only_the_period_counts(boss: Person, desk: Company) -> None:
    """Days in the reader's zone, both included; no day is taken for what it is not."""
    win(desk, "One")
    assert figures(boss, f"{WON}&since=2001-01-01&until=2001-01-31")["Events looked at"] == "0"
    assert "It would have done nothing in this period" in said(boss, f"{WON}&since=2001-01-01&until=2001-01-31")
    for nonsense in ("since=yesterday", "since=0001-01-01&until=9999-12-31", "until=2026-13-01", "since=&until="):
        assert boss.get(f"{WON}&{nonsense}").status_code == 200
    assert "The first day is after the last one." in said(boss, f"{WON}&since=2026-02-02&until=2026-02-01")
    assert "There is no automation nothing." in said(boss, "/automations/preview?automation=nothing")
    assert boss.get("/automations/preview?automation=ticket.level").status_code == 200


def test_a_long_period_ends_with_what_was_found_so_far(
    boss: Person, desk: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    win(desk, "One")
    monkeypatch.setattr(automation_preview, "SECONDS", 0.0)
    page = boss.get(WON)
    assert page.status_code == 200
    assert "There was no time for all of it" in page.text


def test_the_latest_records_are_shown_of_many(boss: Person, desk: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dougong.workflows.automations.period.MOST_REHEARSED", 2)
    win(desk, "One", "Two", "Three")
    page = said(boss, WON)
    assert "The first 2 of 3 records, the latest first" in page
    assert "won: Three" in page and "won: One" not in page


def test_nobody_sees_here_what_they_may_not_see_elsewhere(keeper: Person, desk: Company) -> None:
    """A record that is hidden is counted alone; of one that is seen the field that is hidden is not there, nor what is
    made of it.
    """
    ids = win(desk, "Open", "Hidden")
    change(desk, "ticket", ids[0], note="kept-note")
    page = said(keeper, WON)
    assert "Open" in page
    assert "Hidden" not in page and "kept-note" not in page
    assert "won: Open" not in page  # the note that would be written is a field that they do not see
    assert "1 more that you may not see" in page
    assert "Would tell Wang Fang" in page
    assert ids[1] not in keeper.get(WON).text


def test_what_is_masked_is_masked_here(keeper: Person, desk: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old value and the new one are shown in part; neither is told whole by anything else on the page."""
    monkeypatch.setattr(Narrow, "masks", lambda self, obj, field: (obj.name, field.name) == ("ticket", "note"))
    (id,) = win(desk, "Open")
    change(desk, "ticket", id, note="kept-note")
    page = said(keeper, WON)
    assert re.search(r"Note \S*\*+\S* → \S*\*", page), page
    assert "kept-note" not in page and "won: Open" not in page


def test_more_records_ask_the_reader_s_connection_no_more_often(desk: Company) -> None:
    """What is found and shown costs the same however much it is; to try the steps out costs by record, up to 50."""

    def asked() -> tuple[int, int]:
        with desk.read(SYSTEM) as unit, statements_of(unit.connection) as sent:
            won = unit.runtime.model.workflows.automations["ticket.won"]
            found = period.over(unit, won, datetime.now(UTC) - timedelta(days=1), reader=SYSTEM)
            Sight(unit, won, found.rehearsed)
        return len(sent), len(found.rehearsed)

    win(desk, "One")
    asked()
    few, one = asked()
    for number in range(2, 8):
        change(desk, "ticket", make(desk, "ticket", name=f"No. {number}", amount="5"), status="won")
    many, seven = asked()
    assert (one, seven) == (1, 7)
    assert many == few


def test_it_is_for_those_who_look_after_work(desk: Company, settings: Settings) -> None:
    for somebody in signed_in(desk, settings, "li"):
        assert somebody.get(WON).status_code == 403
