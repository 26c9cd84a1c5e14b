"""Handing over somebody's work: who gets what, the preview, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from starlette.responses import Response

from dougong.base.errors import DougongError
from dougong.base.language import msg
from dougong.engine.handover import taking_back
from dougong.engine.handover.carrying import RIGHT, Line, Outcome, hand_over, preview
from dougong.engine.handover.holdings import KEPT, PERSON
from dougong.engine.handover.rules import Handover, written
from dougong.engine.handover.taking_back import Done
from dougong.engine.unit import Unit
from dougong.web import handover_form
from dougong.web.context import record_url
from dougong.web.frame import framed
from dougong.web.routing import Page
from dougong.web.visit import Visit

HERE = "/handover"
USER = f"{HERE}/{{user}}"
DONE = f"{HERE}/done/{{operation}}"


def show(visit: Visit, user: str) -> Response:
    """The form, and what was handed over before."""
    return _form(visit, user, Handover(user, ()))


def _form(visit: Visit, user: str, asked: Handover, error: DougongError | None = None) -> Response:
    person = visit.unit.records.get(PERSON, user)
    name = _name(person.values)
    return framed(
        visit,
        "handover.html",
        PERSON,
        visit.say(msg("Hand over {name}’s work", name=name)),
        error.status if error else 200,
        user=user,
        name=name,
        frozen=person.values.get("frozen"),
        active=person.values.get("active"),
        form=handover_form.form(visit, asked),
        why=visit.sent("why"),
        errors=[problem.text(visit.language) for problem in error.problems] if error else [],
        before=taking_back.handovers(visit.unit, user),
        oneself=user == visit.actor.user_id,
    )


def _name(values: Any) -> str:
    return str(values.get("name") or values.get("login") or "")


def change(visit: Visit, user: str) -> Response:
    """The form again, as the preview had it."""
    with visit.read() as reading:
        return _form(reading, user, handover_form.sent(reading, user))


def look(visit: Visit, user: str) -> Response:
    """What would happen; the form again where something is amiss with what was sent."""
    return _tried(visit, user, lambda asked: _preview(visit, asked))


def _preview(visit: Visit, asked: Handover) -> Response:
    found = preview(visit.company, visit.actor, asked, visit.sent("why"))
    with visit.read() as reading:
        person = reading.unit.records.get(PERSON, asked.user)
        return framed(
            reading,
            "handover_preview.html",
            PERSON,
            reading.say(msg("Hand over {name}’s work", name=_name(person.values))),
            user=asked.user,
            name=_name(person.values),
            asked=asked,
            found=found,
            rows=_rows(reading, found.lines, found),
            refused=[(each, _called(reading, each.object)) for each in found.refused],
            url=record_url,
            document=orjson.dumps(written(asked)).decode(),
            why=visit.sent("why"),
        )


def _called(visit: Visit, name: str) -> str:
    return visit.context.label(visit.model.objects[name].label)


def _rows(visit: Visit, lines: Sequence[Line], found: Outcome) -> list[dict[str, Any]]:
    """The table of a preview: a row for each holding and receiver, then what of it stays."""
    ids = sorted(
        {to for line in lines for to in line.moved if to} | {each.to for line in lines for each in line.sample}
    )
    known = handover_form.people(visit.unit, [each for each in ids if each])
    return [
        {
            "line": line,
            "label": handover_form.title_of_key(visit.model.objects, line.key, visit.language),
            "to": [(known.get(to) or visit.say(msg("nobody")), count) for to, count in line.moved.most_common()],
            "sample": [(record_url(each.object, each.id), each.title) for each in line.sample],
        }
        for line in lines
    ]


def carry_out(visit: Visit, user: str) -> Response:
    """Hand over; what was done opens."""

    def work(asked: Handover) -> Response:
        done = visit.write(lambda unit: hand_over(unit, asked), why=visit.sent("why"))
        said = msg("{n} record handed over", "{n} records handed over", n=done.total)
        return visit.go(DONE.format(operation=done.operation), visit.say(said))

    return _tried(visit, user, work)


def _tried(visit: Visit, user: str, work: Any) -> Response:
    asked = Handover(user, ())
    try:
        with visit.read() as reading:
            asked = handover_form.sent(reading, user)
        answer: Response = work(asked)
        return answer
    except DougongError as error:
        if error.status not in (400, 409, 422):
            raise
        with visit.read() as reading:
            return _form(reading, user, asked, error)


def done(visit: Visit, operation: str) -> Response:
    """What a handover did, and the button that takes it back."""
    return _done(visit, taking_back.done(visit.unit, operation), None)


def _done(visit: Visit, found: Done, returned: taking_back.Returned | None) -> Response:
    counts: dict[str, dict[str, int]] = found.details.get("counts", {})
    known = handover_form.people(visit.unit, sorted({to for each in counts.values() for to in each if to}))
    objects = visit.model.objects
    readable = {key: each for key, each in counts.items() if _is_known(visit, key)}
    rows = [
        (
            handover_form.title_of_key(objects, key, visit.language),
            [(known.get(to) or visit.say(msg("nobody")), count) for to, count in each.items()],
        )
        for key, each in readable.items()
    ]
    return framed(
        visit,
        "handover_done.html",
        PERSON,
        visit.say(msg("{name}’s work was handed over", name=found.name)),
        found=found,
        rows=rows,
        returned=returned,
        kept=[(each, _called(visit, each.object)) for each in returned.kept] if returned else [],
        url=record_url,
        may_return=found.may_return(visit.unit.now),
    )


def _is_known(visit: Visit, key: str) -> bool:
    """Whether a holding is still there and may be read: metadata and rights move on."""
    name, _, field_name = key.partition(".")
    obj = visit.model.objects.get(name)
    if obj is None or not field_name:
        return not field_name and key in KEPT
    field = obj.fields.get(field_name)
    access = visit.unit.access
    return field is not None and access.may("read", obj) and access.may_field("read", obj, field)


def undo(visit: Visit, operation: str) -> Response:
    """Give back what still stands as it was handed over; the page tells what stays."""

    def work(unit: Unit) -> taking_back.Returned:
        return taking_back.take_back(unit, operation)

    returned = visit.write(work, channel="undo", why=visit.say(msg("Handover taken back")))
    with visit.read() as reading:
        return _done(reading, taking_back.done(reading.unit, operation), returned)


PAGES = (
    Page("GET", DONE, done, right=RIGHT),
    Page("POST", f"{DONE}/undo", undo, right=RIGHT),
    Page("GET", USER, show, right=RIGHT),
    Page("POST", f"{USER}/change", change, right=RIGHT),
    Page("POST", f"{USER}/preview", look, right=RIGHT),
    Page("POST", USER, carry_out, right=RIGHT),
)
