"""Ranges that may not overlap: bookings of one room, prices of one product; blank ends are open.

A range is half-open: where one ends the next may begin. Where the last day is included, the day after is the end. What
is compared is what will be stored: records of the batch as it leaves them, all others as they are, read after the
batch has locked the keys that it takes (`locks`).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import CompoundSelect, Integer, Select, bindparam, case, literal, or_, select, union_all

from dougong.base.errors import Place, Problem
from dougong.base.language import Message, msg
from dougong.engine.dialects.among import among
from dougong.engine.saving.keys import Keyed, address, key_in, keyed_of
from dougong.engine.saving.locks import Lock
from dougong.engine.saving.plan import ObjectPlan, Slot
from dougong.engine.saving.related import AT_ONCE
from dougong.engine.saving.row import Batch, Row
from dougong.engine.saving.telling import told_at
from dougong.metadata.model import EFFECTIVE_DATES, Range

MOMENTS = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
DAYS = (date.min, date.max)
"""What stands for an open start and an open end."""


@dataclass(frozen=True, slots=True)
class OverlapRule:
    """A constraint over ranges, with the fields that they lie between and what stands for their open sides."""

    keyed: Keyed
    range: Range
    start: Slot
    end: Slot
    open: tuple[Any, Any]

    def bounds(self, start: Any, end: Any) -> tuple[Any, Any]:
        """The half-open range between two values of the fields."""
        if end is not None and self.range.closed and end < date.max:
            end += timedelta(days=1)
        return (self.open[0] if start is None else start, self.open[1] if end is None else end)


def overlap_rules(plan: ObjectPlan) -> tuple[OverlapRule, ...]:
    """The constraints over ranges of an object."""
    found = []
    for keyed in plan.part(keyed_of):
        limits = keyed.constraint.range
        if keyed.constraint.kind == "no_overlap" and limits is not None:
            start, end = plan.slots[limits.start], plan.slots[limits.end]
            sides = DAYS if start.field.type.formula_type == "date" else MOMENTS
            found.append(OverlapRule(keyed, limits, start, end, sides))
    return tuple(found)


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """What a record takes: the time from `start` until before `end` of a key."""

    key: str
    start: Any
    end: Any


def claimed(rule: OverlapRule, key: str | None, values: Any) -> Claim | None:
    """What a record with these values takes; None where the constraint does not apply to it."""
    if key is None:
        return None
    return Claim(key, *rule.bounds(values.get(rule.range.start), values.get(rule.range.end)))


@dataclass(slots=True)
class Claims:
    """What the rows of a batch take under one rule: of all, and of those that take something else than before."""

    rule: OverlapRule
    plan: ObjectPlan
    all: dict[str, Claim] = field(default_factory=dict)
    moved: list[Row] = field(default_factory=list)

    def locks(self) -> Iterable[Lock]:
        """What must be locked before others' claims are read."""
        name = f"{self.plan.object.id}:{self.rule.keyed.constraint.name}"
        return (Lock(name, self.all[row.id].key) for row in self.moved)


def claims_of(batch: Batch, plan: ObjectPlan, rows: Sequence[Row], rule: OverlapRule) -> Claims:
    """What `rows` take. A range that ends before it begins is noted as a problem and takes nothing."""
    found, name = Claims(rule, plan), address(plan.name, rule.keyed.constraint)
    for row in rows:
        claim = None
        if row.doing != "delete":
            claim = claimed(rule, row.keys.get(rule.keyed.column), row.values)
        if claim is None:
            continue
        known = batch.judged.get((name, row.id)) or _stored(batch, row, rule)
        batch.judged[name, row.id] = claim
        if claim == known:
            found.all[row.id] = claim
        elif claim.start < claim.end:
            found.all[row.id] = claim
            found.moved.append(row)
        else:
            _refuse_backwards(batch, row, rule)
    return found


def _stored(batch: Batch, row: Row, rule: OverlapRule) -> Claim | None:
    if row.new or row.doing == "restore":
        return None
    return claimed(rule, key_in(row, rule.keyed, row.before, batch.expressions), row.before)


