"""What a publish would do, said beforehand: changes of the metadata, steps on tables, and what live records say.

Counts are taken on the live rows at the moment of asking. Only what would stop the publish is an error; a warning says
that records stand against a new rule, or that values would be set aside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Column, func, select

from dougong.base.errors import Problem
from dougong.base.field_types import ValueRefused
from dougong.base.language import Message, msg
from dougong.engine.actor import SYSTEM
from dougong.engine.backfill import converted
from dougong.engine.company import Company
from dougong.engine.dialects.indexing import indexes_of
from dougong.engine.metadata_rows import named_by
from dougong.engine.preparation import Coming
from dougong.engine.publish import Publication, come, merged
from dougong.engine.queue_accounts import owned_by
from dougong.engine.rehearsal import failures
from dougong.engine.saving.expressions import Expressions
from dougong.engine.saving.keys import key_of
from dougong.engine.saving.related import Related
from dougong.engine.standing import breaking
from dougong.engine.storage import RecordTable
from dougong.engine.trials import as_coming, tried
from dougong.engine.unit import Unit
from dougong.metadata.check import check
from dougong.metadata.model import Constraint, Field, Model
from dougong.metadata.trees import Change, diff

SHOWN = 20
"""How many record ids an effect names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One thing that a publish would do. `count` of `total` live records are concerned; `records` are some of them."""

    code: str
    thing: str
    text: Message
    severity: Literal["info", "warning", "error"] = "info"
    count: int = 0
    total: int = 0
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What publishing would do on top of revision `parent`. `problems` are those of the check: errors forbid it."""

    parent: int
    changes: tuple[Change, ...]
    effects: tuple[Effect, ...]
    problems: tuple[Problem, ...]
    model: Model | None = None
    """What would be in force; None where the check forbids it."""

    @property
    def possible(self) -> bool:
        """Whether a publish would go through."""
        severities = [*(each.severity for each in self.problems), *(each.severity for each in self.effects)]
        return "error" not in severities


def plan(company: Company, wanted: Publication, named: int = SHOWN, *, tests: bool = False) -> Plan:
    """What publishing `wanted` would do; nothing is written. Each effect names at most `named` records.

    `tests`: those of the configuration are carried out too, which takes seconds.

    Raises:
        Conflict: others published changes that cannot be merged with it.
    """
    with company.read(SYSTEM) as unit:
        parent = unit.runtime.revision
        tree = merged(company, unit.connection, wanted, parent)
        head = company.tree_of(unit.connection, parent)
        checked = check(tree)
        effects: tuple[Effect, ...] = ()
        model: Model | None = None
        if not checked.errors:
            coming = come(company, unit.connection, tree)
            effects, model = tuple(_effects(unit, coming, named)), coming.runtime.model
        changes = diff(head, tree)
    failed = failures(company, checked, head) if tests else ()
    problems = (*checked.problems, *failed)
    return Plan(parent=parent, changes=changes, effects=effects, problems=problems, model=model)


def _effects(unit: Unit, coming: Coming, named: int) -> Iterator[Effect]:
    before = {records.object.id: records for records in unit.runtime.storage.tables.values()}
    after = {records.object.id: records for records in coming.runtime.storage.tables.values()}
    for id, records in after.items():
        if id not in before:
            known = ("object", id, "") in coming.known
            code, text = (
                ("table-restored", msg("Its table is there from before, with its records."))
                if known
                else ("table-added", msg("A new table is made."))
            )
            yield Effect(code=code, thing=f"object:{records.object.name}", text=text)
    for id, records in before.items():
        total = _total(unit, records)
        if id not in after:
            yield Effect(
                code="object-removed",
                thing=f"object:{records.object.name}",
                severity="warning" if total else "info",
                text=msg("The object goes; its records are kept aside until they are purged."),
                count=total,
                total=total,
            )
        else:
            yield from _Comparison(unit, coming, (records, after[id]), total, named).effects()
    yield from _row_effects(unit, coming, before)
    yield from _queue_effects(unit, coming)
    for index in coming.steps.indexes:
        if index.table is not None and index not in indexes_of(unit.connection, index.table):
            continue
        yield Effect(
            code="index-added",
            thing=f"table:{index.table.name if index.table is not None else ''}",
            text=msg("The index {name} is built afterwards, while everybody works.", name=str(index.name)),
        )


