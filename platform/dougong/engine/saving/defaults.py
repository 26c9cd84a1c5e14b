"""What a record gets without being told: owner, record type, defaults, copies from lookups, computed fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from dougong.base.field_types import Reference, ValueRefused
from dougong.base.language import msg
from dougong.engine.saving.expressions import Expressions, formula_needs, refuse_result
from dougong.engine.saving.money import company_currency
from dougong.engine.saving.plan import COMPANY, ObjectPlan
from dougong.engine.saving.record_types import usual_type
from dougong.engine.saving.related import Need, Needs, merge_needs
from dougong.engine.saving.rollups import empty
from dougong.engine.saving.row import Batch, Row, changes, grouped
from dougong.formulas.formula import Formula
from dougong.metadata.model import Compute, Field
from dougong.metadata.territories import FIELD as TERRITORY
from dougong.metadata.territories import REASON


@dataclass(frozen=True, slots=True)
class Copy:
    """A field taken from the record behind a lookup: once when the lookup is set, or live."""

    field: Field
    lookup: str
    source: str
    live: bool


@dataclass(frozen=True, slots=True)
class Defaults:
    """What an object says of values that come by themselves, in an order in which each finds what it reads."""

    formulas: tuple[tuple[Field, Formula], ...]
    by_type: Mapping[str, Mapping[str, Formula]]
    copies: tuple[Copy, ...]
    computes: tuple[tuple[Field, Compute], ...]
    following: frozenset[str]
    """The computed fields that read company amounts, or others that do."""
    own_reads: Mapping[str, frozenset[str] | None]
    """By computed field what it reads, where that is fields of the record itself and nothing else."""
    default_needs: Needs
    compute_needs: Needs
    zeros: Mapping[str, Any]
    owned: bool


def defaults_of(plan: ObjectPlan) -> Defaults:
    """The defaults, copies and computed fields of an object."""
    obj = plan.object
    fields = [each for each in obj.fields.values() if each.name in plan.slots]
    formulas = [(each, each.default) for each in fields if each.default is not None]
    by_type = {each.name: _ordered_names(each.defaults) for each in obj.record_types.values()}
    copies = tuple(copy for each in fields for copy in _copies(plan, each))
    computes = [(each, each.compute) for each in fields if each.compute is not None]
    every = [formula for _, formula in formulas] + [each for of in by_type.values() for each in of.values()]
    computing = [each.formula for _, each in computes] + [each.when for _, each in computes if each.when]
    compute_needs = formula_needs(plan, computing)
    for copy in copies:
        if copy.live:
            merge_needs(compute_needs, {copy.lookup: Need({copy.source})})
    ordered = tuple(_ordered(computes, lambda entry: [entry[1].formula, entry[1].when]))
    return Defaults(
        formulas=tuple(_ordered(formulas, lambda entry: [entry[1]])),
        by_type=by_type,
        copies=copies,
        computes=ordered,
        following=_following(ordered),
        own_reads={each.name: None if each.company else _own_reads(rule) for each, rule in computes},
        default_needs=formula_needs(plan, every),
        compute_needs=compute_needs,
        zeros=_zeros(plan),
        owned=obj.owner != "none" and "owner" in plan.slots,
    )


def _following(computes: Iterable[tuple[Field, Compute]]) -> frozenset[str]:
    """Of `computes`, each after those that it reads, the fields that follow company amounts."""
    found: set[str] = set()
    for field, rule in computes:
        paths = [path for each in (rule.formula, rule.when, field.company) if each for path in each.references]
        if any(path[1:] == ("company",) or path[0] in found for path in paths):
            found.add(field.name)
    return frozenset(found)


def _own_reads(rule: Compute) -> frozenset[str] | None:
    found: set[str] = set()
    for formula in (rule.formula, rule.when):
        if formula is None:
            continue
        if formula.uses_clock or formula.uses_user or formula.save_only:
            return None
        if any(len(path) > 1 for path in formula.references):
            return None
        found.update(path[0] for path in formula.references)
    return frozenset(found)


def _zeros(plan: ObjectPlan) -> dict[str, Any]:
    """Roll-ups over nothing."""
    found: dict[str, Any] = {}
    for slot in plan.slots.values():
        if slot.field.type.name == "rollup":
            found[slot.name] = empty(slot.field)
            if slot.money:
                found[slot.name + COMPANY] = empty(slot.field)
    return found


def _copies(plan: ObjectPlan, lookup: Field) -> Iterable[Copy]:
    wanted = lookup.options.get("copy") or {}
    for name, rule in wanted.items():
        field = plan.object.fields.get(name)
        if field is not None:
            yield Copy(field, lookup.name, rule["from"], rule.get("mode", "once") == "live")


def _ordered(entries: Sequence[tuple[Field, Any]], formulas: Any) -> list[tuple[Field, Any]]:
    """`entries` sorted so that a field comes after the fields that its formulas read."""
    by_name = {entry[0].name: entry for entry in entries}
    graph: TopologicalSorter[str] = TopologicalSorter()
    for entry in entries:
        read = {path[0] for formula in formulas(entry) if formula is not None for path in formula.references}
        graph.add(entry[0].name, *(name for name in read if name in by_name and name != entry[0].name))
    return [by_name[name] for name in graph.static_order()]


def _ordered_names(formulas: Mapping[str, Formula]) -> Mapping[str, Formula]:
    graph: TopologicalSorter[str] = TopologicalSorter()
    for name, formula in formulas.items():
        graph.add(name, *(path[0] for path in formula.references if path[0] in formulas and path[0] != name))
    return {name: formulas[name] for name in graph.static_order()}


def begin(batch: Batch) -> None:
    """Turn what was given into values: over the stored ones, or over those that every new record has."""
    actor, now = batch.unit.actor, batch.unit.now
    books = company_currency(batch.unit.runtime.model)
    me = Reference("user", actor.user_id) if actor.user_id else None
    types: dict[str, str | None] = {}
    for row in batch.rows:
        if row.doing == "create":
            defaults = row.plan.part(defaults_of)
            values: dict[str, Any] = {
                "id": row.id, "created_at": now, "created_by": me, "updated_at": now, "updated_by": me, "version": 1,
            }  # fmt: skip
            if defaults.owned:
                values["owner"] = me
            if row.plan.name not in types:
                types[row.plan.name] = usual_type(batch.unit, row.plan.object)
            if types[row.plan.name] is not None:
                values["record_type"] = types[row.plan.name]
            values.update(defaults.zeros)
            if row.plan.object.effective:
                values["life_status"] = row.plan.object.begins
            if row.plan.object.currency.mode == "record":
                values["currency"] = books
            row.values = values
            batch.related.put(row.plan.name, row.id, values)
        if row.doing in ("create", "update"):
            _take(row)


def _take(row: Row) -> None:
    if None not in row.given.values():
        row.values.update(row.given)
        row.edited.update(row.given)
        return
    for name, value in row.given.items():
        if value is None and row.new and name in ("record_type", "life_status", "currency"):
            continue
        row.values[name] = value
        row.edited.add(name)


def fill_defaults(batch: Batch, expressions: Expressions) -> None:
    """Give new records their defaults where nothing was given: of the record type first, then of the fields."""
    for plan, rows in batch.groups("create"):
        defaults = plan.part(defaults_of)
        if not (defaults.formulas or defaults.by_type):
            continue
        expressions.follow([row.values for row in rows], defaults.default_needs)
        for row in rows:
            _defaults(row, defaults, expressions)
        expressions.follow([row.values for row in rows], defaults.default_needs)


def _defaults(row: Row, defaults: Defaults, expressions: Expressions) -> None:
    fields = row.plan.object.fields
    chosen = row.plan.object.record_types.get(row.values.get("record_type") or "")
    if chosen is not None:
        for name, subset in chosen.values.items():
            if subset.get("default") is not None and name not in row.given:
                row.values[name] = subset["default"]
        for name, formula in defaults.by_type[chosen.name].items():
            if name not in row.given and name in fields:
                _set(row, fields[name], formula, expressions)
    for field, formula in defaults.formulas:
        if field.name not in row.given and row.values.get(field.name) is None:
            _set(row, field, formula, expressions)


def _set(row: Row, field: Field, formula: Formula, expressions: Expressions) -> None:
    try:
        value = expressions.field_value(formula, field, row)
    except ValueRefused as refused:
        refuse_result(row, field, refused)
        return
    row.values[field.name] = reference_of(field, value)


def reference_of(field: Field, value: Any) -> Any:
    """A lookup's value as a `Reference`, where a formula gave its id."""
    if isinstance(value, str) and field.type.refers and field.type.stored and field.targets:
        return Reference(field.targets[0], value)
    return value


