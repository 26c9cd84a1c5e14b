"""What a new record starts with: the address says it, an action computes it from the record that it was taken on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.base.errors import NotFound, Problem
from dougong.base.field_types import Reference, ValueRefused
from dougong.base.language import msg
from dougong.engine.access import may_read
from dougong.engine.query import Condition, Query, Sort
from dougong.engine.reading.paths import resolve
from dougong.engine.saving.expressions import fitted, plain_value
from dougong.engine.variables import formula_context
from dougong.formulas import Context, EvaluationError, Formula
from dougong.metadata.model import Field, Object
from dougong.web.buttons import need_offer
from dougong.web.composer.columns import editable
from dougong.web.visit import Visit

MOST_LINES = 500
"""Lines that a form takes."""

GIVEN = "v."
"""Parameters of the address that begin so name fields: ``v.account=0198…``."""


def given(visit: Visit, obj: Object) -> dict[str, Any]:
    """The values that the address gives to fields; one that does not read is left out."""
    found: dict[str, Any] = {}
    for key, text in visit.request.query_params.multi_items():
        field = obj.fields.get(key.removeprefix(GIVEN)) if key.startswith(GIVEN) else None
        if field is not None and text:
            try:
                found[field.name] = field.type.coerce(field, text, visit.reading)
            except ValueRefused:
                continue
    return found


def by_clone(visit: Visit, obj: Object, record_id: str) -> dict[str, Any]:
    """What a clone of a record begins with: its fields, but those that identify one record or come by themselves.

    Who may not hand records over owns the clone.

    Raises:
        NotFound: there is no such record.
    """
    record = visit.unit.records.get(obj.name, record_id)
    return {
        name: value
        for name, value in record.values.items()
        if value is not None and _is_copied(visit, obj, obj.fields[name])
    }


def _is_copied(visit: Visit, obj: Object, field: Field) -> bool:
    given = field.name != "owner" or not field.system or visit.unit.access.may("transfer", obj)
    return given and field.copy and not field.unique and editable(field)


def lines_by_clone(visit: Visit, obj: Object, parent: str, record_id: str) -> dict[str, dict[str, Any]]:
    """By id of the original, what the lines of a clone begin with: those of `record_id`, to which `parent` points.

    Nothing where the person may not clone such records, and of each no field that they may not see whole and change.
    """
    access = visit.unit.access
    if not access.may("copy", obj) or not access.may("create", obj):
        return {}
    names = tuple(
        each.name
        for each in obj.fields.values()
        if _is_copied(visit, obj, each)
        and each.name != parent
        and each.type.stored
        and access.may_field("read", obj, each)
        and access.may_field("edit", obj, each)
    )
    order = str(obj.fields[parent].options.get("order") or "id")
    query = Query(
        object=obj.name,
        columns=names,
        where=Condition(parent, "is", record_id),
        sort=(Sort(order), Sort("id")) if order in names else (Sort("id"),),
        limit=MOST_LINES,
    )
    return {
        row.id: {name: value for name, value in zip(names, row.values, strict=True) if value is not None}
        for row in visit.unit.records.query(query).rows
    }


def by_action(visit: Visit, obj: Object, name: str, source: str) -> dict[str, Any]:
    """What the action `name`, taken on the record `source` (``object:id``), gives to a new record of `obj`.

    An action above a list (``object:``) is taken on no record: what it would read of one is blank. What reads a field
    that the actor may not see gives nothing, and nothing is given to one: a person fills that in, or nobody.

    Raises:
        NotFound: the action or the record does not exist or may not be seen.
    """
    object_name, _, record_id = source.partition(":")
    origin = visit.object(object_name)
    action = origin.actions.get(name)
    if action is None:
        raise NotFound(Problem(code="action-unknown", reason=msg("There is no such page."), thing=name))
    if record_id and "visible" in action:
        need_offer(visit, origin, name, visit.unit.records.get(origin.name, record_id).values)
    access, said = visit.unit.access, action.get("prefill", {})
    formulas: dict[str, Formula] = {
        name: each
        for name, each in said.items()
        if isinstance(each, Formula)
        and name in obj.fields
        and access.seen(obj, obj.fields[name]) is not None
        and all(may_read(access, visit.model, origin, path) for path in each.references)
    }
    wanted = list(formulas.values())
    blank = {path: None for formula in wanted for path in formula.references}
    values = read_paths(visit, origin, record_id, wanted) if record_id else blank
    context = formula_context(visit.unit)
    found: dict[str, Any] = {}
    for field_name, formula in formulas.items():
        found[field_name] = _evaluated(visit, obj.fields[field_name], formula, values, context, origin)
    return {key: value for key, value in found.items() if value is not None}


def _evaluated(
    visit: Visit,
    field: Field,
    formula: Formula,
    values: Mapping[tuple[str, ...], Any],
    context: Context,
    origin: Object,
) -> Any:
    try:
        result = formula.evaluate(values, context)
        if field.type.refers and result and len(field.targets) > 1:
            return Reference(origin.name, str(result))  # a polymorphic lookup is told which kind of record it gets
        return fitted(field, result, visit.reading)
    except (EvaluationError, ValueRefused):
        return None


def read_paths(visit: Visit, obj: Object, record_id: str, formulas: list[Formula]) -> dict[tuple[str, ...], Any]:
    """The values that formulas read of one record, in one statement.

    Raises:
        NotFound: there is no such record.
    """
    paths = list(dict.fromkeys(".".join(path) for formula in formulas for path in formula.references))
    query = Query(object=obj.name, columns=tuple(paths or [obj.title]), where=Condition("id", "is", record_id), limit=1)
    rows = visit.unit.records.query(query).rows
    if not rows:
        raise NotFound(Problem(code="record-unknown", reason=msg("There is no such record."), thing=obj.name))
    found: dict[tuple[str, ...], Any] = {}
    for path, value in zip(paths, rows[0].values, strict=False):
        resolved = resolve(visit.model, visit.unit.access, obj, path)
        plain = resolved.attribute is not None or resolved.aspect is not None
        found[tuple(path.split("."))] = value if plain else plain_value(resolved.field, value)
    return found


def titled(visit: Visit, values: dict[str, Any]) -> dict[str, Any]:
    """The same values with the titles of the records that they refer to, one statement per object."""
    wanted: dict[str, set[str]] = {}
    for value in values.values():
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Reference) and not each.title and each.id:
                wanted.setdefault(each.object, set()).add(each.id)
    if not wanted:
        return values
    names: dict[tuple[str, str], str] = {}
    for target, ids in wanted.items():
        title = visit.model.objects[target].title
        query = Query(object=target, columns=(title,), where=Condition("id", "in", tuple(sorted(ids))), limit=len(ids))
        names |= {(target, row.id): str(row.values[0] or "") for row in visit.unit.records.query(query).rows}
    return {key: _titled(value, names) for key, value in values.items()}


def _titled(value: Any, names: Mapping[tuple[str, str], str]) -> Any:
    if isinstance(value, tuple):
        return tuple(_titled(each, names) for each in value)
    if isinstance(value, Reference) and not value.title:
        return Reference(value.object, value.id, names.get((value.object, value.id), ""))
    return value
