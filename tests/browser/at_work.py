"""What approvals, automations and pools leave behind in the demo company: every page of them has something to show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from sqlalchemy import select, update

from dougong.base.ids import record_id
from dougong.cli.run import ADMINISTRATOR
from dougong.engine import causes
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.jobs import enqueue, run_due
from dougong.engine.query import Condition, Query, Sort
from dougong.engine.saving.batch import Update
from dougong.engine.tables import outbox
from dougong.engine.unit import Unit
from dougong.workflows.approvals import delegating, service, state
from dougong.workflows.automations import clock, kept
from dougong.workflows.channels.calling import CallFailed
from dougong.workflows.notices import sending
from dougong.workflows.notices.tables import deliveries
from dougong.workflows.notices.telling import Notice, tell
from dougong.workflows.steps import call
from tests.browser.demo import Demo

T = TypeVar("T")

SELLER = "lin.zhihao"
HEAD = "huang.jiaxin"
"""The head of the seller's department."""


def put_to_work(site: Demo) -> None:
    """An approval, an absence, runs of an automation and the jobs of them. The pools have records of the demo."""
    reviewed(site)
    _discount(site, quoted(site, 1))
    _absence(site)
    _run(site)
    delivered(site)


def _absence(site: Demo) -> None:
    first, to, me = date.today() + timedelta(days=3), site.user("zhou.xiaolan"), site.administrator()
    _acting(site, ADMINISTRATOR, lambda unit: delegating.delegate(unit, me, to, first, first + timedelta(days=9)))


def _run(site: Demo) -> None:
    """Contacts whose birthdays were in the last month: their owners have tasks."""
    now = datetime.now(UTC)
    born = now.date().replace(year=1990, day=min(now.day, 28))
    site.save(Update("contact", site.first("contact", sort="name").id, {"birth_date": born}))
    automation = site.company.runtime().model.workflows.automations["contact.birthday"]
    clock.look(site.company, automation, now - timedelta(days=32), now)
    while run_due(site.company):
        pass


def quoted(site: Demo, nth: int = 0) -> str:
    """The id of a quote of the seller, the oldest first: that one is in approval, the next waits to be submitted."""
    mine = Condition("owner.login", "is", SELLER)
    with site.company.read(SYSTEM) as unit:
        wanted = Query(object="quote", where=mine, sort=(Sort("created_at"), Sort("id")), limit=2)
        return unit.records.query(wanted).rows[nth].id


def run(site: Demo) -> str:
    """The id of the newest run of an automation."""
    with site.company.read(SYSTEM) as unit:
        return kept.latest(unit, 1)[0].id


def delivered(site: Demo) -> str:
    """The id of a call that has failed, in a log of messages of every state; they are written where they are not."""
    with site.company.read(SYSTEM) as unit:
        known = unit.connection.scalar(select(deliveries.c.id).where(deliveries.c.state == "failed"))
    return known or site.company.write(SYSTEM, lambda unit: _delivered(site, unit))


def _delivered(site: Demo, unit: Unit) -> str:
    deal, ids = site.first("opportunity").id, [record_id() for _ in range(4)]
    for id, url in zip(ids, ("erp", "erp", "erp", "warehouse"), strict=True):
        address, key = f"https://{url}.example.com/hooks/orders?token=t", f"{call.JOB}:{id}"
        body = {
            "type": "automation:contact.birthday",
            "data": {"object": "opportunity", "id": deal, "amount": "180000"},
        }
        given = {"url": address, "delivery": id, "body": body, "reads": ["opportunity.amount"]}
        task = enqueue(unit, call.JOB, given, key, unit.now + timedelta(days=1), within=(url,))
        made = sending.Call(
            id=id, task=str(task), job_key=key, url=address, subject="automation:contact.birthday",
            about=("opportunity", deal), origin=f"{id}:call",
        )  # fmt: skip
        sending.log_call(unit, made)
    failure = causes.failure(CallFailed("503 Service Unavailable"))
    failed = {"failure": failure.kept(), "answer": "503 Service Unavailable\nbusy", "attempts": 8}
    for id, sent, done, values in (
        (ids[0], "failed", "failed", failed),
        (ids[3], "sent", "done", {"answer": "200 OK\nthanks", "attempts": 1}),
    ):
        unit.connection.execute(update(deliveries).where(deliveries.c.id == id).values(state=sent, **values))
        unit.connection.execute(update(outbox).where(outbox.c.key == f"{call.JOB}:{id}").values(state=done))
    notice = Notice(
        kind="automation", title="生日关怀", key="gone", channels=("group",), object="opportunity", record=deal
    )
    tell(unit, [site.administrator()], notice)
    return ids[0]


def reviewed(site: Demo) -> str:
    """The id of an approval, which is begun where it is not: two review jointly, one asked the administrator too."""
    quote = quoted(site)
    with site.company.read(SYSTEM) as unit:
        known = service.of_record(unit, "quote", quote)
    if known:
        return known[0].id
    _discount(site, quote)
    why = "对手报价更低，客户二期还有三条产线，建议以此价锁定框架。"
    id = str(_acting(site, SELLER, lambda unit: service.submit(unit, "quote.discount", quote, comment=why)))
    yes = "账期可控，首付不低于两成。"
    _decide(site, HEAD, id, lambda entry, by: state.Approve(entry=entry, by=by, opinion=yes))
    _decide(site, "xu.jingyi", id, lambda entry, by: state.Approve(entry=entry, by=by))
    more = (site.administrator(),)
    _decide(site, "zhou.xiaolan", id, lambda entry, by: state.Add(entry=entry, by=by, people=more, where="parallel"))
    return id


def _discount(site: Demo, quote: str) -> None:
    """Let a quote be one that needs approval."""
    line = site.first("quote_line", Condition("quote", "is", quote)).id
    site.save(Update("quote", quote, {"valid_until": date.today() + timedelta(days=30)}))
    site.save(Update("quote_line", line, {"quantity": "400", "discount": "0.42"}))


def _decide(site: Demo, login: str, id: str, say: Callable[[str, str], state.Act]) -> None:
    """Let somebody act upon the part of an approval that is theirs."""

    def act(unit: Unit) -> None:
        entry = service.instance(unit, id).entry
        assert entry is not None
        service.act(unit, id, say(entry, str(unit.actor.user_id)))

    _acting(site, login, act)


def _acting(site: Demo, login: str, work: Callable[[Unit], T]) -> T:
    return site.company.write(Actor(user_id=site.user(login), name=login, login=login), work)
