"""When people are absent, as their user records say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from dougong.engine.saving.plan import plan_of

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


@dataclass(frozen=True, slots=True)
class Away:
    """When somebody is absent, both days included; None for no end known, or no beginning."""

    since: date | None = None
    until: date | None = None

    def on(self, day: date) -> bool:
        """Whether they are absent on a day."""
        if self.since is None and self.until is None:
            return False
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


NEVER = Away()


def absences(unit: Unit, users: Collection[str]) -> Mapping[str, Away]:
    """When each of `users` is absent, in one statement; who is not is left out."""
    plan = plan_of(unit.runtime, "user")
    names = [name for name in ("absent_from", "absent_until") if name in plan.slots]
    if len(names) < 2 or not users:
        return {}
    table = plan.table
    since, until = (table.c[plan.slots[name].keys[0]] for name in names)
    asked = select(table.c.id, since, until).where(
        table.c.id.in_(sorted(users)), or_(since.is_not(None), until.is_not(None))
    )
    return {str(id): Away(begins, ends) for id, begins, ends in unit.connection.execute(asked)}
