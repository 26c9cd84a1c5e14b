"""Record pages, and what is done to one record: the bin, a comment, a tick."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from dougong.base.errors import Conflict, Rejected
from dougong.base.language import msg
from dougong.engine.query import Record
from dougong.engine.saving.batch import Create, Delete, Restore, Update
from dougong.metadata.model import Object
from dougong.web import (
    formula_failures,
    past,
    record_page,
    timeline,
)
from dougong.web.context import record_url
from dougong.web.frame import framed
from dougong.web.navigation import several
from dougong.web.pages.formulas import may_design
from dougong.web.refusals import REFUSALS, Wish, refused
from dougong.web.routing import Page
from dougong.web.visit import Visit, broken


def show(visit: Visit, object: str, id: str) -> Response:
    """The page of a record, as it is or as it was."""
    obj = visit.object(object)
    if visit.asked("at"):
        return past.show(visit, obj, id)
    record = visit.unit.records.get(object, id, deleted="all")
    return page_of(visit, obj, record)


def page_of(visit: Visit, obj: Object, record: Record, status: int = 200) -> Response:
    """The page of a record that was read."""
    page = record_page.build(visit, obj, record)
    return framed(
        visit,
        "record.html",
        obj.name,
        page.title,
        status=status,
        page=page,
        object=obj,
        record=record,
        url=record_url(obj.name, record.id),
        object_label=several(obj, visit.language),
        failing=formula_failures.of_record(visit, obj, record, may_design(visit)),
    )


def delete(visit: Visit, object: str, id: str) -> Response:
    """Put a record into the bin; the list offers to undo it."""
    try:
        visit.write(lambda unit: unit.records.save([Delete(object, id)]), why=visit.sent("why"))
    except REFUSALS as error:
        return _refused(visit, object, id, "delete", error)
    return visit.go(f"/o/{object}", visit.say(msg("Moved to the recycle bin")), f"{record_url(object, id)}/restore")


def restore(visit: Visit, object: str, id: str) -> Response:
    """Take a record out of the bin."""
    try:
        visit.write(lambda unit: unit.records.save([Restore(object, id)]), why=visit.sent("why"))
    except REFUSALS as error:
        return _refused(visit, object, id, "restore", error)
    return visit.go(visit.back(record_url(object, id)), visit.say(msg("Restored")))


def _refused(visit: Visit, name: str, id: str, doing: str, error: Rejected | Conflict) -> Response:
    """Why a record is not deleted, restored or done, said where the person was."""
    with visit.read() as reading:
        obj = reading.object(name)
        record = reading.unit.records.get(name, id, deleted="all")
        called = record_page.title_of(reading, obj, record.values)
        title, button = {
            "delete": (msg("Delete {name}", name=called), msg("Delete")),
            "restore": (msg("Restore {name}", name=called), msg("Restore")),
            "done": (msg("Done: {title}", title=called), msg("Done")),
        }[doing]
        url, back = record_url(name, id), visit.back("")
        wish = Wish(
            title=visit.say(title),
            button=visit.say(button),
            action=f"{url}/{doing}",
            cancel=back or url,
            hidden={"back": back} if back else {},
            record=id if doing == "done" else "",
        )
        return refused(reading, obj, wish, error, [Delete(name, id)] if doing == "delete" else ())


def comment(visit: Visit, object: str, id: str) -> Response:
    """Add what was written into the composer."""
    text = visit.sent("text").strip()
    url = record_url(object, id)
    if not text:
        return visit.go(url)
    with visit.read() as reading:
        obj = reading.object("comment")
        body = next(name for name in ("body", "text") if name in obj.fields)
    about = {"object": object, "id": id}
    visit.write(lambda unit: unit.records.save([Create("comment", {body: text, "related_to": about})]))
    return visit.go(f"{url}#timeline")


def done(visit: Visit, object: str, id: str) -> Response:
    """Tick off a task or planned activity."""
    with visit.read() as reading:
        obj = reading.object(object)
        if "status" not in obj.fields:
            raise broken(object)
        picklist = obj.fields["status"].picklist
        value = next((each for each in timeline.DONE if picklist and each in picklist.values), "done")
        now = reading.unit.now
    values: dict[str, Any] = {"status": value}
    if "done_at" in obj.fields:
        values["done_at"] = now
    try:
        visit.write(lambda unit: unit.records.save([Update(object, id, values)]), why=visit.sent("why"))
    except REFUSALS as error:
        return _refused(visit, object, id, "done", error)
    return visit.go(visit.back(record_url(object, id)), visit.say(msg("Done")))


PAGES = (
    Page("GET", "/o/{object}/{id}", show, rehearsed=True),
    Page("POST", "/o/{object}/{id}/history/field", past.give_back_field),
    Page("POST", "/o/{object}/{id}/history/version", past.give_back_version),
    Page("POST", "/o/{object}/{id}/delete", delete),
    Page("POST", "/o/{object}/{id}/restore", restore),
    Page("POST", "/o/{object}/{id}/comment", comment),
    Page("POST", "/o/{object}/{id}/done", done),
)
