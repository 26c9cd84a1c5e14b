"""Validation rules: what must not be in a record, with the message at the field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dougong.base.errors import Place, Problem
from dougong.base.language import Message, msg
from dougong.engine.saving.expressions import formula_needs
from dougong.engine.saving.plan import COMPANY, ObjectPlan
from dougong.engine.saving.related import Needs
from dougong.engine.saving.row import Batch, Row, grouped
from dougong.engine.saving.stages import late_fields, path_for
from dougong.formulas.evaluation import EvaluationError
from dougong.metadata.model import ValidationRule

WARNING = "rule-warning"
"""The code of a rule that lets a record through once somebody says why."""


@dataclass(frozen=True, slots=True)
class ValidationRules:
    """The rules of one object: those judged before anything is written, and those that read its roll-ups."""

    early: tuple[ValidationRule, ...]
    late: tuple[ValidationRule, ...]
    needs: Needs
    reads: Mapping[str, tuple[str, ...]]
    """By name of a late rule, what it reads of roll-ups and of fields computed from them."""

    def at_time(self, after: bool) -> tuple[ValidationRule, ...]:
        """The rules judged before writing, or `after` the roll-ups."""
        return self.late if after else self.early


def validation_of(plan: ObjectPlan) -> ValidationRules:
    """The validation rules of an object."""
    rules = tuple(plan.object.validation_rules.values())
    late = plan.part(late_fields)
    found = {each.name: tuple({path[0] for path in each.when.references} & late) for each in rules}
    waits = {name: (*names, *(name + COMPANY for name in names)) for name, names in found.items() if names}
    return ValidationRules(
        early=tuple(each for each in rules if each.name not in waits),
        late=tuple(each for each in rules if each.name in waits),
        needs=formula_needs(plan, (each.when for each in rules)),
        reads=waits,
    )


def check(batch: Batch, rows: Iterable[Row], why: str, after: bool = False) -> None:
    """Note every rule that `rows` break; what reads roll-ups is judged `after` these are computed.

    A warning is let through where `why` says the reason, which history keeps, and in an import, where nobody can be
    asked and history names the import; it is then told among the warnings. What takes changes back restores what was,
    and is not judged.

    A record that merely follows others (the parent of lines that are saved) is held to the rules that read what
    changed of it, as a change of it would be: see `telling.pass_on`.
    """
    if batch.reverting:
        return
    for plan, group in grouped(row for row in rows if row.plan.object.validation_rules):
        known = plan.part(validation_of)
        rules = [each for each in known.at_time(after) if _is_active(batch, each, group[0])]
        asked = [(row, rule) for row in group for rule in rules if _is_asked(rule, row, known)] if rules else []
        if asked and known.needs:
            batch.expressions.follow((row.values for row in dict.fromkeys(row for row, _ in asked)), known.needs)
        for row, rule in asked:
            _judge(batch, rule, row, row.why or why)


def _is_active(batch: Batch, rule: ValidationRule, row: Row) -> bool:
    """Whether the settings switch the rule on; it reads no field, so any row will do."""
    return rule.active is None or batch.expressions.holds(rule.active, row)


def _is_asked(rule: ValidationRule, row: Row, known: ValidationRules) -> bool:
    if rule.record_types and row.values.get("record_type") not in rule.record_types:
        return False
    if row.extra:
        return "update" in rule.on and any(row.differs(name) for name in known.reads.get(rule.name, ()))
    if ("create" if row.new else "update") in rule.on:
        return True
    if row.new or "stage" not in rule.on:
        return False
    path = path_for(row.plan, row.values.get("record_type"))
    return path is not None and row.differs(path.field)


def _judge(batch: Batch, rule: ValidationRule, row: Row, why: str) -> None:
    try:
        if not batch.expressions.on_row(rule.when, row):
            return
    except EvaluationError as error:
        called = rule.label or rule.name
        reason = msg("The rule {rule} cannot be judged: {error}", rule=called, error=error.kind.reason)
        row.problems += _problems(rule, row, "rule-fails", reason, msg("Tell who designs the rules."))
        return
    message = msg("{message}", message=rule.message)
    if rule.severity == "error":
        row.problems += _problems(rule, row, "rule", message)
    elif why.strip() or batch.unit.actor.channel == "import":
        row.warnings += (replace(each, severity="warning") for each in _problems(rule, row, WARNING, message))
    else:
        row.problems += _problems(rule, row, WARNING, message, msg("Say why it is right all the same."))


def _problems(rule: ValidationRule, row: Row, code: str, reason: Message, fix: Message | None = None) -> list[Problem]:
    """The problem at each place that the rule names; lines are told by the name of their relation."""
    number = row.number or None
    return [
        Problem(code=code, reason=reason, fix=fix, thing=rule.address, place=Place(field=place, row=number))
        for place in rule.at or (None,)
    ]
