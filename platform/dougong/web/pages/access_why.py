"""Why somebody may, or may not, see or change a record or a field; and who may do what with a record.

For those with the system right `explain_access`, and about what they see themselves: a record, a person, an object or
a field that they may not see is answered like one that is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from starlette.responses import Response

from dougong.base.language import label, msg
from dougong.engine.query import Condition, Query, Sort
from dougong.engine.reading.covering import rights_on
from dougong.engine.rights.explaining import DECIDING, NAMES, Asked, Explanation, Reason, as_user, explain
from dougong.metadata.model import Object
from dougong.web import record_page
from dougong.web.access_links import RIGHT, WHY
from dougong.web.frame import framed
from dougong.web.pages.formulas import object_named, objects, record_chosen
from dougong.web.routing import Page
from dougong.web.visit import Visit, with_query

PEOPLE_AT_ONCE = 20
"""How many people the page of a record judges at once: each costs two statements."""

RIGHTS: tuple[Asked, ...] = get_args(Asked)

DETAILS = frozenset({"role", "inactive", "nothing-held"})
"""Reasons that say what the person holds."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked: ids are "" while nothing was chosen."""

    object: Object
    record: str
    record_title: str
    user: str
    user_name: str
    right: Asked
    field: str


@dataclass(frozen=True, slots=True)
class Step:
    """One of the things that must all hold, with what it rests on. Texts are in the reader's language."""

    holds: bool
    text: str
    grounds: tuple[tuple[bool | None, str], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """The decision as the page says it."""

    allowed: bool
    text: str
    holds: tuple[tuple[bool | None, str], ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """A person and what they may do with a record, in the order of `RIGHTS`; `url` leads to why."""

    id: str
    name: str
    may: tuple[bool, ...]
    url: str


def show(visit: Visit) -> Response:
    """The question as a form, and the answer: for one person why, without one everybody with what they may."""
    choice = _choice(visit)
    told = _told(visit, choice) if choice.user and choice.record else None
    people, following = _people(visit, choice) if choice.record and not choice.user else ((), "")
    return framed(
        visit,
        "access_why.html",
        WHY,
        visit.say(msg("Who sees what, and why")),
        choice=choice,
        objects=[(each.name, label(each.label, visit.language)) for each in objects(visit)],
        rights=[(name, visit.say(NAMES[name])) for name in RIGHTS],
        fields=_fields(visit, choice.object),
        answer=told,
        people=people,
        following=following,
        everybody=_url(choice, user=""),
        asked=visit.asked("q"),
    )


def _choice(visit: Visit) -> Choice:
    obj = object_named(visit, visit.asked("object"))
    here = visit.asked("of", obj.name) == obj.name  # else another object was chosen than the record and field are of
    record = record_chosen(visit, obj, visit.asked("record"), visit.asked("record_text")) if here else ""
    person = visit.model.objects["user"]
    user = record_chosen(visit, person, visit.asked("user"), visit.asked("user_text"))
    right, field = visit.asked("right", "read"), visit.asked("field")
    known = dict(_fields(visit, obj))
    return Choice(
        object=obj,
        record=record,
        record_title=_title(visit, obj, record),
        user=user,
        user_name=_title(visit, person, user),
        right=right if right in RIGHTS else "read",
        field=field if here and field in known else "",
    )


def _title(visit: Visit, obj: Object, record_id: str) -> str:
    """What a record is called.

    Raises:
        NotFound: the reader may not see it.
    """
    if not record_id:
        return ""
    return record_page.title_of(visit, obj, visit.unit.records.get(obj.name, record_id, deleted="all").values)


def _fields(visit: Visit, obj: Object) -> list[tuple[str, str]]:
    """The fields that the reader may ask about, by what they are called."""
    may = visit.unit.access.may_field
    found = [(each.name, label(each.label, visit.language)) for each in obj.fields.values() if may("read", obj, each)]
    return sorted(found, key=lambda each: each[1])


# -- why ----------------------------------------------------------------------------------------------------------
def _told(visit: Visit, choice: Choice) -> Told:
    explanation = explain(
        visit.unit, choice.user, choice.object.name, choice.record, choice.right, choice.field or None
    )
    holds = [(each.holds, visit.say(each.text)) for each in explanation.reasons if each.kind in DETAILS]
    return Told(
        explanation.allowed, _verdict(visit, choice, explanation), tuple(holds), tuple(_steps(visit, explanation))
    )


def _verdict(visit: Visit, choice: Choice, explanation: Explanation) -> str:
    known = {"person": choice.user_name, "right": NAMES[choice.right], "record": choice.record_title}
    if choice.field:
        known["field"] = choice.object.fields[choice.field].label
        if explanation.allowed:
            return visit.say(msg("{person} may {right} {field} of {record}.", **known))
        return visit.say(msg("{person} may not {right} {field} of {record}.", **known))
    if explanation.allowed:
        return visit.say(msg("{person} may {right} {record}.", **known))
    return visit.say(msg("{person} may not {right} {record}.", **known))


def _steps(visit: Visit, explanation: Explanation) -> Iterable[Step]:
    """What decides, each with the reasons told before it."""
    below: list[Reason] = []
    for each in explanation.reasons:
        if each.kind in DECIDING:
            grounds = tuple((reason.holds, visit.say(reason.text)) for reason in _without_repeats(below))
            yield Step(bool(each.holds), visit.say(each.text), grounds)
            below = []
        elif each.kind not in DETAILS:
            below.append(each)


def _without_repeats(reasons: Sequence[Reason]) -> Iterable[Reason]:
    """What cannot be told is said once."""
    untold = False
    for each in reasons:
        if each.holds is not None or not untold:
            yield each
        untold = untold or each.holds is None


# -- who ----------------------------------------------------------------------------------------------------------
def _people(visit: Visit, choice: Choice) -> tuple[tuple[Standing, ...], str]:
    """Some people with what each may do, and the address of the next ones."""
    asked = visit.asked("q").strip()[:80]
    page = visit.unit.records.query(
        Query(
            object="user",
            columns=("name", "login"),
            where=Condition("active", "is", True),
            search=asked,
            sort=(Sort("name"), Sort("id")),
            limit=PEOPLE_AT_ONCE,
            cursor=visit.asked("from") or None,
        )
    )
    found = []
    for row in page.rows:
        held = rights_on(as_user(visit.unit, row.id), choice.object, choice.record, RIGHTS)
        seen = "read" in held
        may = tuple(seen and right in held for right in RIGHTS)
        found.append(Standing(row.id, str(row.values[0] or row.values[1]), may, _url(choice, user=row.id)))
    return tuple(found), _url(choice, q=asked, **{"from": page.next}) if page.next else ""


def _url(choice: Choice, **more: str) -> str:
    pairs = {"object": choice.object.name, "record": choice.record, "user": choice.user, **more}
    return with_query(WHY, [(name, value) for name, value in pairs.items() if value])


PAGES = (Page("GET", WHY, show, right=RIGHT),)
