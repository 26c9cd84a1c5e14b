"""Messages that leave: by the channels that people chose, when they chose, and what became of each."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import select, update
from standardwebhooks.webhooks import Webhook

from dougong.base.settings import Secret
from dougong.engine import backlog, circuits, jobs, outbound, outbox, tables
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.mail import Outgoing
from dougong.engine.saving.batch import Update
from dougong.engine.unit import Unit
from dougong.metadata.messaging import Channel
from dougong.workflows.notices.inbox import inbox
from dougong.workflows.notices.preferences import Preferences, parse, prefer
from dougong.workflows.notices.sending import ATTEMPTS, fates
from dougong.workflows.notices.tables import deliveries
from dougong.workflows.notices.telling import Notice, tell
from tests.companies import ADMINISTRATOR, person
from tests.receivers import Calls, Mailbox, http_server, mail_server

SECRET = "whsec_" + base64.b64encode(b"x" * 24).decode()


@pytest.fixture(scope="session")
def mails() -> Iterator[Mailbox]:
    """A mail server for all tests of this module."""
    with mail_server() as box:
        yield box


@pytest.fixture
def mailbox(mails: Mailbox) -> Mailbox:
    """It, empty and in order."""
    mails.mails.clear()
    mails.broken = 0
    return mails


@pytest.fixture
def calls() -> Iterator[Calls]:
    """An HTTP server."""
    with http_server() as found:
        yield found


@pytest.fixture
def mailing(sales: Company, mailbox: Mailbox) -> Company:
    """A company with a mail server."""
    sales.outgoing = Outgoing(
        server=Secret(mailbox.url), sender="crm@example.com", site="https://crm.example.com", site_name="Yuanshan"
    )
    return sales


@pytest.fixture
def li(mailing: Company) -> Actor:
    """Somebody who can be reached."""
    return person(mailing, "li", email="li@example.com", mobile="13800138000", language="zh-CN")


def _tell(company: Company, who: Actor, key: str = "one", **values: Any) -> None:
    notice = Notice(
        **{"kind": "approval.task", "title": {"en": "Told", "zh-CN": "告知"}, "url": "/x", "key": key, **values}
    )
    company.write(SYSTEM, lambda unit: tell(unit, [who.user_id or ""], notice))


def _prefer(company: Company, who: Actor, **chosen: Any) -> None:
    company.write(SYSTEM, lambda unit: prefer(unit, who.user_id or "", Preferences(**chosen)))


def _log(company: Company) -> list[tuple[str, str, int]]:
    with company.read(SYSTEM) as unit:
        columns = deliveries.c
        found = unit.connection.execute(select(columns.channel, columns.state, columns.attempts).order_by(columns.id))
        return [(row.channel, row.state, row.attempts) for row in found]


def _hurry(company: Company) -> None:
    """Let every task be due now, and every place be called again that was left alone."""
    at = datetime.now(UTC) - timedelta(seconds=1)
    ready = update(tables.outbox).where(tables.outbox.c.state == "ready").values(run_at=at)
    opened = update(tables.circuits).where(tables.circuits.c.until.is_not(None)).values(until=at)
    company.write(SYSTEM, lambda unit: [unit.connection.execute(each) for each in (ready, opened)])


def with_channel(company: Company, monkeypatch: pytest.MonkeyPatch, *channels: Channel) -> None:
    """Let the model in force have some channels."""
    model = company.runtime().model
    named = MappingProxyType({each.name: each for each in channels})
    changed = dataclasses.replace(model.workflows, channels=named)
    before = Unit.__init__

    def begin(unit: Unit, *given: Any, **more: Any) -> None:
        before(unit, *given, **more)
        object.__setattr__(unit.runtime.model, "workflows", changed)

    monkeypatch.setattr(Unit, "__init__", begin)


def test_a_mail_goes_in_the_language_of_who_reads_it(mailing: Company, li: Actor, mailbox: Mailbox) -> None:
    """With a link to the site, and a Message-ID that is the delivery's; the log says that it was sent."""
    _tell(mailing, li, body="Line one\nLine two")
    assert _log(mailing) == [("mail", "waiting", 0)]
    assert jobs.run_due(mailing) == 1
    (mail,) = mailbox.mails
    assert (mail["To"], mail["Subject"]) == ("li@example.com", "告知")
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "https://crm.example.com/x" in text
    assert "Line two" in text
    with mailing.read(SYSTEM) as unit:
        id = unit.connection.scalar(select(deliveries.c.message_id))
    assert mailbox.ids == [f"<{id}@example.com>"]
    assert _log(mailing) == [("mail", "sent", 1)]


