"""Running an import: batch by batch, each a transaction of its own, other people's writes between them.

A killed run leaves whole batches, and a record of how far it came (`runs`). A dry run is the real one, rolled back
batch by batch (`rehearsal`).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy.exc import IntegrityError

from dougong.base.errors import Conflict, Problem
from dougong.base.field_types import Reading
from dougong.base.ids import record_id
from dougong.engine.actor import Actor
from dougong.engine.beside import collect_young, uncollected
from dougong.engine.saving.batch import Create, Update
from dougong.engine.saving.undoable import AS_A_WHOLE, Undone
from dougong.engine.transfer import runs
from dougong.engine.transfer.batches import Numbered, Outcome, carry_out, look_ahead
from dougong.engine.transfer.cells import cells_that_claim, cells_to_look_up
from dougong.engine.transfer.keys import Name, name_of, shown
from dougong.engine.transfer.mapping import plan
from dougong.engine.transfer.order import ordered
from dougong.engine.transfer.plans import ImportPlan
from dougong.engine.transfer.readings import Readings
from dougong.engine.transfer.rehearsal import Rehearsal, RolledBack
from dougong.engine.transfer.rows import Known
from dougong.engine.transfer.runs import Progress
from dougong.engine.transfer.sheets import Table

if TYPE_CHECKING:
    from dougong.engine.company import Company
    from dougong.engine.unit import Unit

BATCH = 1000
"""Rows of one batch: what one transaction holds, and what a kill can lose."""

ATTEMPTS = 3
"""How often a batch is tried when other people's writes come between."""

COLLECTED = 50
"""After how many batches Python looks for circles among what they left: there are hardly any."""

VAIN = 2
"""After how many batches in a row whose foresight did not stand a run no longer looks as far ahead."""


@dataclass(kw_only=True)
class ImportReport:
    """What an import did, or would do. Counts are of records; `problems` and `warnings` are by row of the file."""

    run: str
    dry: bool
    rows: int
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    problems: dict[int, list[Problem]] = field(default_factory=dict)
    warnings: dict[int, list[Problem]] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    finished: bool = False