def check(batch: Batch, claims: Claims) -> None:
    """Note each row of the batch that takes what another record has; the keys are locked.

    Rows take in their order: of two that want the same, the first gets it.
    """
    moved = {row.id for row in claims.moved}
    diaries: dict[str, _Diary] = {}
    for entry in _others(batch, claims):
        diaries.setdefault(entry.claim.key, _Diary()).add(entry)
    for id, claim in claims.all.items():
        row = batch.row_of(claims.plan.name, id)
        if id not in moved and row is not None:
            diaries.setdefault(claim.key, _Diary()).add(_Entry(claim, row=row))
    for row in sorted(claims.moved, key=lambda each: (each.number == 0, each.number)):
        diary = diaries.setdefault(claims.all[row.id].key, _Diary())
        entry = _Entry(claims.all[row.id], row=row)
        other = diary.meets(entry.claim)
        if other is None:
            diary.add(entry)
        else:
            _refuse(batch, row, claims.rule, other)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A claim, by a row of the batch or by another record; `title` is None where the actor may not see that one."""

    claim: Claim
    row: Row | None = None
    title: str | None = None


class _Diary:
    """The claims on one key, in order. They do not overlap: so a new one meets its neighbours or none."""

    def __init__(self) -> None:
        self.entries: list[_Entry] = []

    def add(self, entry: _Entry) -> None:
        insort(self.entries, entry, key=lambda each: each.claim.start)

    def meets(self, claim: Claim) -> _Entry | None:
        at = bisect_left(self.entries, claim.start, key=lambda each: each.claim.start)
        before, after = self.entries[:at][-1:], self.entries[at : at + 1]
        for each in before:
            if each.claim.end > claim.start:
                return each
        for each in after:
            if each.claim.start < claim.end:
                return each
        return None


def _others(batch: Batch, claims: Claims) -> Iterable[_Entry]:
    """The claims of records outside the batch that may reach into the time which the batch takes."""
    rule, plan = claims.rule, claims.plan
    wanted = [claims.all[row.id] for row in claims.moved]
    keys = sorted({claim.key for claim in wanted})
    params: dict[str, Any] = {"lo": min(claim.start for claim in wanted)}
    if len(wanted) == 1:
        params["most"] = len(batch.rows) + 1
    else:
        params["hi"] = max(claim.end for claim in wanted)
    statement = _statement(batch, plan, rule, len(wanted) == 1)
    for start in range(0, len(keys), AT_ONCE):
        chunk = keys[start : start + AT_ONCE]
        for id, key, *rest in batch.unit.connection.execute(statement, {"keys": chunk, **params}):
            if batch.row_of(plan.name, str(id)) is None:
                first, last, visible, title = rest
                claim = Claim(key, *rule.bounds(first, last))
                yield _Entry(claim, title=(str(title) if title else "") if visible else None)


def _statement(batch: Batch, plan: ObjectPlan, rule: OverlapRule, one: bool) -> CompoundSelect[Any]:
    """The claims on ``keys`` that end after ``lo``, up to ``hi``.

    Of `one` claim the next ones to end are enough: they do not overlap, so where the first does not meet it none does.
    """
    known: dict[Any, CompoundSelect[Any]] = plan.part(_statements)
    cache = (rule.keyed.column, one, batch.unit.access.key)
    found = known.get(cache)
    if found is None:
        table = plan.table
        start, end = table.c[rule.start.keys[0]], table.c[rule.end.keys[0]]
        lo, hi = bindparam("lo", type_=end.type), bindparam("hi", type_=start.type)
        claims = _claims(batch, plan, rule)
        if not one:
            claims = claims.where(or_(start.is_(None), start < hi))
        ending = claims.where(end >= lo if rule.range.closed else end > lo)
        if one:
            ending = ending.order_by(end).limit(bindparam("most", type_=Integer))
        # Two selects rather than an OR: each walks one range of the index on key and end.
        found = known[cache] = union_all(claims.where(end.is_(None)), select(*ending.subquery().c))
    return found


def _claims(batch: Batch, plan: ObjectPlan, rule: OverlapRule) -> Select[Any]:
    table, access = plan.table, batch.unit.access
    visible, title = access.visible("read", plan.object, table), plan.slots.get(plan.object.title)
    if title is not None and not access.may_field("read", plan.object, title.field):
        title = None
    key = table.c[rule.keyed.column]
    return select(
        table.c.id, key, table.c[rule.start.keys[0]], table.c[rule.end.keys[0]],
        (literal(1) if visible is None else case((visible, 1), else_=0)).label("visible"),
        (table.c[title.keys[0]] if title else literal("")).label("title"),
    ).where(among(key, "keys"), table.c.deleted_at.is_(None))  # fmt: skip


def _statements(plan: ObjectPlan) -> dict[Any, CompoundSelect[Any]]:
    return {}


# -- problems -----------------------------------------------------------------------------------------------
def _refuse(batch: Batch, row: Row, rule: OverlapRule, other: _Entry) -> None:
    constraint, label = rule.keyed.constraint, row.plan.object.label
    if constraint.message:
        reason = msg("{message}", message=constraint.message)
    elif constraint.name == EFFECTIVE_DATES:
        reason = msg("Another {object} is valid on some of these days.", object=label)
    else:
        reason = msg("Another {object} takes some of this time.", object=label)
    for each in told_at(batch, row):
        each.problems.append(
            Problem(
                code="range-overlap",
                reason=reason,
                fix=_named(batch, rule, other),
                thing=address(row.plan.name, constraint),
                place=Place(field=rule.range.start if each is row else None, row=each.number or None),
            )
        )


def _named(batch: Batch, rule: OverlapRule, other: _Entry) -> Message | None:
    if other.row is not None:
        name: Message | str = msg("row {row} of the same batch", row=other.row.number)
    elif other.title:
        name = other.title
    else:
        return None
    return msg("It is {other}, {range}.", other=name, range=_shown(batch, rule, other.claim))


def _shown(batch: Batch, rule: OverlapRule, claim: Claim) -> str:
    """A range as people read it: the end is the one that was entered."""
    reading, (first, last) = batch.unit.reading, rule.open
    end = claim.end - timedelta(days=1) if rule.range.closed and claim.end < last else claim.end
    texts = (
        "…" if claim.start == first else rule.start.field.type.display(rule.start.field, claim.start, reading),
        "…" if claim.end == last else rule.end.field.type.display(rule.end.field, end, reading),
    )
    return " – ".join(texts)


def _refuse_backwards(batch: Batch, row: Row, rule: OverlapRule) -> None:
    labels = {"start": rule.start.field.label, "end": rule.end.field.label}
    reason = msg("{end} must be after {start}.", **labels)
    if rule.range.closed:
        reason = msg("{end} cannot be before {start}.", **labels)
    for each in told_at(batch, row):
        each.refuse("range-backwards", reason, at=rule.range.end if each is row else None)
