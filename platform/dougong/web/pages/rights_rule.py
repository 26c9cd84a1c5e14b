"""A sharing rule in a form: which records, by a formula with the editor's help or by their owners, to whom, how far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dougong.base.language import Message, label, msg
from dougong.metadata.model import Object
from dougong.web import formula_check
from dougong.web.formula_change import GONE
from dougong.web.formula_check import Meaning, Wanted
from dougong.web.pages.formulas import object_named, record_chosen
from dougong.web.rights_change import Opened, Wish, labels_sent, opened
from dougong.web.rights_form import Form, act, page
from dougong.web.rights_people import named_people
from dougong.web.routing import Page
from dougong.web.visit import Visit, with_query

HERE = "/access/rule"
KIND = "sharing_rule"
LEVELS: Mapping[str, Message] = {"read": msg("See"), "edit": msg("See and change")}
USUAL: Mapping[str, Any] = {"label": {}, "level": "read", "with": (), "until": "", "active": True}
"""What a rule says that does not say it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The form: the object, the document's parts that it says, and the record that the formula is tried on."""

    object: Object
    body: Mapping[str, Any]
    name: str
    record: str

    @property
    def text(self) -> str:
        """The formula."""
        return str(self.body.get("when", ""))


def _found(visit: Visit, of: str, name: str) -> tuple[Opened, Object]:
    found = opened(visit, KIND, of)
    return found, object_named(visit, found.component.object or "" if found.component else name)


def show(visit: Visit) -> Response:
    """A rule as it stands, or an empty form for an object."""
    found, obj = _found(visit, visit.asked("of"), visit.asked("object"))
    return page(visit, _form(visit, found, Draft(obj, found.body, "", "")))


def _meaning(visit: Visit, draft: Draft) -> Meaning | None:
    if not draft.text.strip():
        return None
    return formula_check.meaning(
        visit,
        Wanted(
            object=draft.object, text=draft.text, returns="boolean", scale=None, blanks="blank", record=draft.record
        ),
    )


def _form(visit: Visit, found: Opened, draft: Draft, note: str = "") -> Form:
    body = draft.body
    chosen = {key: list(body.get(key, ())) for key in ("to", "owned_by")}
    return Form(
        "rights_rule.html",
        label(body.get("label"), visit.language) if found.component else visit.say(msg("New sharing rule")),
        found,
        {
            "draft": draft,
            "body": {**USUAL, **body},
            "name": found.component.own_name if found.component else draft.name,
            "found": _meaning(visit, draft),
            "note": note,
            "tested": (),
            "people": {key: named_people(visit, names, True, key == "to") for key, names in chosen.items()},
            "chosen": chosen,
            "levels": [(key, visit.say(said)) for key, said in LEVELS.items()],
            "children": _children(visit, draft.object, body),
        },
    )


def _children(visit: Visit, obj: Object, body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Objects with one lookup to the object, that are not opened with it anyway."""
    found = []
    for each in visit.model.objects.values():
        leading = [field for field in each.fields.values() if not field.system and field.targets == (obj.name,)]
        follows = each.access.get("default") == "by_parent"
        if len(leading) == 1 and not follows and visit.unit.access.may("read", each):
            found.append((each.name, label(each.label, visit.language)))
    known = {name for name, _ in found}
    return [*found, *((each, each) for each in body.get("with", ()) if each not in known)]


# -- what was sent ------------------------------------------------------------------------------------------------
def send(visit: Visit) -> Response:
    """Check, format or mend the formula, plan or publish the rule."""
    asked, _, rest = visit.sent("do", "check").partition(":")
    with visit.read() as reading:
        found, obj = _found(reading, visit.sent("of"), visit.sent("object"))
        taken = {each.address.partition(":")[2]: each for each in reading.model.rights.sharing_rules.get(obj.name, ())}
        said = _sent(reading, found.body)
        record = record_chosen(reading, obj, visit.sent("record"), visit.sent("record_text"))
        draft = Draft(obj, {**found.body, **said}, visit.sent("name").strip(), record)
        answer = _looked(reading, found, draft, asked, rest)
        if answer is not None:
            return answer
    own = draft.name
    values: dict[str, Any] = {key: value if value not in ("", []) else GONE for key, value in said.items()}
    values["label"] = said["label"]
    if found.component is None:
        values |= {"object": obj.name}
    for key, usual in (("level", "read"), ("active", True)):
        if said[key] == usual and key not in found.body:
            values[key] = GONE
    wish = Wish(found, f"{obj.name}.{own}", values)
    there = with_query(HERE, [("of", wish.address.partition(":")[2]), ("made", "1")])
    return act(visit, wish, taken, lambda again: _form(again, found, draft), there)


def _looked(visit: Visit, found: Opened, draft: Draft, asked: str, rest: str) -> Response | None:
    """What the buttons of the formula answer; None for those that plan and publish a formula without mistakes."""
    if asked == "mend":
        return _shown(visit, found, draft, formula_check.mended_at(draft.text, rest))
    meaning = _meaning(visit, draft)
    if asked == "format" and meaning and meaning.canonical:
        return _shown(visit, found, draft, meaning.canonical)
    if asked in ("plan", "publish"):
        if meaning is None or meaning.formula is not None:
            return None
        return page(visit, _form(visit, found, draft, visit.say(msg("Mend the formula first."))))
    if visit.partial:
        known: dict[str, Any] = {"note": "", "tested": (), "new_test": None, "made": False}
        return visit.page("parts/formula_meaning.html", draft=draft, found=meaning, **known)
    return page(visit, _form(visit, found, draft))


def _shown(visit: Visit, found: Opened, draft: Draft, text: str) -> Response:
    return page(visit, _form(visit, found, Draft(draft.object, {**draft.body, "when": text}, draft.name, draft.record)))


def _sent(visit: Visit, was: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of the document that the form says."""
    level = visit.sent("level")
    return {
        "label": labels_sent(visit, was),
        "when": visit.sent("formula").replace("\r\n", "\n").strip(),
        "owned_by": list(dict.fromkeys(visit.sent_all("owned_by"))),
        "to": list(dict.fromkeys(visit.sent_all("to"))),
        "level": level if level in LEVELS else "read",
        "with": list(dict.fromkeys(visit.sent_all("with"))),
        "until": visit.sent("until").strip(),
        "active": visit.sent("active") == "on",
    }


PAGES = (Page("GET", HERE, show, right="design"), Page("POST", HERE, send, right="design"))
