"""What failed in the background, as somebody reads it whose language is not English."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from dougong.base.settings import Secret, Settings
from dougong.engine import circuits, outbound, tables
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.jobs import JOBS, enqueue
from dougong.engine.mail import Outgoing
from dougong.engine.saving.batch import Update
from dougong.metadata.messaging import Channel
from dougong.web.identity import reset
from dougong.workflows.automations.runs import ATTEMPTS
from dougong.workflows.endpoints import rows
from dougong.workflows.notices import sending
from dougong.workflows.notices.sending import DELIVER
from dougong.workflows.notices.tables import deliveries
from dougong.workflows.notices.telling import Notice, tell
from dougong.workflows.steps import call
from dougong.workflows.steps.set_fields import SetFields
from tests.companies import ADMINISTRATOR
from tests.receivers import Calls, Mailbox, free_port, http_server, mail_server
from tests.web.conftest import Person, settings
from tests.workflows.automations.conftest import all_runs, make, press, work
from tests.workflows.automations.test_in_order import calls, levels, telling, tickets
from tests.workflows.automations.test_pages import signed_in
from tests.workflows.notices.test_delivering import _hurry as hurry
from tests.workflows.notices.test_delivering import with_channel

__all__ = ["calls", "settings"]

TRIES = 3


@pytest.fixture
def reader(desk: Company, settings: Settings) -> Iterator[Person]:
    """An administrator who reads Chinese."""
    for each in signed_in(desk, settings, "wang", ADMINISTRATOR):
        each.save(Update("user", each.user_id, {"language": "zh-CN", "email": "wang@example.com", "name": "王"}))
        yield each


@pytest.fixture
def refusing() -> Iterator[Calls]:
    """A service of bots that takes no message."""
    with http_server() as found:
        found.answer = b'{"errcode": 310000, "errmsg": "the sign does not match"}'
        yield found


@pytest.fixture
def late() -> Iterator[Calls]:
    """A server that takes its time."""
    with http_server() as found:
        found.seconds = 0.5
        yield found


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server that is out of order."""
    with mail_server() as box:
        box.broken = 100
        yield box


def ours(page: str) -> str:
    """What a page says but for what is quoted: texts, and what attributes tell."""
    page = re.sub(r"<!--.*?-->", "", page, flags=re.DOTALL)
    page = re.sub(r"<(script|style|svg|pre|code)\b.*?</\1>", "", page, flags=re.DOTALL)
    told = re.findall(r'(?:title|aria-label|placeholder|alt)="([^"]*)"', page)
    texts = html.unescape("\n".join([*told, re.sub(r"<[^>]*>", "\n", page)]))
    return re.sub("原文：“[^”]*”", "", texts)


def english(page: str) -> list[str]:
    """Three words of English in a row, wherever a page of ours says them."""
    return re.findall(r"[A-Za-z’']+(?:,? [A-Za-z’']+){2,}", ours(page))


def work_failing(company: Company) -> None:
    """Try everything that is asked for until it has failed for good."""
    for _ in range(max(TRIES, ATTEMPTS) + 1):
        work(company)
        hurry(company)


def bot(name: str, kind: str, **more: str) -> Channel:
    """A channel whose bot has an address of the channel's name."""
    return Channel(name=name, label={"en": name, "zh-CN": "群"}, type=kind, options={"address_secret": name, **more})


def hook(name: str, url: str, secret: str) -> Channel:
    """A channel that calls a program."""
    return Channel(name=name, label={}, type="webhook", options={"url": url, "signing_secret": secret})


WHY: Mapping[str, str] = {
    "mail": "邮件服务器没有接收这封邮件。原文：“451 try again later”",
    "answers": "对方应答：处理未成功。原文：“503 Service Unavailable”",
    "unsigned": "签名密钥不是 whsec_ 加 base64 的格式。",
    "refuses": "机器人服务没有接收这条消息。原文：“{",
    "down": "无法连接对方。原文：“",
    "unset": "未设置 DOUGONG_SECRET_UNSET。",
    "slow": "对方未及时应答。原文：“",
    "inner": "localhost 的地址是 127.0.0.1，不允许调用。",
    "nowhere": "nowhere.invalid 没有可用的地址。",
    "gone": "没有名为 gone 的渠道。",
    "call": "对方应答：处理未成功。原文：“503 Service Unavailable”",
}
"""What is read of each channel that fails."""