def test_what_a_killed_worker_sent_is_sent_again_under_the_same_id(
    mailing: Company, li: Actor, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was killed between the mail and the note of it."""
    _tell(mailing, li)

    class Killed(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("dougong.workflows.notices.sending.note", killed)
        with pytest.raises(Killed):
            jobs.run_due(mailing)
    with time_machine.travel(datetime.now(UTC) + outbox.LEASE + timedelta(seconds=1), tick=True):
        assert jobs.run_due(mailing)  # what comes every hour may be due by then as well
    assert len(mailbox.mails) == 2
    assert len(set(mailbox.ids)) == 1
    assert _log(mailing) == [("mail", "sent", 2)]


def test_a_server_that_is_down_is_tried_again_and_at_last_a_dead_letter(
    mailing: Company, li: Actor, mailbox: Mailbox
) -> None:
    """The inbox has the notice all the while; who asks once more has it sent."""
    mailbox.broken = ATTEMPTS
    _tell(mailing, li)
    for _ in range(ATTEMPTS):
        jobs.run_due(mailing)
        _hurry(mailing)
    assert _log(mailing) == [("mail", "failed", ATTEMPTS)]
    with mailing.read(SYSTEM) as unit:
        told = inbox(unit, li.user_id or "").told
        ((_, fate),) = fates(unit, [each.id for each in told])
        dead = unit.connection.execute(select(tables.outbox).where(tables.outbox.c.state == "failed")).one()
    assert "451" in str(fate.error)
    assert "451" in dead.error
    mailing.write(SYSTEM, lambda unit: outbox.ask_again(unit.connection, [dead.id], unit.now))
    assert jobs.run_due(mailing) == 1
    assert len(mailbox.mails) == 1
    assert _log(mailing)[0][:2] == ("mail", "sent")


@pytest.mark.parametrize(
    ("changes", "sent"), [({"active": False}, 0), ({"email": None}, 0), ({"email": "new@example.com"}, 1)]
)
def test_where_a_mail_goes_is_asked_when_it_leaves(
    mailing: Company, li: Actor, mailbox: Mailbox, changes: dict[str, Any], sent: int
) -> None:
    """Nothing goes to who may not come in any more, or has no address; the log says so."""
    _tell(mailing, li)
    mailing.write(SYSTEM, lambda unit: unit.records.save([Update("user", li.user_id or "", changes)]))
    jobs.run_due(mailing)
    assert [str(each["To"]) for each in mailbox.mails] == ["new@example.com"] * sent
    assert _log(mailing)[0][1] == ("sent" if sent else "dropped")


def test_people_choose_channels_by_kind(mailing: Company, li: Actor) -> None:
    """A kind of which nothing was said goes by its own ways; what the sender insists on goes all the same."""
    _prefer(mailing, li, channels={"approval.task": (), "automation": ("mail", "nonsense")})
    for key, kind in (("a", "approval.task"), ("b", "approval.ended"), ("c", "automation"), ("d", "other")):
        _tell(mailing, li, key, kind=kind)
    _tell(mailing, li, "e", kind="approval.task", channels=("mail",))
    assert [channel for channel, _, _ in _log(mailing)] == ["mail"] * 3


NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
NIGHT = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai
QUIET = {"quiet_from": time(22), "quiet_until": time(7, 30)}


@pytest.mark.parametrize(
    ("chosen", "now", "channel", "urgent", "due", "digest"),
    [
        ({}, NOON, "mail", False, NOON, False),
        (QUIET, NOON, "mail", False, NOON, False),
        (QUIET, NIGHT, "bot", False, datetime(2026, 3, 4, 23, 30, tzinfo=UTC), False),
        (QUIET, NIGHT, "bot", True, NIGHT, False),
        ({"quiet_from": time(12), "quiet_until": time(14)}, NOON, "mail", False, NOON + timedelta(hours=2), False),
        ({"quiet_from": time(11), "quiet_until": time(12)}, NOON, "mail", False, NOON, False),
        ({"digest": "hourly"}, NOON + timedelta(minutes=7), "mail", False, NOON + timedelta(hours=1), True),
        ({"digest": "hourly"}, NOON, "bot", False, NOON, False),
        ({"digest": "daily"}, NOON, "mail", False, datetime(2026, 3, 5, 0, 0, tzinfo=UTC), True),
        ({"digest": "daily", "digest_at": time(18)}, NOON, "mail", False, NOON + timedelta(hours=6), True),
        ({"digest": "daily", "digest_at": time(23), **QUIET}, NOON, "mail", False, NIGHT + timedelta(hours=8), True),
        ({"digest": "daily"}, NOON, "mail", True, NOON, False),
    ],
)
def test_when_a_message_leaves(
    chosen: dict[str, Any], now: datetime, channel: str, urgent: bool, due: datetime, digest: bool
) -> None:
    """Quiet hours end before anything leaves, digests gather mails until their hour, and nothing urgent waits."""
    preferences = parse(Preferences(**chosen).document())
    assert preferences == Preferences(**chosen)
    assert preferences.due(now, ZoneInfo("Asia/Shanghai"), channel, urgent) == (due, digest)


def test_a_digest_is_one_mail(mailing: Company, li: Actor, mailbox: Mailbox) -> None:
    """Of all that was told until its hour; nothing more leaves before."""
    _prefer(mailing, li, digest="daily")
    for key in ("a", "b", "c"):
        _tell(mailing, li, key, title=f"Number {key}")
    jobs.run_due(mailing)
    assert not mailbox.mails
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1, minutes=1), tick=True):
        jobs.run_due(mailing)
    (mail,) = mailbox.mails
    assert mail["Subject"] == "Yuanshan 有 3 条消息"
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert all(f"Number {key}" in text for key in ("a", "b", "c"))
    assert _log(mailing) == [("mail", "sent", 1)] * 3


BOTS = {
    "wecom": ("errcode", lambda body: body["text"]["mentioned_mobile_list"] == ["13800138000"]),
    "dingtalk": ("errcode", lambda body: body["at"]["atMobiles"] == ["13800138000"]),
    "feishu": ("code", lambda body: body["content"]["text"].startswith("@Li ")),
}


@pytest.mark.parametrize("kind", BOTS)
def test_bots_write_to_their_group(
    mailing: Company, li: Actor, calls: Calls, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Signed where they ask for it; a message that the service does not take is a failure that is tried again."""
    code, mentions = BOTS[kind]
    options = {"address_secret": "bot", **({"signing_secret": "bot_key"} if kind != "wecom" else {})}
    with_channel(mailing, monkeypatch, Channel(name="group", label={}, type=kind, options=options))
    monkeypatch.setenv("DOUGONG_SECRET_BOT", f"{calls.url}/send?key=hidden")
    monkeypatch.setenv("DOUGONG_SECRET_BOT_KEY", "SEC1")
    mailing.near = frozenset({"127.0.0.1"})
    calls.answer = f'{{"{code}": 310000, "errmsg": "sign not match"}}'.encode()
    _prefer(mailing, li, channels={"approval.task": ("group",)})
    _tell(mailing, li)
    jobs.run_due(mailing)
    assert _log(mailing) == [("group", "waiting", 1)]
    calls.answer = f'{{"{code}": 0}}'.encode()
    _hurry(mailing)
    jobs.run_due(mailing)
    assert _log(mailing) == [("group", "sent", 2)]
    call = calls.calls[-1]
    assert mentions(call.json)
    assert "告知" in call.body.decode()
    assert ("sign" in call.path or "sign" in call.json) is (kind != "wecom")


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("times out", "The other side did not answer in time. Verbatim: “"),
        ("refuses", "The other side answered that it did not go well. Verbatim: “503 "),
        ("no secret", "DOUGONG_SECRET_BOT is not set."),
        ("private", "127.0.0.1 has the address 127.0.0.1, which may not be called."),
    ],
)
def test_a_channel_that_is_down_is_a_dead_letter_that_people_see(
    mailing: Company, li: Actor, calls: Calls, monkeypatch: pytest.MonkeyPatch, trouble: str, said: str
) -> None:
    """Whoever saved was kept waiting by nothing; the address of the bot, which is a secret, is nowhere told."""
    with_channel(mailing, monkeypatch, Channel(name="bot", label={}, type="wecom", options={"address_secret": "bot"}))
    if trouble != "no secret":
        monkeypatch.setenv("DOUGONG_SECRET_BOT", f"{calls.url}/send?key=hidden")
    if trouble != "private":
        mailing.near = frozenset({"127.0.0.1"})
    calls.status, calls.seconds = (503 if trouble == "refuses" else 200), (0.3 if trouble == "times out" else 0)
    monkeypatch.setattr(outbound, "SECONDS", 0.1)
    _prefer(mailing, li, channels={"approval.task": ("bot",)})
    _tell(mailing, li)
    for _ in range(ATTEMPTS):
        jobs.run_due(mailing)
        _hurry(mailing)
    with mailing.read(SYSTEM) as unit:
        (told,) = inbox(unit, li.user_id or "").told
        ((_, fate),) = fates(unit, [told.id])
        error = unit.connection.scalar(select(tables.outbox.c.error).where(tables.outbox.c.state == "failed"))
    assert (fate.state, fate.attempts) == ("failed", ATTEMPTS)
    assert said in str(fate.error) and fate.why("en") == fate.error
    assert "hidden" not in f"{fate.error} {error}"


