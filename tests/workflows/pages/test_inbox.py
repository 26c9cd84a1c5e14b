"""The inbox at the pages: the bell, what is unread, where a notice leads, and what somebody chooses."""

from __future__ import annotations

import html
import re
from datetime import time

import pytest

from dougong.base.settings import Secret
from dougong.engine.actor import SYSTEM
from dougong.engine.mail import Outgoing
from dougong.web import sessions
from dougong.workflows.notices.inbox import PAGE, inbox, unread
from dougong.workflows.notices.preferences import Preferences, preferences_of
from dougong.workflows.notices.telling import Notice, tell
from tests.companies import person as made_person
from tests.engine.statements import statements_of
from tests.web.conftest import Person


def _tell(person: Person, key: str, kind: str = "approval.task", url: str = "/preferences", **more: object) -> None:
    notice = Notice(kind=kind, title=f"About {key}", url=url, key=key, **more)  # type: ignore[arg-type]
    person.company.write(SYSTEM, lambda unit: tell(unit, [person.user_id], notice))


def _unread(person: Person) -> int:
    with person.company.read(SYSTEM) as unit:
        return unread(unit, person.user_id)


def test_the_bell_counts_what_is_unread(person: Person) -> None:
    """On every page, within the statement that asks who it is; nothing is counted where nothing waits."""
    assert 'aria-label="Notifications"' in person.get("/preferences").text
    for key in "abc":
        _tell(person, key)
    page = person.get("/preferences").text
    assert 'aria-label="Notifications, 3 unread"' in page
    assert re.search(r'id="bell".*?<span class="n hot" aria-hidden="true">3</span>', page)


def test_following_a_notice_reads_it(person: Person) -> None:
    """It leads to what it is about; another person's leads nowhere, whatever it says."""
    _tell(person, "a", url=f"/o/account/{person.ids['account1']}")
    _tell(person, "b", url="//evil.example")
    with person.company.read(SYSTEM) as unit:
        later, first = inbox(unit, person.user_id).told
    assert person.get(f"/notices/{first.id}").headers["location"] == f"/o/account/{person.ids['account1']}"
    assert _unread(person) == 1
    assert person.get(f"/notices/{later.id}").headers["location"] == "/notices"
    other = made_person(person.company, "wang")
    token = person.company.write(SYSTEM, lambda unit: sessions.begin(unit, other.user_id or "", "test", "127.0.0.1"))
    person.client.cookies.set(sessions.cookie_name(False), token)
    assert person.get(f"/notices/{first.id}").status_code == 404
    assert "About" not in person.get("/notices").text


def test_reading_one_and_all(person: Person) -> None:
    """The form says which; the page shows what is left, by kind."""
    for key, kind in (("a", "approval.task"), ("b", "automation"), ("c", "approval.task.late")):
        _tell(person, key, kind)
    page = person.get("/notices?kind=approval.task").text
    assert ("About a" in page, "About b" in page, "About c" in page) == (True, False, True)
    with person.company.read(SYSTEM) as unit:
        newest = inbox(unit, person.user_id).told[0].id
    seen = []
    for sent in ({"id": newest, "back": "/notices?show=unread"}, {}):
        answer = person.post("/notices", {**sent, "csrf": _csrf(person)})
        seen.append((answer.headers["location"], _unread(person)))
    assert seen == [("/notices?show=unread", 2), ("/notices", 0)]
    assert "Mark all as read" in page
    assert "Mark all as read" not in person.get("/notices").text
    assert "Nothing unread" in person.get("/notices?show=unread").text


def _further(page: str) -> dict[str, str]:
    """The links below a list, by their words."""
    below = re.search(r'<footer class="page">(.*?)</footer>', page, re.DOTALL)
    links = re.findall(r'href="([^"]+)">([^<]+)<', below[1]) if below else []
    return {words: html.unescape(address) for address, words in links}


def test_a_long_inbox_is_read_part_by_part(person: Person) -> None:
    """Links lead on and back to the newest; where all is shown there are none, and nothing that would hold them."""
    for number in range(PAGE):
        _tell(person, str(number))
    assert '<footer class="page">' not in person.get("/notices").text
    _tell(person, "the last")
    newest = person.get("/notices").text
    assert list(_further(newest)) == ["Older"] and "About the last" in newest and "About 0<" not in newest
    oldest = person.get(_further(newest)["Older"]).text
    assert list(_further(oldest)) == ["Newest"] and "About 0<" in oldest and "About the last" not in oldest
    assert "About the last" in person.get(_further(oldest)["Newest"]).text


def _csrf(person: Person) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', person.get("/notices").text)
    assert found is not None
    return found[1]


def test_what_is_told_is_text(person: Person) -> None:
    """Whatever a notice holds: nothing of it is markup."""
    notice = Notice(kind="x", title="<b>bold</b>", body="<script>1</script>\nsecond", key="<i>")
    person.company.write(SYSTEM, lambda unit: tell(unit, [person.user_id], notice))
    page = person.get("/notices").text
    assert "<b>bold" not in page
    assert "<script>1" not in page
    assert "&lt;b&gt;bold" in page


@pytest.mark.parametrize("count", [1, 12])
def test_the_inbox_costs_the_same_however_much_it_holds(person: Person, count: int) -> None:
    """A constant number of statements."""
    for at in range(count):
        _tell(person, str(at))
    person.get("/notices")
    with statements_of(person.company.database.readers) as sent:  # type: ignore[arg-type]
        assert person.get("/notices").status_code == 200
    assert len(sent) <= 5, sent


def test_preferences_are_kept(person: Person) -> None:
    """Channels by kind, quiet hours, the digest; what is sent and is none is left as it was."""
    person.company.outgoing = Outgoing(server=Secret("smtp+plain://x"), sender="a@b.example", site="x", site_name="X")
    csrf = _csrf(person)
    chosen = {
        "csrf": csrf, "by.approval.task": ["mail", "nonsense"], "quiet_from": "22:00", "quiet_until": "07:30",
        "digest": "daily", "digest_at": "09:15",
    }  # fmt: skip
    assert person.post("/notices/preferences", chosen).headers["location"] == "/notices/preferences"
    with person.company.read(SYSTEM) as unit:
        kept = preferences_of(unit, person.user_id)
    assert kept.channels_of("approval.task") == ("mail",)
    assert kept.channels_of("approval.ended") == ()
    assert (kept.quiet_from, kept.quiet_until, kept.digest, kept.digest_at) == (
        time(22),
        time(7, 30),
        "daily",
        time(9, 15),
    )
    page = person.get("/notices/preferences").text
    assert 'name="by.approval.task" value="mail" checked' in page
    assert 'value="22:00"' in page
    person.post("/notices/preferences", {"csrf": csrf, "digest": "sometimes", "quiet_from": "25:99", "digest_at": ""})
    with person.company.read(SYSTEM) as unit:
        kept = preferences_of(unit, person.user_id)
    assert (kept.quiet_from, kept.digest, kept.digest_at) == (None, "daily", time(9, 15))
    assert kept.channels["approval.task"] == Preferences().channels_of("other")
