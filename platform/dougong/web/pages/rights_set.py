"""A permission set as a table: objects and their rights, system rights and apps; the fields of an object on a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dougong.base.language import label, msg
from dougong.engine.rights.names import OBJECT_RIGHT_NAMES, SYSTEM_RIGHT_NAMES, TAB_NAMES
from dougong.engine.saving.intake import GIVEN_SYSTEM_FIELDS
from dougong.metadata.model import Object
from dougong.metadata.rights import API, EVERY, FOLLOWING, rights_said, system_said
from dougong.web.formula_change import GONE
from dougong.web.navigation import several
from dougong.web.pages.formulas import objects
from dougong.web.rights_change import Opened, Wish, labels_sent, opened
from dougong.web.rights_form import Form, act, page
from dougong.web.routing import Page
from dougong.web.visit import Visit, broken, with_query

HERE = "/access/set"
FIELDS = "/access/set/fields"
KIND = "permission_set"


@dataclass(frozen=True, slots=True)
class Line:
    """An object and the rights given on it; `said` counts its fields of which something is said, `tab` is what
    navigation does with it, "" where nothing is said.
    """

    name: str
    label: str
    given: frozenset[str]
    said: int
    url: str
    tab: str = ""


def _true(body: Any) -> set[str]:
    return {str(name) for name, given in (body or {}).items() if given}


def _ticked(said: Any) -> set[str]:
    """The rights on an object as the table shows them: those that are said, and those that follow."""
    return _true(said) | (rights_said(said or {}) & FOLLOWING.keys())


def _on_objects(body: Mapping[str, Any]) -> bool:
    return any(map(_true, body.get("objects", {}).values()))


# -- objects, system, apps ----------------------------------------------------------------------------------------
def show(visit: Visit) -> Response:
    """A permission set as it stands, or an empty form."""
    found = opened(visit, KIND, visit.asked("of"))
    return page(visit, _form(visit, found, found.body))


def _form(visit: Visit, found: Opened, body: Mapping[str, Any], name: str = "") -> Form:
    own = found.component.own_name if found.component else ""
    granted, fields, tabs = body.get("objects", {}), body.get("fields", {}), body.get("tabs", {})
    lines = [
        Line(EVERY, visit.say(msg("Every object")), frozenset(_ticked(granted.get(EVERY))), 0, "", tabs.get(EVERY, ""))
    ]
    for obj in objects(visit):
        said = sum(each.startswith(f"{obj.name}.") for each in fields)
        url = with_query(FIELDS, [("of", own), ("object", obj.name)]) if own else ""
        given = frozenset(_ticked(granted.get(obj.name)))
        lines.append(Line(obj.name, several(obj, visit.language), given, said, url, tabs.get(obj.name, "")))
    apps = [
        (EVERY, visit.say(msg("Every app"))),
        *((each.name, label(each.label, visit.language)) for each in visit.model.apps.values()),
    ]
    return Form(
        "rights_set.html",
        label(body.get("label"), visit.language) if found.component else visit.say(msg("New permission set")),
        found,
        {
            "body": {"label": {}, **body},
            "name": own or name,
            "lines": lines,
            "rights": [(key, visit.say(said)) for key, said in OBJECT_RIGHT_NAMES.items()],
            "system": [(key, visit.say(said)) for key, said in SYSTEM_RIGHT_NAMES.items()],
            "has_system": system_said(body.get("system", {}), _on_objects(body)),
            "tabs": [(key, visit.say(said)) for key, said in TAB_NAMES.items()],
            "apps": apps,
            "has_apps": _true(body.get("apps")),
        },
    )


def send(visit: Visit) -> Response:
    """Plan or publish what the table says."""
    with visit.read() as reading:
        found = opened(reading, KIND, visit.sent("of"))
        taken = reading.model.rights.permission_sets
        known = [EVERY, *(each.name for each in objects(reading))]
    body = found.body
    values: dict[str, Any] = {"label": labels_sent(visit, body)}
    values |= _maps(
        "objects", body, {each: set(visit.sent_all(f"o.{each}")) & OBJECT_RIGHT_NAMES.keys() for each in known}
    )
    values |= _system(body, set(visit.sent_all("system")), _on_objects(_after(body, values)))
    values |= _apps(body, set(visit.sent_all("apps")))
    values |= _tabs(visit, body, known)
    name = visit.sent("name").strip()
    wish = Wish(found, name, values if found.component else _nested(values))
    there = f"{HERE}?of={wish.address.partition(':')[2]}&made=1"
    return act(visit, wish, taken, lambda reading: _form(reading, found, _after(body, values), name), there)


def _maps(key: str, body: Mapping[str, Any], wanted: Mapping[str, set[str]]) -> dict[str, Any]:
    """What changes of maps of rights by name, at their places; what stays as it was is not among it."""
    found: dict[str, Any] = {}
    was = body.get(key, {})
    for name, rights in wanted.items():
        if rights != _ticked(was.get(name)):
            found[f"{key}/{name}"] = _said_of_object(rights) or GONE
    return {path: value for path, value in found.items() if value is not GONE or path.partition("/")[2] in was}


def _said_of_object(rights: set[str]) -> dict[str, bool]:
    """What a set says to give `rights` and no others: nothing of those that follow by themselves."""
    said = {each: True for each in OBJECT_RIGHT_NAMES if each in rights and each not in FOLLOWING}
    following = rights_said(said)
    return said | {each: each in rights for each in FOLLOWING if (each in rights) != (each in following)}


def _system(body: Mapping[str, Any], wanted: set[str], on_objects: bool) -> dict[str, Any]:
    """What changes of the system rights; those that the form does not have stay as they were."""
    was = body.get("system", {})
    after = {each: True for each in sorted(wanted | (_true(was) - SYSTEM_RIGHT_NAMES.keys())) if each != API}
    if (API in wanted) != on_objects or (API in was and (API in wanted) == was[API]):
        after[API] = API in wanted
    before = {each: given for each, given in was.items() if given or each == API}
    return {} if after == before else {"system": after or GONE}


def _apps(body: Mapping[str, Any], wanted: set[str]) -> dict[str, Any]:
    """What changes of the apps."""
    return {} if wanted == _true(body.get("apps")) else {"apps": dict.fromkeys(sorted(wanted), True) or GONE}


def _tabs(visit: Visit, body: Mapping[str, Any], known: list[str]) -> dict[str, Any]:
    """What changes of the tabs."""
    was = body.get("tabs", {})
    sent = {each: visit.sent(f"tab.{each}") for each in known if f"tab.{each}" in visit.form}
    after = {each: said for each, said in {**was, **sent}.items() if said}
    return {} if after == was else {"tabs": after or GONE}


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values at places as a document."""
    made: dict[str, Any] = {}
    for path, value in values.items():
        above, _, last = path.rpartition("/")
        if value is not GONE:
            (made.setdefault(above, {}) if above else made)[last] = value
    return made


