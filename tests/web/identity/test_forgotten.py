"""Forgotten passwords: mail through the outbox to a real server, a link that is good once and soon."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
import time_machine
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from sqlalchemy import select
from starlette.testclient import TestClient

from dougong.base.settings import Secret
from dougong.engine import jobs, mail
from dougong.engine import outbox as outbox_rows
from dougong.engine.actor import SYSTEM
from dougong.engine.mail import Mail, Outgoing
from dougong.engine.saving.batch import Update
from dougong.engine.sign_in_tables import challenges
from dougong.engine.tables import audit, outbox
from tests.web.conftest import Person

OURS = {"sec-fetch-site": "same-origin"}
NEW = "wholly different words"


class Letterbox:
    """A mail server that keeps what it gets; `broken` times it is not able to."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.broken = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if not session.authenticated:
            return "530 who are you"
        if self.broken:
            self.broken -= 1
            return "451 try again later"
        found = message_from_bytes(envelope.original_content or envelope.content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.mails.append(found)
        return "250 kept"


def known(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
    """Let in who knows the password."""
    right = isinstance(given, LoginPassword) and (given.login, given.password) == (b"crm", b"p:ss")
    return AuthResult(success=right, handled=right)


@pytest.fixture
def letterbox() -> Iterator[tuple[Letterbox, str]]:
    """A mail server on this machine that asks for a password, and its address."""
    box = Letterbox()
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port, authenticator=known, auth_require_tls=False)
    server.start()
    try:
        yield box, f"smtp+plain://crm:p%3Ass@127.0.0.1:{port}"
    finally:
        server.stop()


@pytest.fixture
def mailing(person: Person, letterbox: tuple[Letterbox, str]) -> Letterbox:
    """The person has an e-mail address, their company a mail server."""
    box, address = letterbox
    person.save(Update("user", person.user_id, {"email": "li@example.com"}))
    person.company.outgoing = Outgoing(
        server=Secret(address), sender="crm@example.com", site="https://crm.example.com", site_name="远山机电"
    )
    return box


def ask(client: TestClient, login: str) -> Any:
    return client.post("/password/forgotten", data={"login": login}, headers=OURS)


def link_in(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return re.search(r"https://crm\.example\.com(/password/reset\?token=\S+)", body.get_content())[1]  # type: ignore[index]


def choose(client: TestClient, link: str, new: str = NEW) -> Any:
    token = link.partition("token=")[2]
    return client.post("/password/reset", data={"token": token, "new": new, "again": new}, headers=OURS)


def test_a_forgotten_password(client: TestClient, person: Person, mailing: Letterbox, with_password: str) -> None:
    """From asking to signing in with the new one; sessions end, the link is good once, the old password no more."""
    assert "on its way" in ask(client, "LI@example.com").text
    assert mailing.mails == [], "nothing leaves in the request"
    jobs.run_due(person.company)
    (message,) = mailing.mails
    assert (message["To"], message["From"]) == ("li@example.com", "远山机电 <crm@example.com>")
    html = message.get_body(("html",))
    assert html is not None
    assert 'lang="en"' in html.get_content()
    link = link_in(message)
    assert client.get(link).status_code == 200
    assert choose(client, link, "short").status_code == 422
    assert person.get("/o/account").status_code == 200
    assert "Password changed" in choose(client, link).text
    assert person.get("/o/account").status_code == 303, "whoever was signed in is out"
    assert choose(client, link).status_code == 410
    assert client.get(link).status_code == 410
    for words, status in ((with_password, 422), (NEW, 303)):
        sent = {"login": "li", "password": words}
        assert client.post("/sign-in", data=sent, headers=OURS, follow_redirects=False).status_code == status


def test_unknown_names_are_told_the_same(client: TestClient, person: Person, mailing: Letterbox) -> None:
    """No answer says whether there is somebody: nor how often one may ask."""
    answers = {
        name: [re.sub(r'value="[^"]*"', "", ask(client, name).text) for _ in range(5)] for name in ("li", "nobody")
    }
    assert answers["li"] == answers["nobody"]
    assert "Too many tries" in answers["li"][-1]
    jobs.run_due(person.company)
    assert {message["To"] for message in mailing.mails} == {"li@example.com"}
    assert len(mailing.mails) == 3


def test_a_link_grows_old(client: TestClient, person: Person, mailing: Letterbox, with_password: str) -> None:
    with time_machine.travel("2026-03-02 09:00:00Z", tick=False) as clock:
        ask(client, "li")
        jobs.run_due(person.company)
        clock.shift(timedelta(minutes=31))
        assert choose(client, link_in(mailing.mails[0])).status_code == 410


def test_no_table_ever_holds_the_link(
    client: TestClient, person: Person, mailing: Letterbox, with_password: str
) -> None:
    ask(client, "li")
    jobs.run_due(person.company)
    token = link_in(mailing.mails[0]).partition("token=")[2]
    with person.company.read(SYSTEM) as unit:
        for table in (outbox, challenges, audit):
            rows = unit.connection.execute(select(table)).all()
            assert rows
            assert token not in str(rows)


def test_a_mail_survives_a_server_that_does_not_take_it(
    client: TestClient, person: Person, mailing: Letterbox, with_password: str
) -> None:
    """The outbox tries again; what a worker had begun when it was killed, another one does."""
    mailing.broken = 1
    ask(client, "li")
    jobs.run_due(person.company)
    assert mailing.mails == []
    with time_machine.travel(timedelta(minutes=20), tick=True):
        jobs.run_due(person.company)
    assert choose(client, link_in(mailing.mails[0])).status_code == 200


def test_what_a_killed_worker_had_begun_another_does(
    client: TestClient, person: Person, mailing: Letterbox, with_password: str
) -> None:
    """The task is taken again when its lease is over; the mail that a dead worker may have sent has the same name."""
    ask(client, "li")
    with person.company.read(SYSTEM) as unit:
        (id,) = outbox_rows.due(unit.connection, jobs.JOBS, unit.now)
    task = person.company.write(SYSTEM, lambda unit: outbox_rows.claim(unit.connection, id, jobs.JOBS, unit.now))
    assert task is not None
    jobs.JOBS[task.job].run(person.company, task)  # and here its process is killed, before it could say so
    assert jobs.run_due(person.company) == 0
    with time_machine.travel(timedelta(minutes=16), tick=True):
        jobs.run_due(person.company)
    first, second = mailing.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert choose(client, link_in(first)).status_code == 200
    assert choose(client, link_in(second)).status_code == 410, "one use is for all links of a person"


@pytest.mark.parametrize("values", [{"active": False}, {"email": None}])
def test_nobody_else_gets_mail(client: TestClient, person: Person, mailing: Letterbox, values: dict[str, Any]) -> None:
    """Who is switched off, or has no address."""
    person.save(Update("user", person.user_id, values))
    ask(client, "li")
    jobs.run_due(person.company)
    assert mailing.mails == []


def test_without_a_mail_server_there_is_no_such_page(client: TestClient) -> None:
    assert client.get("/password/forgotten").status_code == 404
    assert "/password/forgotten" not in client.get("/sign-in").text


def test_a_name_makes_no_header() -> None:
    """What people are called ends up in no header line of its own."""
    way = Outgoing(server=Secret("smtp+plain://x"), sender="crm@example.com", site="https://x.example", site_name="X")
    letter = Mail(id="1", to="a@example.com", subject="Hello", text="t", html="<p>t</p>")
    for bad in (
        replace(letter, subject="a\r\nBcc: b@example.com"),
        replace(letter, to="a@example.com\nBcc: b@x.example"),
    ):
        with pytest.raises(ValueError, match=r".+"):
            mail.message(way, bad, datetime(2026, 3, 2, tzinfo=UTC))
