"""Links in mails by which one person decides one part of an approval, once, without signing in.

A link is for a person and an entry, stored as a hash (`challenges`), and good for `approvals.link_days`. Its token is
made when the mail is: neither the outbox nor any other table ever holds it. What a link may do is this decision alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from sqlalchemy import select

from dougong.base.errors import DougongError, Forbidden, NotFound, Problem
from dougong.base.ids import is_record_id
from dougong.base.language import msg
from dougong.engine.actor import Actor
from dougong.engine.audit import Event
from dougong.engine.audit import record as audited
from dougong.web import sessions
from dougong.web.identity import challenges, second_step
from dougong.workflows.approvals import running, service
from dougong.workflows.approvals import state as states
from dougong.workflows.approvals.tables import tasks
from dougong.workflows.automations.people import acting_person

if TYPE_CHECKING:
    from dougong.engine.unit import Unit
    from dougong.metadata.model import Model

DAYS = "approvals.link_days"
"""The setting that says for how many days a link is good; 0: there are none."""

KINDS = frozenset({"approval.task", "approval.reminder"})
"""The kinds of notices whose mails carry a link."""

Decision = Literal["approve", "reject"]


class Spent(DougongError):
    """A link that decides nothing: used, too old, made up, switched off, or for what is no longer this person's."""

    status = 410

    def __init__(self) -> None:
        """It is not said which: whoever holds a link that they should not learns nothing by it."""
        reason = msg("This link was used already, is too old, or the decision is no longer yours.")
        super().__init__(Problem(code="approval-link-spent", reason=reason))


@dataclass(frozen=True, slots=True)
class Link:
    """What a link is good for: the `entry` of an approval (`instance`), decided by `actor`."""

    actor: Actor
    instance: str
    entry: str


def days(model: Model) -> int:
    """For how many days links are good, 0 where the company has none; three where the metadata say nothing."""
    return min(max(int(model.settings.get(DAYS, 3)), 0), 30)


def issue(unit: Unit, user_id: str, instance_id: str) -> str | None:
    """A token for what waits for a user in an approval; None where nothing does, or they may have no link."""
    if not is_record_id(instance_id):
        return None
    its = tasks.c
    asked = select(its.entry).where(its.instance == instance_id, its.person == user_id, its.status == "open")
    entry = unit.connection.scalar(asked.order_by(its.id).limit(1))
    lifetime = days(unit.runtime.model)
    if entry is None or not lifetime or _must_sign_in(unit, _person(unit, user_id)):
        return None
    return challenges.issue(
        unit, "approval", user_id, timedelta(days=lifetime), instance=instance_id, entry=entry
    )  # fmt: skip


def look_up(unit: Unit, token: str) -> Link:
    """What a link is good for now, without using it up: mail scanners open links too.

    Raises:
        Spent: nothing.
    """
    return _link(unit, challenges.look(unit, "approval", token))


def decide(
    unit: Unit, token: str, decision: Decision, *, opinion: str, number: int | None, files: Sequence[str] = ()
) -> None:
    """Use a link up and decide by it, in the unit of its person: of any number that try at once, one does.

    Whatever is raised takes the use back with the rest of the transaction: the link is then as good as before.

    Raises:
        Spent: the link is good for nothing, or another's than the unit's actor.
        Rejected: the approval does not allow it so.
        Conflict: somebody else acted since `number` was shown.
    """
    link = _link(unit, challenges.take(unit, "approval", token))
    if link.actor.user_id != unit.actor.user_id:
        raise Spent
    kind = states.Approve if decision == "approve" else states.Reject
    act = kind(entry=link.entry, by=link.actor.user_id or "", opinion=opinion)
    done = service.act(unit, link.instance, act, files=files, number=number)
    data = {"approval": done.name, "record": done.record}
    audited(unit, Event("approval_by_link", target=f"approval/{link.instance}", data=data))


def _link(unit: Unit, begun: challenges.Challenge | None) -> Link:
    if begun is None or begun.user_id is None or not days(unit.runtime.model):
        raise Spent
    instance, entry = begun.details["instance"], begun.details["entry"]
    try:
        actor = _person(unit, begun.user_id)
        held = running.find(unit, instance)
    except (Forbidden, NotFound):
        raise Spent from None
    mine = (
        each.person == begun.user_id and each.status == "open" and visit.status == "open"
        for visit in held.state.visits
        for each in visit.entries
        if each.id == entry
    )
    if held.status not in running.OPEN or not any(mine) or _must_sign_in(unit, actor):
        raise Spent
    return Link(actor, instance, entry)


def _person(unit: Unit, user_id: str) -> Actor:
    return replace(acting_person(unit, user_id, "approval"), channel="mail")


def _must_sign_in(unit: Unit, actor: Actor) -> bool:
    """Whether the person proves more than a mailbox when they sign in: a link would be a way around it."""
    id = actor.user_id or ""
    has_more = second_step.has_authenticator(unit, id) or second_step.has_passkey(unit, id)
    return has_more or sessions.asks_second_step(unit, actor)