@pytest.fixture
def failing(
    desk: Company, calls: Calls, refusing: Calls, late: Calls, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Channels of every kind that fail, each in its way, after a few tries."""
    telling(desk, calls)
    calls.status = 503
    monkeypatch.setattr(outbound, "SECONDS", 0.2)
    monkeypatch.setattr(sending, "ATTEMPTS", TRIES)
    tried = (DELIVER, call.JOB, rows.JOB, reset.mail_link.name)
    fewer = {name: replace(JOBS[name], attempts=TRIES) for name in tried}
    monkeypatch.setattr(JOBS, "_entries", {**JOBS, **fewer})
    for name, value in {
        "BADLY": "no base64 at all!",
        "REFUSES": f"{refusing.url}/send?key=hidden",
        "DOWN": f"http://127.0.0.1:{free_port()}/send?key=hidden",
        "SLOW": f"{late.url}/send?key=hidden",
        "INNER": f"http://localhost:{free_port()}/send?key=hidden",
        "NOWHERE": "http://nowhere.invalid/send?key=hidden",
    }.items():
        monkeypatch.setenv(f"DOUGONG_SECRET_{name}", value)
    with_channel(
        desk, monkeypatch,
        hook("answers", f"{calls.url}/hook", "desk"), hook("unsigned", f"{calls.url}/hook", "badly"),
        bot("refuses", "wecom"), bot("down", "dingtalk"), bot("unset", "feishu"), bot("slow", "feishu"),
        bot("inner", "wecom"), bot("nowhere", "dingtalk"),
    )  # fmt: skip
    desk.outgoing = Outgoing(
        server=Secret(mailbox.url), sender="crm@example.com", site="https://crm.example.com", site_name="远山"
    )


def told(company: Company, reader: Person, key: str, *channels: str) -> None:
    """Tell the reader something."""
    title = {"en": "Something is told here", "zh-CN": "告知"}
    notice = Notice(kind="automation", title=title, key=key, channels=channels)
    company.write(SYSTEM, lambda unit: tell(unit, [reader.user_id], notice))


def log(company: Company) -> list[Any]:
    """The log of what leaves."""
    with company.read(SYSTEM) as unit:
        return list(unit.connection.execute(select(deliveries).order_by(deliveries.c.id)))


def dead(company: Company) -> list[Any]:
    """All work that is not done."""
    with company.read(SYSTEM) as unit:
        return list(unit.connection.execute(select(tables.outbox).where(tables.outbox.c.state != "done")))


@pytest.mark.usefixtures("failing")
def test_why_a_message_did_not_leave(
    reader: Person, desk: Company, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the log, at its lines, at the work that sends them, in the inbox: nothing of ours is English."""
    levels(desk, tickets(desk, "工单一"), "1")
    told(desk, reader, "one", *(each for each in WHY if each != "call"))
    work_failing(desk)
    found = {row.channel: row for row in log(desk)}
    assert {name: row.state for name, row in found.items()} == {
        name: "dropped" if name == "gone" else "failed" for name in WHY
    }
    for name, why in WHY.items():
        page = html.unescape(reader.get(f"/deliveries/{found[name].id}").text)
        said, mark, quoted = why.partition("原文：“")
        assert f"<p>{said}</p>" in page and not english(page), name
        assert (not mark) or f'<h3>原文</h3><pre class="said" tabindex="0"><code>{quoted.rstrip("”")}' in page
    for key in ("tried", "left alone"):
        told(desk, reader, key, "down")
        work(desk)
    monkeypatch.setattr(circuits, "PATIENCE", timedelta(0))
    told(desk, reader, "too late", "down")
    work(desk)
    pages = {path: html.unescape(reader.get(path).text) for path in ("/deliveries", "/notices", "/jobs")}
    for path, page in pages.items():
        assert not english(page), path
    assert all(why in pages["/deliveries"] for why in WHY.values())
    assert all(why in pages["/notices"] for name, why in WHY.items() if name != "call")
    assert all(why in pages["/jobs"] for name, why in WHY.items() if name != "gone")
    waits = [row.failure["text"]["zh-CN"] for row in log(desk) if row.state == "waiting" and row.channel == "down"]
    assert waits == [
        "无法连接对方。", "对方没有应答，暂停联系一段时间。", "对方已超过 0 小时没有应答。无法连接对方。"
    ]  # fmt: skip
    assert "暂停联系一段时间" in pages["/deliveries"] and "群 自" in pages["/jobs"]
    for row in dead(desk):
        page = reader.get(f"/jobs/{row.id}").text
        assert (not english(page) and "程序跟踪信息" in page) or row.error is None
    assert not any("key=hidden" in page for page in pages.values())


def test_why_other_work_failed(reader: Person, desk: Company, failing: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Elements of calls, links for passwords, runs of automations, and what nobody has foreseen."""
    desk.outgoing = None

    def broken(*_: Any) -> Any:
        raise KeyError("a key that is gone")

    monkeypatch.setattr(SetFields, "run", broken)
    forgetting = replace(JOBS["jobs.forget"], run=broken, attempts=TRIES)
    monkeypatch.setattr(JOBS, "_entries", {**JOBS, "jobs.forget": forgetting})
    asked: tuple[tuple[str, Mapping[str, Any]], ...] = (
        (rows.JOB, {"endpoint": "none", "element": {}}),
        (reset.mail_link.name, {"user": reader.user_id}),
        ("jobs.forget", {}),
    )
    for name, payload in asked:
        desk.write(SYSTEM, lambda unit, name=name, payload=payload: enqueue(unit, name, payload))  # type: ignore[misc]
    press(desk, "ticket.sort", make(desk, "ticket", name="工单一", amount="500"))
    work_failing(desk)
    unforeseen = "发生了未预料的错误。原文：“KeyError: 'a key that is gone'”"
    listed = html.unescape(reader.get("/jobs").text)
    assert not english(listed)
    for said in (
        "端点 none 已不存在。",
        "未设置 SMTP_URL，无法发送邮件。",
        unforeseen,
        "传入调用的一项",
        "重置密码链接",
    ):
        assert said in listed
    (run,) = [each for each in all_runs(desk) if each.status == "failed"]
    for path in ("/automations/runs?show=failed", f"/automations/runs/{run.id}"):
        page = html.unescape(reader.get(path).text)
        assert unforeseen in page and not english(page), path
    for group in ("due", "running", "later", "done", "dropped"):
        assert not english(reader.get(f"/jobs?show={group}").text)
    for state in ("running", "waiting", "done", "stopped"):
        assert not english(reader.get(f"/automations/runs?show={state}").text)


def test_what_was_kept_before_is_told_as_it_was(reader: Person, desk: Company, calls: Calls) -> None:
    """Of rows that have no words in languages yet: those that they have."""
    telling(desk, calls)
    calls.status = 503
    levels(desk, tickets(desk, "工单一"), "1")
    work(desk)
    (row,) = log(desk)
    before = {"failure": None, "error": "CallFailed: 503 of an earlier version"}
    trace = {"failure": None, "error": "Traceback\n  somewhere\ndougong.CallFailed: 503 of an earlier version"}
    work_of = tables.outbox.c.key == row.job_key
    desk.write(SYSTEM, lambda unit: unit.connection.execute(update(deliveries).values(before)))
    desk.write(SYSTEM, lambda unit: unit.connection.execute(update(tables.outbox).where(work_of).values(trace)))
    for path in ("/deliveries", f"/deliveries/{row.id}"):
        assert "CallFailed: 503 of an earlier version" in reader.get(path).text
    hurry(desk)
    calls.status = 200
    work(desk)
    assert "CallFailed" not in reader.get(f"/deliveries/{row.id}").text


def test_a_text_from_outside_can_be_kept(desk: Company, calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one with signs that no database keeps: of an answer, and of an error."""

    def broken(*_: Any) -> Any:
        raise ConnectionError("\0 and \ud800 half")

    monkeypatch.setattr(JOBS, "_entries", {**JOBS, "jobs.forget": replace(JOBS["jobs.forget"], run=broken, attempts=1)})
    telling(desk, calls)
    calls.status, calls.answer = 503, b"no\0thing"
    levels(desk, tickets(desk, "工单一"), "1")
    desk.write(SYSTEM, lambda unit: enqueue(unit, "jobs.forget", {}))
    work(desk)
    assert [row.answer for row in log(desk)] == ["503 Service Unavailable\nno\ufffdthing"]
    (failed,) = [row for row in dead(desk) if row.job == "jobs.forget"]
    assert failed.failure["said"] == "\ufffd and \ufffd half" and failed.state == "failed"


def test_every_kind_of_work_has_a_name() -> None:
    """That comes with the platform; one of a plugin may go by what it is called in the program."""
    assert not [each.name for each in JOBS.values() if each.run.__module__.startswith("dougong.") and not each.label]
