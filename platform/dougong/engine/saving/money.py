"""Money in the company's currency: beside each amount, at the rate of its day, fixed once its document is closed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from dougong.base.errors import Place, Problem
from dougong.base.field_types import Reference
from dougong.base.language import msg
from dougong.engine.dialects.among import among
from dougong.engine.fields.money import company_amount
from dougong.engine.saving.expressions import Expressions, formula_needs
from dougong.engine.saving.plan import COMPANY, ObjectPlan, Slot, money_slots, plan_of
from dougong.engine.saving.related import Need, Needs, merge_needs
from dougong.engine.saving.row import Batch, Row, grouped
from dougong.metadata.model import Field, Model

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

COMPANY_CURRENCY = "CNY"
"""The company's currency where no setting ``currency`` says another."""


def company_currency(model: Model) -> str:
    """The code of the currency that the company keeps its books in."""
    return str(model.settings.get("currency") or COMPANY_CURRENCY)


_OWN = frozenset({"record", "company"})
"""What the key `currency` of a field says of amounts in the record's currency and in the company's."""


@dataclass(frozen=True, slots=True)
class MoneyPlan:
    """How the amounts of an object are denominated.

    `masters` leads from the object to the one that says currency and rate date: empty for itself, the master-detail
    fields to follow where lines inherit. `needs` is what must be loaded for that.
    """

    slots: tuple[Slot, ...]
    masters: tuple[str, ...]
    currency_field: str | None
    rate_date: str | None
    frozen_plan: ObjectPlan
    needs: Needs


def money_plan(plan: ObjectPlan) -> MoneyPlan:
    """How the amounts of an object are denominated."""
    masters: list[str] = []
    here = plan
    while here.object.currency.mode == "parent" and here.object.master is not None:
        masters.append(here.object.master.name)
        here = plan_of(plan.runtime, here.object.master.targets[0])
    currency = here.object.currency
    currency_field = "currency" if currency.mode == "record" else None
    wanted = {name for name in (currency_field, currency.rate_date, "created_at") if name}
    freeze = [currency.freeze_when] if currency.freeze_when else []
    last = Need(wanted | {path[0] for each in freeze for path in each.references}, formula_needs(here, freeze))
    needs: Needs = {}
    for at, name in enumerate(reversed(masters)):
        last = last if at == 0 else Need({masters[-at]}, {masters[-at]: last})
        needs = {name: last}
    if not masters:
        needs = formula_needs(here, freeze)
    own = tuple(slot for slot in plan.part(money_slots) if slot.field.type.name == "money")
    return MoneyPlan(own, tuple(masters), currency_field, currency.rate_date, here, needs)


def fill_company_amounts(batch: Batch, rows: Iterable[Row], expressions: Expressions) -> None:
    """Set the company amount of every money value of `rows` that is not fixed."""
    for object_plan, group in grouped(row for row in rows if row.plan.part(money_slots)):
        plan = object_plan.part(money_plan)
        if plan.masters or plan.needs:
            needs: Needs = {}
            merge_needs(needs, plan.needs)
            expressions.follow([row.values for row in group], needs)
        rates, books = Rates.of(batch.unit), company_currency(batch.unit.runtime.model)
        codes = [_code(batch, row, plan) for row in group]
        rates.load(code for code in codes if code is not None)
        own = [slot.name for slot in plan.slots if slot.field.options.get("currency", "record") in _OWN]
        others = [slot for slot in plan.slots if slot.name not in own]
        for row, code in zip(group, codes, strict=True):
            if row.new and code is None:  # in the company's currency, and fixed by nothing yet
                values = row.values
                values.update([(name + COMPANY, values.get(name)) for name in own])
                slots: Sequence[Slot] = others
            else:
                slots = _to_fill(batch, row, plan, expressions)
            if slots:
                _fill(batch, row, plan, slots, _Currencies(rates, books, code))


def _holder(batch: Batch, row: Row, plan: MoneyPlan) -> Mapping[str, Any]:
    """The values of the record that says the currency: the row itself, or the record it is part of."""
    values: Mapping[str, Any] = row.values
    for name in plan.masters:
        reference = values.get(name)
        found = batch.related.values(reference) if isinstance(reference, Reference) else None
        if found is None:
            return {}
        values = found
    return values


def _code(batch: Batch, row: Row, plan: MoneyPlan) -> str | None:
    code = _holder(batch, row, plan).get("currency") if plan.currency_field else None
    return None if code == company_currency(batch.unit.runtime.model) else code


@dataclass(slots=True)  # not frozen: one is made for every row, and a frozen one takes thrice as long
class _Currencies:
    """What one record's amounts are converted by: rates, the company's currency, the record's own if another."""

    rates: Rates
    books: str
    own: str | None


