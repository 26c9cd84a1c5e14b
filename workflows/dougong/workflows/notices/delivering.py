"""The jobs that send messages: one at a time, or what was gathered for a digest.

A job that is killed after sending sends again, with the same Message-ID (or id of the web hook).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, delete, select

from dougong.base.channel_types import CHANNEL_TYPES, Letter, Receiver
from dougong.base.errors import NotFound
from dougong.base.failures import Failure
from dougong.base.language import LANGUAGES, label, msg
from dougong.engine import causes, circuits, mail
from dougong.engine.actor import SYSTEM
from dougong.engine.entering import may_enter
from dougong.engine.jobs import NotYet, Verdict, job
from dougong.engine.mail import Mail
from dougong.engine.outbox import Task
from dougong.web.look import look, theme_folder
from dougong.workflows.approvals import mail_links
from dougong.workflows.channels.calling import Calling
from dougong.workflows.notices import replaying, sending
from dougong.workflows.notices.preferences import MAIL
from dougong.workflows.notices.tables import deliveries, notices

if TYPE_CHECKING:
    from dougong.engine.company import Company
    from dougong.engine.unit import Unit
    from dougong.metadata.messaging import Channel

FORGOTTEN = timedelta(days=400)
"""After how long a notice that was read leaves the inbox."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """What is to be sent in one message of this `id`, with the channel's definition (None: mail)."""

    id: str
    letters: Sequence[Letter]
    channel: Channel | None
    user_id: str
    approvals: Mapping[str, str]
    """By letter the approval that it asks the person to decide."""


@job(sending.DELIVER, attempts=sending.ATTEMPTS, decided=replaying.decided_one, label=msg("Message to a person"))
def deliver(company: Company, task: Task) -> None:
    """Send one message."""
    wanted = deliveries.c.id == task.payload["delivery"]
    _send(company, task, wanted, task.payload["delivery"], digest=False)


def _gathered(payload: Mapping[str, Any]) -> ColumnElement[bool]:
    """The messages of a digest."""
    its, due = deliveries.c, datetime.fromisoformat(payload["due"])
    whose = (its.user_id == payload["user"], its.channel == payload["channel"], its.due_at == due)
    return and_(*whose, its.digest.is_(True))


def _decided(unit: Unit, payload: Mapping[str, Any], verdict: Verdict) -> None:
    replaying.decided(unit, _gathered(payload), verdict)


@job(sending.DIGEST, attempts=sending.ATTEMPTS, decided=_decided, label=msg("Messages that were gathered"))
def digest(company: Company, task: Task) -> None:
    """Send what was gathered for one person until one moment, in one message."""
    _send(company, task, _gathered(task.payload), task.id, digest=True)


def _send(company: Company, task: Task, wanted: Any, id: str, digest: bool) -> None:
    with company.read(SYSTEM) as unit:
        rows = unit.connection.execute(_asked(wanted)).all()
        ready = _ready(unit, rows, id) if rows else None
    ids = [row.id for row in rows]
    if ready is None:
        if ids:
            nobody = Failure.of(msg("There is nobody any more to send it to, or no way."))
            sending.note(company, ids, "dropped", task, nobody)
        return
    calling = Calling(company, ready.channel.options if ready.channel is not None else {})
    try:
        with circuits.through(company, rows[0].channel, rows[0].due_at):
            _hand_over(company, ready, digest, calling)
    except NotYet as error:
        sending.note(company, ids, "waiting", task, causes.failure(error))
        raise
    except Exception as error:
        fate = "failed" if task.tried >= sending.ATTEMPTS else "waiting"
        sending.note(company, ids, fate, task, causes.failure(error), *calling.answers[-1:])
        raise
    sending.note(company, ids, "sent", task, None, *calling.answers[-1:])


def _asked(wanted: Any) -> Any:
    columns = (notices.c.title, notices.c.body, notices.c.url, notices.c.at, notices.c.kind)
    its = deliveries.c
    return (
        select(its.id, its.channel, its.user_id, its.due_at, its.content, *columns)
        .join(notices, notices.c.id == deliveries.c.notice_id)
        .where(wanted, deliveries.c.state.in_(("waiting", "failed")))
        .order_by(deliveries.c.id)
    )


