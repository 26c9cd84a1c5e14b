"""One batch of an import within one unit: its rows in waves, each row whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dougong.base.errors import Place, Problem
from dougong.base.language import msg
from dougong.engine.foresight import foresee
from dougong.engine.saving.batch import Saved, SavedRecord
from dougong.engine.saving.pipeline import Prepared, prepare
from dougong.engine.saving.undoable import savepoint
from dougong.engine.transfer.names import Entry, Names, Pending, RowChanges
from dougong.engine.transfer.plans import ImportPlan
from dougong.engine.transfer.readings import Readings
from dougong.engine.transfer.rows import Builder, Known, Refused, found_now, known_of

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

Numbered = tuple[int, Mapping[str, Any]]
"""A row of the file: its number, and its cells by title."""


@dataclass(slots=True)
class Outcome:
    """What a batch did: its changes, save by save, how each ended, and what was refused, by row.

    `met` are the ids of the stored records that its names found.
    """

    done: list[list[tuple[Entry, SavedRecord]]] = field(default_factory=list)
    met: set[str] = field(default_factory=set)
    actions: list[str] = field(default_factory=list)
    problems: dict[int, list[Problem]] = field(default_factory=dict)
    warnings: dict[int, list[Problem]] = field(default_factory=dict)

    def refuse(self, row: int, *problems: Problem) -> None:
        """Leave a row out."""
        self.problems.setdefault(row, []).extend(problems)


def look_ahead(
    unit: Unit, plan: ImportPlan, readings: Readings, rows: Sequence[Numbered], operation: str, far: bool
) -> Known:
    """What is known of `rows` before their transaction begins; `far`: their changes as well, up to what is written."""
    known = known_of(unit, plan, readings, rows, whole=far)
    if known.built is not None and known.built.changes:
        changes = [entry.change for entry in entries_of(known.built.names, known.built.changes)]
        known.far, known.foreseen = True, foresee(unit, lambda ahead: prepare(ahead, changes, operation))
    return known


def carry_out(
    unit: Unit, plan: ImportPlan, readings: Readings, rows: Sequence[Numbered], known: Known, operation: str
) -> Outcome:
    """Save `rows`, of which something is `known`; those that break a rule are left out."""
    found = found_now(unit, plan, readings, known)
    built = known.of(found)
    names, outcome = Names() if built is None else built.names, Outcome()
    if built is not None:
        for number, problems in built.refused:
            outcome.refuse(number, *problems)
        _Wave(unit, names, operation, outcome).save(built.changes, known.prepared(unit))
    else:
        for each in found.values():
            names.learn(each)
        _one_after_the_other(unit, Builder(unit, plan, readings, names), rows, operation, outcome)
    outcome.met = set(names.called)
    return outcome


def _one_after_the_other(
    unit: Unit, builder: Builder, rows: Sequence[Numbered], operation: str, outcome: Outcome
) -> None:
    """Build and save `rows`: those so far are saved where the next one depends on them."""
    names = builder.names
    wave: list[RowChanges] = []

    def flush() -> None:
        _Wave(unit, names, operation, outcome).save(wave)
        wave.clear()

    for number, cells in rows:
        try:
            try:
                row = builder.build(number, cells)
            except Pending:
                flush()
                row = builder.build(number, cells)
        except Refused as refused:
            outcome.refuse(number, *refused.problems)
            continue
        names.add(row)
        wave.append(row)
    flush()


def entries_of(names: Names, rows: Sequence[RowChanges]) -> list[Entry]:
    """What is saved for `rows`: first the missing records that they name and that are not stored yet, each once."""
    keys = dict.fromkeys(
        key
        for row in rows
        if row.uses or row.helpers
        for key in sorted({*row.uses, *row.helpers})
        if key in names.helpers
    )
    helpers = [names.helpers[key] for key in keys if key not in names.ids]
    return [*helpers, *(entry for row in rows for entry in row.entries)]


class _Wave:
    """Rows that are saved together: what breaks a rule is taken out, row by row, and the rest tried again."""

    def __init__(self, unit: Unit, names: Names, operation: str, outcome: Outcome) -> None:
        self.unit, self.names, self.operation, self.outcome = unit, names, operation, outcome

    def save(self, rows: Sequence[RowChanges], prepared: Prepared | None = None) -> None:
        """Save the rows that can be saved; `prepared` is what they have come to by now."""
        left = self._without_lost(list(rows))
        while left:
            entries = entries_of(self.names, left)
            since = savepoint(self.unit)
            saved = self.unit.records.save(
                [entry.change for entry in entries], partial=True, operation=self.operation, prepared=prepared
            )
            prepared = None
            if not saved.problems:
                since.commit()
                self._done(left, entries, saved)
                break
            kept = self._judge(left, entries, saved.problems)
            due = {id(entry) for entry in entries_of(self.names, kept)}
            if due == {id(entries[each.row - 1]) for each in saved.changes}:
                since.commit()
                self._done(kept, entries, saved)
                break
            since.rollback()
            left = kept
        self.names.settle()

    def _judge(self, rows: list[RowChanges], entries: Sequence[Entry], problems: Sequence[Problem]) -> list[RowChanges]:
        """The rows that break no rule and rest on none that does."""
        for problem in problems:
            entry = entries[(problem.place.row or 1) - 1]
            for row in [entry.row] if entry.row else self._users(rows, entry.key):
                self.outcome.refuse(row, _at(problem, row))
        return self._without_lost(rows)

    def _users(self, rows: Sequence[RowChanges], key: str) -> list[int]:
        return [row.number for row in rows if key in row.uses or key in row.helpers]

    def _without_lost(self, rows: list[RowChanges]) -> list[RowChanges]:
        kept = []
        for row in rows:
            rests_on = (
                next((self.names.lost[key] for key in sorted(row.uses) if key in self.names.lost), None)
                if row.uses
                else None
            )
            if rests_on is not None and row.number not in self.outcome.problems:
                self.outcome.refuse(row.number, _rests_on(row.number, rests_on))
            if row.number in self.outcome.problems:
                self.names.lose(row)
            else:
                kept.append(row)
        return kept

    def _done(self, rows: Sequence[RowChanges], entries: Sequence[Entry], saved: Saved) -> None:
        done = [(entries[each.row - 1], each) for each in saved.changes]
        self.names.saved((entry, each.id) for entry, each in done)
        self.outcome.done.append(done)
        self.outcome.actions += [each.action for each in saved.changes]
        self.outcome.actions += ["unchanged" for row in rows if not row.entries]
        for warning in saved.warnings:
            row = entries[(warning.place.row or 1) - 1].row
            self.outcome.warnings.setdefault(row, []).append(_at(warning, row))


def _at(problem: Problem, row: int) -> Problem:
    return replace(problem, place=replace(problem.place, row=row))


def _rests_on(row: int, other: int) -> Problem:
    return Problem(
        code="row-left-out",
        place=Place(row=row),
        reason=msg("This row names a record of row {row}, which is left out.", row=other),
        fix=msg("Mend that row first."),
    )
