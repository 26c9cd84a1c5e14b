"""Deciding by the link of a mail: once, by one person, for a while, and nothing else by it; on both databases."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from starlette.testclient import TestClient

from dougong.base.settings import Secret, Settings
from dougong.engine import jobs
from dougong.engine.mail import Outgoing
from dougong.engine.saving.batch import Update
from dougong.engine.sign_in_tables import authenticators, challenges
from dougong.engine.tables import audit, outbox
from dougong.web import sessions
from dougong.web.app import create_app, make_site
from dougong.web.identity import rates
from dougong.workflows.approvals import mail_links
from dougong.workflows.approvals.state import HandOver
from dougong.workflows.notices.tables import deliveries, notices
from dougong.workflows.pages import PAGES
from tests.receivers import Mailbox, mail_server
from tests.workflows.approvals.conftest import SMALL, Office, office
from tests.workflows.automations.conftest import with_setting

__all__ = ["office"]

OURS = {"sec-fetch-site": "same-origin"}


@pytest.fixture(scope="module")
def mails() -> Iterator[Mailbox]:
    """A mail server for all tests of this module."""
    with mail_server() as box:
        yield box


@dataclass
class Post:
    """The office, whose boss reads mail, and somebody with a browser in which nobody is signed in."""

    office: Office
    client: TestClient
    box: Mailbox
    settings: Settings

    def asked(self) -> tuple[str, str]:
        """An approval that waits for the boss, and the link of the mail that says so."""
        instance = self.office.submit("clerk", self.office.make("clerk", "paper", amount=SMALL))
        return instance, self.mailed()

    def mailed(self) -> str:
        """The link in the mail that is sent now; "" where it has none."""
        self.box.mails.clear()
        jobs.run_due(self.office.company)
        found = [re.search(r"(/approval-link\?token=\S+)", _text(each)) for each in self.box.mails]
        assert found, "no mail was sent"
        return found[0][1] if found[0] else ""

    def open(self, link: str) -> Any:
        """The page of a link."""
        return self.client.get(link, follow_redirects=False)

    def decide(self, link: str, act: str = "approve", opinion: str = "", **sent: str) -> Any:
        """What the page of a link sends."""
        data = {"token": link.partition("token=")[2], "act": act, "opinion": opinion, **sent}
        return self.client.post("/approval-link", data=data, headers=OURS, follow_redirects=False)

    def status(self, instance: str) -> str:
        """What became of an approval."""
        return self.office.look("admin", instance).status

    def links(self) -> int:
        """How many links are good for something still."""
        return len(self.rows(challenges))

    def rows(self, table: Any) -> list[Any]:
        """What a table holds."""
        return self.office.read("", lambda unit: unit.connection.execute(select(table)).all())


def _text(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content())


@pytest.fixture
def post(office: Office, settings: Settings, mails: Mailbox) -> Iterator[Post]:
    """It, with a mail server."""
    boss = Update("user", office.id("boss"), {"language": "en", "email": "boss@example.com"})
    office.write("", lambda unit: unit.records.save([boss]))
    office.company.outgoing = Outgoing(
        server=Secret(mails.url), sender="crm@example.com", site="https://crm.example.com", site_name="Yuanshan"
    )
    with TestClient(create_app(make_site(settings, office.company), PAGES), base_url="http://testserver") as client:
        yield Post(office, client, mails, settings)


def test_a_link_is_looked_at_often_and_decides_once(post: Post) -> None:
    """The page says what is decided; the decision is the person's, said to be by link; no session comes of it."""
    instance, link = post.asked()
    for _ in range(2):
        page = post.open(link)
        assert page.status_code == 200
        assert "paper" in page.text
        assert "Clerk" in page.text
        assert post.client.head(link).status_code in (200, 405)
    assert (post.status(instance), post.links()) == ("open", 1)
    done = post.decide(link, opinion="fine by me")
    assert (done.status_code, post.status(instance), post.links()) == (200, "approved", 0)
    for again in (post.open(link), post.decide(link, "reject", "no")):
        assert again.status_code == 410
        assert 'href="/sign-in' in again.text
    assert post.status(instance) == "approved"
    assert sessions.cookie_name(False) not in post.client.cookies
    assert post.client.get("/approvals", follow_redirects=False).status_code == 303
    act = next(each for each in post.office.look("clerk", instance).acts if each.act == "approve")
    assert act.person is not None
    assert (act.person.id, act.opinion, act.details["channel"]) == (post.office.id("boss"), "fine by me", "mail")
    (event,) = [each for each in post.rows(audit) if each.kind == "approval_by_link"]
    assert (event.actor_id, '"mail"' in event.body) == (post.office.id("boss"), True)
    token = (
        sessions.cookie_name(False),
        post.office.write("", lambda unit: sessions.begin(unit, post.office.id("boss"), "test", "127.0.0.1")),
    )
    post.client.cookies.set(*token)
    for page in (f"/approvals/{instance}", f"/approvals/{instance}/print"):
        assert "by e-mail link" in post.client.get(page).text