def run_import(
    company: Company,
    actor: Actor,
    table: Table,
    *,
    object_name: str = "",
    mapping: Mapping[str, Any] | None = None,
    key: Sequence[str] = (),
    dry: bool = False,
    resume: str | None = None,
    batch: int = BATCH,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Import `table`. Rows that break a rule are left out and reported; the others go in.

    `mapping` is a document as `mapping.plan` takes it, `key` the fields by which records are found where it names
    none. `resume` is the run of a former import of the same file that did not finish: it goes on where that ended,
    and tries again what that left out. `progress` is told the rows done and the rows in all.

    Raises:
        BadRequest: the mapping does not fit, or the run to resume is none.
    """
    actor = replace(actor, channel="import")
    with uncollected(), company.read(actor) as unit:
        made = plan(unit.runtime.model, unit.access, table.header, object_name=object_name, document=mapping, key=key)
        rows = [(number, dict(zip(table.header, cells, strict=True))) for number, cells in table.rows]
        reading = replace(unit.reading, date_order=made.date_order, decimal_mark=made.decimal_mark)
        rows = ordered(unit.runtime.model, made, rows, reading)
        source = _source(table, made.parent.object.name, mapping, key)
        state = runs.resumed(unit, resume, source) if resume else Progress(len(rows), source)
        readings = Readings(unit.runtime.model, made, reading)
    run = _Run(company, actor, table.name, made, readings, resume or record_id(), dry, state)
    with uncollected(), company.database.relieved():
        if not dry and not resume:
            company.write(actor, lambda unit: runs.begin(unit, run.id, made.parent.object.name, table.name, state))
        run.all(rows, min(max(batch, 1), BATCH), progress)
        if not dry:
            company.write(actor, lambda unit: runs.finish(unit, run.id, run.state))
    return run.report()


def _source(table: Table, object_name: str, mapping: Mapping[str, Any] | None, key: Sequence[str]) -> str:
    """A digest of all that decides what a run does."""
    given = [object_name, dict(mapping or {}), list(key), table.header, table.rows]
    return hashlib.sha256(orjson.dumps(given, default=str)).hexdigest()


@dataclass
class _Run:
    """An import in progress. `careful`: a batch had to take something back, so the following ones have savepoints.

    `committed` is when the last batch was (`time.monotonic`), `ahead` the rows of the next one and what is known of it,
    `vain` how many batches in a row did not find what was foreseen.
    """

    company: Company
    actor: Actor
    title: str
    plan: ImportPlan
    readings: Readings
    id: str
    dry: bool
    state: Progress
    careful: bool = False
    committed: float = float("-inf")
    ahead: tuple[Sequence[Numbered], Known] | None = None
    vain: int = 0
    rehearsal: Rehearsal = field(default_factory=Rehearsal)
    problems: dict[int, list[Problem]] = field(default_factory=dict)
    warnings: dict[int, list[Problem]] = field(default_factory=dict)

    def all(self, rows: Sequence[Numbered], size: int, progress: Callable[[int, int], None] | None) -> None:
        """Every batch: first what an interrupted run left out, then what it did not come to."""
        refused = set(self.state.refused)
        again = [row for row in rows[: self.state.done] if row[0] in refused]
        fresh = rows[self.state.done :]
        batches = [(part, 0) for part in _parts(again, size)] + [(part, len(part)) for part in _parts(fresh, size)]
        for number, ((part, new), (after, _)) in enumerate(pairwise((*batches, ((), 0))), 1):
            known = self._known(part)
            time.sleep(max(0.0, self.committed + self.company.database.pause - time.monotonic()))
            self._batch(part, new, known, partial(self._look_ahead, after))
            if progress and new:
                progress(self.state.done, len(rows))
            if not number % COLLECTED:
                collect_young()

    def _known(self, rows: Sequence[Numbered]) -> Known:
        if self.ahead is None or self.ahead[0] is not rows:
            self._look_ahead(rows)
        assert self.ahead is not None
        return self.ahead[1]

    def _look_ahead(self, rows: Sequence[Numbered]) -> None:
        """Get to know `rows`: while the database still works on those before them."""
        if not rows:
            return
        with self.company.read(self.actor, why=self.title) as unit:
            far = not self.dry and self.vain < VAIN
            self.ahead = rows, look_ahead(unit, self.plan, self.readings, rows, self.id, far)

    def _batch(self, rows: Sequence[Numbered], fresh: int, known: Known, meanwhile: Callable[[], object]) -> None:
        """One transaction; tried again where other people took what it was about to take."""
        for left in reversed(range(ATTEMPTS)):
            try:
                self._keep(*self._written(rows, fresh, known, meanwhile))
                break
            except RolledBack as rolled:
                self._keep(rolled.outcome, self._after(rolled.outcome, rows, fresh))
                break
            except Conflict:
                if not left:
                    raise

    def _written(
        self, rows: Sequence[Numbered], fresh: int, known: Known, meanwhile: Callable[[], object]
    ) -> tuple[Outcome, Progress]:
        """Without savepoints, until a batch shows that the file needs them, or that the database refuses a row."""

        def work(unit: Unit) -> tuple[Outcome, Progress]:
            if known.far:
                self.vain = 0 if known.prepared(unit) else self.vain + 1
            return self._work(unit, rows, fresh, known)

        try:
            return self.company.write(self.actor, work, self.title, meanwhile, known.foreseen)
        except (Undone, IntegrityError):
            self.careful = True
            return self.company.write(self.actor, work, self.title, meanwhile)

    def _keep(self, outcome: Outcome, state: Progress) -> None:
        self.state, self.committed = state, time.monotonic()
        self.problems.update(outcome.problems)
        self.warnings.update(outcome.warnings)

    def _work(self, unit: Unit, rows: Sequence[Numbered], fresh: int, known: Known) -> tuple[Outcome, Progress]:
        reading = self.readings.reading
        unit.memory[AS_A_WHOLE] = not (self.careful or self.dry)

        def work() -> Outcome:
            return carry_out(unit, self.plan, self.readings, rows, known, self.id)

        if self.dry:
            model = unit.runtime.model
            cells = [row for _, row in rows]
            looked_up, claimed = cells_to_look_up(self.plan, cells), cells_that_claim(self.plan, cells)
            asked = {*looked_up, *claimed}
            names = {
                name_of(model.objects[object_name], field_name, cell, reading)
                for (object_name, field_name), found in (*looked_up.items(), *claimed.items())
                for cell in found
            }
            raise RolledBack(
                self.rehearsal.batch(unit, names, work, lambda change: _called(unit, change, asked, reading))
            )
        outcome = work()
        state = self._after(outcome, rows, fresh)
        runs.note(unit, self.id, state)
        return outcome, state

    def _after(self, outcome: Outcome, rows: Sequence[Numbered], fresh: int) -> Progress:
        """How far the run is with this batch."""
        tried = {number for number, _ in rows}
        refused = sorted(({*self.state.refused} - tried) | set(outcome.problems))
        state = replace(self.state, done=self.state.done + fresh, refused=refused)
        for action in outcome.actions:
            state.count(action)
        return state

    def report(self) -> ImportReport:
        """What the run did."""
        return ImportReport(
            run=self.id,
            dry=self.dry,
            rows=self.state.rows,
            created=self.state.created,
            updated=self.state.updated,
            unchanged=self.state.unchanged,
            problems=dict(sorted(self.problems.items())),
            warnings=dict(sorted(self.warnings.items())),
            ignored=self.plan.ignored,
            absent=self.plan.absent,
            finished=True,
        )


def _parts(rows: Sequence[Numbered], size: int) -> list[Sequence[Numbered]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _called(unit: Unit, change: Create | Update, asked: Container[tuple[str, str]], reading: Reading) -> Iterable[Name]:
    """The names, among those by which the file finds records, of a record with the values of `change`."""
    obj = unit.runtime.model.objects[change.object]
    for name, value in change.values.items():
        if (obj.name, name) in asked and value is not None:
            yield name_of(obj, name, shown(obj.fields[name], value, reading), reading)
