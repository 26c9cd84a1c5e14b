"""Formula fields without a value: why, for a record; and for who looks after formulas, how many records there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dougong.base.language import label, msg
from dougong.engine.fields.formula import ERROR, IN_ERROR
from dougong.engine.query import Condition, Query, Record
from dougong.engine.saving.expressions import reader
from dougong.engine.variables import formula_context
from dougong.formulas import EvaluationError, Formula
from dougong.formulas.explanation import Step
from dougong.metadata.model import Field, Object
from dougong.web.composer.records import compose
from dougong.web.formula_check import MOST_STEPS, SeenRelated
from dougong.web.layouts import layout_for
from dougong.web.visit import Visit, with_query

MOST_COUNTED = 10_000
"""Records in error that are counted of one field; beyond them it is "more than"."""


@dataclass(frozen=True, slots=True)
class Failing:
    """A field that has no value for a record: its label, why, and the part of the formula that fails.

    `part` and `url`, which opens the formula beside the record, are for who may change it; else empty.
    """

    label: str
    reason: str
    part: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class FieldInError:
    """A formula field that has no value for some records: `count` of them, no more counted where `more`."""

    label: str
    text: str
    count: int
    more: bool
    url: str


def of_record(visit: Visit, obj: Object, record: Record, designing: bool) -> tuple[Failing, ...]:
    """The formula fields that `record`, read in full, has in error: all of them to who designs, else those shown."""
    failing = [obj.fields[name] for name, value in record.values.items() if value is ERROR and name in obj.fields]
    if failing and not designing:
        view = compose(visit, obj, layout_for(visit, obj, "view", record.values.get("record_type")))
        shown = {path.text for path in view.paths}
        failing = [each for each in failing if each.name in shown]
    return tuple(_failing(visit, obj, record, each, each.formula, designing) for each in failing if each.formula)


def _failing(visit: Visit, obj: Object, record: Record, field: Field, formula: Formula, designing: bool) -> Failing:
    read, context = reader(visit.unit, obj.name, record.values, formula, SeenRelated), formula_context(visit.unit)
    said = label(field.label, visit.language)
    try:
        formula.evaluate(read, context)
    except EvaluationError as error:
        found = Failing(said, visit.say(error.kind.reason))
    else:
        found = Failing(said, visit.say(msg("The result does not fit the field.")))
    if not designing:
        return found
    part = _cause(formula.explain(read, context)).text if formula.size <= MOST_STEPS else formula.text
    asked = (("object", obj.name), ("formula", formula.source), ("record", record.id))
    return Failing(found.label, found.reason, part, with_query("/formulas", asked))


def _cause(step: Step) -> Step:
    """The smallest part that fails as the whole does."""
    inner = next((each for each in step.steps if each.failure is not None and each.failure == step.failure), None)
    return step if inner is None else _cause(inner)


def of_object(visit: Visit, obj: Object) -> Iterator[FieldInError]:
    """The formula fields of an object that have no value for some of the records that the reader sees."""
    for field in obj.fields.values():
        if field.formula is None or IN_ERROR.name not in {each.name for each in field.type.operators(field)}:
            continue
        if not visit.unit.access.may_field("read", obj, field):
            continue
        query = Query(object=obj.name, columns=(), where=Condition(field.name, IN_ERROR.name, None))
        count = visit.unit.records.count(query, cap=MOST_COUNTED)
        if count.number:
            asked = (("view", "everything"), ("where", f"{field.name}:{IN_ERROR.name}"))
            url = with_query(f"/o/{obj.name}", asked)
            said = label(field.label, visit.language)
            yield FieldInError(said, field.formula.text, count.number, count.capped, url)
