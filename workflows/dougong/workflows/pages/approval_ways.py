"""A change that needs an approval first is carried to it: the button where it was refused, and what that sends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dougong.base.errors import Problem
from dougong.base.field_types import ValueRefused
from dougong.base.language import msg
from dougong.engine.saving.batch import Change, Delete, Update
from dougong.metadata.model import Object
from dougong.web.visit import Visit, broken
from dougong.web.ways import Way
from dougong.workflows.approvals import gates, running, starting
from dougong.workflows.pages.approvals import HERE

CHANGE = HERE + "/start/{approval}/{id}/change"

DO, VALUES, WHY = "do", "values", "why"
"""The fields of the form that carries a change: update or delete, the values by name as JSON, and its reason."""


def ways(visit: Visit, obj: Object, changes: Sequence[Change], problems: Sequence[Problem]) -> tuple[Way, ...]:
    """The way to the approval that alone stands against a change; what else to know, where there is none."""
    change, needed = changes[0], {(each.code, each.thing) for each in problems}
    approval = next((each for each in gates.of_object(visit.model, obj.name) if needed == {_key(each)}), None)
    if approval is None or not isinstance(change, Update | Delete):
        return ()
    values = running.record_values(visit.unit, obj, change.id)
    if not values:
        return ()
    if not starting.may_start(visit.unit, approval, obj, values):
        return (Way(visit.say(starting.not_one_of_them(approval).reason)),)
    if changes[1:]:
        return (Way(visit.say(msg("An approval takes no lines with it: save the lines first, then submit the rest."))),)
    said = msg("Submit for approval: {approval}", approval=approval.label)
    try:
        hidden = _carried(visit, obj, change)
    except ValueRefused:
        return ()
    return (Way(visit.say(said), CHANGE.format(approval=approval.name, id=change.id), hidden),)


def _key(approval: Any) -> tuple[str, str]:
    needed = gates.needs(approval)
    return needed.code, needed.thing


def _carried(visit: Visit, obj: Object, change: Update | Delete) -> dict[str, str]:
    """The form of a change; nothing of one that the approval itself makes (a document that takes effect)."""
    if isinstance(change, Delete):
        return {DO: "delete"}
    if change.values.keys() == {"life_status"}:
        return {}
    found = {}
    for name, given in change.values.items():
        field = obj.fields[name]
        value = field.type.coerce(field, given, visit.reading)
        found[name] = None if value is None else field.type.to_json(field, value)
    return {DO: "update", VALUES: json.dumps(found, ensure_ascii=False), WHY: visit.sent("why")}


def change_sent(visit: Visit, obj: Object, id: str) -> Update | Delete | None:
    """The change that a form carries; whether it may be made is for the engine to say. None where it carries none.

    Raises:
        BadRequest: it is not what the button sent.
    """
    match visit.sent(DO):
        case "":
            return None
        case "delete":
            return Delete(obj.name, id)
        case "update":
            return Update(obj.name, id, _values(visit.sent(VALUES)))
    raise broken(DO)


def _values(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise broken(VALUES) from None
    if not isinstance(found, dict) or not found:
        raise broken(VALUES)
    return found
