"""A record as it was at a moment, and giving it back what it was: one field, or a whole version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from starlette.responses import Response

from dougong.base.errors import BadRequest, Conflict, NotFound, Problem, Rejected
from dougong.base.field_types import ValueRefused
from dougong.base.ids import is_record_id
from dougong.base.language import msg
from dougong.engine.fields.date_text import check_year
from dougong.engine.saving.past import record_as_of, restore_field, restore_version
from dougong.metadata.model import Object
from dougong.web import prefill, record_page
from dougong.web.context import record_url
from dougong.web.frame import framed
from dougong.web.navigation import several
from dougong.web.refusals import REFUSALS, Wish, refused
from dougong.web.visit import Visit, broken, whole_number


def show(visit: Visit, obj: Object, id: str) -> Response:
    """The page of a record as of the moment that the address names in `at`: a day means its end.

    Raises:
        NotFound: the record did not exist then, or its object keeps no history.
        BadRequest: `at` is neither a day nor a moment.
    """
    if not obj.features["history"]:
        raise NotFound(Problem(code="history-none", reason=msg("There is no such page."), thing=obj.name))
    moment = _moment(visit, visit.asked("at"))
    found = record_as_of(visit.unit, obj.name, id, moment)
    record = replace(found, values=prefill.titled(visit, dict(found.values)))
    page = record_page.build(visit, obj, record, moment)
    return framed(
        visit,
        "record.html",
        obj.name,
        page.title,
        page=page,
        object=obj,
        record=record,
        url=record_url(obj.name, record.id),
        object_label=several(obj, visit.language),
        failing=(),
    )


def _moment(visit: Visit, text: str) -> datetime:
    zone = visit.reading.zone
    try:
        if len(text) == len("2026-01-31"):
            day = check_year(date.fromisoformat(text), text) + timedelta(days=1)
            return datetime.combine(day, time(), zone) - timedelta(microseconds=1)
        found = datetime.fromisoformat(text)
        check_year(found, text)
    except (ValueError, ValueRefused):
        reason = msg("“{text}” is neither a day nor a moment.", text=text[:40])
        raise BadRequest(Problem(code="moment-unknown", reason=reason, fix=msg("Write it like 2026-01-31."))) from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def give_back_field(visit: Visit, object: str, id: str) -> Response:
    """Give one field the value back that it had before a change."""
    change, name = visit.sent("change"), visit.sent("field")
    with visit.read() as reading:
        obj = reading.object(object)
        if name not in obj.fields or not is_record_id(change):
            raise broken(name)
    try:
        visit.write(lambda unit: restore_field(unit, object, id, change, name), why=visit.sent("why"))
    except REFUSALS as error:
        return _refused(visit, object, id, "field", {"change": change, "field": name}, error)
    told = visit.say(msg("{field} is as it was before", field=obj.fields[name].label))
    return visit.go(f"{record_url(object, id)}?tab={record_page.HISTORY_TAB}", told)


def give_back_version(visit: Visit, object: str, id: str) -> Response:
    """Give a record the values back that it had in a version."""
    version = whole_number(visit.sent("version"))
    if version is None:
        raise broken("version")
    with visit.read() as reading:
        reading.object(object)
    try:
        visit.write(lambda unit: restore_version(unit, object, id, version), why=visit.sent("why"))
    except REFUSALS as error:
        return _refused(visit, object, id, "version", {"version": str(version)}, error)
    told = visit.say(msg("The record is as it was in version {version}", version=version))
    return visit.go(f"{record_url(object, id)}?tab={record_page.HISTORY_TAB}", told)


def _refused(
    visit: Visit, name: str, id: str, doing: str, hidden: Mapping[str, str], error: Rejected | Conflict
) -> Response:
    """Why a record does not get values of the past back."""
    url = record_url(name, id)
    with visit.read() as reading:
        obj = reading.object(name)
        record = reading.unit.records.get(name, id)
        called = record_page.title_of(reading, obj, record.values)
        title, button = visit.say(msg("{name} as it was", name=called)), visit.say(msg("Take back"))
        wish = Wish(title, button, f"{url}/history/{doing}", f"{url}?tab={record_page.HISTORY_TAB}", hidden, id)
        return refused(reading, obj, wish, error)
