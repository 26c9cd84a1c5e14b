"""Evaluating formulas on records: paths to values, and what a formula may know beside the record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dougong.base.field_types import Reading, Reference, ValueRefused
from dougong.base.language import msg
from dougong.engine.saving.plan import COMPANY, ObjectPlan, bare, plan_of
from dougong.engine.saving.related import Needs, Related, needs_of
from dougong.engine.variables import variables
from dougong.formulas.evaluation import Context, EvaluationError, Failure
from dougong.formulas.formula import Formula
from dougong.metadata.model import Field

if TYPE_CHECKING:
    from dougong.engine.saving.row import Row
    from dougong.engine.unit import Unit

_READING = Reading(now=datetime(2000, 1, 1, tzinfo=UTC))
"""For texts of values that read alike to everybody."""

Path = tuple[str, ...]

Accessor = Callable[[Mapping[str, Any], Any], Any]
"""From a record's values, and what finds the records behind its lookups, to the value that a path means."""


def plain_value(field: Field, value: Any) -> Any:
    """A field's value as formulas know it: a lookup is its id, a set of choices a frozenset.

    Raises:
        EvaluationError: the value is that of a formula which has none.
    """
    if value is not None and value is field.type.undefined:
        raise EvaluationError(Failure.INTERNAL)
    if value is None:
        return False if field.type.formula_type == "boolean" else None
    if isinstance(value, Reference):
        return value.id
    match field.type.formula_type:
        case "multi_picklist":
            return frozenset(value)
        case "text" | "picklist" if not isinstance(value, str):
            return field.type.to_text(field, value, _READING)
    return value


def accessor(plan: ObjectPlan, path: tuple[str, ...]) -> Accessor:
    """How to read `path` from the values of a record of `plan`; what lies behind lookups must be loaded first."""
    known: dict[tuple[str, ...], Accessor] = plan.part(_accessors)
    found = known.get(path)
    if found is None:
        found = known[path] = _accessor(plan, path)
    return found


def _accessors(plan: ObjectPlan) -> dict[tuple[str, ...], Accessor]:
    return {}


def _accessor(plan: ObjectPlan, path: tuple[str, ...]) -> Accessor:
    name, rest = path[0], path[1:]
    field = plan.object.fields.get(name)
    if field is None:
        return lambda values, related: None
    if not rest:
        return _own(field)
    if field.picklist is not None:
        attributes = {each.value: each.attributes.get(rest[0]) for each in field.picklist.values.values()}
        return lambda values, related: attributes.get(values.get(name) or "")
    if field.type.money:
        key = name + COMPANY
        if rest[0] == "company":
            return lambda values, related: values.get(key)
        return _currency(plan)
    return _behind(plan, name, rest)


_AS_THEY_ARE = frozenset({"text", "number", "date", "datetime", "time", "picklist"})


def _own(field: Field) -> Accessor:
    name = field.name
    if _is_as_it_is(field):
        return lambda values, related: values.get(name)
    return lambda values, related: plain_value(field, values.get(name))


def _is_as_it_is(field: Field) -> bool:
    """Whether formulas know a value of a field as the record has it."""
    return field.type.plain and field.type.formula_type in _AS_THEY_ARE


def amounts_read(plan: ObjectPlan, formula: Formula) -> tuple[tuple[Path, str], ...] | None:
    """The paths that a formula reads, with the key of the record's values that each means; None where any means more:
    what lies behind a lookup, or a value that formulas know in another form.
    """
    known: dict[int, tuple[tuple[Path, str], ...] | None] = plan.part(_amounts_read)
    try:
        return known[id(formula)]
    except KeyError:
        keys = [_key(plan, path) for path in formula.references]
        found = None if None in keys else tuple(zip(formula.references, map(str, keys), strict=True))
        known[id(formula)] = found
        return found


