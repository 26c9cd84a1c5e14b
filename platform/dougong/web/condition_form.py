"""The form of a new condition: choose a field, then how to compare, then with what. Works as plain GET steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dougong.base.errors import BadRequest, Place, Problem
from dougong.base.field_types import Operator, ValueRefused
from dougong.base.language import label, msg
from dougong.engine.fields.periods import NAMED
from dougong.engine.query import Condition, Query, Sort, Written
from dougong.engine.reading.paths import ResolvedPath, resolve
from dougong.engine.rights.queues import owning
from dougong.metadata.model import Field, Object
from dougong.web import formula_condition
from dougong.web.queues import choosable
from dougong.web.sentences import PEOPLE, QUEUES, operators, path_label
from dougong.web.visit import Visit

MOST_USERS = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a select."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Group:
    """Fields to choose from: the object's own, or those behind one lookup."""

    label: str
    fields: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class ConditionForm:
    """What the form shows.

    `widget` is none, text, number, date, choose (one), tick (several), record or two; formula for what is `typed`.
    """

    groups: tuple[Group, ...]
    field: str = ""
    label: str = ""
    operators: tuple[Choice, ...] = ()
    op: str = ""
    widget: str = ""
    choices: tuple[Choice, ...] = ()
    periods: tuple[Choice, ...] = ()
    lookup: str = ""
    typed: formula_condition.Typed = formula_condition.Typed()


def fields(visit: Visit, obj: Object) -> tuple[Group, ...]:
    """Every field that the reader may filter by or show, the object's own first, then one hop away."""
    own = Group(label(obj.label, visit.language), tuple(_choices(visit, obj, "")))
    behind = []
    for each in obj.fields.values():
        if each.type.refers and each.type.stored and len(each.targets) == 1 and _readable(visit, obj, each):
            target = visit.model.objects[each.targets[0]]
            if visit.unit.access.may("read", target):
                prefix = f"{each.name}."
                behind.append(Group(label(each.label, visit.language), tuple(_choices(visit, target, prefix))))
    return (own, *behind)


def _choices(visit: Visit, obj: Object, prefix: str) -> Iterator[Choice]:
    for each in obj.fields.values():
        hidden = each.retired or each.name in ("id", "version", "deleted_at", "deleted_with")
        if not hidden and (each.type.stored or not prefix) and _readable(visit, obj, each):
            yield Choice(prefix + each.name, label(each.label, visit.language))


def _readable(visit: Visit, obj: Object, field: Field) -> bool:
    return visit.unit.access.seen(obj, field) is not None


def form(visit: Visit, obj: Object) -> ConditionForm:
    """The form as far as the address has filled it in."""
    name = visit.asked("field")
    groups = fields(visit, obj)
    if not name:
        return ConditionForm(groups)
    if name == formula_condition.FIELD:
        return ConditionForm(groups, name, widget="formula", typed=formula_condition.typed(visit, obj))
    path = resolve(visit.model, visit.unit.access, obj, name)
    offered = operators(path.field)
    op = next((each for each in offered if each.name == visit.asked("op")), offered[0])
    widget, choices = _widget(visit, path, op)
    return ConditionForm(
        groups=groups,
        field=name,
        label=path_label(visit.model.objects, path, visit.language),
        operators=tuple(Choice(each.name, each.label.to(visit.language)) for each in offered),
        op=op.name,
        widget=widget,
        choices=tuple(choices),
        periods=tuple(Choice(key, said[2].to(visit.language)) for key, said in NAMED.items())
        if widget == "choose" and op.name == "within"
        else (),
        lookup=f"{path.field.object}/{path.field.name}" if widget == "record" else "",
    )


def _widget(visit: Visit, path: ResolvedPath, op: Operator) -> tuple[str, list[Choice]]:
    field = path.field
    if op.arity == "none":
        return "none", []
    if op.name == "within" and not field.type.refers:
        return "choose", [Choice(key, said[2].to(visit.language)) for key, said in NAMED.items()]
    if field.picklist is not None:
        values = [Choice(each.value, label(each.label, visit.language)) for each in field.picklist.values.values()]
        return ("tick" if op.arity == "many" else "choose"), values
    if field.type.formula_type == "boolean":
        return "choose", [Choice("true", visit.say(msg("yes"))), Choice("false", visit.say(msg("no")))]
    if field.targets == ("user",):
        return ("tick" if op.arity == "many" else "choose"), _people(visit, path.field)
    if field.type.refers:
        return "record", []
    kind = {"number": "number", "date": "date"}.get(field.type.formula_type or "", "text")
    return ("two" if op.arity == "two" else kind), []


def _people(visit: Visit, field: Field) -> list[Choice]:
    """Whom a condition may name: of owners also queues, and those of the reader where there are any."""
    obj, users = visit.model.objects[field.object], visit.model.objects["user"]
    queues = field.name == "owner" and bool(owning(visit.model, obj))
    said = [Choice(key, visit.say(name)) for key, name in PEOPLE.items() if queues or key != QUEUES]
    where = choosable(visit.unit, obj, field, users)
    asked = Query(object="user", columns=("name",), where=where, sort=(Sort("name"),), limit=MOST_USERS)
    return said + [Choice(row.id, str(row.values[0] or "")) for row in visit.unit.records.query(asked).rows]


def added(visit: Visit, obj: Object) -> Condition | Written | None:
    """The condition that the form was sent with; None while it is not complete.

    Raises:
        BadRequest: the value does not fit the field.
    """
    params = visit.request.query_params
    name, op = params.get("field", ""), params.get("op", "")
    if name == formula_condition.FIELD and "add" in params:
        return formula_condition.added(visit, obj)
    if not (name and op and "add" in params):
        return None
    path = resolve(visit.model, visit.unit.access, obj, name)
    operator = next((each for each in operators(path.field) if each.name == op), None)
    values = [each for each in params.getlist("value") if each]
    if operator is None or (operator.arity != "none" and not values):
        return None
    said = {"none": None, "two": "..".join(values[:2])}.get(operator.arity, ";".join(values))
    value = tuple(values) if operator.arity == "many" else said
    if not (isinstance(said, str) and said.startswith("$")) and not any(each in PEOPLE for each in values):
        _require_fit(visit, path.field, op, value)
    return Condition(name, op, value)


def _require_fit(visit: Visit, field: Field, op: str, value: object) -> None:
    try:
        field.type.operand(field, op, value, visit.reading)
    except ValueRefused as refused:
        raise BadRequest(
            Problem(code=refused.code, reason=refused.reason, fix=refused.fix, place=Place(field=field.name))
        ) from None
