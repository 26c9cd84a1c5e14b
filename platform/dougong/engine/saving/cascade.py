"""What a change sets off in other records: roll-ups of parents, computed values and searched texts of followers.

Round by round until nothing more changes: what was written settles, those whom it concerns are locked in order of
object and id, made anew and written. Such derived writes keep the record's version, so nobody's open form goes stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dougong.engine.saving import derived, followers, partly, rollups, writing
from dougong.engine.saving.expressions import Expressions
from dougong.engine.saving.followers import Found
from dougong.engine.saving.keys import fill_keys
from dougong.engine.saving.partly import Part
from dougong.engine.saving.plan import ObjectPlan, load, plan_of
from dougong.engine.saving.related import AT_ONCE
from dougong.engine.saving.rollup_ways import Affected, Concerned
from dougong.engine.saving.row import Batch, Row, grouped

ROUNDS = 30
"""More rounds than objects can stand above one another: a circle of computed fields ends here."""


class CascadeError(Exception):
    """Computed fields of several records feed one another in a circle."""


@dataclass(frozen=True, slots=True)
class Round:
    """Those whom changes concern, loaded and locked, and by which roll-ups."""

    rows: list[Row]
    affected: Affected


def first_round(batch: Batch) -> Round | None:
    """The first round, before the batch's rows are written: where these are new, and none can name another one."""
    plans = {row.plan.name: row.plan for row in batch.rows}
    own = any(name in field.targets for name, plan in plans.items() for field in plan.object.fields.values())
    return None if len(plans) > 1 or own or not all(row.new for row in batch.rows) else _round(batch, batch.rows)


def run(batch: Batch, expressions: Expressions, first: Round | None = None) -> None:
    """Carry the changes of the batch's rows, which are written, to all records concerned; they join the batch.

    Raises:
        CascadeError: the metadata has computed values that never come to rest.
    """
    rows: list[Row] = list(batch.rows)
    for _ in range(ROUNDS):
        found, first = first or _round(batch, rows), None
        rows = found.rows
        if not rows:
            return
        _derive(batch, rows, found.affected, expressions, following=True)
    raise CascadeError("computed values follow one another without end")


def _round(batch: Batch, rows: Sequence[Row]) -> Round:
    affected = rollups.affected(batch, rows)
    found = followers.find(batch, rows)
    for row in rows:
        row.settled = dict(row.values)
        row.touched = False
    return Round(_concerned(batch, affected, found), affected)


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
        known = {id: row for id in wanted[name] if (row := batch.row_of(name, id)) is not None}
        rows += (known[id] for id in sorted(known) if known[id].doing != "delete")
        if begun := {id: row for id, row in known.items() if row.part}:
            partly.complete(batch, plan, begun)
        missing = wanted[name] - known.keys()
        growing = _growing(missing, affected.get(name), found, name)
        part = partly.part_of(batch, plan, affected[name]) if growing else None
        if part is not None:
            rows += _load_part(batch, plan, sorted(growing), part)
            missing -= growing
        rows += _load(batch, plan, sorted(missing))
    for row in rows:
        kinds = found.get((row.plan.name, row.id), ())
        row.searched = row.searched or "searched" in kinds
        row.touched = row.touched or "touched" in kinds
    return rows


def _growing(ids: set[str], concerned: Concerned | None, found: Found, name: str) -> set[str]:
    """Those of `ids` that are concerned because they got new children, and for nothing else."""
    if concerned is None:
        return set()
    return {id for id in (ids & concerned.ids) - concerned.changed if (name, id) not in found}


def _load_part(batch: Batch, plan: ObjectPlan, ids: list[str], part: Part) -> list[Row]:
    """As `_load`, but for what is read of each."""
    rows: list[Row] = []
    for start in range(0, len(ids), AT_ONCE):
        for stored in batch.unit.ask(part.load, {"ids": ids[start : start + AT_ONCE]}):
            values = part.read(stored)
            if values["deleted_at"] is None:
                rows.append(_followed(batch, plan, values))
                rows[-1].part = True
    return rows


def _followed(batch: Batch, plan: ObjectPlan, values: dict[str, Any]) -> Row:
    row = Row(0, "derive", plan, str(values["id"]), {}, extra=True)
    row.before = row.written = row.settled = dict(values)
    row.values = values
    batch.add(row)
    return row


def _load(batch: Batch, plan: ObjectPlan, ids: list[str]) -> list[Row]:
    rows: list[Row] = []
    statement = plan.part(load)
    for start in range(0, len(ids), AT_ONCE):
        for stored in batch.unit.ask(statement, {"ids": ids[start : start + AT_ONCE]}):
            values = plan.read(stored)
            if values.get("deleted_at") is not None:
                continue
            row = _followed(batch, plan, values)
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
    for plan, group in grouped(row for row in rows if row.part):
        batch.related.renew(plan.name, {row.id: row.values for row in group})
