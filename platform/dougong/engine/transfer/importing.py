"""Running an import: batch by batch, each a transaction of its own; a dry run is the real run, rolled back.

Between batches other people's writes go on. A killed run leaves whole batches and a row in `dg_import` that says how
far it came: it can be resumed or undone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from dougong.base.errors import BadRequest, Problem
from dougong.base.ids import record_id
from dougong.base.language import msg
from dougong.engine import tables
from dougong.engine.actor import Actor
from dougong.engine.saving.batch import Create, Update
from dougong.engine.transfer.keys import KnownNames, normal
from dougong.engine.transfer.mapping import ImportPlan, plan
from dougong.engine.transfer.rows import Builder, Built, Later, Named, blank
from dougong.engine.transfer.sheets import Table

if TYPE_CHECKING:
    from dougong.engine.company import Company
    from dougong.engine.unit import Unit

BATCH = 1000
"""Rows of one batch: what one transaction holds, and what a kill can lose."""


@dataclass(kw_only=True)
class ImportReport:
    """What an import did, or would do. Counts are of records; `problems` is by row number of the file."""

    run: str
    dry: bool
    rows: int
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    problems: dict[int, list[Problem]] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    finished: bool = False

    def count(self, action: str) -> None:
        """One more record that was created, updated or left as it was."""
        if action in ("create", "update", "unchanged"):
            name = {"create": "created", "update": "updated", "unchanged": "unchanged"}[action]
            setattr(self, name, getattr(self, name) + 1)


class _RolledBack(Exception):
    """Ends a dry batch: everything that it did is undone by the transaction."""

    def __init__(self, outcome: _Outcome) -> None:
        super().__init__()
        self.outcome = outcome


@dataclass
class _Outcome:
    """What one batch did: its changes, the ids they got, and what was refused."""

    built: Built
    made: dict[str, str]
    actions: list[str]
    problems: dict[int, list[Problem]]


@dataclass
class _Run:
    """An import in progress."""

    company: Company
    actor: Actor
    table: Table
    plan: ImportPlan
    report: ImportReport
    names: KnownNames = field(default_factory=KnownNames)
    carried: dict[Named, Create] = field(default_factory=dict)
    later: list[Later] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    upcoming: Mapping[str, frozenset[str]] = field(default_factory=dict)


def run_import(
    company: Company,
    actor: Actor,
    table: Table,
    *,
    object_name: str = "",
    mapping: Mapping[str, Any] | None = None,
    dry: bool = False,
    resume: str | None = None,
    batch: int = BATCH,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Import `table`. Rows that break a rule are left out and reported; the others go in.

    `resume` is the run of a former import of the same file that did not finish: its whole batches are passed over.
    `progress` is told the rows done and the rows in all.

    Raises:
        BadRequest: the mapping does not fit, or the run to resume is none.
    """
    actor = replace(actor, channel="import")
    with company.read(actor) as unit:
        made = plan(unit.runtime.model, unit.access, table.header, object_name=object_name, document=mapping)
    run = _Run(
        company,
        actor,
        table,
        made,
        ImportReport(run=resume or record_id(), dry=dry, rows=len(table.rows), ignored=made.ignored),
    )
    run.upcoming = _upcoming(run)
    done = _resume(run, resume) if resume else 0
    if not dry and not resume:
        company.write(actor, lambda unit: _begin(unit, run, mapping))
    size = min(max(batch, 1), BATCH)
    for start in range(done * size, len(table.rows), size):
        _one_batch(run, table.rows[start : start + size], size)
        if progress:
            progress(min(start + size, len(table.rows)), len(table.rows))
    if not dry:
        _finish(run)
    run.report.finished = True
    return run.report


def _reading(unit: Unit, made: ImportPlan) -> Any:
    return replace(unit.reading, date_order=made.date_order, decimal_mark=made.decimal_mark)


def _upcoming(run: _Run) -> Mapping[str, frozenset[str]]:
    """Every name that the file itself will make, for references that stand above what they refer to."""
    found: dict[str, frozenset[str]] = {}
    with run.company.read(run.actor) as unit:
        reading = _reading(unit, run.plan)
        own = run.plan.parent.object
        wanted = {
            name
            for column in run.plan.parent.columns
            if column.field.type.refers and column.field.targets == (own.name,)
            for name in column.look_up
        }
        at = {title: place for place, title in enumerate(run.table.header)}
        for column in run.plan.parent.columns:
            if column.field.name in wanted:
                cells = [cells[at[column.title]] for _, cells in run.table.rows]
                found[column.field.name] = frozenset(
                    normal(column.field, cell, reading) for cell in cells if not blank(cell)
                )
    return found


# -- the record of the run ------------------------------------------------------------------------------------
def _begin(unit: Unit, run: _Run, mapping: Mapping[str, Any] | None) -> None:
    common = {"id": run.report.run, "actor_id": unit.actor.user_id, "at": unit.now}
    unit.connection.execute(
        insert(tables.operations).values(
            **common,
            kind="import",
            title=run.table.name,
            object=run.plan.parent.object.name,
            actor=unit.actor.name,
            state="running",
        )
    )
    unit.connection.execute(
        insert(tables.imports).values(
            **common,
            object=run.plan.parent.object.name,
            source=run.table.name,
            state="running",
            batches=0,
            details={"rows": run.report.rows, "mapping": dict(mapping or {})},
        )
    )


