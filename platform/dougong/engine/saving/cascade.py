"""What a change sets off in other records: roll-ups of parents, computed values and searched texts of followers.

Round by round until nothing more changes: what was written settles, those whom it concerns are locked in order of
object and id, made anew and written. Such derived writes keep the record's version, so nobody's open form goes stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dougong.engine.saving import derived, followers, rollups, writing
from dougong.engine.saving.expressions import Expressions
from dougong.engine.saving.followers import Found
from dougong.engine.saving.keys import fill_keys
from dougong.engine.saving.plan import ObjectPlan, load, plan_of
from dougong.engine.saving.related import AT_ONCE
from dougong.engine.saving.rollup_ways import Affected, Concerned
from dougong.engine.saving.row import Batch, Row, grouped

ROUNDS = 30
"""More rounds than objects can stand above one another: a circle of computed fields ends here."""


class CascadeError(Exception):
    """Computed fields of several records feed one another in a circle."""


def run(batch: Batch, expressions: Expressions) -> None:
    """Carry the changes of the batch's rows, which are written, to all records concerned; they join the batch.

    Raises:
        CascadeError: the metadata has computed values that never come to rest.
    """
    rows: list[Row] = list(batch.rows)
    for _ in range(ROUNDS):
        affected = rollups.affected(batch, rows)
        found = followers.find(batch, rows)
        for row in rows:
            row.settled = dict(row.values)
            row.touched = False
        rows = _concerned(batch, affected, found)
        if not rows:
            return
        _derive(batch, rows, affected, expressions, following=True)
    raise CascadeError("computed values follow one another without end")


def refresh(batch: Batch, plan: ObjectPlan, ids: Sequence[str], names: Iterable[str]) -> None:
    """Make the roll-ups `names` of stored records anew, and whatever follows from them; `batch` is empty."""
    rows = _load(batch, plan, list(ids))
    concerned = Concerned()
    concerned.note({row.id for row in rows}, names)
    _derive(batch, rows, {plan.name: concerned}, batch.expressions)
    run(batch, batch.expressions)


def recompute(batch: Batch, plan: ObjectPlan, ids: Sequence[str]) -> None:
    """Compute the fields of stored records anew, and whatever follows from them; `batch` is empty."""
    _derive(batch, _load(batch, plan, list(ids)), {}, batch.expressions)
    run(batch, batch.expressions)


def _concerned(batch: Batch, affected: Affected, found: Found) -> list[Row]:
    """The rows to make anew, those not in the batch yet loaded and locked: one statement per object."""
    wanted: dict[str, set[str]] = {name: set(concerned.ids) for name, concerned in affected.items()}
    for name, id in found:
        wanted.setdefault(name, set()).add(id)
    rows: list[Row] = []
    for name in sorted(wanted):
        plan = plan_of(batch.unit.runtime, name)
        missing = []
        for id in sorted(wanted[name]):
            row = batch.row_of(name, id)
            if row is None:
                missing.append(id)
            elif row.doing != "delete":
                rows.append(row)
        rows += _load(batch, plan, missing)
    for row in rows:
        kinds = found.get((row.plan.name, row.id), ())
        row.searched = row.searched or "searched" in kinds
        row.touched = row.touched or "touched" in kinds
    return rows


def _load(batch: Batch, plan: ObjectPlan, ids: list[str]) -> list[Row]:
    rows: list[Row] = []
    statement = plan.part(load)
    for start in range(0, len(ids), AT_ONCE):
        for stored in batch.unit.connection.execute(statement, {"ids": ids[start : start + AT_ONCE]}):
            values = plan.read(stored)
            if values.get("deleted_at") is not None:
                continue
            row = Row(0, "derive", plan, str(values["id"]), {}, extra=True)
            row.before = row.written = row.settled = dict(values)
            row.values = values
            batch.add(row)
            batch.related.put(plan.name, row.id, values)
            rows.append(row)
    return rows


def _derive(
    batch: Batch, rows: Iterable[Row], affected: Affected, expressions: Expressions, following: bool = False
) -> None:
    """Make `rows` anew: everything, or where they are `following` others what these changes concern."""
    rows = list(rows)
    for plan, group in grouped(rows):
        concerned = affected.get(plan.name)
        if concerned is not None:
            rollups.compute(batch, plan, [row for row in group if row.id in concerned.ids], concerned)
    derived.fill(batch, rows, expressions, written=following)
    fill_keys(rows, expressions)
    writing.write(batch, rows, derived=True)
