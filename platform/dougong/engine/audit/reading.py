"""Reading the log: who, what, when and which kind, newest first, by pages that cost the same however far back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Row, select

from dougong.base.errors import Forbidden, NotFound, Problem
from dougong.base.language import msg
from dougong.engine.tables import audit

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

RIGHT = "view_audit"
MOST = 200
"""The most entries of one page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which entries. `target` is the beginning of an address; `until` is not included; `before` a number of the log."""

    actors: Sequence[str] | None = None
    kinds: Sequence[str] | None = None
    target: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as it stands in the log. `personal` is empty where it was `erased`."""

    seq: int
    at: datetime
    kind: str
    actor_id: str | None
    channel: str
    target: str
    data: Mapping[str, Any]
    personal: Mapping[str, Any]
    erased: bool
    hash: str


def search(unit: Unit, asked: Asked) -> tuple[list[Recorded], int | None]:
    """The entries asked for, newest first, and the number to ask on with; None on the last page.

    Raises:
        Forbidden: the actor may not read the log.
    """
    require_right(unit)
    limit = max(1, min(asked.limit, MOST))
    found = select(audit).where(*_conditions(asked)).order_by(audit.c.seq.desc()).limit(limit + 1)
    rows = [recorded(row) for row in unit.connection.execute(found)]
    return rows[:limit], rows[limit - 1].seq if len(rows) > limit else None


def get(unit: Unit, seq: int) -> Recorded:
    """One entry.

    Raises:
        Forbidden: the actor may not read the log.
        NotFound: there is no such entry.
    """
    require_right(unit)
    row = unit.connection.execute(select(audit).where(audit.c.seq == seq)).first()
    if row is None:
        raise NotFound(Problem(code="audit-unknown", thing=str(seq), reason=msg("There is no such entry.")))
    return recorded(row)


def require_right(unit: Unit) -> None:
    """Check that the actor may read the log.

    Raises:
        Forbidden: they may not.
    """
    if not unit.access.has(RIGHT):
        raise Forbidden(Problem(code="right-missing", thing="audit", reason=msg("You may not read the audit log.")))


def everything(connection: Connection, start: int = 1) -> Iterator[dict[str, Any]]:
    """The whole log from entry `start` on, oldest first, as it is exported: with it the chain can be verified."""
    last = start - 1
    while page := connection.execute(select(audit).where(audit.c.seq > last).order_by(audit.c.seq).limit(MOST)).all():
        for row in page:
            yield {"seq": row.seq, "body": row.body, "personal": row.personal, "hash": row.hash}
        last = page[-1].seq


def recorded(row: Row[Any]) -> Recorded:
    """A row of the log, read. One that was tampered with shows what can be read of it."""
    body, personal = _json(row.body), _json(row.personal)
    return Recorded(
        seq=row.seq,
        at=row.at,
        kind=row.kind,
        actor_id=row.actor_id,
        channel=str(body.get("channel", "")),
        target=row.target,
        data=body.get("data") or {},
        personal={key: value for key, value in personal.items() if key != "salt"},
        erased=row.personal is None,
        hash=row.hash,
    )


def _json(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _conditions(asked: Asked) -> Iterator[ColumnElement[bool]]:
    if asked.actors is not None:
        yield audit.c.actor_id.in_(asked.actors)
    if asked.kinds is not None:
        yield audit.c.kind.in_(asked.kinds)
    if asked.target:
        yield audit.c.target.startswith(asked.target, autoescape=True)
    if asked.since is not None:
        yield audit.c.at >= asked.since
    if asked.until is not None:
        yield audit.c.at < asked.until
    if asked.before is not None:
        yield audit.c.seq < asked.before
