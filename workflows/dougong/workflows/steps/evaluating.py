"""Formulas of steps over many records: what they read is loaded in one statement per object and level."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from dougong.base.errors import Place, Problem, Rejected
from dougong.base.field_types import Reference, ValueRefused
from dougong.base.language import msg
from dougong.engine.saving.expressions import accessor, fitted
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.engine.saving.related import Related, needs_of
from dougong.engine.variables import variables
from dougong.formulas import Context, EvaluationError, Formula, Path
from dougong.metadata.model import Field
from dougong.workflows.steps.doing import BY_RECORD, Doing


class Evaluating:
    """The formulas of one step, over its records."""

    def __init__(self, doing: Doing) -> None:
        """Know the records of `doing`; nothing is read before a formula is asked."""
        self.doing, self.unit = doing, doing.unit
        self.plan = plan_of(doing.unit.runtime, doing.object)
        self.related = Related(doing.unit)
        self._variables = variables(doing.unit.actor, doing.unit.runtime.model)

    def load(self, formulas: Iterable[Formula]) -> None:
        """Read what `formulas` look at; those asked together are loaded together."""
        wanted = tuple(formulas)
        self._load(self.plan, self.doing.ids, [path for each in wanted for path in each.references])
        around = self.doing.around_object
        if around is not None:
            outer = [path[1:] for each in wanted for path in each.variables if path[0] == "$Record" and path[1:]]
            self._load(plan_of(self.unit.runtime, around), sorted(set(self.doing.around.values())), outer)

    def _load(self, plan: ObjectPlan, ids: Sequence[str], paths: Sequence[Path]) -> None:
        names = {path[0] for path in paths} & plan.slots.keys()
        if any(len(path) > 1 and path[-1] == "currency" for path in paths) and "currency" in plan.slots:
            names.add("currency")
        self.related.fetch(plan.name, ids, names | {"id"})
        values = [found for id in ids if (found := self.related.values(Reference(plan.name, id))) is not None]
        needs = needs_of(plan, paths)
        if needs:
            self.related.follow(values, needs)

    def values(self, id: str) -> Mapping[str, Any]:
        """What was read of a record."""
        return self.related.values(Reference(self.plan.name, id)) or {}

    @cached_property
    def _context(self) -> dict[str, Any]:
        return {
            "now": self.unit.now,
            "timezone": self.unit.actor.zone,
            "calendar": self.unit.runtime.model.working_calendar,
        }

    def result(self, formula: Formula, id: str) -> Any:
        """What a formula gives for a record; what it reads must be loaded.

        Raises:
            EvaluationError: it has no value.
        """
        values = self.values(id)
        return formula.evaluate(
            lambda path: accessor(self.plan, path)(values, self.related),
            Context(variables=self._variable(id), **self._context),
        )

    def holds(self, formula: Formula, id: str) -> bool:
        """Whether a condition is true for a record; false where it is blank or has no value."""
        try:
            return bool(self.result(formula, id))
        except EvaluationError:
            return False

    def text(self, formula: Formula, id: str) -> Any:
        """What a formula gives; None where it has no value."""
        try:
            return self.result(formula, id)
        except EvaluationError:
            return None

    def _variable(self, id: str) -> Callable[[Path], Any]:
        def answer(path: Path) -> Any:
            head = path[0].lower()
            if head == "$trigger":
                return trigger_value(self.doing.trigger, tuple(each.lower() for each in path[1:2]) + path[2:])
            if head == "$steps":
                return self._of_step(path[1], id)
            if head == "$record":
                return self._around(path[1:], id)
            return self._variables(path)

        return answer

    def _of_step(self, key: str, id: str) -> Any:
        given = self.doing.values.get(key)
        known = given.get(BY_RECORD, {}) if isinstance(given, Mapping) else {}
        return known.get(id) or known.get(self.doing.around.get(id, ""))

    def _around(self, path: Path, id: str) -> Any:
        around, outer = self.doing.around_object, self.doing.around.get(id)
        if around is None or outer is None:
            return None
        values = self.related.values(Reference(around, outer)) or {}
        return accessor(plan_of(self.unit.runtime, around), path)(values, self.related)

    def filled(self, formulas: Mapping[str, Formula], target: str, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """By record, the values of fields of `target` that formulas (by field) give, as saving takes them read.

        Raises:
            Rejected: results that fit no field, each told of its record.
        """
        self.load(formulas.values())
        fields = self.unit.runtime.model.objects[target].fields
        problems: list[Problem] = []
        found = {
            id: {name: self._value(fields[name], formula, id, problems) for name, formula in formulas.items()}
            for id in ids
        }
        if problems:
            raise Rejected(problems)
        return found

    def _value(self, field: Field, formula: Formula, id: str, problems: list[Problem]) -> Any:
        try:
            result = self.result(formula, id)
            if field.type.refers:
                return self._reference(field, formula, result, id)
            return fitted(field, result, self.unit.reading)
        except (EvaluationError, ValueRefused) as error:
            reason = error.reason if isinstance(error, ValueRefused) else error.kind.reason
            problems.append(
                Problem(
                    code="step-value",
                    reason=msg(
                        "The value computed for {label} does not fit: {reason}", label=field.label, reason=reason
                    ),
                    thing=f"record:{self.plan.name}/{id}",
                    place=Place(field=field.name),
                )
            )
            return None

    def _reference(self, field: Field, formula: Formula, result: Any, id: str) -> Any:
        """The record that a formula names: itself, that of the lookup that it reads, or one by its id."""
        if result is None or len(field.targets) < 2:
            return result
        if result == id:
            return Reference(self.plan.name, id)
        if result == self.doing.around.get(id) and self.doing.around_object:
            return Reference(self.doing.around_object, str(result))
        read = self.values(id).get(formula.references[0][0]) if len(formula.references) == 1 else None
        return read if isinstance(read, Reference) and read.id == result else result


def trigger_value(trigger: Mapping[str, Any], path: Path) -> Any:
    """What ``$Trigger.…`` means."""
    if path[:1] == ("payload",):
        given = trigger.get("payload", {}).get(path[1]) if len(path) > 1 else None
        return None if given is None else str(given)
    value = trigger.get(path[0]) if path else None
    if value is not None and path[0] == "offset":
        return Decimal(value)
    return date.fromisoformat(value) if value is not None and path[0] == "on" else value


def below(formulas: Mapping[str, Formula], pointer: str) -> dict[str, Formula]:
    """The formulas of a map under `pointer` (``/values``), by its keys."""
    start = f"{pointer}/"
    return {name.removeprefix(start): each for name, each in formulas.items() if name.startswith(start)}
