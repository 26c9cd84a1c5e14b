"""Who of some people is there to be given a record: may sign in, is not absent, is at work at this hour."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import select

from dougong.engine.actor import zone_named
from dougong.engine.entering import entering
from dougong.workflows.working_time import working_time

if TYPE_CHECKING:
    from dougong.engine.unit import Unit
    from dougong.metadata.assignment import Choice

READ = ("absent_from", "absent_until", "time_zone")
"""The fields of a user that say whether they are there."""


@dataclass(frozen=True, slots=True)
class _Person:
    absent_from: date | None
    absent_until: date | None
    time_zone: str | None


class Presence:
    """Who is there at the moment of a unit; each person is read once."""

    def __init__(self, unit: Unit) -> None:
        """Nobody is read yet."""
        self.unit = unit
        self._known: dict[str, _Person | None] = {}

    def there(self, people: Iterable[str], choice: Choice) -> set[str]:
        """Those of `people` to whom a rule may give a record now."""
        wanted = set(people)
        self._read(wanted - self._known.keys())
        return {each for each in wanted if (found := self._known[each]) is not None and self._takes(found, choice)}

    def _read(self, ids: set[str]) -> None:
        if not ids:
            return
        users = self.unit.runtime.storage.tables["user"]
        parts = [users.table.c[users.parts[name][0].key].label(name) for name in READ if name in users.parts]
        here = (users.table.c.id.in_(sorted(ids)), users.table.c.deleted_at.is_(None), entering(users))
        self._known.update(dict.fromkeys(ids))
        for row in self.unit.connection.execute(select(users.table.c.id, *parts).where(*here)):
            self._known[str(row.id)] = _Person(*(getattr(row, name, None) for name in READ))

    @cached_property
    def _today(self) -> date:
        return self.unit.now.astimezone(self.unit.company.zone).date()

    def _takes(self, person: _Person, choice: Choice) -> bool:
        if choice.skips_absent and self._absent(person):
            return False
        return not choice.working_hours or self._at_work(person)

    def _absent(self, person: _Person) -> bool:
        since, until = person.absent_from, person.absent_until
        return since is not None and since <= self._today and (until is None or until >= self._today)

    def _at_work(self, person: _Person) -> bool:
        """Whether it is a working hour of a working day where they are."""
        return working_time(self.unit.runtime.model, self._zone(person)).at_work(self.unit.now)

    def _zone(self, person: _Person) -> ZoneInfo:
        return zone_named(person.time_zone, self.unit.company.zone)
