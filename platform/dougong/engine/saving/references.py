"""Lookups: the records they name exist, are live, may be seen and fit; one statement per target object."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from dougong.base.field_types import Reference
from dougong.base.language import msg
from dougong.engine.dialects.among import among
from dougong.engine.entering import KIND, is_queue
from dougong.engine.rights.queues import queues_named
from dougong.engine.saving import locks, met
from dougong.engine.saving.defaults import defaults_of
from dougong.engine.saving.expressions import Expressions, formula_needs
from dougong.engine.saving.fills import fill_needs
from dougong.engine.saving.lifecycle import IN_FORCE
from dougong.engine.saving.money import money_plan
from dougong.engine.saving.numbers import numbering
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.engine.saving.related import Need, Needs, merge_needs, needs_of, references
from dougong.engine.saving.row import Batch, Row, grouped
from dougong.engine.saving.search_rows import search_plan
from dougong.engine.saving.stages import paths_of
from dougong.formulas.formula import Formula
from dougong.metadata.model import Field, Object

UNCHECKED = frozenset({"id", "created_by", "updated_by"})
"""Fields that name records and are set by the engine alone."""

TRUSTED = "saving.trusted"
"""Under this key `Unit.memory` holds (object, id) pairs that may be named though they are not in force."""

TALLEST = 100
"""How many levels a hierarchy may have."""


@dataclass(frozen=True, slots=True)
class LookupRule:
    """What is checked of one lookup: its filter, and which fields of the target that takes.

    `watched` are fields of the record itself that the filter reads (``$Record``): when one changes, the lookup is
    checked again. `in_force` are the targets of which effective records alone may be chosen: none where the record
    belongs to what it names, as a line does to its document and a file, note or task to what it is about.
    `queues`: the ids of the queues that a field which names people may name too; None where it names none of them.
    """

    field: Field
    filter: Formula | None
    needs: frozenset[str]
    deeper: Needs
    watched: frozenset[str]
    in_force: frozenset[str]
    queues: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Lookups:
    """The lookups of an object, and what its formulas want of the records behind them."""

    rules: tuple[LookupRule, ...]
    record_needs: Needs


def lookups_of(plan: ObjectPlan) -> Lookups:
    """The lookups of an object that are checked."""
    fields = [each for each in plan.object.fields.values() if each.type.refers and each.name not in UNCHECKED]
    rules = tuple(_rule(plan, each) for each in fields if each.targets)
    paths = [path[1:] for rule in rules if rule.filter for path in rule.filter.variables if path[0] == "$Record"]
    return Lookups(rules, needs_of(plan, paths))


def chosen_freely(obj: Object, field: Field) -> bool:
    """Whether a lookup of `obj` takes records that are not in force: it belongs to them, or its filter says which."""
    says = field.filter is not None and ("life_status",) in field.filter.references
    return says or field.type.name == "master_detail" or field.name == obj.access.get("parent")


def _rule(plan: ObjectPlan, field: Field) -> LookupRule:
    objects = plan.runtime.model.objects
    found = field.filter
    names = {path[0] for path in found.references} if found else set()
    watched = {path[1] for path in found.variables if path[0] == "$Record" and len(path) > 1} if found else set()
    free = chosen_freely(plan.object, field)
    in_force = frozenset(target for target in field.targets if objects[target].effective and not free)
    deeper: Needs = {}
    if found is not None:
        for target in field.targets:
            merge_needs(deeper, formula_needs(plan_of(plan.runtime, target), [found]))
    needs = frozenset(names | ({"life_status"} if in_force else set()))
    return LookupRule(field, found, needs, deeper, frozenset(watched), in_force, queues_named(plan.runtime, field))


def wanted_of(plan: ObjectPlan) -> Needs:
    """What all the steps together want of the records behind an object's lookups, to be loaded in one go."""
    defaults = plan.part(defaults_of)
    found: Needs = {}
    for needs in (
        defaults.compute_needs,
        plan.part(paths_of)[1],
        plan.part(numbering).needs,
        plan.part(search_plan).needs,
        plan.part(money_plan).needs,
        plan.part(lookups_of).record_needs,
        plan.part(fill_needs),
    ):
        merge_needs(found, needs)
    for copy in defaults.copies:
        merge_needs(found, {copy.lookup: Need({copy.source})})
    return found


