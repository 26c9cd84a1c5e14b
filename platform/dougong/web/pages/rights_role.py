"""A role in a form: its label, permission sets, place in the tree of roles, and how far each right reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dougong.base.language import Message, label, msg
from dougong.engine.rights.names import BY_FORMULA, OBJECT_RIGHT_NAMES, REACH_NAMES
from dougong.metadata.rights import EVERY
from dougong.web.formula_change import GONE
from dougong.web.pages.formulas import objects
from dougong.web.rights_change import Opened, Wish, labels_sent, opened
from dougong.web.rights_form import Form, act, page
from dougong.web.routing import Page
from dougong.web.visit import Visit

HERE = "/access/role"
RIGHTS = ("read", "edit", "delete", "transfer")
USUAL: Mapping[str, Any] = {"label": {}, "parent": "", "user_kind": "internal", "permission_sets": (), "app": ""}
"""What a role says that does not say it."""
SPARE = 3
"""Empty lines for further objects."""
MOST_LINES = 200
FORMULA = "formula"
LAYOUT = "layout."
"""Inputs that begin so name an object."""
KINDS: Mapping[str, Message] = {
    "internal": msg("Own staff"),
    "partner": msg("Partners"),
    "customer": msg("Customers"),
    "interface": msg("Programs"),
}
"""Kinds of users that hold a role."""


@dataclass(frozen=True, slots=True)
class Cell:
    """How far one right reaches on an object: a word, or "formula" with its text; "" where nothing is said."""

    right: str
    reach: str
    when: str


@dataclass(frozen=True, slots=True)
class Line:
    """The data scopes of one object; `object` is "" on a spare line."""

    object: str
    cells: tuple[Cell, ...]


def show(visit: Visit) -> Response:
    """A role as it stands, or an empty form."""
    found = opened(visit, "role", visit.asked("of"))
    return page(visit, _form(visit, found, found.body))


def _form(visit: Visit, found: Opened, body: Mapping[str, Any], name: str = "") -> Form:
    rights = visit.model.rights
    own = found.component.own_name if found.component else ""
    return Form(
        "rights_role.html",
        label(body.get("label"), visit.language) if found.component else visit.say(msg("New role")),
        found,
        {
            "body": {**USUAL, **body},
            "name": own or name,
            "sets": [(each.name, label(each.label, visit.language)) for each in rights.permission_sets.values()],
            "roles": [
                (each.name, label(each.label, visit.language)) for each in rights.roles.values() if each.name != own
            ],
            "apps": [(each.name, label(each.label, visit.language)) for each in visit.model.apps.values()],
            "layouts": _layouts(visit, body.get("layouts", {})),
            "kinds": [(key, visit.say(said)) for key, said in KINDS.items()],
            "lines": _lines(body.get("scope", {})),
            "objects": [(each.name, label(each.label, visit.language)) for each in objects(visit)],
            "rights": [(right, visit.say(OBJECT_RIGHT_NAMES[right])) for right in RIGHTS],
            "reaches": [
                *((key, visit.say(said)) for key, said in REACH_NAMES.items()),
                (FORMULA, visit.say(BY_FORMULA)),
            ],
            "every": EVERY,
        },
    )


def _layouts(visit: Visit, said: Mapping[str, str]) -> list[tuple[str, str, list[str], str]]:
    """Of each object that leaves a choice: its name and label, the names of its layouts, the one that is named."""
    found = [(each, [f"{each.name}.{own}" for own in each.layouts]) for each in objects(visit)]
    return [
        (each.name, label(each.label, visit.language), layouts, said.get(each.name, ""))
        for each, layouts in found
        if len(layouts) > 1 or each.name in said
    ]


def _lines(scope: Mapping[str, Any]) -> list[Line]:
    known = [Line(name, tuple(_cell(right, said.get(right)) for right in RIGHTS)) for name, said in scope.items()]
    empty = tuple(_cell(right, None) for right in RIGHTS)
    first = [] if EVERY in scope else [Line(EVERY, empty)]
    return [*first, *sorted(known, key=lambda each: each.object != EVERY), *(Line("", empty) for _ in range(SPARE))]


def _cell(right: str, said: Any) -> Cell:
    if isinstance(said, Mapping):
        return Cell(right, FORMULA, str(said.get("when", "")))
    return Cell(right, said or "", "")


# -- what was sent ------------------------------------------------------------------------------------------------
def send(visit: Visit) -> Response:
    """Plan or publish what the form says."""
    with visit.read() as reading:
        found = opened(reading, "role", visit.sent("of"))
        taken = reading.model.rights.roles
    body = _sent(visit, found.body)
    name = visit.sent("name").strip()
    values = {key: value if value not in ({}, [], "", None) else GONE for key, value in body.items()}
    values["label"] = body["label"]
    wish = Wish(found, name, values)
    there = f"{HERE}?of={wish.address.partition(':')[2]}&made=1"
    return act(visit, wish, taken, lambda reading: _form(reading, found, {**found.body, **body}, name), there)


def _sent(visit: Visit, was: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of the document that the form says."""
    kind = visit.sent("user_kind")
    sets = set(visit.sent_all("permission_sets"))
    kept = [each for each in was.get("permission_sets", ()) if each in sets]
    return {
        "label": labels_sent(visit, was),
        "parent": visit.sent("parent"),
        "user_kind": kind if kind in KINDS and (kind != "internal" or "user_kind" in was) else "",
        "permission_sets": [*kept, *sorted(sets - set(kept))],
        "app": visit.sent("app"),
        "layouts": _layouts_sent(visit, was.get("layouts", {})),
        "scope": _scope(visit),
    }


def _layouts_sent(visit: Visit, was: Mapping[str, str]) -> dict[str, str]:
    """The layouts chosen; of objects that the form does not have as before."""
    asked = {key.removeprefix(LAYOUT): visit.sent(key).strip() for key in visit.form if key.startswith(LAYOUT)}
    return {each: layout for each, layout in {**was, **asked}.items() if layout}


def _scope(visit: Visit) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for at in range(MOST_LINES):
        name = visit.sent(f"scope.{at}.object")
        if f"scope.{at}.object" not in visit.form:
            break
        said: dict[str, Any] = {}
        for right in RIGHTS:
            reach = visit.sent(f"scope.{at}.{right}")
            if reach == FORMULA:
                said[right] = {"when": visit.sent(f"scope.{at}.{right}.when").strip()}
            elif reach in REACH_NAMES:
                said[right] = reach
        if name and said:
            found[name] = said
    return found


PAGES = (Page("GET", HERE, show, right="design"), Page("POST", HERE, send, right="design"))
