"""Balances: the sum of a field over the records of a key stays within bounds, whatever is added or taken away.

Nothing is kept but the records themselves: the sum is made anew from what is stored and what the batch changes, after
the keys concerned are locked (`locks`). So it is right after any sequence of changes, and under race.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select

from dougong.base.errors import Place, Problem
from dougong.base.field_types import Reference
from dougong.base.language import msg
from dougong.engine.dialects.among import among
from dougong.engine.saving.keys import Keyed, address, key_in, keyed_of
from dougong.engine.saving.locks import Lock
from dougong.engine.saving.plan import COMPANY, ObjectPlan, Slot, plan_of
from dougong.engine.saving.related import AT_ONCE
from dougong.engine.saving.row import Batch, Row
from dougong.engine.saving.telling import told_at

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class BalanceRule:
    """A constraint over a sum. `column` is what is summed; of money the amount in the company's currency."""

    keyed: Keyed
    slot: Slot
    column: str
    value: str

    @property
    def least(self) -> Decimal | None:
        """The least that the sum may be."""
        return self.keyed.constraint.least

    @property
    def most(self) -> Decimal | None:
        """The most that the sum may be."""
        return self.keyed.constraint.most


def balance_rules(plan: ObjectPlan) -> tuple[BalanceRule, ...]:
    """The constraints over sums of an object."""
    found = []
    for keyed in plan.part(keyed_of):
        slot = plan.slots.get(keyed.constraint.summed or "")
        if keyed.constraint.kind == "balance" and slot is not None:
            column, value = slot.keys[-1 if slot.money else 0], slot.name + (COMPANY if slot.money else "")
            found.append(BalanceRule(keyed, slot, column, value))
    return tuple(found)


Share = tuple[str, Decimal] | None
"""What a record adds to which key's sum; None where it adds nothing."""


@dataclass(slots=True)
class Shares:
    """What the rows of a batch do to the sums of one rule.

    `deltas`: by key, what each row adds since the batch began. `pending`: by key, what is not stored yet.
    """

    rule: BalanceRule
    plan: ObjectPlan
    deltas: dict[str, list[tuple[Row, Decimal]]] = field(default_factory=dict)
    pending: dict[str, Decimal] = field(default_factory=dict)

    def locks(self) -> Iterable[Lock]:
        """What must be locked before sums are read."""
        name = f"{self.plan.object.id}:{self.rule.keyed.constraint.name}"
        return (Lock(name, key) for key in self.deltas)


def shares_of(batch: Batch, plan: ObjectPlan, rows: Sequence[Row], rule: BalanceRule) -> Shares | None:
    """What `rows` do to sums; None where they do nothing that has not been judged before."""
    found, name, moved = Shares(rule, plan), address(plan.name, rule.keyed.constraint), False
    for row in rows:
        new = None if row.doing == "delete" else _share(rule, row.keys.get(rule.keyed.column), row.values)
        before = _stored(batch, row, rule, row.before)
        moved = moved or new != batch.judged.get((name, row.id), before)
        batch.judged[name, row.id] = new
        _note(found, row, new, before, _stored(batch, row, rule, row.written))
    return found if moved else None


def _share(rule: BalanceRule, key: str | None, values: Mapping[str, Any]) -> Share:
    value = values.get(rule.value)
    return None if key is None or value is None else (key, Decimal(value))


def _stored(batch: Batch, row: Row, rule: BalanceRule, values: Mapping[str, Any]) -> Share:
    if not values or values.get("deleted_at") is not None:
        return None
    return _share(rule, key_in(row, rule.keyed, values, batch.expressions), values)


def _note(shares: Shares, row: Row, new: Share, before: Share, written: Share) -> None:
    changes: dict[str, Decimal] = {}
    _add(changes, new, 1)
    _add(changes, before, -1)
    for key, amount in changes.items():
        if amount:
            shares.deltas.setdefault(key, []).append((row, amount))
    _add(shares.pending, new, 1)
    _add(shares.pending, written, -1)


def _add(into: dict[str, Decimal], share: Share, sign: int) -> None:
    if share is not None:
        into[share[0]] = into.get(share[0], NOTHING) + sign * share[1]