def _key(plan: ObjectPlan, path: Path) -> str | None:
    field = plan.object.fields.get(path[0])
    if field is None or field.type.undefined is not None:
        return None
    if field.type.money and path[1:] in ((), ("company",)):
        return field.name + COMPANY if path[1:] else field.name
    return field.name if len(path) == 1 and _is_as_it_is(field) else None


def _amounts_read(plan: ObjectPlan) -> dict[int, tuple[tuple[Path, str], ...] | None]:
    return {}


def _behind(plan: ObjectPlan, name: str, rest: tuple[str, ...]) -> Accessor:
    runtime = plan.runtime

    def read(values: Mapping[str, Any], related: Related) -> Any:
        reference = values.get(name)
        if not isinstance(reference, Reference):
            return None
        found = related.values(reference)
        return None if found is None else accessor(plan_of(runtime, reference.object), rest)(found, related)

    return read


def _currency(plan: ObjectPlan) -> Accessor:
    if plan.object.currency.mode == "parent" and plan.object.master is not None:
        return _behind(plan, plan.object.master.name, ("currency",))
    return lambda values, related: values.get("currency")


def choices_read(plan: ObjectPlan, formula: Formula) -> tuple[str, ...] | None:
    """The picklists, yes/no fields, texts, days, moments and counts of the record itself that a formula reads; None
    where it reads more.
    """
    known: dict[int, tuple[str, ...] | None] = plan.part(_choices_read)
    try:
        return known[id(formula)]
    except KeyError:
        fields = [plan.object.fields.get(path[0]) for path in formula.references]
        plain = all(each is not None and _is_choice(each) for each in fields)
        found = known[id(formula)] = tuple(each.name for each in fields if each is not None) if plain else None
        return found


def _is_choice(field: Field) -> bool:
    """Whether many records have one of few values in a field: a new one counts nothing yet, most texts and moments are
    blank, days are those of a few years.
    """
    counts = field.type.name == "rollup" and field.options.get("op") == "count"
    return counts or field.type.formula_type in _FEW or _is_text(field)


_FEW = frozenset({"picklist", "boolean", "date", "datetime"})


def _is_text(field: Field) -> bool:
    return field.type.plain and field.type.formula_type == "text"


def _choices_read(plan: ObjectPlan) -> dict[int, tuple[str, ...] | None]:
    return {}


