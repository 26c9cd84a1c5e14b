"""The rules of an object that need its own record alone: required fields, choices, record types."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dougong.base.language import msg
from dougong.engine.actor import PUBLISHING
from dougong.engine.fields.choices import allowed_values
from dougong.engine.saving.plan import ObjectPlan
from dougong.engine.saving.row import Batch, Row, grouped
from dougong.engine.saving.stages import is_blank, late_fields
from dougong.metadata.model import Field


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one object.

    `required` can be judged before the record is written; `late_required` are computed from roll-ups, and judged when
    these are known. `late_paths` is True when the same holds of the object's paths.
    """

    required: tuple[Field, ...]
    late_required: tuple[Field, ...]
    picklists: tuple[Field, ...]
    dependents: tuple[tuple[Field, Field], ...]
    """Picklists whose values depend on another field, and that field."""
    others: tuple[tuple[Field, str, Field], ...]
    """Picklists with a value that is put into words: the field, the value, the text field that holds the words."""
    fixed_masters: tuple[Field, ...]
    late_paths: bool

    @property
    def late(self) -> bool:
        """True when something is judged after the roll-ups."""
        return bool(self.late_required or self.late_paths)


def rules_of(plan: ObjectPlan) -> Rules:
    """The rules of an object."""
    obj = plan.object
    fields = [each for each in obj.fields.values() if not each.system]
    late = plan.part(late_fields)
    required = [each for each in fields if each.required and each.type.writable and not each.retired]
    return Rules(
        required=tuple(each for each in required if each.name not in late),
        late_required=tuple(each for each in required if each.name in late),
        picklists=tuple(each for each in fields if each.picklist is not None and each.name in plan.slots),
        dependents=tuple(
            (each, obj.fields[each.options["depends_on"]["field"]]) for each in fields if each.options.get("depends_on")
        ),
        others=tuple(
            (each, each.options["other"]["value"], obj.fields[each.options["other"]["text"]])
            for each in fields
            if each.options.get("other")
        ),
        fixed_masters=tuple(
            each for each in fields if each.type.name == "master_detail" and each.options.get("reparent") is False
        ),
        late_paths=any(_is_late(plan, late, path.stages.values()) for path in obj.paths.values()),
    )


def _is_late(plan: ObjectPlan, late: frozenset[str], stages: Iterable[Any]) -> bool:
    for stage in stages:
        if late & set(stage.required):
            return True
        if any(path[0] in late for gate in stage.gates for path in gate.when.references):
            return True
    return False


def check(batch: Batch) -> None:
    """Note every rule that a new or changed record breaks, but those that wait for roll-ups."""
    for plan, rows in grouped(batch.people("create", "update")):
        rules = plan.part(rules_of)
        for row in rows:
            _check_record_type(row, batch.reverting)
            _check_required(row, rules.required)
            _check_choices(row, rules, batch.unit.actor.channel == PUBLISHING)
            for picklist, value, text in rules.others:
                _check_words(row, picklist, value, text)
            for field in rules.fixed_masters:
                if not (row.new or batch.reverting) and row.differs(field.name):
                    row.refuse(
                        "master-fixed",
                        msg("{label} cannot be changed once it is set.", label=field.label),
                        at=field.name,
                    )


def check_late(rows: Iterable[Row]) -> None:
    """Note every broken rule that had to wait for roll-ups."""
    for plan, group in grouped(rows):
        rules = plan.part(rules_of)
        for row in group:
            _check_required(row, rules.late_required)


def _check_required(row: Row, fields: Iterable[Field]) -> None:
    for field in fields:
        due = row.new or row.differs(field.name)
        if due and is_blank(row.values.get(field.name)) and not row.has_problem(field.name):
            row.refuse("required", msg("{label} is required.", label=field.label), at=field.name)