def check(batch: Batch, shares: Shares) -> None:
    """Note the rows that bring a sum below its least or above its most; the keys are locked.

    A row that brings a sum nearer to its bounds is never refused; of the others those are that no longer fit, in order.
    """
    rule, stored = shares.rule, _sums(batch, shares)
    for key, deltas in shares.deltas.items():
        total = stored.get(key, NOTHING) + shares.pending.get(key, NOTHING)
        if rule.least is not None and total < rule.least:
            _take_in_turn(batch, rule, total, [each for each in deltas if each[1] < 0])
        elif rule.most is not None and total > rule.most:
            _take_in_turn(batch, rule, total, [each for each in deltas if each[1] > 0])


def _take_in_turn(batch: Batch, rule: BalanceRule, total: Decimal, wanting: Sequence[tuple[Row, Decimal]]) -> None:
    """Let one row after the other have what it wants of a sum, as long as it stays within its bounds."""
    total -= sum(amount for _, amount in wanting)
    for row, amount in wanting:
        after = total + amount
        if (rule.least is not None and after < rule.least) or (rule.most is not None and after > rule.most):
            _refuse(batch, row, rule, after, total)
        else:
            total = after


def _sums(batch: Batch, shares: Shares) -> dict[str, Decimal]:
    statement, keys = shares.plan.part(_statements)[shares.rule.column, shares.rule.keyed.column], list(shares.deltas)
    found: dict[str, Decimal] = {}
    for start in range(0, len(keys), AT_ONCE):
        for key, total in batch.unit.connection.execute(statement, {"keys": keys[start : start + AT_ONCE]}):
            found[key] = NOTHING if total is None else Decimal(total)
    return found


def _statements(plan: ObjectPlan) -> Mapping[tuple[str, str], Select[Any]]:
    return {(rule.column, rule.keyed.column): sums(plan, rule) for rule in plan.part(balance_rules)}


def sums(plan: ObjectPlan, rule: BalanceRule) -> Select[Any]:
    """The sums of the live records of ``keys``."""
    key, value = plan.table.c[rule.keyed.column], plan.table.c[rule.column]
    chosen = among(key, "keys")
    total = func.sum(value, type_=value.type)
    return select(key, total).where(chosen, plan.table.c.deleted_at.is_(None)).group_by(key)


# -- problems -----------------------------------------------------------------------------------------------
def _refuse(batch: Batch, row: Row, rule: BalanceRule, total: Decimal, without: Decimal) -> None:
    constraint, low = rule.keyed.constraint, rule.least is not None and total < rule.least
    bound = (rule.least if low else rule.most) or NOTHING
    reason = msg("{message}", message=constraint.message)
    if not constraint.message:
        said = {
            "label": rule.slot.field.label,
            "keys": _keys(batch, row, rule),
            "total": _shown(batch, rule, total),
            "bound": _shown(batch, rule, bound),
        }
        reason = msg("{label} of {keys} would come to {total}, and may not be more than {bound}.", **said)
        if low:
            reason = msg("{label} of {keys} would come to {total}, and may not be less than {bound}.", **said)
    room = _shown(batch, rule, max(without - bound if low else bound - without, NOTHING))
    left = msg("{amount} can still be added.", amount=room)
    if low:
        left = msg("{amount} can still be taken.", amount=room)
    for each in told_at(batch, row):
        each.problems.append(
            Problem(
                code="balance-exceeded",
                reason=reason,
                fix=left,
                thing=address(row.plan.name, constraint),
                place=Place(field=rule.slot.name if each is row else None, row=each.number or None),
            )
        )


def _shown(batch: Batch, rule: BalanceRule, amount: Decimal) -> str:
    return rule.slot.field.type.display(rule.slot.field, amount, batch.unit.reading)


def _keys(batch: Batch, row: Row, rule: BalanceRule) -> str:
    """Whose sum it is, by the titles of the records that the actor may see."""
    values = row.before if row.doing == "delete" else row.values
    texts = [_key(batch, row, name, values.get(name)) for name in rule.keyed.constraint.fields]
    return " / ".join(text for text in texts if text)


def _key(batch: Batch, row: Row, name: str, value: Any) -> str:
    named = row.plan.object.fields[name]
    if not isinstance(value, Reference):
        return named.type.display(named, value, batch.unit.reading)
    target = plan_of(batch.unit.runtime, value.object)
    batch.related.fetch(value.object, [value.id], [target.object.title])
    seen = batch.related.seen(value)
    title = seen.values.get(target.object.title) if seen is not None and seen.visible else None
    shown = target.object.fields[target.object.title]
    return shown.type.display(shown, title, batch.unit.reading) if title else ""
