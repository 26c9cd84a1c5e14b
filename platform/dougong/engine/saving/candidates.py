"""The records that a fill chooses from: loaded in one statement per fill and batch, judged and ordered here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Select, bindparam, literal, select

from dougong.base.field_types import Reference, ValueRefused
from dougong.engine.saving.defaults import reference_of
from dougong.engine.saving.expressions import accessor, fitted, plain_value
from dougong.engine.saving.lifecycle import IN_FORCE
from dougong.engine.saving.money import company_currency, money_plan
from dougong.engine.saving.plan import ObjectPlan, Slot, plan_of
from dougong.engine.saving.related import AT_ONCE, Need, Needs, merge_needs, needs_of, readable, seen_of
from dougong.engine.saving.row import Batch, Row
from dougong.formulas.evaluation import EvaluationError
from dougong.formulas.formula import Formula
from dougong.metadata.fill import PLACE, Fill, Path
from dougong.metadata.model import Field

Values = Mapping[str, Any]
Key = tuple[Any, ...]


class Behind(Protocol):
    """What finds the record behind a lookup: as the batch leaves it, or as it was."""

    def values(self, reference: Reference) -> Values | None: ...


@dataclass(frozen=True, slots=True)
class FillPlan:
    """A fill as saving sees it, with those that are asked where it finds nothing.

    `names` are the fields of the chosen record that are read, `needs` what is loaded behind lookups of the record that
    is filled, `deeper` behind those of the chosen one. `money` are pairs of a filled field and the path of the amount
    that it takes: only an amount of the field's own currency is taken.
    """

    fill: Fill
    plan: ObjectPlan
    source: ObjectPlan
    names: frozenset[str]
    needs: Needs
    deeper: Needs
    money: tuple[tuple[Field, Path], ...]
    otherwise: FillPlan | None

    @property
    def chain(self) -> Iterator[FillPlan]:
        """This one and those that are asked after it."""
        yield self
        if self.otherwise is not None:
            yield from self.otherwise.chain

    @property
    def reads(self) -> tuple[Path, ...]:
        """What of the record decides, in the whole chain."""
        return tuple(dict.fromkeys(path for each in self.chain for path in each.fill.reads()))

    @property
    def in_currency(self) -> bool:
        """Whether the currency of the record decides too."""
        return any(each.money for each in self.chain)


def fill_plan(plan: ObjectPlan, fill: Fill) -> FillPlan:
    """`fill` as saving sees it."""
    source, other = plan_of(plan.runtime, fill.source), plan.object.fills.get(fill.otherwise or "")
    reasons = [tuple(each.split(".")) for said in fill.reason.values() for each in PLACE.findall(said)]
    money = tuple(_money(plan, source, fill))
    paths = [path for each in fill.chosen() for path in each.references if not path[0].startswith("$")]
    paths += [*(path for path, _ in fill.order), *reasons, *((*path, "currency") for _, path in money)]
    paths += [(name,) for name in (*fill.match, *fill.copy.values())]
    names = {path[0] for path in paths}
    if fill.dates is not None:
        names |= {fill.dates.start, fill.dates.end}
    if source.object.currency.mode == "record":
        names.add("currency")
    if source.object.currency.mode == "parent" and source.object.master is not None:
        names.add(source.object.master.name)
    if source.object.effective:
        names.add("life_status")
    deeper, needs = needs_of(source, paths), needs_of(plan, fill.reads())
    if fill.lookup is not None:
        merge_needs(needs, {fill.lookup: Need(set(names), deeper)})
    if money:
        merge_needs(needs, plan.part(money_plan).needs)
    otherwise = fill_plan(plan, other) if other is not None else None
    if otherwise is not None:
        merge_needs(needs, otherwise.needs)
    return FillPlan(fill, plan, source, frozenset(names), needs, deeper, money, otherwise)


def _money(plan: ObjectPlan, source: ObjectPlan, fill: Fill) -> Iterator[tuple[Field, Path]]:
    for name, formula in fill.set.items():
        target = plan.object.fields[name]
        for path in formula.references if target.type.money else ():
            if _ends_in_money(source, path):
                yield target, path


def _ends_in_money(plan: ObjectPlan, path: Path) -> bool:
    found = plan.object.fields.get(path[0])
    if found is None or len(path) == 1:
        return found is not None and found.type.money
    return len(found.targets) == 1 and _ends_in_money(plan_of(plan.runtime, found.targets[0]), path[1:])


@dataclass(slots=True, eq=False)
class Ask:
    """What a record is for a fill: `values` as they are to be or as they were, and what lies behind its lookups."""

    batch: Batch
    row: Row
    values: Values
    behind: Behind

    def read(self, path: Path) -> Any:
        """The value at `path`; blank where a formula has none."""
        try:
            return accessor(self.row.plan, path)(self.values, self.behind)
        except EvaluationError:
            return None

    def result(self, formula: Formula) -> Any:
        """What a formula over the record gives; blank where it has no value."""
        return self.batch.expressions.told(formula, self.read, self.read)

    @property
    def currency(self) -> str:
        """The code of the record's currency."""
        money, values = self.row.plan.part(money_plan), self.values
        for name in money.masters:
            reference = values.get(name)
            values = (self.behind.values(reference) if isinstance(reference, Reference) else None) or {}
        code = values.get("currency") if money.currency_field else None
        return str(code or company_currency(self.batch.unit.runtime.model))