def fetch(batch: Batch, lock: bool = True) -> None:
    """Load, once, every record that changed lookups name, with all that later steps want of it.

    The `lock` keeps them from being deleted until the batch is written.
    """
    wanted: dict[str, tuple[set[str], set[str]]] = {}
    own = batch.unit.actor.user_id
    for plan, rows in grouped(batch.people("create", "update")):
        lookups, needs = plan.part(lookups_of), plan.part(wanted_of)
        for rule in lookups.rules:
            name = rule.field.name
            fields = rule.needs | (needs[name].fields if name in needs else set())
            for object_name, ids in _named(rows, name).items():
                if not fields and object_name == "user":
                    ids.discard(own or "")
                if ids:
                    known, names = wanted.setdefault(object_name, (set(), set()))
                    known |= ids
                    names |= fields | ({KIND} if rule.queues is not None else set())
    objects = [
        name
        for name in sorted(wanted)
        if name in batch.unit.runtime.model.objects and batch.related.missing(name, *wanted[name])
    ]
    with batch.unit.together() if len(objects) > 1 else nullcontext():
        asked = [batch.related.ask(name, *wanted[name], lock) for name in objects]
    for read in asked:
        read()


def _named(rows: Iterable[Row], name: str) -> dict[str, set[str]]:
    """By object the ids that the lookup `name` of `rows` names, where it does not name them already."""
    found: dict[str, set[str]] = {}
    for row in rows:
        value = row.values.get(name)
        if value is None or (row.before and value == row.before.get(name)):
            continue
        for reference in (value,) if type(value) is Reference else references(value):
            if reference.object in found:
                found[reference.object].add(reference.id)
            else:
                found[reference.object] = {reference.id}
    return found


def check(batch: Batch, expressions: Expressions) -> None:
    """Note every lookup that names nothing, something hidden or deleted, or what its filter refuses."""
    fetch(batch)  # Defaults and copies may have named more records than were given.
    for plan, rows in grouped(batch.people("create", "update")):
        lookups = plan.part(lookups_of)
        expressions.follow([row.values for row in rows], lookups.record_needs)
        for rule in lookups.rules:
            name = rule.field.name
            chosen = [row for row in rows if row.values.get(name) is not None and _is_due(row, rule)]
            if chosen and rule.filter is not None:
                _load_behind(batch, chosen, rule)
            # What a filter that reads nothing else says of a record, it says to every row that names it.
            alike = rule.filter is None or not rule.filter.variables
            passed: set[tuple[str, str]] = set()
            for row in chosen:
                _check(batch, row, rule, expressions, passed)
                if not alike:
                    passed.clear()
        if plan.object.hierarchy:
            _check_tree(batch, plan, rows)


def _is_due(row: Row, rule: LookupRule) -> bool:
    return row.differs(rule.field.name) or any(row.differs(each) for each in rule.watched)


def _load_behind(batch: Batch, rows: Iterable[Row], rule: LookupRule) -> None:
    """What a filter reads: the target's own fields (also of unchanged lookups), and beyond."""
    need: Needs = {rule.field.name: Need(set(rule.needs), rule.deeper)}
    batch.related.follow([row.values for row in rows], need)


def _check(batch: Batch, row: Row, rule: LookupRule, expressions: Expressions, passed: set[tuple[str, str]]) -> None:
    """Check what one row names; what is known to be sound, as an earlier row named it too, is in `passed`."""
    own = batch.unit.actor.user_id
    for reference in references(row.values[rule.field.name]):
        if reference.id == own and reference.object == "user" and not rule.needs:
            continue
        key = (reference.object, reference.id)
        if key not in passed:
            known = len(row.problems)
            _check_one(batch, row, rule, reference, expressions)
            if len(row.problems) == known:
                passed.add(key)


