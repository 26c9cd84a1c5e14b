"""What clocks ask of records: everything that their formulas read, tables and absences, loaded at once for many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import TYPE_CHECKING

from dougong.base.field_types import Reference
from dougong.engine.actor import SYSTEM
from dougong.engine.runtime import Runtime
from dougong.engine.unit import Unit
from dougong.formulas import Formula
from dougong.metadata.service_level import Clock, ServiceLevel, TargetTable
from dougong.metadata.steps import Step
from dougong.workflows.away import NEVER, Away, absences
from dougong.workflows.decision_tables import Row, fits, plain, rows_of
from dougong.workflows.service_levels.judging import Facts
from dougong.workflows.steps.doing import Doing
from dougong.workflows.steps.evaluating import Evaluating
from dougong.workflows.working_time import Length, WorkingTime, length, length_of, working_time

if TYPE_CHECKING:
    from dougong.engine.saving.row import Row as SavedRow

OWNER = "owner"


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
        rows: Sequence[SavedRow] = (),
    ) -> None:
        """Know the records `ids`, `rows` as they are just being saved; what is asked of them is read then."""
        self.unit, self.object, self.ids, self.levels = unit.acting(SYSTEM), object_name, ids, levels
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
        self._loaded = False
        self._tables: dict[tuple[str, ...], Sequence[Row]] = {}

    def facts(self, level: ServiceLevel, clock: Clock, id: str) -> Facts:
        """What is known of a record for one of its clocks."""
        if not self._loaded:
            self._evaluating.load([each for known in self.levels for each in known.formulas()])
            self._loaded = True
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

    @cached_property
    def _away(self) -> Mapping[str, Away]:
        """When the owner of each record is absent."""
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
        asked = [plain(self._evaluating.text(each, id)) for each in said.match.values()]
        row = next((each for each in self._rows(said) if fits(each, asked)), None)
        return length(row[-1], said.unit) if row is not None else None

    def _rows(self, table: TargetTable) -> Sequence[Row]:
        key = (table.object, *table.match, table.field)
        if key not in self._tables:
            rows = rows_of(self.unit, table.object, tuple(table.match), table.field)
            self._tables[key] = [row for row in rows if row[-1] > 0]
        return self._tables[key]