def _to_fill(batch: Batch, row: Row, plan: MoneyPlan, expressions: Expressions) -> Sequence[Slot]:
    """The amounts whose company amount is worked out; what is fixed is put back as it was."""
    if not _is_frozen(batch, row, plan, expressions):
        return plan.slots
    for slot in plan.slots:
        if not row.differs(slot.name):
            row.values[slot.name + COMPANY] = row.before.get(slot.name + COMPANY)
    return [slot for slot in plan.slots if row.differs(slot.name)]


def _fill(batch: Batch, row: Row, plan: MoneyPlan, slots: Iterable[Slot], known: _Currencies) -> None:
    for slot in slots:
        amount = row.values.get(slot.name)
        row.values[slot.name + COMPANY] = None if amount is None else _amount(batch, row, plan, slot, amount, known)


def _amount(batch: Batch, row: Row, plan: MoneyPlan, slot: Slot, amount: Decimal, known: _Currencies) -> Decimal | None:
    said = slot.field.options.get("currency", "record")
    code = known.own if said == "record" else None if said == "company" else said
    if code is None or code == known.books:
        return amount
    day = _day(batch, row, plan)
    rate = known.rates.at(code, day)
    if rate is None:
        row.warnings.append(
            Problem(
                code="rate-missing",
                severity="warning",
                reason=msg(
                    "There is no exchange rate for {code} on {day}; the amount counts for nothing in sums.",
                    code=code,
                    day=day.isoformat(),
                ),
                fix=msg("Enter the rate and save the record again."),
                thing=slot.field.address,
                place=Place(field=slot.name, row=row.number or None),
            )
        )
    return company_amount(amount, rate, int(slot.field.options.get("scale", 2)))


def _is_frozen(batch: Batch, row: Row, plan: MoneyPlan, expressions: Expressions) -> bool:
    """Whether the amounts are fixed: the document was closed before this change and still is."""
    freeze = plan.frozen_plan.object.currency.freeze_when
    if freeze is None or row.new:
        return False
    if not plan.masters:
        return expressions.holds_for(freeze, row, row.before) and expressions.holds(freeze, row)
    return expressions.holds_for(freeze, row, _holder(batch, row, plan), plan.frozen_plan)


def _day(batch: Batch, row: Row, plan: MoneyPlan) -> date:
    """The day whose rate counts: the object's rate date, else the day on which the record was made."""
    holder = _holder(batch, row, plan)
    said = holder.get(plan.rate_date) if plan.rate_date else None
    said = said if said is not None else holder.get("created_at")
    if isinstance(said, datetime):
        return said.astimezone(batch.unit.actor.zone).date()
    return said if isinstance(said, date) else batch.unit.reading.today


def currency_of(batch: Batch, row: Row) -> str:
    """The currency of the row's record: its own, that of the document it is part of, or the company's."""
    return _code(batch, row, row.plan.part(money_plan)) or company_currency(batch.unit.runtime.model)


def in_own_currency(batch: Batch, row: Row, field: Field, amount: Decimal | None) -> Decimal | None:
    """A company amount in the currency of the row's record, at its rate; blank where there is none."""
    plan = row.plan.part(money_plan)
    code = _code(batch, row, plan)
    if amount is None or code is None:
        return amount
    rate = Rates.of(batch.unit).at(code, _day(batch, row, plan))
    return field.type.computed(field, amount / rate) if rate else None


class Rates:
    """The company's exchange rates, loaded by currency when one is first asked for."""

    def __init__(self, unit: Unit) -> None:
        """Know no rate yet."""
        self.unit = unit
        self._by_code: dict[str, tuple[list[date], list[Decimal]]] = {}

    @classmethod
    def of(cls, unit: Unit) -> Rates:
        """The rates that this unit shares."""
        found = unit.memory.get(cls)
        if found is None:
            found = unit.memory[cls] = cls(unit)
        return found

    def load(self, codes: Iterable[str]) -> None:
        """Read the rates of `codes` that are not known yet, in one statement."""
        missing = sorted(set(codes) - set(self._by_code))
        if not missing or "currency_rate" not in self.unit.runtime.model.objects:
            return
        for code in missing:
            self._by_code[code] = ([], [])
        statement = plan_of(self.unit.runtime, "currency_rate").part(_rates)
        for code, day, rate in self.unit.connection.execute(statement, {"codes": missing}):
            days, rates = self._by_code[code]
            days.append(day)
            rates.append(rate)

    def at(self, code: str, day: date) -> Decimal | None:
        """The price of one unit of `code` on `day`: the latest rate that had begun; None where there is none."""
        if code not in self._by_code:
            self.load([code])
        days, rates = self._by_code.get(code, ([], []))
        at = bisect_right(days, day)
        return rates[at - 1] if at else None


def _rates(plan: ObjectPlan) -> Any:
    code, day, rate = (plan.table.c[plan.slots[name].keys[0]] for name in ("code", "valid_from", "rate"))
    live = plan.table.c.deleted_at.is_(None)
    return select(code, day, rate).where(among(code, "codes"), live).order_by(code, day)
