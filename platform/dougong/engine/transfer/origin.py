"""Who took an export out, and when: what its file says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dougong.base.language import msg

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

Said = Sequence[tuple[str, str]]
"""What else a file says of itself: pairs of a name and a text, in the reader's language."""


@dataclass(frozen=True, slots=True)
class Origin:
    """`who` with their login, and `at`, in their own zone."""

    who: str
    at: datetime
    language: str

    @property
    def moment(self) -> str:
        """The moment to the minute, with its offset from UTC."""
        return self.at.strftime("%Y-%m-%d %H:%M %z")

    @property
    def sentence(self) -> str:
        """Who and when in one line."""
        return msg("Exported by {who}, {moment}", who=self.who, moment=self.moment).to(self.language)


def origin(unit: Unit) -> Origin:
    """Who exports in `unit`, and when."""
    actor = unit.actor
    who = f"{actor.name} ({actor.login})" if actor.login else actor.name
    return Origin(who, unit.now.astimezone(actor.zone), unit.reading.language)


def rows(unit: Unit, records: int, said: Said) -> list[tuple[str, str]]:
    """The lines of the sheet that tells where the file comes from."""
    found = origin(unit)
    known = (
        (msg("Exported by"), found.who),
        (msg("Exported at"), found.moment),
        (msg("Records"), str(records)),
        (msg("Reason"), unit.why),
    )
    return [*((name.to(found.language), text) for name, text in known if text), *said]