def compute(batch: Batch, chosen: Iterable[Row], expressions: Expressions, written: bool = False) -> None:
    """Copy what lookups bring and compute what formulas say, for rows that are made, changed or derived.

    What follows company amounts waits for these (see `follow_amounts`). Where rows are `written`, they were computed
    then: what reads nothing that has changed since stays.
    """
    for plan, rows in grouped(chosen):
        defaults = plan.part(defaults_of)
        if not (defaults.computes or defaults.copies):
            continue
        seen = [row.values for row in rows] + [row.before for row in rows if row.doing == "update"]
        expressions.follow(seen, defaults.compute_needs)
        for row in rows:
            for copy in defaults.copies:
                _copy(batch, row, copy)
        if defaults.copies:
            expressions.follow([row.values for row in rows], defaults.compute_needs)
        _compute_all(
            batch, rows, [each for each in defaults.computes if each[0].name not in defaults.following], written
        )


def follow_amounts(batch: Batch, rows: Iterable[Row], written: bool = False) -> None:
    """Compute what reads amounts in the company's currency, which are filled in by now."""
    for plan, group in grouped(rows):
        defaults = plan.part(defaults_of)
        _compute_all(batch, group, [each for each in defaults.computes if each[0].name in defaults.following], written)


def _compute_all(batch: Batch, rows: Sequence[Row], computes: Iterable[tuple[Field, Compute]], written: bool) -> None:
    own_reads = rows[0].plan.part(defaults_of).own_reads
    changed = {name for row in rows for name in changes(row.written, row.values, row.values)} if written else set()
    for field, rule in computes:
        reads = own_reads[field.name] if written else None
        if reads is not None and changed.isdisjoint(reads):
            continue
        changed.add(field.name)
        due = rows if reads is None else [row for row in rows if changes(row.written, row.values, reads)]
        if due:
            _compute(batch, due, field, rule)