@dataclass(frozen=True, slots=True)
class Choice:
    """What was found: the fill that found it, and the record. `asked` tells whether there was anything to look for."""

    found: FillPlan | None = None
    values: Values = field(default_factory=dict)
    asked: bool = False


def choose(batch: Batch, head: FillPlan, asks: Sequence[Ask]) -> list[Choice]:
    """For each of `asks` what the fill, or else one of those that it asks, finds."""
    made = [Choice() for _ in asks]
    for at in head.chain:
        waiting = [index for index, choice in enumerate(made) if choice.found is None]
        if not waiting:
            break
        keys = [_key(at, asks[index]) for index in waiting]
        known = _candidates(batch, at, [key for key in keys if key is not None])
        for index, key in zip(waiting, keys, strict=True):
            if key is not None:
                fitting = next((each for each in known[key] if _fits(at, asks[index], each)), None)
                made[index] = Choice(at if fitting is not None else None, fitting or {}, True)
    return made


def _key(at: FillPlan, ask: Ask) -> Key | None:
    """What is looked for: the values to be matched, or what the lookup names; None where any of that is blank."""
    if at.fill.lookup is not None:
        value = ask.values.get(at.fill.lookup)
        return (value,) if isinstance(value, Reference) else None
    if at.fill.day is not None and ask.result(at.fill.day) is None:
        return None
    found = tuple(_matched(at, name, ask.result(formula), ask) for name, formula in at.fill.match.items())
    return None if any(each is None for each in found) else found


def _matched(at: FillPlan, name: str, value: Any, ask: Ask) -> Any:
    """A value as the chosen record's field has it in formulas; None where it cannot have it."""
    target = at.source.object.fields[name]
    if value is None or target.name == "id":
        return value
    try:
        return plain_value(target, reference_of(target, fitted(target, value, ask.batch.unit.reading)))
    except ValueRefused:
        return None


# -- loading ----------------------------------------------------------------------------------------------------
def _candidates(batch: Batch, at: FillPlan, keys: Sequence[Key]) -> Mapping[Key, Sequence[Values]]:
    """By key the records that match it, in the fill's order: those that are not known yet in one statement."""
    known: dict[Key, Sequence[Values]] = batch.candidates.setdefault(at.fill.address, {})
    missing = [key for key in dict.fromkeys(keys) if key not in known]
    if not missing:
        return known
    if at.fill.lookup is not None:
        for key in missing:
            seen = batch.related.seen(key[0])
            known[key] = [seen.values] if seen is not None and seen.visible and seen.live else []
        return known
    found: dict[Key, list[Values]] = {key: [] for key in missing}
    loaded = list(_load(batch, at, missing))
    batch.related.follow(loaded, at.deeper)
    for values in loaded:
        key = tuple(plain_value(at.source.object.fields[name], values.get(name)) for name in at.fill.match)
        if key in found:
            found[key].append(values)
    known.update({key: _ordered(batch, at, each) for key, each in found.items()})
    return known


def _load(batch: Batch, at: FillPlan, keys: Sequence[Key]) -> Iterator[Values]:
    statement, slots = _statement(batch, at)
    columns = {
        name: sorted({_column_value(at, name, key[place]) for key in keys}, key=str)
        for place, name in enumerate(at.fill.match)
    }
    widest = max(columns, key=lambda name: len(columns[name]), default=None)
    size = len(columns[widest]) if widest else 1
    for start in range(0, size, AT_ONCE):
        params = {**columns, widest: columns[widest][start : start + AT_ONCE]} if widest else {}
        for stored in batch.unit.connection.execute(statement, params):
            yield seen_of(slots, stored).values


def _column_value(at: FillPlan, name: str, value: Any) -> Any:
    """What the first column of a field holds for a value."""
    slot, into = at.source.slots[name], {}  # type: Slot, dict[str, Any]
    slot.write(reference_of(slot.field, value), into)
    return into[slot.keys[0]]