def _check_words(row: Row, picklist: Field, value: str, text: Field) -> None:
    """A value that wants words has them; with another value there are none, and those of before go."""
    if not (row.new or row.differs(picklist.name) or row.differs(text.name)):
        return
    chosen = row.values.get(picklist.name)
    wants = value in chosen if isinstance(chosen, tuple) else chosen == value
    blank = is_blank(row.values.get(text.name))
    if wants and blank:
        reason = msg("Put “{value}” into words.", value=_label(picklist, value))
        row.refuse("other-text-missing", reason, msg("Fill in {label}.", label=text.label), at=text.name)
    elif not wants and not blank and row.differs(picklist.name):
        row.values[text.name] = None
    elif not wants and not blank:
        reason = msg("{label} is for “{value}” alone.", label=text.label, value=_label(picklist, value))
        row.refuse("other-text-alone", reason, msg("Choose that value, or leave this blank."), at=text.name)


def _check_record_type(row: Row, reverting: bool) -> None:
    types = row.plan.object.record_types
    chosen, old = row.values.get("record_type"), row.before.get("record_type")
    if chosen == old or (chosen is None and not types):
        return
    found = types.get(str(chosen))
    field = row.plan.object.fields["record_type"]
    if found is None or not found.active:
        row.refuse("record-type-unknown", msg("There is no record type {name}.", name=chosen or ""), at="record_type")
    elif not (row.new or reverting) and isinstance(old, str) and old in types:
        reachable = types[old].switch_to
        if reachable is not None and chosen not in reachable:
            reason = msg(
                "{label} cannot change from {old} to {new}.", label=field.label, old=types[old].label, new=found.label
            )
            row.refuse("record-type-switch", reason, at="record_type")


def _check_choices(row: Row, rules: Rules, publishing: bool) -> None:
    """What publishing writes may be what people are not offered: the kind of a queue."""
    chosen = row.plan.object.record_types.get(row.values.get("record_type") or "")
    retyped = row.differs("record_type")
    for field in rules.picklists:
        value = row.values.get(field.name)
        if value is None or not (retyped or row.differs(field.name)):
            continue
        values = value if isinstance(value, tuple) else (value,)
        kept = row.before.get(field.name)
        old = kept if isinstance(kept, tuple) else (kept,)
        only = chosen.values[field.name].get("only") if chosen is not None and field.name in chosen.values else None
        for each in values:
            if only is not None and each not in only and chosen is not None:
                _refuse_choice(row, field, each, "choice-record-type", msg("for {type}", type=chosen.label))
            elif each not in old and not (publishing or _is_active(field, each)):
                row.refuse(
                    "choice-retired",
                    msg("{value} is no longer offered for {label}.", value=_label(field, each), label=field.label),
                    msg("Choose another value."),
                    at=field.name,
                )
    for field, controlling in rules.dependents:
        _check_dependent(row, field, controlling)


def _check_dependent(row: Row, field: Field, controlling: Field) -> None:
    value, choice = row.values.get(field.name), row.values.get(controlling.name)
    if value is None or not (row.differs(field.name) or row.differs(controlling.name)):
        return
    allowed = allowed_values(field, choice)
    shown = msg("blank") if choice is None else _label(controlling, choice)
    for each in value if isinstance(value, tuple) else (value,):
        if allowed is not None and each not in allowed:
            where = msg("while {label} is {value}", label=controlling.label, value=shown)
            _refuse_choice(row, field, each, "choice-dependent", where)


def _refuse_choice(row: Row, field: Field, value: str, code: str, where: Any) -> None:
    row.refuse(
        code,
        msg("{label} cannot be {value} {where}.", label=field.label, value=_label(field, value), where=where),
        msg("Choose another value."),
        at=field.name,
    )


def _is_active(field: Field, value: str) -> bool:
    found = field.picklist.values.get(value) if field.picklist else None
    return found is None or found.active


def _label(field: Field, value: Any) -> Any:
    found = field.picklist.values.get(value) if field.picklist else None
    return found.label if found else str(value)