def test_two_at_once_are_one_decision(post: Post) -> None:
    """Of several that press at the same moment, one decides and the others are told that the link is spent."""
    instance, link = post.asked()
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda act: post.decide(link, act, "said").status_code, ("approve", "reject") * 2))
    assert sorted(answers) == [200, 410, 410, 410]
    decided = [each for each in post.office.look("admin", instance).acts if each.act in ("approve", "reject")]
    assert len(decided) == 1


def test_what_is_refused_leaves_the_link_good(post: Post) -> None:
    """Rejecting without an opinion, on a page that is too old, from another site, or with no decision at all."""
    instance, link = post.asked()
    refused = post.decide(link, "reject")
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    old = post.decide(link, number="999")
    assert (old.status_code, "a moment ago" in old.text) == (409, True)
    assert post.decide(link, "recall").status_code == 400
    token = link.partition("token=")[2]
    foreign = post.client.post(
        "/approval-link", data={"token": token, "act": "approve"}, headers={"sec-fetch-site": "cross-site"}
    )
    assert (foreign.status_code, post.status(instance), post.links()) == (403, "open", 1)
    assert post.decide(link, "reject", "too dear").status_code == 200
    assert post.status(instance) == "rejected"


def _decided(post: Post, instance: str) -> None:
    post.office.approve("boss", instance)


def _handed_over(post: Post, instance: str) -> None:
    entry, boss = post.office.entry("boss", instance), post.office.id("boss")
    post.office.act("boss", instance, HandOver(entry=entry, by=boss, to=post.office.id("top")))


def _disabled(post: Post, instance: str) -> None:
    change = Update("user", post.office.id("boss"), {"frozen": True})
    post.office.write("", lambda unit: unit.records.save([change]))


def _switched_off(post: Post, instance: str) -> None:
    with_setting(post.office.company, mail_links.DAYS, 0)


def _second_step(post: Post, instance: str) -> None:
    with_setting(post.office.company, "sign_in.second_step", "all")


def _somebody_else_is_here(post: Post, instance: str) -> None:
    token = post.office.write("", lambda unit: sessions.begin(unit, post.office.id("clerk"), "test", "127.0.0.1"))
    post.client.cookies.set(sessions.cookie_name(False), token)


@pytest.mark.parametrize(
    "meanwhile", [_decided, _handed_over, _disabled, _switched_off, _second_step, _somebody_else_is_here]
)
def test_a_link_that_is_good_for_nothing_any_more(post: Post, meanwhile: Any) -> None:
    """One page says so (410), and nothing changes."""
    instance, link = post.asked()
    meanwhile(post, instance)
    before = [each.act for each in post.office.look("admin", instance).acts]
    assert post.open(link).status_code == 410
    answer = post.decide(link, "reject", "no")
    assert answer.status_code == 410
    assert 'href="/sign-in' in answer.text
    assert [each.act for each in post.office.look("admin", instance).acts] == before


def test_a_link_is_good_for_some_days(post: Post) -> None:
    """Three, as it comes; a made-up one never was."""
    instance, link = post.asked()
    assert post.open("/approval-link?token=nonsense").status_code == 410
    assert post.open("/approval-link").status_code == 410
    with time_machine.travel(datetime.now(UTC) + timedelta(days=3, seconds=-60), tick=True):
        assert post.open(link).status_code == 200
    with time_machine.travel(datetime.now(UTC) + timedelta(days=3, seconds=5), tick=True):
        assert post.open(link).status_code == 410
        assert post.decide(link).status_code == 410
    assert post.status(instance) == "open"


@pytest.mark.parametrize(("setting", "value"), [(mail_links.DAYS, 0), ("sign_in.second_step", "all")])
def test_mails_without_links(post: Post, setting: str, value: Any) -> None:
    """Where the company has none, and for those who prove more than a mailbox when they sign in."""
    with_setting(post.office.company, setting, value)
    assert post.asked()[1] == ""
    assert post.links() == 0


def test_who_has_an_authenticator_gets_no_link(post: Post) -> None:
    """Their mail leads to the page for which they sign in."""
    row = {"user_id": post.office.id("boss"), "secret": "x", "last_step": 0, "confirmed_at": datetime.now(UTC)}
    post.office.write("", lambda unit: unit.connection.execute(authenticators.insert().values(**row)))
    assert post.asked()[1] == ""


def test_the_token_is_in_the_mail_alone(post: Post, caplog: pytest.LogCaptureFixture, capfd: Any) -> None:
    """Not in the outbox, the log of deliveries, the notices, the audit log, nor what the server logs."""
    with caplog.at_level(logging.DEBUG, logger="dougong"):
        _, link = post.asked()
        post.open(link)
        post.decide(link, "reject")
        post.decide(link)
        post.decide(link)
    token = link.partition("token=")[2]
    assert len(token) > 40
    for table in (outbox, deliveries, notices, audit, challenges):
        assert token not in repr(post.rows(table)), table.name
    assert token not in caplog.text
    assert token not in "".join(capfd.readouterr())


def test_one_address_may_not_try_for_ever(post: Post) -> None:
    """Guessing ends with 429, for pages and for decisions."""
    for _ in range(rates.AT_THE_DOOR):
        rates.count(rates.AT_THE_DOOR, "approval-link", "testclient")
    assert post.open("/approval-link?token=x").status_code == 429
    assert post.decide("token=x").status_code == 429
