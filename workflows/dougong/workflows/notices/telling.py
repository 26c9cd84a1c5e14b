"""`tell`: the one door by which anything of the platform tells people something.

A notice is written with what it tells of, in one transaction: in the inbox of each person at once; by mail, web hook
or bot through a job for each, whose key is the notice's, so that nothing is sent twice but by a killed worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import Text as TextType
from sqlalchemy import and_, cast, select

from dougong.base.channel_types import CHANNEL_TYPES
from dougong.base.failures import Failure
from dougong.base.ids import is_record_id, record_id
from dougong.base.language import LANGUAGES, Labels, Message, label, msg
from dougong.engine.actor import zone_named
from dougong.engine.dialects.statements import upsert
from dougong.engine.entering import entering
from dougong.engine.tables import settings
from dougong.workflows.notices import sending
from dougong.workflows.notices.preferences import MAIL, NAME, Preferences, parse
from dougong.workflows.notices.sending import Delivery
from dougong.workflows.notices.tables import notices

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

Text = Message | Labels | str
"""Told in the language of each who reads it."""

TOGETHER = 500
"""People told by one statement."""

_NOTHING: Mapping[str, Mapping[str, str]] = MappingProxyType({})

REACHED_BY = ("email", "mobile")
"""The fields of a user by which channels reach them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to tell.

    `kind` groups notices for preferences ("approval.task", "approval.ended", "approval.copy", "automation"). `key` is
    the same for the same thing told again: it is told once to each person. `url` is a path of this site. `channels`
    are told beside what each person chose, where the sender insists ("mail", "wecom", …).
    """

    kind: str
    title: Text
    body: Text = ""
    url: str = ""
    object: str | None = None
    record: str | None = None
    key: str
    channels: tuple[str, ...] = ()
    ways: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: _NOTHING)
    """By "mail" and "bot", what they say otherwise: `subject`, `text`, `html`, in the language of the one reader."""
    urgent: bool = False
    """Whether it does not wait for the end of quiet hours or the digest."""
    origin: str | None = None
    """The step of a run that tells it, for the log of what leaves."""


def tell(unit: Unit, people: Sequence[str], notice: Notice) -> None:
    """Tell users (by id), in the unit's transaction. Nobody is told twice of one `key`; who is inactive is left out."""
    wanted = list(dict.fromkeys(each for each in people if is_record_id(each)))
    for start in range(0, len(wanted), TOGETHER):
        _tell(unit, wanted[start : start + TOGETHER], notice)


def _tell(unit: Unit, people: Sequence[str], notice: Notice) -> None:
    found = list(_people(unit, people))
    if not found:
        return
    rows = list(_rows(unit, [each.id for each in found], notice))
    once = upsert(unit.connection.dialect.name, notices).values(rows)
    once = once.on_conflict_do_nothing(index_elements=["user_id", "key"]).returning(notices.c.user_id, notices.c.id)
    told = {row.user_id: row.id for row in unit.connection.execute(once)}
    newly = [each for each in found if each.id in told]
    sending.send(unit, [made for each in newly for made in _deliveries(unit, each, told[each.id], notice)])


@dataclass(frozen=True, slots=True)
class _Person:
    id: str
    zone: ZoneInfo
    preferences: Preferences
    has: frozenset[str]
    """Which of "email" and "mobile" they have."""


def _people(unit: Unit, ids: Sequence[str]) -> Iterator[_Person]:
    """Those of `ids` who may come in, with what they prefer: one statement."""
    users = unit.runtime.storage.tables["user"]
    parts = {
        name: users.table.c[users.parts[name][0].key] for name in ("time_zone", *REACHED_BY) if name in users.parts
    }
    chosen = and_(settings.c.owner == cast(users.table.c.id, TextType), settings.c.name == NAME)
    asked = (
        select(users.table.c.id, settings.c.value.label("chosen"), *(each.label(name) for name, each in parts.items()))
        .select_from(users.table.outerjoin(settings, chosen))
        .where(users.table.c.id.in_(ids), users.table.c.deleted_at.is_(None), entering(users))
    )
    for row in unit.connection.execute(asked):
        has = frozenset(name for name in REACHED_BY if name in parts and getattr(row, name))
        yield _Person(row.id, zone_named(getattr(row, "time_zone", ""), unit.company.zone), parse(row.chosen), has)


def _deliveries(unit: Unit, person: _Person, notice_id: str, notice: Notice) -> Iterator[Delivery]:
    """By which channels somebody is told beside the inbox, and when; what cannot go is in the log with its reason."""
    subject = label(in_languages(notice.title), LANGUAGES[0])
    known = unit.runtime.model.workflows.channels
    about = (notice.object, notice.record) if notice.object and notice.record else None
    chosen = dict.fromkeys((*person.preferences.channels_of(notice.kind), *notice.channels))
    for channel in reach(unit, chosen, person.has):
        due, digest = person.preferences.due(unit.now, person.zone, channel, notice.urgent)
        content = notice.ways.get(MAIL if channel == MAIL else "bot")
        shown = (content or {}).get("subject") or subject
        yield Delivery(
            channel, person.id, notice_id, shown, due, digest, content=content, about=about, origin=notice.origin,
            in_order=channel in known and CHANNEL_TYPES[known[channel].type].in_order,
        )  # fmt: skip
    gone = [each for each in notice.channels if each != MAIL and each not in known]
    for channel in gone:
        why = Failure.of(msg("There is no channel {name}.", name=channel))
        yield Delivery(
            channel, person.id, notice_id, subject, unit.now, False, why,
            about=about, origin=notice.origin,
        )  # fmt: skip


def reach(unit: Unit, channels: Iterable[str], has: frozenset[str]) -> Iterator[str]:
    """Those of `channels` that there are, for somebody who has these of an e-mail address and a mobile phone."""
    known = unit.runtime.model.workflows.channels
    for channel in channels:
        if channel == MAIL:
            if unit.company.outgoing is not None and "email" in has:
                yield channel
        elif channel in known and CHANNEL_TYPES[known[channel].type].needs in ("", *has):
            yield channel


def _rows(unit: Unit, people: Sequence[str], notice: Notice) -> Iterator[dict[str, Any]]:
    title, body = in_languages(notice.title), in_languages(notice.body)
    for user_id in people:
        yield {
            "id": record_id(), "user_id": user_id, "kind": notice.kind, "key": notice.key, "title": title,
            "body": body, "url": notice.url, "object": notice.object, "record": notice.record,
            "urgent": notice.urgent, "at": unit.now, "read_at": None,
        }  # fmt: skip


def in_languages(text: Text) -> dict[str, str]:
    """A text as it is kept: in every language, so that what somebody was told stays as it was told."""
    if isinstance(text, Message):
        return {language: text.to(language) for language in LANGUAGES}
    if isinstance(text, str):
        return {LANGUAGES[0]: text} if text else {}
    return {language: label(text, language) for language in LANGUAGES} if text else {}
