"""What is kept of a person, for those who answer for it: found, given out, erased for a reason, and proved."""

from __future__ import annotations

import json
from typing import BinaryIO

from starlette.responses import Response

from dougong.base.errors import Conflict, DougongError, Rejected
from dougong.base.language import Message, label, msg
from dougong.engine import file_contents
from dougong.engine.audit.reading import Recorded
from dougong.engine.privacy import Kept, erase, find
from dougong.engine.privacy.finding import LONGEST_REASON, RIGHT, personal_fields
from dougong.engine.privacy.proving import proof_json, proofs
from dougong.engine.query import Query
from dougong.metadata.model import Object
from dougong.web.context import record_url
from dougong.web.downloads import download
from dougong.web.frame import framed
from dougong.web.navigation import several
from dougong.web.person_archive import write_archive
from dougong.web.record_page import title_of
from dougong.web.routing import Page
from dougong.web.visit import Visit, with_query

HERE = "/privacy"
ONE = HERE + "/{object}/{id}"
MOST = 50

CATEGORIES: dict[str, Message] = {
    "name": msg("Name"),
    "contact": msg("How to reach them"),
    "address": msg("Address"),
    "birth": msg("Birth"),
    "identity": msg("Identity"),
    "online": msg("Online"),
    "note": msg("Notes"),
    "other": msg("Other"),
}


def show(visit: Visit) -> Response:
    """Find a person: the objects that keep personal data, and the records of one that fit."""
    unit = visit.unit
    objects = [each for each in visit.model.objects.values() if personal_fields(each) and unit.access.may("read", each)]
    asked, chosen = visit.asked("q").strip()[:80], visit.asked("object")
    obj = next((each for each in objects if each.name == chosen), None)
    return framed(
        visit,
        "privacy.html",
        HERE,
        visit.say(msg("Personal data")),
        objects=sorted((several(each, visit.language), each.name) for each in objects),
        asked=asked,
        chosen=chosen,
        searched=obj is not None and bool(asked),
        found=_found(visit, obj, asked) if obj and asked else [],
    )


def _found(visit: Visit, obj: Object, asked: str) -> list[tuple[str, str]]:
    """(address, title) of the records that fit."""
    rows = visit.unit.records.query(Query(object=obj.name, columns=(obj.title,), search=asked, limit=MOST)).rows
    return [(_url(obj.name, row.id), title_of(visit, obj, {obj.title: row.values[0]})) for row in rows]


def _url(object_name: str, record_id: str) -> str:
    return record_url(object_name, record_id).replace("/o/", f"{HERE}/", 1)


def one(visit: Visit, object: str, id: str) -> Response:
    """What is kept of one person, in numbers; what was erased, with the proof."""
    return _one(visit, object, id)


def _one(visit: Visit, object: str, id: str, error: DougongError | None = None) -> Response:
    kept = find(visit.unit, object, id)
    title = title_of(visit, kept.object, visit.unit.records.get(object, id, deleted="all").values)
    return framed(
        visit,
        "privacy_person.html",
        HERE,
        title,
        error.status if error else 200,
        object_label=label(kept.object.label, visit.language),
        url=_url(kept.object.name, kept.id),
        record=record_url(kept.object.name, kept.id),
        search=with_query(HERE, [("object", kept.object.name)]),
        kept=kept,
        fields=_fields(visit, kept),
        oneself=kept.id == visit.actor.user_id,
        proofs=[(each, _said(each)) for each in proofs(visit.unit, object, id)],
        why=visit.sent("why"),
        longest=LONGEST_REASON,
        errors=[each.text(visit.language) for each in error.problems] if error else [],
    )


def _fields(visit: Visit, kept: Kept) -> list[tuple[str, str]]:
    """(label, category) of the fields that hold something."""
    found = [kept.object.fields[name] for name in kept.values]
    return [(label(each.label, visit.language), visit.say(CATEGORIES[str(each.options["personal"])])) for each in found]


def _said(entry: Recorded) -> dict[str, int]:
    """What an erasure took, in numbers."""
    counts = {"fields": len(entry.data.get("fields", ())), "entries": len(entry.data.get("entries", ()))}
    return counts | {key: int(entry.data.get(key, 0)) for key in ("history", "files", "sign_in")}


def give_out(visit: Visit, object: str, id: str) -> Response:
    """Everything that is kept of the person, as an archive."""

    def write(file: BinaryIO) -> str:
        with visit.read(why=visit.sent("why").strip()) as reading:
            write_archive(reading.unit, object, id, visit.site.settings.data_dir, file)
            return f"{object}-{id}.zip"

    return download(write, "application/zip")


def carry_out(visit: Visit, object: str, id: str) -> Response:
    """Erase the person, then the bytes of their files; the page again where something stands against it."""
    try:
        erased = visit.write(lambda unit: erase(unit, object, id), why=visit.sent("why").strip())
    except (Rejected, Conflict) as error:
        with visit.read() as reading:
            return _one(reading, object, id, error)
    for content in erased.contents:
        file_contents.forget(visit.site.settings.data_dir, content)
    return visit.go(_url(erased.object.name, erased.id), visit.say(msg("Erased. The proof stands in the audit log.")))


def proof(visit: Visit, object: str, id: str) -> Response:
    """The proof as a file."""
    found = proof_json(visit.unit, object, id)

    def write(file: BinaryIO) -> str:
        file.write(json.dumps(found, ensure_ascii=False, indent=2).encode())
        return f"erased-{object}-{id}.json"

    return download(write, "application/json")


PAGES = (
    Page("GET", HERE, show, right=RIGHT),
    Page("GET", ONE, one, right=RIGHT, proof=True),
    Page("GET", ONE + "/proof", proof, right=RIGHT),
    Page("POST", ONE + "/export", give_out, right=RIGHT, proof=True, reads=True),
    Page("POST", ONE + "/erase", carry_out, right=RIGHT, proof=True),
)
