"""What a record lacks of what its object asks for: the share that is there, and a way to each field that is not."""

from __future__ import annotations

from dataclasses import dataclass

from dougong.base.language import label
from dougong.engine.formula_scope import scope_of
from dougong.engine.query import Record
from dougong.engine.saving.expressions import reader
from dougong.engine.saving.stages import is_blank
from dougong.engine.variables import formula_context
from dougong.formulas import EvaluationError, Formula, compile
from dougong.metadata.completeness import FIELD, weight_of, weights
from dougong.metadata.model import Object
from dougong.metadata.scope import FieldScope
from dougong.web.context import record_url
from dougong.web.visit import Visit


@dataclass(frozen=True, slots=True)
class Missing:
    """A field that is not filled in; `url` opens the form there, "" where the reader may not edit it."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much is there, in percent, and what is missing, the weightiest first."""

    percent: int
    missing: tuple[Missing, ...]


def of(visit: Visit, obj: Object, record: Record, may_edit: bool) -> Completeness | None:
    """What the page of a record says of it; None where nothing is weighed or missing, or it may not be read."""
    access, field = visit.unit.access, obj.fields.get(FIELD)
    if not weights(obj.raw) or field is None or access.seen(obj, field) is None:
        return None
    due = [
        (name, weight)
        for name, weight, when in _weighed(visit, obj)
        if when is None or _holds(visit, obj, record, when)
    ]
    lacking = [(name, weight) for name, weight in due if not _is_there(record.values.get(name))]
    if not lacking:
        return None
    all_due = sum(weight for _, weight in due)
    there = all_due - sum(weight for _, weight in lacking)
    lacking.sort(key=lambda each: -each[1])
    edit = f"{record_url(obj.name, record.id)}/edit"
    missing = []
    for name, _ in lacking:
        known = obj.fields[name]
        may = may_edit and known.type.writable and access.may_field("edit", obj, known)
        missing.append(Missing(label(known.label, visit.language), f"{edit}#i-{name}" if may else ""))
    return Completeness(round(100 * there / all_due), tuple(missing))


def _is_there(value: object) -> bool:
    return value is not False and not is_blank(value)


def _weighed(visit: Visit, obj: Object) -> list[tuple[str, int, Formula | None]]:
    """The fields that count, with their conditions, compiled once a revision."""
    known: dict[str, list[tuple[str, int, Formula | None]]] = visit.unit.runtime.prepared.setdefault("web.weighed", {})
    if obj.name not in known:
        known[obj.name] = [
            (each["field"], weight_of(each), _condition(visit, obj, each.get("when"))) for each in weights(obj.raw)
        ]
    return known[obj.name]


def _condition(visit: Visit, obj: Object, text: str | None) -> Formula | None:
    return compile(text, FieldScope(scope_of(visit.unit, obj.name).index, obj.name), "boolean") if text else None


def _holds(visit: Visit, obj: Object, record: Record, when: Formula) -> bool:
    read = reader(visit.unit, obj.name, record.values, when)
    try:
        return bool(when.evaluate(read, formula_context(visit.unit)))
    except EvaluationError:
        return False