class Expressions:
    """Evaluates formulas for one batch."""

    def __init__(self, unit: Unit, related: Related) -> None:
        """Share the batch's loaded records, moment and user."""
        self.unit, self.related = unit, related
        self._variables = variables(unit.actor, unit.runtime.model)
        self._zone, self._calendar = unit.actor.zone, unit.runtime.model.working_calendar
        self._now = unit.now
        self._fresh: Context | None = None
        self._contexts: dict[Row, tuple[Mapping[str, Any], Context]] = {}
        self._fitted: dict[tuple[int, type, Any], Any] = {}
        self._known: dict[tuple[Any, ...], Any] = {}

    def follow(self, rows: Iterable[Mapping[str, Any]], needs: Needs) -> None:
        """Load what formulas look at behind the lookups of records with these values."""
        if needs:
            self.related.follow(rows, needs)

    def on_row(self, formula: Formula, row: Row, values: Mapping[str, Any] | None = None) -> Any:
        """The value of `formula` for a row as it is to be stored, or with other `values`.

        What it makes of choices alone is worked out once for all rows of the batch that agree in them.

        Raises:
            EvaluationError: the formula has no value for the row.
        """
        values = row.values if values is None else values
        reads = choices_read(row.plan, formula)
        if reads is None or (formula.save_only and not row.new):
            return self._evaluated(formula, row, values)
        key = (id(formula), row.new, *map(values.get, reads))
        try:
            return self._known[key]
        except KeyError:
            found = self._known[key] = self._evaluated(formula, row, values)
            return found

    def _evaluated(self, formula: Formula, row: Row, values: Mapping[str, Any]) -> Any:
        read = amounts_read(row.plan, formula)
        if read is None:
            return formula.evaluate(self._reader(row.plan, values), self._context(row))
        return formula.evaluate({path: values.get(key) for path, key in read}, self._context(row))

    def _context(self, row: Row) -> Context:
        """What formulas may know beside the row; one serves all new rows, and all formulas of another one."""
        if row.new and self._fresh is not None:
            return self._fresh
        before, known = self._contexts.get(row, _NO_CONTEXT)
        if known is not None and before is row.before:
            return known
        prior = None if row.new else self._reader(row.plan, row.before)
        made = Context(
            now=self._now,
            timezone=self._zone,
            variables=self._variables,
            is_new=row.new,
            prior=prior,
            calendar=self._calendar,
        )
        if row.new:
            self._fresh = made
        else:
            self._contexts[row] = row.before, made
        return made

    def holds(self, formula: Formula, row: Row) -> bool:
        """True where `formula` is true for the row; false where it is blank or has no value."""
        try:
            return bool(self.on_row(formula, row))
        except EvaluationError:
            return False

    def held(self, formula: Formula, rows: Sequence[Row]) -> list[Row]:
        """Those of `rows`, all of one object, for which `formula` is true: what `holds` says of each."""
        reads = choices_read(rows[0].plan, formula) if rows else None
        if reads is None or formula.save_only:
            return [row for row in rows if self.holds(formula, row)]
        known: dict[tuple[Any, ...], bool] = {}
        found = []
        for row in rows:
            key = (row.doing, *map(row.values.get, reads))
            holds = known.get(key)
            if holds is None:
                holds = known[key] = self.holds(formula, row)
            if holds:
                found.append(row)
        return found

    def holds_for(self, formula: Formula, row: Row, values: Mapping[str, Any], plan: ObjectPlan | None = None) -> bool:
        """True where `formula` is true for other `values`: the row's stored ones, or those of a record of `plan`."""
        context = self._around(self._variables)
        try:
            return bool(formula.evaluate(self._reader(plan or row.plan, values), context))
        except EvaluationError:
            return False

    def told(self, formula: Formula, read: Callable[[Path], Any], record: Callable[[Path], Any]) -> Any:
        """What `formula` gives where fields are read by `read` and those of ``$Record`` by `record`; blank without a
        value.
        """
        context = self._around(lambda path: record(path[1:]) if path[0] == "$Record" else self._variables(path))
        try:
            return formula.evaluate(read, context)
        except EvaluationError:
            return None

    def reader_of(self, plan: ObjectPlan, values: Mapping[str, Any]) -> Callable[[Path], Any]:
        """How a record of `plan` with `values` is read; what lies behind its lookups must be loaded first."""
        return self._reader(plan, values)

    def admits(self, formula: Formula, plan: ObjectPlan, values: Mapping[str, Any], record: Row) -> bool:
        """Whether a lookup's filter takes a record with `values`; ``$Record`` is `record`, the one being edited."""
        context = self._around(lambda path: self.variable(path, record))
        try:
            return bool(formula.evaluate(self._reader(plan, values), context))
        except EvaluationError:
            return False

    def _around(self, known: Callable[[tuple[str, ...]], Any]) -> Context:
        """What formulas know beside values that are not those of a row being saved."""
        return Context(now=self._now, timezone=self._zone, variables=known, calendar=self._calendar)

    def variable(self, path: tuple[str, ...], record: Row) -> Any:
        """What a ``$`` path means where ``$Record`` is `record`, the one being edited."""
        return self._reader(record.plan, record.values)(path[1:]) if path[0] == "$Record" else self._variables(path)

    def field_value(self, formula: Formula, field: Field, row: Row, values: Mapping[str, Any] | None = None) -> Any:
        """What `formula` gives `field`: the result as the field keeps it; its `undefined` where there is none.

        Raises:
            ValueRefused: the result does not fit the field.
        """
        try:
            result = self.on_row(formula, row, values)
        except EvaluationError:
            return field.type.undefined
        if type(result) not in _REPEATED or result == 0:
            return fitted(field, result, self.unit.reading)
        key = (id(field), type(result), result)
        found = self._fitted.get(key)
        if found is None:
            found = self._fitted[key] = fitted(field, result, self.unit.reading)
        return found

    def values_of(self, formula: Formula, field: Field, plan: ObjectPlan) -> Callable[[Row], Any]:
        """`field_value` of many rows of one object: made once of choices alone for all rows that agree in them."""
        reads = choices_read(plan, formula)
        if reads is None:
            return lambda row: self.field_value(formula, field, row)
        known: dict[tuple[Any, ...], Any] = {}

        def value(row: Row) -> Any:
            if formula.save_only and not row.new:
                return self.field_value(formula, field, row)
            key = (row.new, *map(row.values.get, reads))
            if key not in known:
                known[key] = self.field_value(formula, field, row)
            return known[key]

        return value

    def company_value(self, formula: Formula, field: Field, row: Row) -> Any:
        """The company amount of a money `field` that is computed by `formula` and has its value by now.

        Where the formula reads the same in both currencies, it gives the same.
        """
        assert field.company is not None
        value = row.values.get(field.name)
        if not self._is_in_company(formula, field.company, row):
            value = self.field_value(field.company, field, row)
        return None if value is field.type.undefined else value

    def _is_in_company(self, formula: Formula, company: Formula, row: Row) -> bool:
        own, others, values = amounts_read(row.plan, formula), amounts_read(row.plan, company), row.values
        if own is None or others is None or len(own) != len(others):
            return False
        return all(values.get(key) is values.get(other) for (_, key), (_, other) in zip(own, others, strict=True))

    def _reader(self, plan: ObjectPlan, values: Mapping[str, Any]) -> Callable[[tuple[str, ...]], Any]:
        related, known = self.related, plan.part(_accessors)

        def read(path: tuple[str, ...]) -> Any:
            return (known.get(path) or accessor(plan, path))(values, related)

        return read


