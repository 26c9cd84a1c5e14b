"""What somebody wants to be told by which channel, and when they want to be left in peace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args
from zoneinfo import ZoneInfo

from sqlalchemy import select

from dougong.engine import mail
from dougong.engine.dialects.statements import upsert
from dougong.engine.tables import settings
from dougong.workflows.notices.kinds import kind_of

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

NAME = "notices"
"""The name under which a person's preferences stand in `dg_setting`."""

MAIL = mail.MAIL
"""The channel that is there wherever the operator has set a mail server."""

Digest = Literal["none", "hourly", "daily"]
DIGESTS: tuple[Digest, ...] = get_args(Digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """`channels` by kind of notice, beside the inbox; times are of the person's own zone. No quiet: both are None."""

    channels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    quiet_from: time | None = None
    quiet_until: time | None = None
    digest: Digest = "none"
    digest_at: time = time(8)
    """When the daily digest comes."""

    def channels_of(self, kind: str) -> tuple[str, ...]:
        """By which channels a notice of `kind` goes."""
        found = kind_of(kind)
        return self.channels.get(found.name, (MAIL,) if found.mail else ())

    def due(self, now: datetime, zone: ZoneInfo, channel: str, urgent: bool) -> tuple[datetime, bool]:
        """When a message leaves, and whether it goes into a digest: of mails alone, and nothing urgent waits."""
        if urgent:
            return now, False
        if self.digest != "none" and channel == MAIL:
            return self._awake(self._digest(now.astimezone(zone))).astimezone(UTC), True
        return self._awake(now.astimezone(zone)).astimezone(UTC), False

    def _digest(self, local: datetime) -> datetime:
        if self.digest == "hourly":
            hour = local.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
            return (hour + timedelta(hours=1)).astimezone(local.tzinfo)
        return _next(local, self.digest_at)

    def _awake(self, local: datetime) -> datetime:
        """`local`, or the end of the quiet hours in which it is."""
        start, end = self.quiet_from, self.quiet_until
        if start is None or end is None or start == end:
            return local
        clock = local.time().replace(tzinfo=None)
        quiet = start <= clock < end if start < end else clock >= start or clock < end
        return _next(local, end) if quiet else local

    def document(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "channels": {kind: list(each) for kind, each in self.channels.items()},
            "quiet": [_text(self.quiet_from), _text(self.quiet_until)],
            "digest": self.digest,
            "digest_at": _text(self.digest_at),
        }


def _next(local: datetime, at: time) -> datetime:
    """The next moment after `local` at which a clock of its zone shows `at`."""
    day = local.date() if local.time().replace(tzinfo=None) < at else local.date() + timedelta(days=1)
    return datetime.combine(day, at, local.tzinfo)


def _text(at: time | None) -> str | None:
    return at.strftime("%H:%M") if at is not None else None


def clock(text: Any) -> time | None:
    """The time of day that a form or a document says; None for anything else."""
    try:
        return time.fromisoformat(text).replace(tzinfo=None, second=0, microsecond=0) if text else None
    except (ValueError, TypeError):
        return None


def parse(document: Any) -> Preferences:
    """The preferences that are kept as `document`; those of who has chosen nothing for None."""
    if not isinstance(document, Mapping):
        return Preferences()
    quiet = document.get("quiet") or (None, None)
    digest = document.get("digest")
    return Preferences(
        channels={kind: tuple(each) for kind, each in document.get("channels", {}).items()},
        quiet_from=clock(quiet[0]),
        quiet_until=clock(quiet[1]),
        digest=digest if digest in DIGESTS else "none",
        digest_at=clock(document.get("digest_at")) or time(8),
    )


def preferences_of(unit: Unit, user_id: str) -> Preferences:
    """A person's preferences."""
    mine = (settings.c.owner == user_id) & (settings.c.name == NAME)
    return parse(unit.connection.scalar(select(settings.c.value).where(mine)))


def prefer(unit: Unit, user_id: str, chosen: Preferences) -> None:
    """Keep what a person prefers."""
    row = {"owner": user_id, "name": NAME, "value": chosen.document()}
    kept = upsert(unit.connection.dialect.name, settings).values(row)
    unit.connection.execute(kept.on_conflict_do_update(index_elements=["owner", "name"], set_={"value": row["value"]}))
