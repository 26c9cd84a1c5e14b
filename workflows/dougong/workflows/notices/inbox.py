"""The inbox: what somebody was told, unread first or by time, and that they have read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, func, or_, select, update

from dougong.base.ids import is_record_id
from dougong.workflows.notices.tables import notices

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

PAGE = 50
"""Notices on a page of the inbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One notice as its person sees it; `title` and `body` are texts by language."""

    id: str
    kind: str
    title: Mapping[str, str]
    body: Mapping[str, str]
    url: str
    object: str | None
    record: str | None
    urgent: bool
    at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of the inbox: the latest first. `before` asks for the page after it; None where there is none."""

    told: Sequence[Told]
    before: str | None


def inbox(
    unit: Unit, user_id: str, *, kinds: Sequence[str] = (), unread: bool = False, before: str | None = None
) -> Inbox:
    """What a person was told, of `kinds` (with those below them) or of all; told before the notice with id `before`."""
    columns = [notices.c[name] for name in Told.__slots__]
    asked = select(*columns).where(notices.c.user_id == user_id)
    if kinds:
        asked = asked.where(_of(kinds))
    if unread:
        asked = asked.where(notices.c.read_at.is_(None))
    if before is not None and is_record_id(before):
        asked = asked.where(notices.c.id < before)
    rows = unit.connection.execute(asked.order_by(notices.c.id.desc()).limit(PAGE + 1)).all()
    told = [Told(**row._mapping) for row in rows[:PAGE]]
    return Inbox(told, told[-1].id if len(rows) > PAGE else None)


def one(unit: Unit, user_id: str, id: str) -> Told | None:
    """A notice of a person's own; None where they have none of this id."""
    if not is_record_id(id):
        return None
    columns = [notices.c[name] for name in Told.__slots__]
    found = unit.connection.execute(select(*columns).where(notices.c.user_id == user_id, notices.c.id == id)).first()
    return Told(**found._mapping) if found is not None else None


def _of(kinds: Sequence[str]) -> ColumnElement[bool]:
    below = [notices.c.kind.startswith(f"{kind}.", autoescape=True) for kind in kinds]
    return or_(notices.c.kind.in_(kinds), *below)


def unread(unit: Unit, user_id: str) -> int:
    """How many notices a person has not read."""
    mine = (notices.c.user_id == user_id) & notices.c.read_at.is_(None)
    return int(unit.connection.scalar(select(func.count()).select_from(notices).where(mine)) or 0)


def mark_read(unit: Unit, user_id: str, ids: Sequence[str] | None = None) -> int:
    """Note that a person has read these notices of theirs, or all; how many were unread."""
    mine = update(notices).where(notices.c.user_id == user_id, notices.c.read_at.is_(None))
    if ids is not None:
        mine = mine.where(notices.c.id.in_([each for each in ids if is_record_id(each)]))
    return unit.connection.execute(mine.values(read_at=unit.now)).rowcount