def _statement(batch: Batch, at: FillPlan) -> tuple[Select[Any], list[Slot]]:
    access, plan = batch.unit.access, at.source
    known: dict[Any, tuple[Select[Any], list[Slot]]] = plan.part(_statements)
    key = at.fill.address, access.key
    if key not in known:
        slots = [plan.slots[name] for name in readable(plan, at.names)]
        table, visible = plan.table, access.visible("read", plan.object, plan.table)
        columns = [table.c[part] for slot in slots for part in slot.keys]
        conditions = [table.c.deleted_at.is_(None), *([visible] if visible is not None else [])]
        if plan.object.effective and not _speaks_of_life(at.fill):
            conditions.append(table.c[plan.slots["life_status"].keys[0]].in_(IN_FORCE))
        for name in at.fill.match:
            column = table.c[plan.slots[name].keys[0]]
            conditions.append(column.in_(bindparam(name, expanding=True, type_=column.type)))
        found = select(table.c.id, table.c.deleted_at, literal(1), *columns).where(*conditions).order_by(table.c.id)
        known[key] = found, slots
    return known[key]


def _speaks_of_life(fill: Fill) -> bool:
    """Whether a fill says itself which life statuses count."""
    return fill.where is not None and ("life_status",) in fill.where.references


def _statements(plan: ObjectPlan) -> dict[Any, tuple[Select[Any], list[Slot]]]:
    return {}


# -- choosing ---------------------------------------------------------------------------------------------------
def _ordered(batch: Batch, at: FillPlan, found: Sequence[Values]) -> Sequence[Values]:
    """The records in the fill's order, blanks last; what is equal stays in the order in which it was made."""
    ordered = list(found)
    for path, falling in reversed(at.fill.order):
        ranks = [(_rank(at.source, path, values, batch.related), values) for values in ordered]
        present = [each for each in ranks if each[0] is not None]
        present.sort(key=lambda each: each[0], reverse=falling)
        ordered = [values for _, values in (*present, *(each for each in ranks if each[0] is None))]
    return ordered


def _rank(plan: ObjectPlan, path: Path, values: Values, behind: Any) -> Any:
    """What a record is ordered by: of a picklist the place of its value."""
    value = accessor(plan, path)(values, behind)
    last = plan.object.fields.get(path[0]) if len(path) == 1 else None
    if last is not None and last.picklist is not None and value is not None:
        return list(last.picklist.values).index(value) if value in last.picklist.values else None
    return value


def _fits(at: FillPlan, ask: Ask, values: Values) -> bool:
    fill = at.fill
    if fill.dates is not None and fill.day is not None:
        day, first, last = ask.result(fill.day), values.get(fill.dates.start), values.get(fill.dates.end)
        if (first is not None and day < first) or (last is not None and day > last):
            return False
    if any(_code(at, path, values, ask) != _wanted(target, ask) for target, path in at.money):
        return False
    return fill.where is None or bool(taken(at, ask, fill.where, values))


def _code(at: FillPlan, path: Path, values: Values, ask: Ask) -> str:
    """The currency of an amount of a chosen record."""
    company = company_currency(ask.batch.unit.runtime.model)
    return str(accessor(at.source, (*path, "currency"))(values, ask.batch.related) or company)


def _wanted(target: Field, ask: Ask) -> str:
    """The currency of the field that is filled."""
    said = str(target.options.get("currency", "record"))
    if said == "record":
        return ask.currency
    return company_currency(ask.batch.unit.runtime.model) if said == "company" else said


def taken(at: FillPlan, ask: Ask, formula: Formula, values: Values) -> Any:
    """What a formula over a chosen record gives, ``$Record`` being the one that is filled; blank without a value."""
    reader = ask.batch.expressions.reader_of(at.source, values)
    return ask.batch.expressions.told(formula, reader, ask.read)


def results(head: FillPlan, choice: Choice, ask: Ask, fields: Iterable[str]) -> dict[str, Any]:
    """What a choice gives `fields`, as they keep it.

    Raises:
        ValueRefused: a result does not fit its field.
    """
    found, at = {}, choice.found
    for name in fields if at is not None else ():
        target = head.plan.object.fields[name]
        if at is not None and name in at.fill.copy:
            found[name] = choice.values.get(at.fill.copy[name])
        elif at is not None and name in at.fill.set:
            value = taken(at, ask, at.fill.set[name], choice.values)
            found[name] = reference_of(target, fitted(target, value, ask.batch.unit.reading))
    return found
