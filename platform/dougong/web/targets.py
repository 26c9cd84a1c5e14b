"""The targets of a conversion as a form: take an existing record, look for another, or make one with values changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from dougong.base.errors import BadRequest, DougongError, Problem
from dougong.base.field_types import Reference
from dougong.base.ids import is_record_id
from dougong.base.language import label, msg
from dougong.engine.query import Condition, Query
from dougong.engine.saving.conversion import NEW, Proposed
from dougong.metadata.model import Field, Object
from dougong.web import forms, inputs, submission
from dougong.web.composer.columns import editable
from dougong.web.composer.forms import FormView, some_fields
from dougong.web.forms import Form
from dougong.web.inputs import Typed
from dougong.web.prefill import titled
from dougong.web.visit import Visit

OTHER = "other"
"""The choice of an existing record that was not proposed."""

Errors = Mapping[str, tuple[str, ...]]
"""What is wrong with values of a record to be made, by field."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One target: existing records to take, another one to look for, a new one with its values, or nothing.

    `values` are the proposed ones in words, `body` the inputs that change them, `base` what these began from.
    """

    key: str
    label: str
    object: str
    icon: str
    found: tuple[Reference, ...]
    values: tuple[tuple[str, str], ...]
    body: Markup
    base: str
    optional: bool
    chosen: str
    other: Reference | None
    other_text: str
    bad: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """What a person decided, by target: what to take, and values of records to be made."""

    choices: Mapping[str, str]
    values: Mapping[str, Mapping[str, Any]]


def choice(visit: Visit, each: Proposed, errors: Errors) -> Choice:
    """A target as the page shows it: as it was sent, or as it is proposed."""
    obj = visit.model.objects[each.target.object]
    began = forms.start(visit, obj, _given(each))
    view, typed = _view(visit, each), Typed()
    base = visit.sent(_base(each)) or inputs.to_json(view.fields, began)
    if _base(each) in visit.form:
        typed = _typed(visit, each)
        typed = replace(typed, values=titled(visit, dict(typed.values)))
    first = each.found[0].id if each.found else NEW
    sent, text = _other(visit, each)
    return Choice(
        key=each.target.key,
        label=label(obj.label, visit.language),
        object=obj.name,
        icon=obj.icon,
        found=each.found,
        values=tuple(_words(visit, obj, {**titled(visit, dict(each.values)), **typed.values})),
        body=_body(visit, obj, each, view, {**began, **typed.values}, typed, errors),
        base=base,
        optional=each.target.optional,
        chosen=visit.sent(f"target.{each.target.key}") or first,
        other=titled(visit, {"": Reference(obj.name, sent)})[""] if is_record_id(sent) else None,
        other_text=text,
        bad=bool(errors),
    )


def decided(visit: Visit, proposed: Sequence[Proposed]) -> Decided:
    """What the form says.

    Raises:
        BadRequest: the name typed for another record is that of none, or of several.
    """
    choices: dict[str, str] = {}
    values: dict[str, Mapping[str, Any]] = {}
    for each in proposed:
        key = each.target.key
        chosen = visit.sent(f"target.{key}")
        if chosen == OTHER:
            chosen = _found(visit, each)
        if chosen:
            choices[key] = chosen
        if _base(each) in visit.form:
            fields = _view(visit, each).fields
            began = inputs.from_json(fields, visit.sent(_base(each)), visit.reading)
            values[key] = inputs.changed(fields, _typed(visit, each), began, visit.reading)
    known = {each.target.key for each in proposed}
    others = (key.removeprefix("target.") for key in visit.form if key.startswith("target."))
    choices |= {key: visit.sent(f"target.{key}") for key in others if key not in known}
    return Decided(choices, values)


def sort_out(
    visit: Visit, error: DougongError, proposed: Sequence[Proposed], chosen: Mapping[str, str]
) -> tuple[Mapping[str, Errors], list[str]]:
    """The problems of a conversion by target and field, and those that no input of the page is about."""
    fields: dict[str, dict[str, tuple[str, ...]]] = {}
    rest: list[str] = []
    made = [each for each in proposed if chosen.get(each.target.key, NEW) == NEW]
    for problem in error.problems:
        owner, _, name = problem.thing.removeprefix("field:").partition(".")
        key = next((each.target.key for each in made if each.target.object == owner and _has(visit, each, name)), None)
        if key is None:
            rest.append(problem.text(visit.language))
        else:
            at = fields.setdefault(key, {})
            at[name] = (*at.get(name, ()), problem.text(visit.language))
    return fields, rest


def _given(each: Proposed) -> dict[str, Any]:
    kind = {"record_type": each.target.record_type} if each.target.record_type else {}
    return {**each.values, **kind}


def _base(each: Proposed) -> str:
    return f"base.{each.target.key}"


def _prefix(each: Proposed) -> str:
    return f"new.{each.target.key}."


def _view(visit: Visit, each: Proposed) -> FormView:
    """The inputs of a record to be made: what the mapping fills, what it is called by, what it cannot do without."""
    obj = visit.model.objects[each.target.object]
    asked = {obj.title, *each.target.map, *each.target.copy}
    names = tuple(name for name, field in obj.fields.items() if _is_shown(field, name in asked, each))
    return some_fields(visit, obj, f"target {each.target.key}", names)


def _is_shown(field: Field, asked: bool, each: Proposed) -> bool:
    return editable(field) and field.name not in each.target.link and (asked or inputs.is_asked(field))


def _has(visit: Visit, each: Proposed, name: str) -> bool:
    return any(field.name == name for field in _view(visit, each).fields)


def _typed(visit: Visit, each: Proposed) -> Typed:
    fields = _view(visit, each).fields
    return submission.resolve_titles(visit, fields, inputs.typed(visit.form, fields, visit.reading, _prefix(each)))


def _body(
    visit: Visit, obj: Object, each: Proposed, view: FormView, values: Mapping[str, Any], typed: Typed, errors: Errors
) -> Markup:
    present = {**values, **({"record_type": each.target.record_type} if each.target.record_type else {})}
    made = {
        field.name: inputs.make(visit, obj, field, present, typed, errors.get(field.name, ()), _prefix(each))
        for field in view.fields
    }
    return forms.render(visit, Form(obj, view, made)).get("fields", Markup(""))


def _words(visit: Visit, obj: Object, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = []
    for name, field in obj.fields.items():
        if name in values and name != "record_type":
            text = field.type.display(field, values[name], visit.reading)
            found += [(label(field.label, visit.language), text)] if text else []
    return found


def _other(visit: Visit, each: Proposed) -> tuple[str, str]:
    """The id that was chosen, and the text that was typed."""
    return visit.sent(f"other.{each.target.key}"), visit.sent(f"other.{each.target.key}.text").strip()


def _found(visit: Visit, each: Proposed) -> str:
    chosen, text = _other(visit, each)
    if is_record_id(chosen):
        return chosen
    obj = visit.model.objects[each.target.object]
    where = Condition(obj.title, "is", text)
    rows = (
        visit.unit.records.query(Query(object=obj.name, columns=(obj.title,), where=where, limit=2)).rows
        if text
        else []
    )
    if len(rows) != 1:
        reason = msg("There is no one {object} called “{name}”.", object=obj.label, name=text)
        fix = msg("Type the whole name, or choose from the list.")
        raise BadRequest(Problem(code="target-unknown", reason=reason, fix=fix))
    return rows[0].id