_NO_CONTEXT: tuple[None, None] = (None, None)

_REPEATED = frozenset({str, bool, date, datetime, Decimal})
"""Results that are fitted to their field once for all rows that have them. Not zero: its sign is part of it."""


def reader(
    unit: Unit, object_name: str, values: Mapping[str, Any], formula: Formula, kind: type[Related] = Related
) -> Callable[[tuple[str, ...]], Any]:
    """How `formula` reads a record of an object that has `values`; what it looks at behind lookups is loaded.

    `kind` decides which records behind lookups it sees.
    """
    plan, related = plan_of(unit.runtime, object_name), kind(unit)
    related.follow((values,), formula_needs(plan, (formula,)))
    return lambda path: accessor(plan, path)(values, related)


def fitted(field: Field, result: Any, reading: Reading) -> Any:
    """A formula's result as a value of `field`: numbers rounded half up to its scale.

    Raises:
        ValueRefused: the result does not fit the field.
    """
    if result is None:
        return None
    result = field.type.computed(field, result)
    if isinstance(result, frozenset):
        result = tuple(sorted(result))
    return bare(field, field.type.coerce(field, result, reading))


def formula_needs(plan: ObjectPlan, formulas: Iterable[Formula]) -> Needs:
    """What must be loaded before `formulas` can be evaluated on records of `plan`."""
    return needs_of(plan, (path for each in formulas for path in each.references))


def refuse_result(row: Row, field: Field, refused: ValueRefused) -> None:
    """Note that a computed value does not fit its field."""
    row.refuse(
        "computed-value",
        msg("The value computed for {label} does not fit: {reason}", label=field.label, reason=refused.reason),
        refused.fix,
        at=field.name,
    )