def _after(body: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The document with `values` at their places."""
    made = {key: dict(value) if isinstance(value, Mapping) else value for key, value in body.items()}
    for path, value in values.items():
        above, _, last = path.rpartition("/")
        here = made.setdefault(above, {}) if above else made
        if value is GONE:
            here.pop(last, None)
        else:
            here[last] = value
    return made


# -- the fields of an object --------------------------------------------------------------------------------------
def _known(visit: Visit, name: str, object_name: str) -> tuple[Opened, Object]:
    """A set that is there, and an object that the reader sees."""
    found = opened(visit, KIND, name)
    if found.component is None:
        raise broken(name)
    return found, visit.object(object_name)


def show_fields(visit: Visit) -> Response:
    """What the set says of the fields of an object."""
    found, obj = _known(visit, visit.asked("of"), visit.asked("object"))
    return page(visit, _fields_form(visit, found, obj, found.body))


def _fields_form(visit: Visit, found: Opened, obj: Object, body: Mapping[str, Any]) -> Form:
    said = body.get("fields", {})
    may = visit.unit.access.may_field
    fields = [each for each in obj.fields.values() if may("read", obj, each)]
    lines = [
        (each.name, label(each.label, visit.language), said.get(f"{obj.name}.{each.name}", {}), each)
        for each in sorted(fields, key=lambda each: label(each.label, visit.language))
    ]
    own = found.component.own_name if found.component else ""
    title = visit.say(msg("{set}: fields of {object}", set=body.get("label", {}), object=obj.label))
    values = {"lines": lines, "object": obj, "name": own, "body": body, "given_fields": GIVEN_SYSTEM_FIELDS}
    return Form("rights_fields.html", title, found, values)


def send_fields(visit: Visit) -> Response:
    """Plan or publish what is said of the fields."""
    with visit.read() as reading:
        found, obj = _known(reading, visit.sent("of"), visit.sent("object"))
        known = [each for each in obj.fields.values() if reading.unit.access.may_field("read", obj, each)]
    was, values = found.body.get("fields", {}), {}
    for each in known:
        address = f"{obj.name}.{each.name}"
        before = dict(was.get(address, {}))
        after = _said(visit, each.name, before)
        if after != before:
            values[f"fields/{address}"] = after or GONE
    wish = Wish(found, "", values)
    there = with_query(FIELDS, [("of", wish.address.partition(":")[2]), ("object", obj.name), ("made", "1")])
    return act(visit, wish, {}, lambda reading: _fields_form(reading, found, obj, _after(found.body, values)), there)


def _said(visit: Visit, name: str, before: Mapping[str, Any]) -> dict[str, Any]:
    """What the form says of a field; a word that the form does not know stays."""
    found: dict[str, Any] = {}
    for right in ("read", "edit"):
        sent = visit.sent(f"{right}.{name}", "kept")
        if sent in ("yes", "no"):
            found[right] = sent == "yes"
        elif sent == "masked" and right == "read":
            found[right] = sent
        elif sent == "kept" and right in before:
            found[right] = before[right]
    return found


PAGES = (
    Page("GET", HERE, show, right="design"),
    Page("POST", HERE, send, right="design"),
    Page("GET", FIELDS, show_fields, right="design"),
    Page("POST", FIELDS, send_fields, right="design"),
)
