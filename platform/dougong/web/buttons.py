"""Actions as buttons: beside a record's title, in the menu of a row, above a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dougong.base.errors import Conflict, Problem
from dougong.base.language import label, msg
from dougong.engine.access import Right, may_read
from dougong.engine.query import Record
from dougong.engine.saving import conversion
from dougong.engine.saving.offers import withheld
from dougong.formulas import Formula
from dougong.metadata.model import Layout, Object
from dougong.web import timeline
from dougong.web.visit import Visit, with_query

MOST_BUTTONS = 2
COPYING: tuple[Right, ...] = ("create", "copy")
"""The rights that a clone takes."""

USUAL_PLACE = ("record",)
"""Where an action stands that does not say."""


@dataclass(frozen=True, slots=True)
class Action:
    """A button: `url` opens a page or a sheet, or is done at once (`post`)."""

    label: str
    icon: str
    url: str
    primary: bool
    sheet: bool
    quick: bool = False
    """True for what goes into the timeline: a call, a note, a task."""
    post: bool = False


@dataclass(frozen=True, slots=True)
class Actions:
    """The actions of a record by where they stand."""

    shown: tuple[Action, ...] = ()
    quick: tuple[Action, ...] = ()
    menu: tuple[Action, ...] = ()


def on_record(visit: Visit, obj: Object, record: Record, layout: Layout, may_edit: bool) -> Actions:
    """The layout's actions: a few buttons beside the title; what goes into the timeline stands there; else the menu.

    Whoever may not change this record is offered none that would.
    """
    shown: list[Action] = []
    quick: list[Action] = []
    menu: list[Action] = []
    hidden = withheld(visit.unit, obj.name, record.values)
    for each in layout.actions:
        made = _of_record(visit, obj, record, str(each["key"]), f"/o/{obj.name}/{record.id}", "record")
        if made is None or each["key"] in hidden or not (may_edit or _leaves(obj, str(each["key"]))):
            continue
        if made.quick:
            quick.append(made)
        elif each.get("in_menu") or len(shown) >= MOST_BUTTONS:
            menu.append(made)
        else:
            shown.append(replace(made, primary=each.get("style") == "primary"))
    return Actions(tuple(shown), tuple(quick), tuple(menu))


def _leaves(obj: Object, key: str) -> bool:
    """Whether an action leaves the record as it is: it clones it, or makes another one."""
    body = obj.actions.get(key)
    return body is None or "create" in body.get("does", {})


def on_row(visit: Visit, obj: Object, record: Record, back: str) -> tuple[Action, ...]:
    """What the menu of a record's row offers; `back` is the list to come back to."""
    hidden = withheld(visit.unit, obj.name, record.values)
    found = (_of_record(visit, obj, record, key, back, "row") for key in obj.actions if key not in hidden)
    return tuple(each for each in found if each is not None)


def need_offer(visit: Visit, obj: Object, key: str, values: Mapping[str, Any]) -> None:
    """Stop where an action is not offered to a record with `values`.

    Raises:
        Conflict: its condition does not hold; it may have held when the page was drawn.
    """
    if key in withheld(visit.unit, obj.name, values):
        said = label(obj.actions[key].get("label"), visit.language)
        reason = msg("“{action}” is not offered for this record as it is now.", action=said)
        raise Conflict(Problem(code="action-withheld", reason=reason, thing=key))


def may_set(visit: Visit, obj: Object, body: Mapping[str, Any]) -> bool:
    """Whether the actor has every field that an action sets, and may read all that it computes these from."""
    access, said = visit.unit.access, body.get("set", {})
    paths = [path for each in said.values() if isinstance(each, Formula) for path in each.references]
    return all(access.seen(obj, obj.fields[name]) is not None for name in said) and all(
        may_read(access, visit.model, obj, path) for path in paths
    )


def has_rows_of(obj: Object) -> bool:
    """Whether any action stands on rows of the object."""
    return any("row" in body.get("place", USUAL_PLACE) for body in obj.actions.values())


def on_list(visit: Visit, obj: Object, back: str) -> tuple[Action, ...]:
    """What stands above a list: actions that make a record out of none."""
    found = []
    for key, body in obj.actions.items():
        offered = visit.unit.access.may_run(str(body.get("name", key)), obj)
        if offered and "list" in body.get("place", USUAL_PLACE) and "create" in body["does"]:
            made = _creating(visit, obj, key, body, "", back)
            found += [made] if made else []
    return tuple(found)


def _of_record(visit: Visit, obj: Object, record: Record, key: str, back: str, place: str) -> Action | None:
    here = f"/o/{obj.name}/{record.id}"
    if key == "clone":
        if not all(visit.unit.access.may(each, obj) for each in COPYING):
            return None
        return Action(visit.say(msg("Clone")), "copy", f"/o/{obj.name}/new?clone={record.id}", False, False)
    body = obj.actions.get(key)
    if body is None or place not in body.get("place", USUAL_PLACE):
        return None
    if not visit.unit.access.may_run(str(body.get("name", key)), obj):
        return None
    said, icon, does = label(body.get("label"), visit.language), str(body.get("icon", "point")), body.get("does", {})
    if "create" in does:
        return _creating(visit, obj, key, body, record.id, back)
    if not visit.unit.access.may("edit", obj):
        return None
    if "convert" in does:
        name = str(does["convert"]).partition(".")[2]
        offered = name in obj.conversions and conversion.is_open(visit.unit, record, name)
        return Action(said, icon, f"{here}/convert/{name}", False, False) if offered else None
    if "run" in does:
        url = with_query(f"{here}/run/{key}", [("back", back)] if back != here else [])
        return Action(said, icon, url, False, sheet=False, post=True)
    if not may_set(visit, obj, body):
        return None
    asks = bool(does["edit"].get("fields"))
    url = with_query(f"{here}/action/{key}", [("back", back)] if back != here else [])
    return Action(said, icon, url, False, sheet=asks, post=not asks)


def _creating(visit: Visit, obj: Object, key: str, body: Mapping[str, Any], record_id: str, back: str) -> Action | None:
    create = body["does"]["create"]
    target = create["object"]
    about = target in timeline.FEATURE
    if about and record_id and timeline.related_to(visit, target, obj) is None:
        return None
    if target not in visit.model.objects or not visit.unit.access.may("create", visit.model.objects[target]):
        return None
    url = with_query(f"/o/{target}/new", [("action", key), ("from", f"{obj.name}:{record_id}"), ("back", back)])
    said, icon = label(body.get("label"), visit.language), str(body.get("icon", "point"))
    return Action(said, icon, url, False, sheet=bool(create.get("layout")), quick=about and bool(record_id))