def test_who_does_not_answer_is_left_alone_for_a_while(
    mailing: Company, li: Actor, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some calls in vain the others wait, at no cost; one is let through then, and all follow once it arrived."""
    with_channel(mailing, monkeypatch, Channel(name="bot", label={}, type="wecom", options={"address_secret": "bot"}))
    monkeypatch.setenv("DOUGONG_SECRET_BOT", f"{calls.url}/send?key=hidden")
    mailing.near, calls.seconds = frozenset({"127.0.0.1"}), 0.2
    monkeypatch.setattr(outbound, "SECONDS", 0.05)
    _prefer(mailing, li, channels={"approval.task": ("bot",)})
    for number in range(6):
        _tell(mailing, li, str(number))
    jobs.run_due(mailing)
    assert len(calls.calls) == circuits.OPENS_AFTER
    with mailing.read(SYSTEM) as unit:
        (silent,) = circuits.silent(unit)
        (waits,) = set(unit.connection.scalars(select(deliveries.c.error).order_by(deliveries.c.id.desc()).limit(3)))
        forgiven = unit.connection.scalars(select(tables.outbox.c.forgiven).order_by(tables.outbox.c.id)).all()
    assert (silent.name, silent.failures) == ("bot", 3) and "hidden" not in silent.error
    assert "does not answer" in str(waits)
    assert forgiven[-3:] == [1, 1, 1], "what was put off has not failed"
    _hurry(mailing)
    jobs.run_due(mailing)
    assert len(calls.calls) == circuits.OPENS_AFTER + 1
    calls.seconds = 0
    _hurry(mailing)
    jobs.run_due(mailing)
    assert {state for _, state, _ in _log(mailing)} == {"sent"}
    with mailing.read(SYSTEM) as unit:
        assert not circuits.silent(unit)


def test_what_waited_too_long_for_who_does_not_answer_fails(mailing: Company) -> None:
    """Put off for some hours and no longer; a refusal is an answer."""

    def silence(wanted_at: datetime) -> None:
        with circuits.through(mailing, "erp", wanted_at):
            raise TimeoutError("nobody there")

    def refusal() -> None:
        with circuits.through(mailing, "shop", datetime.now(UTC)):
            raise ValueError("no")

    for _ in range(circuits.OPENS_AFTER):
        with pytest.raises(TimeoutError):
            silence(datetime.now(UTC))
        with pytest.raises(ValueError, match="no"):
            refusal()
    with pytest.raises(jobs.NotYet):
        silence(datetime.now(UTC))
    with pytest.raises(circuits.Silent, match="nobody there"):
        silence(datetime.now(UTC) - circuits.PATIENCE - timedelta(minutes=1))
    with mailing.read(SYSTEM) as unit:
        assert [each.name for each in circuits.silent(unit)] == ["erp"]


def test_a_channel_that_is_not_there_is_told_of_in_the_log(mailing: Company, li: Actor) -> None:
    """Where a sender insists on one that was taken away since, the inbox has the notice, and the log says why."""
    _tell(mailing, li, channels=("gone",), kind="other")
    with mailing.read(SYSTEM) as unit:
        ((_, fate),) = fates(unit, [each.id for each in inbox(unit, li.user_id or "").told])
    assert (fate.channel, fate.state, fate.error) == ("gone", "dropped", "There is no channel gone.")
    assert jobs.run_due(mailing) == 0


def test_a_web_hook_is_signed(mailing: Company, li: Actor, calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    """By whom the receiver knows, with an id that is the delivery's."""
    options = {"url": f"{calls.url}/hook", "signing_secret": "hook"}
    with_channel(mailing, monkeypatch, Channel(name="erp", label={}, type="webhook", options=options))
    monkeypatch.setenv("DOUGONG_SECRET_HOOK", SECRET)
    mailing.near = frozenset({"127.0.0.1"})
    _tell(mailing, li, channels=("erp",), kind="other")
    jobs.run_due(mailing)
    (call,) = calls.calls
    assert Webhook(SECRET).verify(call.body, call.headers)["data"]["subject"] == "告知"
    with mailing.read(SYSTEM) as unit:
        assert calls.ids == [unit.connection.scalar(select(deliveries.c.id))]


def test_web_hooks_about_a_record_keep_their_order(
    mailing: Company, li: Actor, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is tried again is not overtaken by those about its record; others go on."""
    options = {"url": f"{calls.url}/hook", "signing_secret": "hook"}
    with_channel(mailing, monkeypatch, Channel(name="erp", label={}, type="webhook", options=options))
    monkeypatch.setenv("DOUGONG_SECRET_HOOK", SECRET)
    mailing.near = frozenset({"127.0.0.1"})

    def tell_of(key: str, record: str, **values: Any) -> None:
        _tell(mailing, li, key, title=key, kind="other", channels=("erp",), object="account", record=record, **values)

    calls.status = 503
    tell_of("first", li.user_id or "")
    jobs.run_due(mailing)
    calls.status = 200
    tell_of("second", li.user_id or "")
    tell_of("other", "0190a8b0-0000-7000-8000-000000000000")
    jobs.run_due(mailing)
    _hurry(mailing)
    while jobs.run_due(mailing):
        pass
    subjects = [each.json["data"]["subject"] for each in calls.calls]
    assert subjects == ["first", "other", "first", "second"]
    with mailing.read(SYSTEM) as unit:
        answers = unit.connection.scalars(select(deliveries.c.answer).order_by(deliveries.c.id)).all()
    assert {str(each).partition("\n")[0] for each in answers} == {"200 OK"}


def test_what_is_decided_about_a_digest_is_noted_with_each_message(
    mailing: Company, li: Actor, mailbox: Mailbox
) -> None:
    """Given up, or asked for again by whoever looks after work."""
    _prefer(mailing, li, digest="daily")
    for key in ("a", "b"):
        _tell(mailing, li, key)
    boss = person(mailing, "boss", ADMINISTRATOR)
    mailbox.broken = ATTEMPTS
    for _ in range(ATTEMPTS):
        _hurry(mailing)
        jobs.run_due(mailing)
    assert _log(mailing) == [("mail", "failed", ATTEMPTS)] * 2
    with mailing.read(SYSTEM) as unit:
        (dead,) = unit.connection.scalars(select(tables.outbox.c.id).where(tables.outbox.c.state == "failed"))
    mailing.write(boss, lambda unit: backlog.retry(unit, dead))
    assert {state for _, state, _ in _log(mailing)} == {"waiting"}
    mailing.write(boss, lambda unit: backlog.drop(unit, dead, "sold"))
    assert {state for _, state, _ in _log(mailing)} == {"dropped"}