def _ready(unit: Unit, rows: Sequence[Any], id: str) -> _Ready | None:
    """None where the person is gone, has no address any more, or the channel is gone."""
    receiver = receiver_of(unit, rows[0].user_id)
    name = rows[0].channel
    channel = unit.runtime.model.workflows.channels.get(name)
    if receiver is None or (channel is None and (name != MAIL or not receiver.email)):
        return None
    site = unit.company.outgoing.site if unit.company.outgoing is not None else ""
    letters = [
        Letter(
            id=row.id,
            subject=(row.content or {}).get("subject") or label(row.title, receiver.language),
            text=(row.content or {}).get("text") or label(row.body, receiver.language),
            html=(row.content or {}).get("html", ""),
            url=f"{site}{row.url}" if row.url and site else "",
            to=receiver,
            at=row.at,
        )
        for row in rows
    ]
    approvals = {row.id: row.url.rpartition("/")[2] for row in rows if row.kind in mail_links.KINDS}
    return _Ready(id, letters, channel, rows[0].user_id, approvals)


def receiver_of(unit: Unit, user_id: str) -> Receiver | None:
    """Where messages for a user go; None for who may not come in any more."""
    try:
        user = unit.records.get("user", user_id).values
    except NotFound:
        return None
    if not may_enter(user):
        return None
    language = user.get("language")
    return Receiver(
        name=str(user.get("name") or user.get("login") or ""),
        language=language if language in LANGUAGES else unit.company.language,
        email=str(user.get("email") or ""),
        phone=str(user.get("mobile") or ""),
    )


def _hand_over(company: Company, ready: _Ready, digest: bool, calling: Calling) -> None:
    channel = ready.channel
    if channel is None:
        _mail(company, ready, digest)
        return
    for letter in ready.letters:
        CHANNEL_TYPES[channel.type].send(calling, letter)


def _mail(company: Company, ready: _Ready, digest: bool) -> None:
    way = company.outgoing
    if way is None:
        raise mail.NoMailServer
    first, count = ready.letters[0], len(ready.letters)
    language, site = first.to.language, " ".join(way.site_name.split())
    gathered = msg("{n} message from {site}", "{n} messages from {site}", n=count, site=site)
    subject = gathered.to(language) if digest else " ".join(first.subject.split())
    values = {
        "site": way.site_name,
        "letters": ready.letters,
        "decide": _links(company, ready, way.site),
        "settings": f"{way.site}/notices/preferences",
    }
    templates = look((theme_folder(),))[1]
    made = Mail(
        id=ready.id,
        to=first.to.email,
        subject=subject,
        text=templates.render("mail/notice.txt", language, **values),
        html=templates.render("mail/notice.html", language, **values),
    )
    mail.send(way, made, ready.letters[-1].at)


def _links(company: Company, ready: _Ready, site: str) -> dict[str, str]:
    """By letter the address at which its reader decides without signing in; each try to send has new ones."""
    if not ready.approvals:
        return {}

    def work(unit: Unit) -> dict[str, str]:
        made = {letter: mail_links.issue(unit, ready.user_id, approval) for letter, approval in ready.approvals.items()}
        return {letter: f"{site}/approval-link?token={token}" for letter, token in made.items() if token}

    return company.write(SYSTEM, work)


@job("notices.forget", daily=True, label=msg("Forgetting messages of long ago"))
def forget(company: Company, task: Task) -> None:
    """Forget what was read, and what was sent, long ago. What failed stays until somebody decides about it."""

    def work(unit: Unit) -> None:
        sent = deliveries.c.state.in_(("sent", "dropped")) & (deliveries.c.at < unit.now - sending.KEPT)
        unit.connection.execute(delete(deliveries).where(sent))
        unit.connection.execute(delete(notices).where(notices.c.read_at < unit.now - FORGOTTEN))

    company.write(SYSTEM, work)