def _row_effects(unit: Unit, coming: Coming, before: Mapping[str, RecordTable]) -> Iterator[Effect]:
    """What becomes of records that travel with the metadata, and of those that people made before they did."""
    for each in coming.rows:
        obj = coming.runtime.model.objects[each.object]
        total = _total(unit, before[obj.id]) if obj.id in before else 0
        thing = f"object:{each.object}"
        counted = (
            ("rows-added", msg("{count} rows are written as new records.", count=len(each.added)), len(each.added)),
            ("rows-changed", msg("{count} rows change.", count=len(each.changed)), len(each.changed)),
            ("rows-retired", msg("{count} rows are retired: they can no longer be chosen.", count=len(each.retired)),
             len(each.retired)),
        )  # fmt: skip
        for code, text, count in counted:
            if count:
                yield Effect(code=code, thing=thing, text=text, count=count, total=total)
        naming = named_by(unit, before[obj.id].object.name, each.retired) if obj.id in before else 0
        if naming:
            text = msg("{count} records name rows that are retired; they go on naming them.", count=naming)
            yield Effect(code="rows-still-named", thing=thing, text=text, count=naming, severity="warning")
    for obj in coming.runtime.model.objects.values():
        records = before.get(obj.id)
        if records is not None and obj.rows == "metadata" and records.object.rows == "data":
            total = _total(unit, records)
            if total:
                text = msg(
                    "{count} records that people made stay as they are, and nobody can change them.", count=total
                )
                yield Effect(code="rows-from-people", thing=f"object:{obj.name}", text=text, count=total, total=total,
                             severity="warning")  # fmt: skip


def _queue_effects(unit: Unit, coming: Coming) -> Iterator[Effect]:
    """What waits in queues that leave the metadata."""
    for each in coming.queues.retired:
        count = owned_by(unit, each)
        text = msg("The queue takes nothing more, and nobody takes from it; {count} records stay in it.", count=count)
        yield Effect(
            code="queue-retired",
            thing=f"queue:{each.name}",
            text=text,
            count=count,
            severity="warning" if count else "info",
        )


def _total(unit: Unit, records: RecordTable) -> int:
    live = records.table.c.deleted_at.is_(None)
    return int(unit.connection.scalar(select(func.count()).select_from(records.table).where(live)) or 0)


