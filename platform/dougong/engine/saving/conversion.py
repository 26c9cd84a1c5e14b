"""Conversions: a record becomes others, as its metadata says; all in one transaction, and taken back in one.

`proposal` shows what a conversion would find and make; `convert` does it with the person's choices; `undo` takes it
back within the days that the metadata allows, unless somebody has worked on what it made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from dougong.base.errors import BadRequest, Conflict, NotFound, Place, Problem, Rejected
from dougong.base.field_types import Reference
from dougong.base.ids import record_id
from dougong.base.language import msg
from dougong.engine import tables, undoing
from dougong.engine.access import Right, may_read
from dougong.engine.query import Condition, Query, Record
from dougong.engine.saving.batch import Change, Create, Made, Saved, Update
from dougong.engine.saving.expressions import Expressions, formula_needs
from dougong.engine.saving.pipeline import save
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.engine.saving.references import TRUSTED
from dougong.engine.saving.related import Related
from dougong.engine.saving.row import Row
from dougong.engine.saving.stages import CONVERTING
from dougong.engine.unit import Unit
from dougong.formulas.evaluation import EvaluationError
from dougong.metadata.conversion import Conversion, ConversionTarget

if TYPE_CHECKING:
    from dougong.metadata.model import Field

KIND = "conversion"
"""The kind of operation in ``dg_operation``."""

OFFERED = 5
"""How many existing records are offered for one target."""

NEW, SKIP = "new", "skip"
"""What a person may choose for a target beside the id of an existing record."""

CARRIED: Mapping[str, tuple[str, ...]] = {"activities": ("activity", "task", "comment"), "files": ("file",)}
"""The objects that each word of ``carry`` moves, by their lookup ``related_to``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """One target as a person decides on it: existing records that match, the best first, and values for a new one."""

    target: ConversionTarget
    found: tuple[Reference, ...]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """What a conversion did: the records behind each key, whether made or found, and which to open next."""

    operation: str
    records: Mapping[str, Reference]
    made: frozenset[str]
    open: Reference | None
    saved: Saved


def proposal(unit: Unit, object_name: str, id: str, name: str) -> tuple[Proposed, ...]:
    """What the conversion would find and make of a record, target by target.

    Raises:
        NotFound: the record or the conversion does not exist.
        Rejected: the record cannot be converted as it is.
    """
    source = _Source(unit, object_name, id, name)
    found: list[Proposed] = []
    within: dict[str, Reference] = {}
    for target in source.conversion.into:
        values = source.values_for(target)
        matches = _matches(unit, target, values, within)
        if matches:
            within[target.key] = matches[0]
        found.append(Proposed(target=target, found=matches, values=source.told(target, values)))
    return tuple(found)


def convert(
    unit: Unit,
    object_name: str,
    id: str,
    name: str,
    choices: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, Any]] | None = None,
    version: int | None = None,
) -> Converted:
    """Convert a record. `choices` by target key: "new", "skip" (where optional) or the id of an existing record.

    Without a choice, the best match is taken, and a record is made where nothing matches. `values` by target key
    replace what the mapping gives a new record.

    Raises:
        NotFound: the record or the conversion does not exist.
        Rejected: the record cannot be converted as it is, or what would be made breaks a rule.
        BadRequest: a choice for a target that the conversion does not have, or "skip" for one that it needs.
    """
    acting = unit.acting(replace(unit.actor, channel="conversion"))
    source = _Source(acting, object_name, id, name)
    plan = _Plan(source, dict(choices or {}), values or {})
    plan.decide()
    operation = record_id()
    acting.memory[TRUSTED] = frozenset({(source.plan.name, id)})
    acting.memory[CONVERTING] = (source.plan.name, id)
    saved = save(acting, [*plan.changes, *plan.carry(), *plan.after(version)], operation=operation)
    return _remember(acting, source, plan, saved, operation)


def is_open(unit: Unit, record: Record, name: str) -> bool:
    """Whether the conversion's `when` holds for a record as it is: what a page asks before it offers it.

    Raises:
        NotFound: the object has no such conversion.
    """
    plan = plan_of(unit.runtime, record.object)
    when = _named(plan, name).when
    if when is None:
        return True
    values = dict(record.values)
    expressions = Expressions(unit, Related(unit))
    expressions.follow([values], formula_needs(plan, [when]))
    return expressions.holds(when, Row(0, "update", plan, record.id, {}, before=values, values=values))


