"""Taking a handover back: what still stands as it was handed over returns; the rest stays, and is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, select

from dougong.base.errors import BadRequest, Conflict, Forbidden, NotFound, Problem
from dougong.base.ids import is_record_id, record_id
from dougong.base.language import msg
from dougong.engine import tables
from dougong.engine.handover.carrying import KIND, RIGHT, Refusal, give
from dougong.engine.handover.dealing import AT_ONCE
from dougong.engine.handover.holdings import KEPT, PERSON
from dougong.engine.reading.readers import titles
from dougong.engine.saving.batch import Update
from dougong.engine.saving.history import read_changes
from dougong.engine.saving.plan import plan_of
from dougong.engine.saving.references import TRUSTED
from dougong.engine.undoing import mark_undone

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


@dataclass(frozen=True, slots=True)
class Done:
    """A handover that was carried out, as the operation keeps it."""

    operation: str
    user: str
    name: str
    actor: str
    at: datetime
    state: str
    undo_until: datetime
    details: Mapping[str, Any]

    def may_return(self, now: datetime) -> bool:
        """Whether it can still be taken back."""
        return self.state == "done" and now <= self.undo_until


@dataclass(slots=True)
class Returned:
    """How many records and other things went back, and what stays with whom it is, and why."""

    count: int = 0
    kept: list[Refusal] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Step:
    """One field of one record that was handed over."""

    object: str
    id: str
    field: str
    old: str | None
    new: str | None


def done(unit: Unit, operation: str) -> Done:
    """A handover by its operation.

    Raises:
        Forbidden: the actor does not manage users.
        NotFound: there is none.
    """
    if not unit.access.has(RIGHT):
        raise Forbidden(Problem(code="not-allowed", thing=RIGHT, reason=msg("You may not manage users.")))
    row = None
    if is_record_id(operation):
        row = unit.connection.execute(select(tables.operations).where(tables.operations.c.id == operation)).first()
    if row is None or row.kind != KIND:
        raise NotFound(Problem(code="undo-unknown", thing=operation, reason=msg("There is no such handover.")))
    return _done(row)


def handovers(unit: Unit, user: str) -> list[Done]:
    """The handovers of a person's work, the latest first."""
    kept = tables.operations
    asked = select(kept).where(kept.c.record_id == user, kept.c.kind == KIND).order_by(kept.c.at.desc())
    return [_done(row) for row in unit.connection.execute(asked)]


def _done(row: Row[Any]) -> Done:
    return Done(
        str(row.id), str(row.record_id), row.title, row.actor, row.at, row.state, row.undo_until, row.details or {}
    )


def take_back(unit: Unit, operation: str) -> Returned:
    """Give back what a handover moved, in the unit's transaction. A record that was given on since, or is deleted,
    stays; so does what a rule or right stands against. Other changes of the records are none of its business.

    Raises:
        Forbidden, NotFound: as `done`.
        BadRequest: it was taken back already.
        Conflict: its days are over.
    """
    found = done(unit, operation)
    if found.state != "done":
        raise BadRequest(Problem(code="undo-unknown", thing=operation, reason=msg("This was taken back already.")))
    if not found.may_return(unit.now):
        reason = msg("The time to take this handover back has passed.")
        raise Conflict(Problem(code="undo-late", thing=operation, reason=reason))
    unit.memory[TRUSTED] = frozenset({(PERSON, found.user)})
    answer, mine = Returned(), record_id()
    steps = list(_steps(unit, operation))
    for start in range(0, len(steps), AT_ONCE):
        _return(unit, steps[start : start + AT_ONCE], mine, answer)
    for key, kept in found.details.get("kept", {}).items():
        answer.count += give(unit, KEPT[key], kept["to"], found.user, kept["ids"])
    mark_undone(unit, operation)
    return answer


def _steps(unit: Unit, operation: str) -> Iterator[_Step]:
    """What the handover changed, newest first: where it changed one record twice, its first state is restored last."""
    history = tables.history
    objects = {each.id: each for each in unit.runtime.model.objects.values()}
    asked = select(history.c.object, history.c.record_id, history.c.changes).where(
        history.c.operation_id == operation, history.c.action == "update"
    )
    for row in unit.connection.execute(asked.order_by(history.c.id.desc())).all():
        obj = objects.get(row.object)
        if obj is None:
            continue
        plan = plan_of(unit.runtime, obj.name)
        for name, (old, new) in read_changes(plan, row.changes).items():
            if name in plan.slots and obj.fields[name].targets == (PERSON,) and obj.fields[name].type.writable:
                yield _Step(obj.name, str(row.record_id), name, old, new)


def _return(unit: Unit, steps: Sequence[_Step], operation: str, answer: Returned) -> None:
    standing = _standing(unit, steps)
    back: dict[tuple[str, str], dict[str, str | None]] = {}
    moved: list[_Step] = []
    for step in steps:
        found = standing.get((step.object, step.id, step.field))
        if found is not None and found == (step.new or ""):
            back.setdefault((step.object, step.id), {})[step.field] = step.old
        else:
            moved.append(step)
    known = titles(unit, _by_object((step.object, step.id) for step in moved))
    for step in moved:
        gone = (step.object, step.id, step.field) not in standing
        reason = msg("It was deleted since.") if gone else msg("It was given to somebody else since.")
        answer.kept.append(Refusal(step.object, step.id, known.get((step.object, step.id), ""), reason))
    saved = unit.records.save(
        [Update(name, id, values) for (name, id), values in back.items()],
        partial=True,
        operation=operation,
        reverting=True,
    )
    answer.count += len(saved.changes)
    known, rows = titles(unit, _by_object(back)), list(back)
    for problem in saved.problems:
        name, id = rows[(problem.place.row or 1) - 1]
        answer.kept.append(Refusal(name, id, known.get((name, id), ""), problem.reason))


def _standing(unit: Unit, steps: Sequence[_Step]) -> dict[tuple[str, str, str], str]:
    """What the fields of live records say now ("" for blank), by object, id and field; deleted records are left out."""
    wanted: dict[tuple[str, str], set[str]] = {}
    for step in steps:
        wanted.setdefault((step.object, step.field), set()).add(step.id)
    found: dict[tuple[str, str, str], str] = {}
    for (name, of), ids in wanted.items():
        plan = plan_of(unit.runtime, name)
        column = plan.table.c[plan.slots[of].keys[0]]
        asked = select(plan.table.c.id, column).where(plan.table.c.id.in_(ids), plan.table.c.deleted_at.is_(None))
        for id, value in unit.connection.execute(asked):
            found[name, str(id), of] = str(value) if value is not None else ""
    return found


def _by_object(records: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, id in records:
        found.setdefault(name, set()).add(id)
    return found
