"""Forgotten passwords: a link by mail, good once and for half an hour.

The link's token is made when the mail is: neither the outbox nor any other table ever holds it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dougong.base.language import LANGUAGES, msg
from dougong.engine import mail
from dougong.engine.actor import SYSTEM
from dougong.engine.entering import may_enter
from dougong.engine.jobs import enqueue, job
from dougong.engine.mail import Mail, Outgoing
from dougong.engine.outbox import Task
from dougong.engine.unit import Unit
from dougong.web import credentials
from dougong.web.identity import challenges, single_identity
from dougong.web.identity.challenges import Challenge
from dougong.web.identity.policy import Policy
from dougong.web.identity.throttle import Brake
from dougong.web.look import look, theme_folder

if TYPE_CHECKING:
    from dougong.engine.company import Company

MINUTES = 30
FREE_MAILS = 3
FREE_FROM_ADDRESS = 30


def brakes(policy: Policy, user_id: str | None, typed: str, address_key: str) -> tuple[Brake, Brake]:
    """How often a mail may be asked for: for one account (or name that nobody has), from one address."""
    name = user_id or hashlib.sha256(typed.strip().lower().encode()).hexdigest()
    longest = policy.longest_wait
    return Brake(f"reset:{name}", FREE_MAILS, longest), Brake(f"reset-{address_key}", FREE_FROM_ADDRESS, longest)


def ask(unit: Unit, user_id: str | None) -> None:
    """Have a mail sent to a user; for nobody the same is written, and nothing comes of it."""
    enqueue(unit, mail_link.name, {"user": user_id})


@job("mail_password_link", label=msg("Link for a forgotten password"))
def mail_link(company: Company, task: Task) -> None:
    """Send the link, where the user is active and has an e-mail address."""
    user_id, way = task.payload["user"], company.outgoing
    if user_id is None:
        return
    if way is None:
        raise mail.NoMailServer
    made = company.write(SYSTEM, lambda unit: _mail(unit, way, user_id, task.id))
    if made is not None:
        mail.send(way, *made)


def _mail(unit: Unit, way: Outgoing, user_id: str, id: str) -> tuple[Mail, datetime] | None:
    user = unit.records.get("user", user_id).values
    if not may_enter(user) or not user["email"] or _elsewhere(unit, user_id):
        return None
    language = user["language"] if user["language"] in LANGUAGES else LANGUAGES[0]
    token = challenges.issue(unit, "reset", user_id, timedelta(minutes=MINUTES))
    values = {
        "name": str(user["name"] or user["login"] or ""),
        "site": way.site_name,
        "minutes": MINUTES,
        "link": f"{way.site}/password/reset?token={token}",
    }
    templates = look((theme_folder(),))[1]
    made = Mail(
        id=id,
        to=user["email"],
        subject=msg("A new password for {site}", site=" ".join(way.site_name.split())).to(language),
        text=templates.render("mail/reset.txt", language, **values),
        html=templates.render("mail/reset.html", language, **values),
    )
    return made, unit.now


def _elsewhere(unit: Unit, user_id: str) -> bool:
    """Whether somebody signs in at a provider alone: a password would be a way around it."""
    return single_identity.linked(unit, user_id) and not credentials.has_password(unit, user_id)


def look_up(unit: Unit, token: str) -> Challenge | None:
    """For whom a link is, without using it up: mail scanners open links too."""
    return challenges.look(unit, "reset", token)


def use(unit: Unit, token: str, hash: str) -> str | None:
    """Keep the new password's hash; the user, or None where the link was used or is too old."""
    begun = challenges.take(unit, "reset", token)
    if begun is None or begun.user_id is None:
        return None
    credentials.keep(unit, begun.user_id, hash)
    challenges.drop(unit, "reset", begun.user_id)
    return begun.user_id
