"""`Records.save`: every change of records passes these steps, in this order, whoever asks for it.

| step | module |
|---|---|
| changes become rows; current records are read and locked; values given are coerced | `intake` |
| stale rows are merged field by field, or conflict | `merging` |
| owner, record type, defaults; what lookups name is read | `defaults`, `references` |
| what a deletion takes along, what a restoration brings back | `bin` |
| copies, computed, stored formula and filled fields | `derived`, `defaults`, `fills` |
| amounts in the company's currency | `money` |
| rights of the actor; `before_save` hooks | `permissions` |
| required fields, choices, lookups: every problem of every row | `rules`, `references` |
| stages, validation rules, conditions of layouts: every problem of every row | `stages`, `validation`, `layouts` |
| life status, records that somebody holds, uniqueness: every problem of every row | `lifecycle`, `held`, `unique` |
| constraints over several records: their keys are locked, and what others have is read | `constraints` |
| auto-numbers; rows are written | `numbers`, `writing`, `bin` |
| who belongs to what, where people, departments or groups changed | `dougong.engine.rights.membership` |
| roll-ups of parents, values computed from them; rules that waited for these, the parents' own | `cascade`, `telling` |
| history, search rows; `after_save` hooks | `history`, `search_rows` |

Each step takes the whole batch, so the number of statements does not grow with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from operator import is_
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import IntegrityError

from dougong.base.errors import Conflict, DougongError, Forbidden, NotFound, Problem, Rejected
from dougong.base.ids import record_id
from dougong.engine.rights import membership
from dougong.engine.saving import (
    again,
    bin,
    cascade,
    constraints,
    defaults,
    departures,
    derived,
    discretion,
    granting,
    held,
    history,
    intake,
    layouts,
    lifecycle,
    merging,
    numbers,
    permissions,
    references,
    rules,
    search_rows,
    stages,
    telling,
    unique,
    validation,
    writing,
)
from dougong.engine.saving.batch import Action, Change, Create, Made, Saved, SavedRecord, ToldLater, Update, Upsert
from dougong.engine.saving.expressions import Expressions
from dougong.engine.saving.related import Related
from dougong.engine.saving.row import Batch, Row
from dougong.engine.saving.undoable import Taken, as_a_whole, savepoint
from dougong.engine.viewing import refuse_viewing

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


@dataclass(frozen=True, slots=True)
class Prepared:
    """Changes that have come through every step before writing."""

    changes: Sequence[Change]
    batch: Batch

    def of(self, changes: Sequence[Change]) -> Batch | None:
        """What `changes` have come to, where they are the very same."""
        same = len(changes) == len(self.changes) and all(map(is_, changes, self.changes))
        return self.batch if same else None


def prepare(unit: Unit, changes: Sequence[Change], operation: str) -> Prepared:
    """Every step before writing, for `save` with the same `changes`, `partial` and of the same `operation`."""
    refuse_viewing(unit.actor)
    saving = _Saving(unit, operation, reverting=False)
    return Prepared(changes, saving.prepared(list(enumerate(changes, 1)), alone=False))


def save(
    unit: Unit,
    changes: Sequence[Change],
    *,
    partial: bool = False,
    operation: str | None = None,
    reverting: bool = False,
    prepared: Prepared | None = None,
) -> Saved:
    """Carry out `changes` in the unit's transaction, all or none; `partial` leaves out those that break a rule.

    `operation` groups the history of several calls (an import); each call is its own operation otherwise. `reverting`
    is for taking changes back: a stage or life status may then go back where people may not. `prepared` is what these
    changes have come to by now, where the same unit has prepared them; it counts where they are `partial`.

    Raises:
        BadRequest: an object that does not exist, the same record twice.
        NotFound, Forbidden: all problems are of that kind; Forbidden also where somebody only looks on as the actor.
        StaleRecord: somebody else changed the record since the given version.
        Conflict: somebody else took a unique value meanwhile.
        Rejected: rules are broken; every problem of every row is carried.
    """
    refuse_viewing(unit.actor)
    saving = _Saving(unit, operation or record_id(), reverting)
    numbered = list(enumerate(changes, 1))
    if partial:
        return saving.what_can_be(numbered, prepared.of(changes) if prepared is not None else None)
    return saving.all(numbered)


MANY = 50
"""Rows from which on unique values are asked for before writing: to write them twice would cost more."""


class _Saving:
    """One call of `save`."""

    def __init__(self, unit: Unit, operation: str, reverting: bool) -> None:
        self.unit, self.operation, self.reverting = unit, operation, reverting

    def all(self, changes: Sequence[tuple[int, Change]]) -> Saved:
        """Save every change or none."""
        batch = self.prepared(changes)
        _raise(discretion.told(batch))
        try:
            saved = self._carry_out(batch)
        except IntegrityError as error:
            if batch.unasked:
                raise Taken from error
            raise unique.refused_by_database(batch, error) from error
        _raise(discretion.told(batch))
        again.note(batch)
        return saved

    def what_can_be(self, changes: list[tuple[int, Change]], prepared: Batch | None = None) -> Saved:
        """Save the rows that break no rule; what is left after taking the others out is tried again."""
        refused: list[Problem] = []
        while changes:
            batch, prepared = prepared or self.prepared(changes, alone=False), None
            problems = discretion.told(batch)
            if not problems:
                since = savepoint(self.unit)
                try:
                    saved = self._carry_out(batch)
                except IntegrityError as error:
                    since.rollback()
                    raise unique.refused_by_database(batch, error) from error
                problems = discretion.told(batch)
                if not problems:
                    since.commit()
                    return replace(saved, problems=tuple(refused))
                since.rollback()
            refused += problems
            failed = {problem.place.row for problem in problems}
            changes = _without(changes, failed)
        return Saved(changes=(), problems=tuple(refused), operation=self.operation)

    # -- before writing ------------------------------------------------------------------------------------
    def prepared(self, changes: Sequence[tuple[int, Change]], alone: bool = True) -> Batch:
        """Every step before writing; problems are noted at their rows. A stale record `alone` is raised at once."""
        unit = self.unit
        related = Related(unit)
        batch = Batch(
            unit, intake.rows_of(unit, changes), related, self.operation, Expressions(unit, related), self.reverting
        )
        intake.load_current(batch)
        intake.read_given(batch)
        stale = merging.merge(batch)
        if stale and alone and (len(changes) == 1 or (_is_form(unit) and stale[0].record == batch.rows[0].id)):
            raise stale[0]
        defaults.begin(batch)
        writing.load_links(batch)
        defaults.fill_defaults(batch, batch.expressions)
        references.fetch(batch)
        bin.collect_deletions(batch)
        bin.collect_restorations(batch)
        self._compute(batch)
        self._before_save(batch)
        self._check(batch, ask=not (alone and self.unit.trusting and len(batch.rows) < MANY))
        return batch

    def _compute(self, batch: Batch) -> None:
        written = [row for row in batch.rows if row.doing != "delete"]
        derived.fill(batch, written, batch.expressions)

    def _before_save(self, batch: Batch) -> None:
        """The rows go to the hooks, which may set values and note problems; what follows from these is made anew."""
        if any(self.unit.company.hooks.before_save(unit=self.unit, changes=batch.rows)):
            self._compute(batch)

    def _check(self, batch: Batch, ask: bool) -> None:
        permissions.check(batch)
        rules.check(batch)
        stages.check(batch, batch.people("create", "update"), self.unit.why)
        validation.check(batch, batch.people("create", "update"), self.unit.why)
        layouts.check(batch, batch.people("create", "update"))
        lifecycle.check(batch, self.unit.why)
        lifecycle.check_locks(batch)
        held.check(batch)
        references.check(batch, batch.expressions)
        unique.check(batch, batch.expressions, ask)
        constraints.check(batch)
        problems = batch.problems()
        if problems:
            unique.ask(batch)
        if problems and len(batch.groups()) == 1:
            # Nothing of this batch can change a roll-up of its own records: what waits for these can be told now.
            self._check_late(batch)

    # -- writing -------------------------------------------------------------------------------------------
    def _carry_out(self, batch: Batch) -> Saved:
        """Every step from writing on; rules that waited for roll-ups note their problems at the rows."""
        expressions = batch.expressions
        numbered = batch.people("create", "update")
        numbers.assign(batch, numbered, expressions)
        derived.follow_numbers(batch, numbered, expressions)
        bin.write(batch)
        written = [row for row in batch.rows if row.doing != "delete"]
        concerned = cascade.first_round(batch) if self.unit.hurried else None
        with ExitStack() as sent:
            if not self.unit.hurried and len(batch.rows) < writing.MANY:
                sent.enter_context(self.unit.together())
            writing.write(batch, written)
            if self.unit.hurried:
                history.prepare(batch)
                search_rows.prepare(batch, expressions)
            membership.follow(batch)
            cascade.run(batch, expressions, concerned)
            self._check_late(batch)
            if batch.problems():
                return Saved(changes=())
            if not as_a_whole(self.unit):
                self.unit.catch_up()  # what the database refuses, it has refused by now
            if len(batch.rows) >= writing.MANY:
                sent.close()  # so many are copied into a table, which is no statement among others
            history.write(batch, batch.rows)
            search_rows.write(batch, batch.rows, expressions)
        departures.follow(self.unit, batch.rows)
        granting.follow(self.unit, batch.rows)
        self.unit.company.hooks.after_save(unit=self.unit, changes=batch.rows)
        return Saved(
            changes=tuple(map(_saved, batch.people())),
            warnings=tuple(batch.warnings()),
            operation=self.operation,
        )

    def _check_late(self, batch: Batch) -> None:
        constraints.check(batch, after=True)
        written = batch.people("create", "update")
        validation.check(batch, written, self.unit.why, after=True)
        layouts.check(batch, written, after=True)
        late = [row for row in written if row.plan.part(rules.rules_of).late]
        rules.check_late(late)
        paths = [row for row in late if row.plan.part(rules.rules_of).late_paths]
        stages.check(batch, paths, self.unit.why, after=True)
        self._check_followers(batch)

    def _check_followers(self, batch: Batch) -> None:
        """What a change brings about in records above it is held to their rules, and told at the change."""
        following = [row for row in batch.rows if row.extra and row.doing in ("update", "derive")]
        validation.check(batch, following, self.unit.why, after=True)
        telling.pass_on(batch, following)


def _is_form(unit: Unit) -> bool:
    """True where a batch is one record with its lines, whose form can ask which of two values to keep."""
    return unit.actor.channel == "form"


def _saved(row: Row) -> SavedRecord:
    action: Action = "unchanged" if row.doing == "derive" else row.doing
    if row.doing == "update" and row.values["version"] == row.before["version"]:
        action = "unchanged"
    return SavedRecord(
        object=row.plan.name,
        id=row.id,
        version=int(row.values["version"]),
        action=action,
        row=row.number,
        values=ToldLater(partial(_told, row)) if action in ("create", "update") else {},
    )


def _told(row: Row) -> dict[str, Any]:
    values = {name: value for name, value in row.changed().items() if name not in history.UNTOLD}
    for field in row.plan.linked:
        if row.differs(field.name):
            values[field.name] = row.values.get(field.name)
    return values


def _without(changes: list[tuple[int, Change]], failed: set[int | None]) -> list[tuple[int, Change]]:
    """`changes` without the failed rows and those that name a record which one of them would have made."""
    while True:
        lost = {
            change.key
            for number, change in changes
            if number in failed and isinstance(change, Create | Upsert) and change.key is not None
        }
        kept = [entry for entry in changes if entry[0] not in failed]
        orphans = {number for number, change in kept if lost and _names(change, lost)}
        if not orphans:
            return kept
        failed = failed | orphans


def _names(change: Change, keys: set[str]) -> bool:
    given = change.values.values() if isinstance(change, Create | Update | Upsert) else ()
    return any(isinstance(value, Made) and value.key in keys for value in given)


_KINDS: tuple[tuple[frozenset[str], type[DougongError]], ...] = (
    (frozenset({"record-missing"}), NotFound),
    (frozenset({"not-allowed", "field-not-allowed", "rows-of-metadata"}), Forbidden),
    (frozenset({"record-stale", "field-conflict", "taken"}), Conflict),
)
"""Problems that make another error than `Rejected` when there are no others beside them."""


def _raise(problems: Sequence[Problem]) -> None:
    if not problems:
        return
    codes = {problem.code for problem in problems}
    kind = next((kind for known, kind in _KINDS if codes <= known), Rejected)
    raise kind(problems)