class _Comparison:
    """One object before and after, and its live records."""

    def __init__(
        self, unit: Unit, coming: Coming, tables: tuple[RecordTable, RecordTable], total: int, named: int
    ) -> None:
        self.unit, self.coming, self.total, self.named = unit, coming, total, named
        self.before, self.after = tables
        self.live = self.before.table.c.deleted_at.is_(None)

    def effects(self) -> Iterator[Effect]:
        old = {each.id: each for each in self.before.object.fields.values() if not each.system}
        new = {each.id: each for each in self.after.object.fields.values() if not each.system}
        for id, field in old.items():
            if id not in new and field.name in self.before.parts:
                yield self._removed(field)
        for id, field in new.items():
            if id not in old:
                yield self._added(field)
            elif old[id].name in self.before.parts and field.name in self.after.parts:
                yield from self._changed(old[id], field)
        for name, constraint in self.after.object.constraints.items():
            column = self.after.uniques.get(name)
            known = {each.name for each in self.before.uniques.values()}
            if constraint.kind == "unique" and column is not None and column.name not in known:
                yield from self._unique_together(constraint, old, new)
        yield from self._rules()
        yield from self._arriving()

    def _effect(self, code: str, field: Field, text: Message, count: int = 0, **more: Any) -> Effect:
        return Effect(code=code, thing=field.address, text=text, count=count, total=self.total, **more)

    def _removed(self, field: Field) -> Effect:
        column = self.before.parts[field.name][0]
        count = int(self.unit.connection.scalar(select(func.count(column)).where(self.live)) or 0)
        text = msg("The field goes; its values are kept aside until they are purged.")
        return self._effect("field-removed", field, text, count, severity="warning" if count else "info")

    def _added(self, field: Field) -> Effect:
        columns = self.after.parts.get(field.name)
        if field.formula is not None and columns is not None:
            return self._computed(field)
        if columns is None:
            return self._effect(
                "field-added", field, msg("The field is added; nothing is stored for it in this table.")
            )
        if any(
            place.table == self.after.table.name and columns[0].name in place.columns
            for place in self.coming.known.values()
        ):
            return self._effect("field-restored", field, msg("The field comes back with the values that it had."))
        if field.required and self.total:
            text = msg("No record there is has this required field yet; each is asked for it when it is next edited.")
            return self._effect("required-missing", field, text, self.total, severity="warning")
        return self._effect("field-added", field, msg("A column is added; records from before are blank in it."))

    def _computed(self, field: Field) -> Effect:
        text = msg("The formula is computed for {count} records before its values are seen.", count=self.total)
        return self._effect("formula-computed", field, text, self.total)

    # -- fields that stay --------------------------------------------------------------------------------
    def _changed(self, old: Field, new: Field) -> Iterator[Effect]:
        source, target = self.before.parts[old.name], self.after.parts[new.name]
        moved = [column.name for column in source] != [column.name for column in target]
        if new.formula is not None:
            if moved:
                yield self._computed(new)
            return
        if moved or (old.type, old.options, old.picklist, old.targets) != (
            new.type,
            new.options,
            new.picklist,
            new.targets,
        ):
            yield from self._values(old, new, source, moved)
        if new.required and not old.required:
            yield from self._required(new, source[0])
        if (new.unique or new.external_key) and not (old.unique or old.external_key) and not moved:
            yield from self._unique(new, source[0])

    def _values(self, old: Field, new: Field, source: Sequence[Column[Any]], moved: bool) -> Iterator[Effect]:
        """What the new definition makes of every value that is there."""
        fits = lost = 0
        records: list[str] = []
        for *parts, count in self.unit.connection.execute(
            select(*source, func.count()).where(self.live).group_by(*source)
        ):
            value = old.type.from_row(old, parts)
            if value is None:
                continue
            try:
                converted(old, new, value, self.unit.reading)
                fits += count
            except ValueRefused:
                lost += count
                if len(records) < self.named:
                    records += self._having(source, parts, self.named - len(records))
        if moved:
            text = msg("{count} values are converted to the new type.", count=fits)
            yield self._effect("values-converted", new, text, fits)
        if lost:
            text = (
                msg("{count} values do not convert: they become blank, and are kept aside.", count=lost)
                if moved
                else msg("{count} values break the new rule; each stays until its record is next edited.", count=lost)
            )
            code = "values-lost" if moved else "values-refused"
            yield self._effect(code, new, text, lost, severity="warning", records=tuple(records))

    def _having(self, source: Sequence[Column[Any]], parts: Sequence[Any], limit: int) -> list[str]:
        same = (
            column.is_(None) if part is None else column == part for column, part in zip(source, parts, strict=True)
        )
        ids = select(self.before.table.c.id).where(self.live, *same).order_by(self.before.table.c.id).limit(limit)
        return list(self.unit.connection.scalars(ids))

    def _required(self, field: Field, column: Column[Any]) -> Iterator[Effect]:
        count = int(self.unit.connection.scalar(select(func.count()).where(self.live, column.is_(None))) or 0)
        if count:
            text = msg(
                "{count} records lack this required field; each is asked for it when it is next edited.", count=count
            )
            records = tuple(self._having([column], [None], self.named))
            yield self._effect("required-missing", field, text, count, severity="warning", records=records)

    def _unique(self, field: Field, column: Column[Any]) -> Iterator[Effect]:
        twice = select(column).where(self.live, column.is_not(None)).group_by(column).having(func.count() > 1)
        rows = (
            select(self.before.table.c.id).where(self.live, column.in_(twice)).order_by(column, self.before.table.c.id)
        )
        records = list(self.unit.connection.scalars(rows))
        if records:
            yield self._effect("not-unique", field, _twice(len(records)), len(records), severity="error",
                               records=tuple(records[:self.named]))  # fmt: skip

    # -- unique constraints -------------------------------------------------------------------------------
    def _unique_together(
        self, constraint: Constraint, old: dict[str, Field], new: dict[str, Field]
    ) -> Iterator[Effect]:
        thing = f"object:{self.after.object.name}#constraints/{constraint.name}"
        fields = [self.after.object.fields[name] for name in constraint.fields]
        if any(each.id not in old and not each.system for each in fields):
            return  # a field that is new is blank everywhere
        keys: dict[str, list[str]] = {}
        for id, key in self._keys(constraint):
            keys.setdefault(key, []).append(id)
        records = [id for ids in keys.values() if len(ids) > 1 for id in ids]
        if records:
            yield Effect(code="not-unique", thing=thing, text=_twice(len(records)), severity="error",
                         count=len(records), total=self.total, records=tuple(records[:self.named]))  # fmt: skip

    def _keys(self, constraint: Constraint) -> Iterator[tuple[str, str]]:
        """The key of every live record under a constraint of the coming model, read through the present one."""
        expressions = Expressions(self.unit, Related(self.unit))
        when = constraint.when
        for row in as_coming(self.unit, self.coming.runtime, self.before, self.after):
            key = key_of(row.plan, constraint, row.values, when is None or expressions.holds(when, row))
            if key is not None:
                yield row.id, key

    # -- validation rules ----------------------------------------------------------------------------------
    def _rules(self) -> Iterator[Effect]:
        """How many records each new rule stands against."""
        for trial in tried(self.unit, self.coming, self.before, self.after, self.named):
            text = msg("The rule holds for every record there is.")
            if trial.count:
                text = msg(
                    "{count} of {total} records would break this rule; each is held to it when it is next edited.",
                    count=trial.count,
                    total=self.total,
                )
            if trial.failed:
                text = msg("{text} For {count} of them the rule has no answer.", text=text, count=trial.failed)
            yield Effect(
                code="rule-tried",
                thing=trial.rule.address,
                text=text,
                severity="warning" if trial.count else "info",
                count=trial.count,
                total=self.total,
                records=tuple(trial.records),
            )

    # -- constraints over several records --------------------------------------------------------------------
    def _arriving(self) -> Iterator[Effect]:
        """Constraints that records have not been held to: those that break one would stop the publish."""
        for arrival in self.coming.arrivals:
            if arrival.after is not self.after:
                continue
            text, records = breaking(self.unit, self.coming.runtime, arrival)
            if records:
                yield Effect(code="constraint-broken", thing=arrival.address, text=text, severity="error",
                             count=len(records), total=self.total, records=tuple(records[:self.named]))  # fmt: skip


def _twice(count: int) -> Message:
    return msg("{count} records share values that the new rule wants unique.", count=count)
