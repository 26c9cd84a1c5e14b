"""`tell`: the one door by which anything of the platform tells people something.

A notice is written with what it tells of, in one transaction: in the inbox of each person at once; by mail, web hook
or bot through a job for each, whose key is the notice's, so that nothing is sent twice but by a killed worker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from dougong.base.ids import is_record_id, record_id
from dougong.base.language import LANGUAGES, Labels, Message, label
from dougong.engine.dialects.statements import upsert
from dougong.engine.entering import entering
from dougong.workflows.notices.tables import notices

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

Text = Message | Labels | str
"""Told in the language of each who reads it."""

TOGETHER = 500
"""People told by one statement."""


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
    urgent: bool = False
    """Whether it does not wait for the end of quiet hours or the digest."""


def tell(unit: Unit, people: Sequence[str], notice: Notice) -> None:
    """Tell users (by id), in the unit's transaction. Nobody is told twice of one `key`; who is inactive is left out."""
    wanted = list(dict.fromkeys(each for each in people if is_record_id(each)))
    for start in range(0, len(wanted), TOGETHER):
        _tell(unit, wanted[start : start + TOGETHER], notice)


def _tell(unit: Unit, people: Sequence[str], notice: Notice) -> None:
    users = unit.runtime.storage.tables["user"]
    live = select(users.table.c.id).where(
        users.table.c.id.in_(people), users.table.c.deleted_at.is_(None), entering(users)
    )
    rows = list(_rows(unit, unit.connection.scalars(live).all(), notice))
    if rows:
        once = upsert(unit.connection.dialect.name, notices).values(rows)
        unit.connection.execute(once.on_conflict_do_nothing(index_elements=["user_id", "key"]))


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