def _resume(run: _Run, resume: str) -> int:
    """The number of whole batches that the former run left."""
    with run.company.read(run.actor) as unit:
        row = unit.connection.execute(
            select(
                tables.imports.c.state,
                tables.imports.c.batches,
                tables.imports.c.source,
                tables.imports.c.details,
            ).where(tables.imports.c.id == resume)
        ).first()
    if (
        row is None
        or row.state != "running"
        or row.source != run.table.name
        or row.details.get("rows") != run.report.rows
    ):
        raise BadRequest(
            Problem(
                code="import-resume",
                thing=resume,
                reason=msg("There is no unfinished import {run} of this file.", run=resume),
            )
        )
    return int(row.batches)


def _note_batch(unit: Unit, run: _Run) -> None:
    unit.connection.execute(
        update(tables.imports).where(tables.imports.c.id == run.report.run).values(batches=tables.imports.c.batches + 1)
    )


def _finish(run: _Run) -> None:
    def work(unit: Unit) -> None:
        details = {
            "rows": run.report.rows,
            "created": run.report.created,
            "updated": run.report.updated,
            "unchanged": run.report.unchanged,
            "refused": len(run.report.problems),
        }
        unit.connection.execute(
            update(tables.imports).where(tables.imports.c.id == run.report.run).values(state="done", details=details)
        )
        unit.connection.execute(
            update(tables.operations)
            .where(tables.operations.c.id == run.report.run)
            .values(state="done", details=details)
        )

    for start in range(0, len(run.later), BATCH):
        _later_batch(run, run.later[start : start + BATCH])
    run.company.write(run.actor, work)


# -- one batch ------------------------------------------------------------------------------------------------
def _one_batch(run: _Run, rows: Sequence[tuple[int, tuple[Any, ...]]], size: int) -> None:
    def work(unit: Unit) -> _Outcome:
        outcome = _carry_out(unit, run, rows)
        if run.report.dry:
            raise _RolledBack(outcome)
        _note_batch(unit, run)
        return outcome

    try:
        outcome = run.company.write(run.actor, work)
    except _RolledBack as rolled:
        outcome = rolled.outcome
    for number, problems in outcome.problems.items():
        run.report.problems.setdefault(number, []).extend(problems)
    for action in outcome.actions:
        run.report.count(action)
    run.ids.update(outcome.made)
    run.later.extend(each for each in outcome.built.later if each.row not in outcome.problems)
    for named, key in outcome.built.named.items():
        if key in outcome.made:
            if run.report.dry:
                create = next(each for each in outcome.built.changes if isinstance(each, Create) and each.key == key)
                run.carried[named] = create
            else:
                run.names.found.setdefault(named, outcome.made[key])


def _carry_out(unit: Unit, run: _Run, rows: Sequence[tuple[int, tuple[Any, ...]]]) -> _Outcome:
    names = KnownNames(dict(run.names.found))
    builder = Builder(unit, run.plan, names, _reading(unit, run.plan), run.upcoming, run.carried)
    built = builder.build(run.table.header, rows)
    problems = {number: list(found) for number, found in built.problems.items()}
    at = [index for index, number in enumerate(built.rows) if number not in problems]
    saved = unit.records.save([built.changes[index] for index in at], partial=True, operation=run.report.run)
    refused: set[int] = set()
    for problem in saved.problems:
        index = at[(problem.place.row or 1) - 1]
        number = built.rows[index]
        refused.add(number)
        problems.setdefault(number, []).append(replace(problem, place=replace(problem.place, row=number)))
    made: dict[str, str] = {}
    actions: list[str] = []
    for each in saved.changes:
        index = at[each.row - 1]
        change = built.changes[index]
        if isinstance(change, Create) and change.key:
            made[change.key] = each.id
        if built.rows[index]:
            actions.append(each.action)
    return _Outcome(built, made, actions, problems)


def _later_batch(run: _Run, batch: Sequence[Later]) -> None:
    """Fill references to records that stood further down in the file."""

    def work(unit: Unit) -> dict[int, list[Problem]]:
        reading = _reading(unit, run.plan)
        obj = run.plan.parent.object
        problems: dict[int, list[Problem]] = {}
        changes: list[Update] = []
        rows: list[int] = []
        names = KnownNames(dict(run.names.found))
        for each in batch:
            names.look_up(unit, obj, each.name, [each.text], reading)
            target = names.meaning(obj, each.name, each.text, reading)
            mine = run.ids.get(each.key)
            if not target:
                problems.setdefault(each.row, []).append(
                    Problem(
                        code="lookup-unknown",
                        thing=str(each.row),
                        reason=msg("There is no {object} named {value}.", object=obj.label, value=str(each.text)),
                    )
                )
            elif mine is not None:
                changes.append(Update(obj.name, mine, {each.field: target}))
                rows.append(each.row)
        saved = unit.records.save(changes, partial=True, operation=run.report.run)
        for problem in saved.problems:
            problems.setdefault(rows[(problem.place.row or 1) - 1], []).append(problem)
        return problems

    for number, found in run.company.write(run.actor, work).items():
        run.report.problems.setdefault(number, []).extend(found)


def unfinished(unit: Unit) -> list[Any]:
    """The imports that were begun and neither finished nor undone, newest first."""
    query = select(tables.imports).where(tables.imports.c.state == "running").order_by(tables.imports.c.id.desc())
    return list(unit.connection.execute(query))
