"""What clocks ask of records: everything that their formulas read, tables and absences, loaded at once for many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dougong.base.field_types import Reference
from dougong.engine.actor import SYSTEM
from dougong.engine.query import Query
from dougong.engine.reading.listing import LARGEST_PAGE
from dougong.engine.runtime import Runtime
from dougong.engine.unit import Unit
from dougong.formulas import Formula
from dougong.metadata.durations import Unit as TimeUnit
from dougong.metadata.service_level import Clock, ServiceLevel, TargetTable
from dougong.metadata.steps import Step
from dougong.workflows.away import NEVER, Away, absences
from dougong.workflows.service_levels.judging import Facts
from dougong.workflows.steps.doing import Doing
from dougong.workflows.steps.evaluating import Evaluating
from dougong.workflows.working_time import Length, WorkingTime, length_of, working_time

if TYPE_CHECKING:
    from dougong.engine.saving.row import Row

OWNER = "owner"

HOURS: Mapping[str, float] = {"min": 1 / 60, "h": 1, "working hours": 1}
"""Hours of the units that are not days."""

LONGEST = timedelta(days=3660)


def levels_of(runtime: Runtime) -> Mapping[str, tuple[ServiceLevel, ...]]:
    """The service levels by object; worked out once a revision."""
    found: dict[str, tuple[ServiceLevel, ...]] | None = runtime.prepared.get("service_levels")
    if found is None:
        found = runtime.prepared["service_levels"] = {}
        for each in runtime.model.workflows.service_levels.values():
            found[each.object] = (*found.get(each.object, ()), each)
    return found


def reads(level: ServiceLevel) -> frozenset[str]:
    """The fields of a record whose change may change how its clocks stand."""
    own = {path[0] for formula in level.formulas() for path in formula.references}
    return frozenset(own | ({OWNER} if any(each.skips_absent for each in level.clocks) else set()))


class Asked:
    """The service levels of an object, asked of some of its records."""

    def __init__(
        self,
        unit: Unit,
        object_name: str,
        ids: Sequence[str],
        levels: Sequence[ServiceLevel],
        rows: Sequence[Row] = (),
    ) -> None:
        """Read what `levels` look at, of the records `ids`; of `rows` as they are just being saved."""
        self.unit, self.object, self.ids = unit.acting(SYSTEM), object_name, ids
        step = Step(key="sla", do="sla", given={}, formulas={})
        self._evaluating = Evaluating(
            Doing(
                unit=self.unit, step=step, object=object_name, ids=ids, key="", values={}, people={},
                name=f"sla:{object_name}",
            )
        )  # fmt: skip
        for row in rows:
            if not row.part:
                self._evaluating.related.put(object_name, row.id, row.values)
        self._evaluating.load([each for level in levels for each in level.formulas()])
        skipping = any(clock.skips_absent for level in levels for clock in level.clocks)
        self._away = self._absences() if skipping else {}
        self._tables: dict[tuple[str, ...], tuple[tuple[Any, ...], ...]] = {}

    def facts(self, level: ServiceLevel, clock: Clock, id: str) -> Facts:
        """What is known of a record for one of its clocks."""
        wanted = self._holds(level.when, id) and self._holds(clock.start, id)
        begins = self._moment(clock.begins, id) if wanted else None
        if not wanted or (clock.begins is not None and begins is None):
            return Facts(by=self.counted(clock, id), wanted=False)
        return Facts(
            by=self.counted(clock, id),
            wanted=True,
            stopped=clock.stop is not None and self._holds(clock.stop, id),
            paused=clock.pause is not None and self._holds(clock.pause, id),
            begins=begins,
            target=self._target(clock.target, id),
        )

    def counted(self, clock: Clock, id: str) -> WorkingTime:
        """The time that counts for a clock of a record."""
        away = self._away.get(id, NEVER) if clock.skips_absent else NEVER
        return working_time(self.unit.runtime.model, self.unit.company.zone, clock.calendar, away)

    def _start(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.unit.company.zone).astimezone(UTC)

    def _absences(self) -> dict[str, Away]:
        related = self._evaluating.related
        related.fetch(self.object, self.ids, {"id", OWNER})
        owners: dict[str, str] = {}
        for id in self.ids:
            owner = (related.values(Reference(self.object, id)) or {}).get(OWNER)
            if isinstance(owner, Reference):
                owners[id] = owner.id
        known = absences(self.unit, set(owners.values()))
        return {id: known[owner] for id, owner in owners.items() if owner in known}

    def _holds(self, formula: Formula | None, id: str) -> bool:
        return formula is None or self._evaluating.holds(formula, id)

    def _moment(self, formula: Formula | None, id: str) -> datetime | None:
        """From when a clock counts, in whole seconds, so that it is the same however often it is asked."""
        value = self._evaluating.text(formula, id) if formula is not None else None
        if isinstance(value, datetime):
            return value.astimezone(UTC).replace(microsecond=0)
        return self._start(value) if isinstance(value, date) else None

    def _target(self, said: str | TargetTable | None, id: str) -> Length | None:
        if not isinstance(said, TargetTable):
            return length_of(said) if said is not None else None
        asked = [_plain(self._evaluating.text(each, id)) for each in said.match.values()]
        for *row, amount in self._rows(said):
            if all(here is None or here == of for here, of in zip(row, asked, strict=True)):
                return _length(amount, said.unit)
        return None

    def _rows(self, table: TargetTable) -> Sequence[tuple[Any, ...]]:
        """The rows of a table that say an amount, those with the fewest blank fields first."""
        columns = (*table.match, table.field)
        key = (table.object, *columns)
        if key not in self._tables:
            rows = (tuple(map(_plain, values)) for values in self._pages(table.object, columns))
            usable = [row for row in rows if row[-1] is not None and row[-1] > 0]
            self._tables[key] = tuple(sorted(usable, key=lambda row: sum(each is None for each in row[:-1])))
        return self._tables[key]

    def _pages(self, object_name: str, columns: tuple[str, ...]) -> Iterator[Sequence[Any]]:
        query: Query | None = Query(object=object_name, columns=columns, limit=LARGEST_PAGE)
        while query is not None:
            page = self.unit.records.query(query)
            yield from (row.values for row in page.rows)
            query = replace(query, cursor=page.next) if page.next is not None else None


def _length(amount: Decimal | int, unit: TimeUnit) -> Length:
    """So many of a unit; ten years at most."""
    time = min(timedelta(hours=float(min(amount, 10**6)) * HOURS.get(unit, 24)), LONGEST)
    return Length(time, unit if unit in ("working hours", "working days") else "time")


def _plain(value: Any) -> Any:
    """A value of a row or of a formula, to be compared: of a record its id, nothing where it is blank."""
    if isinstance(value, Reference):
        return value.id
    return None if value == "" else value
