"""Figures of an approval process: how long each step takes in working time, who is waited for, what comes back.

One statement streams the tasks of the period, one counts how the approvals ended; names are one more.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select

from dougong.base.errors import Forbidden, Problem
from dougong.base.language import Labels, msg
from dougong.workflows.approvals import seeing
from dougong.workflows.approvals.people import People
from dougong.workflows.approvals.tables import instances, tasks
from dougong.workflows.approvals.told import Person
from dougong.workflows.working_time import worked_between, working_time

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

MOST_TASKS = 50_000
"""The latest tasks of a period that are looked at; whether there were more is said."""

MOST_PEOPLE = 20
"""People whom the figures name: those waited for longest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfStep:
    """One step: `asked` parts, of which `decided` are; working time per decision; shares are of what was decided.

    `late` are parts decided after their time had run out, or still open after it.
    """

    node: str
    label: Labels
    asked: int
    decided: int
    median: timedelta | None
    ninety: timedelta | None
    rejected: int
    sent_back: int
    late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPerson:
    """Somebody who is asked: what is open now and since when the oldest, and the working time that they took."""

    person: Person
    open: int
    oldest: datetime | None
    decided: int
    median: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A process since a moment: `ended` counts approvals by status, `again` those submitted more than once."""

    begun: int
    ended: Mapping[str, int]
    again: int
    steps: tuple[OfStep, ...]
    people: tuple[OfPerson, ...]
    complete: bool

    @property
    def rework(self) -> float:
        """The share of approvals that were submitted again."""
        return self.again / self.begun if self.begun else 0.0


@dataclass(slots=True)
class _Told:
    """What a step or a person comes to while tasks are read."""

    label: Labels
    asked: int = 0
    open: int = 0
    oldest: datetime | None = None
    late: int = 0
    said: Counter[str] = field(default_factory=Counter)
    took: list[timedelta] = field(default_factory=list)


def figures(unit: Unit, name: str, since: datetime) -> Figures:
    """The figures of the approvals of this name that were begun after `since`.

    Raises:
        Forbidden: the actor may not rescue approvals.
    """
    if not seeing.may_rescue(unit):
        raise Forbidden(
            Problem(code="not-allowed", reason=msg("Figures of approvals are for those who manage users."), thing=name)
        )
    wanted = (instances.c.approval == name, instances.c.started_at >= since)
    again = func.sum(case((instances.c.round > 1, 1), else_=0))
    counted = unit.connection.execute(
        select(instances.c.status, func.count(), again).where(*wanted).group_by(instances.c.status)
    ).all()
    columns = tasks.c
    asked = (
        select(columns.node, columns.label, columns.person, columns.status, columns.opened_at, columns.closed_at,
               columns.due_at)
        .join(instances, instances.c.id == columns.instance).where(*wanted)
        .order_by(columns.id.desc()).limit(MOST_TASKS + 1)
    )  # fmt: skip
    rows = unit.connection.execute(asked).all()
    steps, people = _read(unit, rows[:MOST_TASKS])
    known = People(unit)
    known.fetch(people)
    return Figures(
        begun=sum(int(each[1]) for each in counted),
        ended={str(each[0]): int(each[1]) for each in counted},
        again=sum(int(each[2] or 0) for each in counted),
        steps=tuple(_step(key, each) for key, each in sorted(steps.items(), key=lambda one: -one[1].asked)),
        people=tuple(
            _person(Person(id=key, name=known.name(key), active=known.active(key)), each)
            for key, each in sorted(people.items(), key=_waited_for)[:MOST_PEOPLE]
        ),
        complete=len(rows) <= MOST_TASKS,
    )


DECISIONS = frozenset({"approved", "rejected", "sent_back"})


def _read(unit: Unit, rows: Sequence[Any]) -> tuple[dict[str, _Told], dict[str, _Told]]:
    """What the tasks come to, by step and by person."""
    by = working_time(unit.runtime.model, unit.company.zone)
    steps: dict[str, _Told] = {}
    people: dict[str, _Told] = {}
    for row in rows:
        took = worked_between(row.opened_at, row.closed_at, by) if row.status in DECISIONS else None
        late = row.due_at is not None and (row.closed_at or unit.now) > row.due_at
        for told in (steps.setdefault(row.node, _Told(row.label or {})), people.setdefault(row.person, _Told({}))):
            told.asked += 1
            told.said[row.status] += 1
            told.late += late and (row.status in DECISIONS or row.closed_at is None)
            if took is not None:
                told.took.append(took)
            elif row.closed_at is None:
                told.open += 1
                told.oldest = min(told.oldest or row.opened_at, row.opened_at)
    return steps, people


def _waited_for(one: tuple[str, _Told]) -> tuple[Any, ...]:
    """Whoever has something open first, the one waited for longest before the others."""
    told = one[1]
    return (told.oldest is None, told.oldest or datetime.min.replace(tzinfo=UTC), -told.asked, one[0])


def _step(key: str, told: _Told) -> OfStep:
    return OfStep(
        node=key,
        label=told.label,
        asked=told.asked,
        decided=len(told.took),
        median=_median(told.took),
        ninety=_ninety(told.took),
        rejected=told.said["rejected"],
        sent_back=told.said["sent_back"],
        late=told.late,
    )


def _person(person: Person, told: _Told) -> OfPerson:
    return OfPerson(
        person=person, open=told.open, oldest=told.oldest, decided=len(told.took), median=_median(told.took)
    )


def _median(took: Sequence[timedelta]) -> timedelta | None:
    return timedelta(seconds=statistics.median(each.total_seconds() for each in took)) if took else None


def _ninety(took: Sequence[timedelta]) -> timedelta | None:
    """The time within which nine of ten were decided (nearest rank)."""
    return sorted(took)[-(-9 * len(took) // 10) - 1] if took else None