def _check_one(batch: Batch, row: Row, rule: LookupRule, reference: Reference, expressions: Expressions) -> None:
    name, field = rule.field.name, rule.field
    objects = batch.unit.runtime.model.objects
    seen = batch.related.seen(reference) if reference.object in field.targets else None
    if seen is None or not (seen.visible and seen.live):
        row.refuse(
            "lookup-unknown",
            msg("{label} names a record that does not exist, is deleted, or that you may not see.", label=field.label),
            msg("Choose another."),
            at=name,
        )
        return
    if rule.queues is not None and is_queue(seen.values) and reference.id not in rule.queues:
        row.refuse(
            "lookup-queue",
            msg("{label} cannot be this queue.", label=field.label),
            msg("Choose a person, or a queue for {object} records.", object=row.plan.object.label),
            at=name,
        )
        return
    trusted = (reference.object, reference.id) in batch.unit.memory.get(TRUSTED, ())
    if reference.object in rule.in_force and not trusted and seen.values.get("life_status") not in IN_FORCE:
        row.refuse(
            "lookup-not-effective",
            msg(
                "{label} must name a {object} that is in effect.",
                label=field.label,
                object=objects[reference.object].label,
            ),
            msg("Put that record into effect first, or choose another."),
            at=name,
        )
    target = plan_of(batch.unit.runtime, reference.object)
    restored = trusted and batch.reverting
    if rule.filter is not None and not restored and not expressions.admits(rule.filter, target, seen.values, row):
        row.refuse(
            "lookup-filter",
            msg("This record may not be chosen as {label} here.", label=field.label),
            msg("Choose one that the list offers."),
            at=name,
        )


def _check_tree(batch: Batch, plan: ObjectPlan, rows: Iterable[Row]) -> None:
    """No record becomes its own ancestor: walk up from the new parents, one statement a level.

    Two records that are moved below each other at the same time would not see it: so moves in one tree wait for each
    other.
    """
    name = plan.object.hierarchy or ""
    moved = {row.id: row for row in rows if row.differs(name) and isinstance(row.values.get(name), Reference)}
    if any(not row.new for row in moved.values()):
        locks.take(batch.unit, [locks.Lock(f"{plan.object.id}:hierarchy", "")])
    changes = {row.id: _id(row.values.get(name)) for row in rows}
    level: dict[str, set[str | None]] = {id: {_id(row.values[name])} for id, row in moved.items()}
    statement = plan.part(_parents)
    for _ in range(TALLEST):
        wanted = {at for found in level.values() for at in found if at and at not in changes}
        parents = dict(changes)
        if wanted:
            met.note(batch.unit, wanted)
            for id, parent in batch.unit.ask(statement, {"ids": sorted(wanted)}):
                parents[str(id)] = None if parent is None else str(parent)
        following: dict[str, set[str | None]] = {}
        for id, found in level.items():
            if id in found:
                _refuse_circle(moved[id], plan.object.fields[name])
            elif ups := {parents.get(at) for at in found if at} - {None}:
                following[id] = ups
        if not following:
            return
        level = following
    for id in level:
        _refuse_circle(moved[id], plan.object.fields[name])


def _id(value: Any) -> str | None:
    return value.id if isinstance(value, Reference) else None


def _parents(plan: ObjectPlan) -> Any:
    table, parent = plan.table, plan.slots[plan.object.hierarchy or ""].keys[0]
    return select(table.c.id, table.c[parent]).where(among(table.c.id, "ids"))


def _refuse_circle(row: Row, field: Field) -> None:
    row.refuse(
        "hierarchy-circle",
        msg("{label} would make this record stand below itself.", label=field.label),
        msg("Choose a record that is not below this one."),
        at=field.name,
    )