def _copy(batch: Batch, row: Row, copy: Copy) -> None:
    target = row.values.get(copy.lookup)
    if not isinstance(target, Reference):
        return
    moved = row.values.get(copy.lookup) != row.before.get(copy.lookup) and row.doing != "derive"
    if not copy.live and (not moved or row.given.get(copy.field.name) is not None):
        return
    source = batch.related.values(target)
    if source is not None and copy.source in source:
        row.values[copy.field.name] = source[copy.source]


def _compute(batch: Batch, rows: Sequence[Row], field: Field, rule: Compute) -> None:
    """Compute one field of `rows`, all of one object."""
    expressions, name = batch.expressions, field.name
    if rule.mode == "when" and rule.when is not None:
        rows = expressions.held(rule.when, rows)
    elif rule.mode == "until_edited":
        rows = [row for row in rows if not _is_edited(row, field, rule, expressions)]
    if not rows:
        return
    value_of = expressions.values_of(rule.formula, field, rows[0].plan)
    for row in rows:
        try:
            value = reference_of(field, value_of(row))
        except ValueRefused as refused:
            refuse_result(row, field, refused)
            continue
        if name in row.edited and _is_against(batch, row, field, rule, value):
            refuse_edit(row, field)
        row.values[name] = value
        if field.company is not None:
            row.values[name + COMPANY] = expressions.company_value(rule.formula, field, row)


def _held(row: Row, rule: Compute, expressions: Expressions) -> bool:
    """Whether the stored record was computed too: the change that brings it about may still say another value."""
    return not row.new and rule.when is not None and expressions.holds_for(rule.when, row, row.before)


def _is_against(batch: Batch, row: Row, field: Field, rule: Compute, value: Any) -> bool:
    """Whether somebody says another value than the one that is computed, where nobody may."""
    if rule.mode == "until_edited":
        return False
    if rule.mode == "when" and (batch.reverting or not _held(row, rule, batch.expressions)):
        return False
    return row.given[field.name] not in (None, value, row.before.get(field.name))


def fill_stored(row: Row, field: Field, formula: Formula, expressions: Expressions) -> None:
    """Set the value of a stored formula field."""
    row.values[field.name] = expressions.field_value(formula, field, row)
    if field.company is not None:
        row.values[field.name + COMPANY] = expressions.company_value(formula, field, row)


def refuse_edit(row: Row, field: Field) -> None:
    """Note, once, that somebody set a field that is computed."""
    if not row.has_problem(field.name):
        why = row.plan.object.fields.get(REASON) if field.name == TERRITORY else None
        fix = msg("Say why under {label}.", label=why.label) if why is not None else None
        reason = msg("{label} is computed and cannot be set.", label=field.label)
        row.refuse("field-computed", reason, fix, at=field.name)


def _is_edited(row: Row, field: Field, rule: Compute, expressions: Expressions) -> bool:
    """Whether a person's value stands against the formula.

    A value given counts, a blank one gives the field back to the formula. A stored value that is not what the
    formula makes of the stored record was once given, and stays.
    """
    if row.new and field.name not in row.edited:
        return False
    if row.doing == "derive" and any(len(path) > 1 for path in rule.formula.references):
        return True  # What the parent was when the value was computed is no longer known.
    if field.name in row.edited and row.differs(field.name):
        return row.given[field.name] is not None
    if row.new:
        return row.values.get(field.name) is not None and field.name in row.edited
    kept = row.before.get(field.name)
    if kept is None:
        return False
    try:
        return bool(kept != reference_of(field, expressions.field_value(rule.formula, field, row, row.before)))
    except ValueRefused:
        return True