def undo(unit: Unit, operation: str) -> Saved:
    """Take a conversion back: what it made goes to the bin, what it changed is as before.

    Raises:
        NotFound: there is no such conversion.
        Conflict: its days are over, or somebody has changed what it made since; nothing is taken back then.
    """
    entry = unit.connection.execute(select(tables.operations).where(tables.operations.c.id == operation)).one_or_none()
    if entry is None or entry.kind != KIND or entry.state != "done":
        raise NotFound(
            Problem(code="undo-unknown", thing=operation, reason=msg("There is no such conversion to take back."))
        )
    if entry.undo_until is None or entry.undo_until < unit.now:
        raise Conflict(
            Problem(code="undo-late", thing=operation, reason=msg("The time to take this conversion back has passed."))
        )
    changes, kept = undoing.plan_undo(unit, operation)
    if kept:
        raise Conflict(Problem(code="undo-changed-since", thing=operation, reason=reason) for reason in kept)
    undoing.mark_undone(unit, operation)
    return save(unit, changes, reverting=True)


class _Source:
    """The record to convert, its conversion, and formulas evaluated on it."""

    def __init__(self, unit: Unit, object_name: str, id: str, name: str) -> None:
        record = unit.records.get(object_name, id)
        self.unit, self.id = unit, id
        self.plan = plan_of(unit.runtime, record.object)
        self.conversion = _named(self.plan, name)
        self.row = self._row(self.plan, id)
        self.expressions = Expressions(unit, Related(unit))
        self._follow(self.plan, [self.row], self._formulas())
        when = self.conversion.when
        if when is not None and not self.expressions.holds(when, self.row):
            label = self.conversion.label
            reason = msg("“{label}” is not possible for this record as it is.", label=label)
            raise Rejected(
                Problem(code="conversion-not-now", reason=reason, thing=f"conversion:{self.plan.name}.{name}")
            )

    def _row(self, plan: ObjectPlan, id: str) -> Row:
        statement = select(*plan.columns).where(plan.table.c.id == id)
        values = plan.read(self.unit.connection.execute(statement).one())
        return Row(0, "update", plan, id, {}, before=dict(values), values=values)

    def _formulas(self) -> Iterable[Any]:
        for target in self.conversion.into:
            yield from target.map.values()
        yield from self.conversion.after_set.values()
        if self.conversion.when is not None:
            yield self.conversion.when

    def _follow(self, plan: ObjectPlan, rows: list[Row], formulas: Iterable[Any]) -> None:
        self.expressions.follow([row.values for row in rows], formula_needs(plan, formulas))

    def values_for(self, target: ConversionTarget) -> dict[str, Any]:
        """What the mapping gives a new record; blanks are left out, so that defaults fill them, and what is hidden."""
        return self._seen(target.object, self.mapped(self.row, target.map, target.copy))

    def _seen(self, object_name: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Of `values` for a new record those of fields that the actor has: others are not there to be given."""
        obj = self.unit.runtime.model.objects[object_name]
        return {name: value for name, value in values.items() if self.unit.access.seen(obj, obj.fields[name])}

    def told(self, target: ConversionTarget, values: Mapping[str, Any]) -> dict[str, Any]:
        """Of `values` those that the actor may see: as the target's, and as what they are made of."""
        unit, obj = self.unit, self.unit.runtime.model.objects[target.object]
        found = {}
        for name, value in values.items():
            read = target.map[name].references if name in target.map else [(target.copy[name],)]
            seen = all(may_read(unit.access, unit.runtime.model, self.plan.object, path) for path in read)
            if seen and unit.access.may_field("read", obj, obj.fields[name]):
                found[name] = value
        return found

    def mapped(self, row: Row, formulas: Mapping[str, Any], copies: Mapping[str, str]) -> dict[str, Any]:
        """The values of formulas and plain copies over one record, blanks left out."""
        found: dict[str, Any] = {name: row.values.get(source) for name, source in copies.items()}
        for name, formula in formulas.items():
            try:
                value = self.expressions.on_row(formula, row)
            except EvaluationError:
                value = None
            found[name] = sorted(value) if isinstance(value, frozenset) else value
        return {name: value for name, value in found.items() if value is not None and value != ""}

    def children(self, lines: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The mapped values of those lines of the record that the actor may see, in the order of their making."""
        name, _, lookup = str(lines["from"]).partition(".")
        made = str(lines["into"]).partition(".")[0]
        plan = plan_of(self.unit.runtime, name)
        key = plan.slots[lookup].keys[0]
        statement = select(*plan.columns).where(plan.table.c[key] == self.id, plan.table.c.deleted_at.is_(None))
        visible = self.unit.access.visible("read", plan.object, plan.table)
        statement = statement if visible is None else statement.where(visible)
        rows = []
        for stored in self.unit.connection.execute(statement.order_by(plan.table.c.id)):
            values = plan.read(stored)
            rows.append(Row(0, "update", plan, values["id"], {}, before=dict(values), values=values))
        self._follow(plan, rows, lines["map"].values())
        return [self._seen(made, self.mapped(row, lines["map"], lines.get("copy", {}))) for row in rows]


def _named(plan: ObjectPlan, name: str) -> Conversion:
    found = plan.object.conversions.get(name)
    if found is None:
        raise NotFound(
            Problem(
                code="conversion-unknown",
                reason=msg("{object} has no conversion {name}.", object=plan.object.label, name=name),
                thing=f"object:{plan.name}",
            )
        )
    return found


def _matches(
    unit: Unit, target: ConversionTarget, values: Mapping[str, Any], within: Mapping[str, Reference]
) -> tuple[Reference, ...]:
    """Existing records that may be the target: those equal in the first field that finds any, then in the next."""
    inside = target.find.get("within")
    if inside is not None and inside not in within:
        return ()
    obj = unit.runtime.model.objects[target.object]
    found: dict[str, Reference] = {}
    for name in target.find.get("same", ()):
        if name not in values or not unit.access.may_field("read", obj, obj.fields[name]):
            continue  # to find a record by what is not shown would tell it
        where: Any = Condition(name, "is", _operand(obj.fields[name], values[name]))
        if inside is not None:
            from dougong.engine.query import All

            link = next(key for key, other in target.link.items() if other == inside)
            where = All((where, Condition(link, "is", within[inside].id)))
        page = unit.records.query(Query(object=obj.name, columns=(obj.title,), where=where, limit=OFFERED))
        for row in page.rows:
            found.setdefault(row.id, Reference(obj.name, row.id, str(row.values[0]) if row.values else ""))
    return tuple(found.values())[:OFFERED]


def _operand(each: Field, value: Any) -> Any:
    return (
        value.id
        if isinstance(value, Reference)
        else value
        if isinstance(value, str)
        else each.type.to_json(each, value)
    )


@dataclass(slots=True)
class _Plan:
    """The changes of one conversion, decided target by target."""

    source: _Source
    choices: dict[str, str]
    given: Mapping[str, Mapping[str, Any]]
    changes: list[Change] = field(default_factory=list)
    named: dict[str, Any] = field(default_factory=dict)
    """By target key: what other records name it by, a `Reference` to what exists or `Made`."""
    creates: dict[str, int] = field(default_factory=dict)

    def decide(self) -> None:
        """Take or make the record of every target, and its lines."""
        unknown = set(self.choices) - {target.key for target in self.source.conversion.into}
        if unknown:
            raise _wrong_choice(msg("This conversion has no {keys}.", keys=", ".join(sorted(unknown))))
        for target in self.source.conversion.into:
            self._decide(target)

    def _decide(self, target: ConversionTarget) -> None:
        choice = self.choices.get(target.key) or self._best(target)
        if choice == SKIP:
            if not target.optional:
                raise _wrong_choice(msg("{key} cannot be left out of this conversion.", key=target.key))
            return
        if choice != NEW:
            self.named[target.key] = Reference(target.object, choice)
            self.source.unit.records.get(target.object, choice)
            return
        values = {**self.source.values_for(target), **self._links(target), **self.given.get(target.key, {})}
        if target.record_type:
            values.setdefault("record_type", target.record_type)
        self.creates[target.key] = len(self.changes)
        self.named[target.key] = Made(target.key)
        self.changes.append(Create(target.object, values, key=target.key))
        for lines in target.children:
            name, _, lookup = str(lines["into"]).partition(".")
            for mapped in self.source.children(lines):
                self.changes.append(Create(name, {**mapped, lookup: Made(target.key)}))

    def _best(self, target: ConversionTarget) -> str:
        within = {key: named for key, named in self.named.items() if isinstance(named, Reference)}
        matches = _matches(self.source.unit, target, self.source.values_for(target), within)
        return matches[0].id if matches else NEW

    def _links(self, target: ConversionTarget) -> dict[str, Any]:
        return {name: self.named[key] for name, key in target.link.items() if key in self.named}

    def carry(self) -> list[Change]:
        """Let what is related to the source be related to the record that is opened next."""
        heir = self._opened()
        if heir is None:
            return []
        objects = self.source.unit.runtime.model.objects
        found: list[Change] = []
        for word in self.source.conversion.carry:
            for name in CARRIED[word]:
                lookup = objects[name].fields.get("related_to") if name in objects else None
                if lookup is None or not {self.source.plan.name, heir[0]} <= set(lookup.targets):
                    continue
                found += [Update(name, id, {"related_to": heir[1]}) for id in self._related(name)]
        return found

    def _related(self, name: str) -> list[str]:
        """The records related to the source that the actor may see and change; others stay where they are."""
        plan = plan_of(self.source.unit.runtime, name)
        keys = plan.slots["related_to"].keys
        conditions = [plan.table.c[keys[0]] == self.source.id, plan.table.c.deleted_at.is_(None)]
        if len(keys) > 1:
            conditions.append(plan.table.c[keys[1]] == self.source.plan.name)
        rights: tuple[Right, ...] = ("read", "edit")
        for each in rights:
            covered = self.source.unit.access.visible(each, plan.object, plan.table)
            conditions += [] if covered is None else [covered]
        return [str(id) for id in self.source.unit.connection.scalars(select(plan.table.c.id).where(*conditions))]

    def _opened(self) -> tuple[str, Any] | None:
        """The object and the name of the record that inherits: the one to open, else the last one that there is."""
        key = self.source.conversion.after_open
        if key not in self.named:
            key = next(reversed(self.named), None)
        target = next((each for each in self.source.conversion.into if each.key == key), None)
        return None if target is None else (target.object, self.named[target.key])

    def after(self, version: int | None) -> list[Change]:
        """What the source itself becomes; it must still be as it was read."""
        values = self.source.mapped(self.source.row, self.source.conversion.after_set, {})
        version = version or int(self.source.row.before["version"])
        return [Update(self.source.plan.name, self.source.id, values, version=version)]


def _wrong_choice(reason: Any) -> BadRequest:
    return BadRequest(Problem(code="conversion-choice", reason=reason, place=Place()))


def _remember(unit: Unit, source: _Source, plan: _Plan, saved: Saved, operation: str) -> Converted:
    """Keep what became of the record: for undoing, for its lock, and for showing where things came from."""
    by_row = {each.row: each for each in saved.changes}
    records = {
        key: named
        if isinstance(named, Reference)
        else Reference(by_row[plan.creates[key] + 1].object, by_row[plan.creates[key] + 1].id)
        for key, named in plan.named.items()
    }
    conversion = source.conversion
    unit.connection.execute(
        insert(tables.operations).values(
            id=operation,
            kind=KIND,
            title=f"{source.plan.name}.{conversion.name}",
            object=source.plan.object.id,
            record_id=source.id,
            actor_id=unit.actor.user_id,
            actor=unit.actor.name,
            at=unit.now,
            state="done",
            undo_until=unit.now + timedelta(days=conversion.undo_days) if conversion.undo_days else None,
            details={
                "records": {key: {"object": each.object, "id": each.id} for key, each in records.items()},
                "made": sorted(plan.creates),
                "lock": conversion.after_lock,
            },
        )
    )
    opened = conversion.after_open if conversion.after_open in records else next(reversed(records), None)
    return Converted(
        operation=operation,
        records=records,
        made=frozenset(plan.creates),
        open=records.get(opened) if opened else None,
        saved=saved,
    )
