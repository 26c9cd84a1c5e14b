"""What happened on a record and what comes next: activities, tasks, comments, files, changes, newest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from datetime import datetime
from typing import Any

from dougong.base.field_types import Reference
from dougong.base.language import label, msg
from dougong.engine.query import Condition, Query, Record, Row, Sort
from dougong.metadata.model import Object
from dougong.web.changes import Change, Entry, told
from dougong.web.composer.columns import editable
from dougong.web.context import record_url
from dougong.web.visit import Visit

SHOWN = 30
EVERYTHING = 300

ICONS = {"call": "phone", "visit": "map-pin", "meeting": "users", "note": "note", "email": "mail"}
DONE = ("done", "cancelled", "canceled", "completed")
READ = (
    "subject", "name", "kind", "status", "due", "done_at", "notes", "body", "duration", "outcome", "content", "owner",
    "created_by", "created_at",
)  # fmt: skip
"""The fields that a timeline reads of what is related to a record, where the object has them."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `late` when its time is past."""

    title: str
    url: str
    due: Any
    late: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """Both lists, and whether there is more."""

    entries: tuple[Entry, ...]
    steps: tuple[Step, ...]
    more: bool = False
    kinds: Mapping[str, bool] = dataclass_field(default_factory=dict)


FEATURE = {"activity": "activities", "task": "activities", "comment": "comments", "file": "files"}
"""The feature of an object that lets records of these be about its own."""


def related_to(visit: Visit, name: str, obj: Object) -> Object | None:
    """The object `name` (activity, task, comment, file) where its records may be about records of `obj`."""
    found = visit.model.objects.get(name)
    if found is None or not obj.features[FEATURE[name]] or not visit.unit.access.may("read", found):
        return None
    about = found.fields.get("related_to")
    if about is None or not visit.unit.access.may_field("read", found, about):
        return None
    return found if obj.name in about.targets else None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a timeline has asked for: by kind of entry, its object, and its rows to be read."""

    objects: Mapping[str, Object | None]
    rows: Mapping[str, Callable[[], list[dict[str, Any]]]]
    most: int


def ask(visit: Visit, obj: Object, record: Record, most: int = SHOWN) -> Asked:
    """Ask for the timeline of a record: one statement for each kind of entry."""
    about = {name: related_to(visit, name, obj) for name in FEATURE}
    rows = {name: _ask(visit, found, record.id, most + 1) for name, found in about.items() if found}
    return Asked(about, rows, most)


def make(visit: Visit, obj: Object, asked: Asked, changes: Sequence[Change]) -> Timeline:
    """The timeline that was asked for, with the changes of the record."""
    rows, most = {name: read() for name, read in asked.rows.items()}, asked.most
    activity = asked.objects["activity"]
    done = [row for row in rows.get("activity", ()) if _value(row, "status") in DONE]
    steps = [
        _step(visit, row, name)
        for name in ("activity", "task")
        for row in rows.get(name, ())
        if _value(row, "status") not in DONE
    ]
    entries = [_activity(visit, activity, row) for row in done] if activity else []
    entries += [_comment(row) for row in rows.get("comment", ())]
    entries += [_file(visit, row) for row in rows.get("file", ())]
    entries += told(visit, obj, _done_by_people(obj, changes))
    entries.sort(key=lambda each: each.at, reverse=True)
    steps.sort(key=lambda each: (each.due is None, str(each.due)))
    return Timeline(
        tuple(entries[:most]),
        tuple(steps),
        len(entries) > most,
        {name: found is not None for name, found in asked.objects.items()},
    )


def _ask(visit: Visit, obj: Object, record_id: str, most: int) -> Callable[[], list[dict[str, Any]]]:
    names = tuple(name for name in READ if name in obj.fields and visit.unit.access.seen(obj, obj.fields[name]))
    order = (Sort("created_at", descending=True),)
    query = Query(
        object=obj.name, columns=names, where=Condition("related_to", "is", record_id), sort=order, limit=most
    )
    page = visit.unit.records.ask(query)
    return lambda: [_named(names, row) for row in page().rows]


def _named(names: Sequence[str], row: Row) -> dict[str, Any]:
    return {**dict(zip(names, row.values, strict=True)), "id": row.id, "version": row.version}


def _value(row: Mapping[str, Any], name: str) -> Any:
    return row.get(name)


def _who(row: Mapping[str, Any]) -> str:
    person = row.get("owner") or row.get("created_by")
    return person.title if isinstance(person, Reference) else ""


def _activity(visit: Visit, obj: Object, row: Mapping[str, Any]) -> Entry:
    kind, picklist = str(row.get("kind") or ""), obj.fields["kind"].picklist
    what = label(picklist.values[kind].label, visit.language) if picklist and kind in picklist.values else ""
    if row.get("duration"):
        field = obj.fields["duration"]
        what = f"{what} {field.type.display(field, row['duration'], visit.reading)}"
    tone = {"advanced": "ok", "setback": "bad"}.get(str(row.get("outcome")), "")
    return Entry(
        icon=ICONS.get(str(kind), "activity"),
        who=_who(row),
        what=what,
        at=row.get("done_at") or row["created_at"],
        text=str(row.get("notes") or ""),
        title=str(row.get("subject") or ""),
        url=record_url(obj.name, row["id"]),
        tone=tone,
    )


def _step(visit: Visit, row: Mapping[str, Any], name: str) -> Step:
    due = row.get("due")
    day = due.astimezone(visit.reading.zone).date() if isinstance(due, datetime) else due
    return Step(
        str(row.get("subject") or row.get("name") or ""),
        record_url(name, row["id"]),
        due,
        day is not None and day < visit.reading.today,
    )


def _comment(row: Mapping[str, Any]) -> Entry:
    text = row.get("body") or row.get("text") or row.get("subject") or ""
    return Entry(icon="message-2", who=_who(row), what="", at=row["created_at"], text=str(text))


def _file(visit: Visit, row: Mapping[str, Any]) -> Entry:
    what = visit.say(msg("attached a file"))
    reference = Reference("file", row["id"], str(row.get("name") or ""))
    return Entry(icon="paperclip", who=_who(row), what=what, at=row["created_at"], files=(reference,))


def _done_by_people(obj: Object, changes: Iterable[Change]) -> Iterator[Change]:
    """Without what merely followed from something else: roll-ups, computed fields. The history tab has them all."""
    for each in changes:
        if each.action != "derive":
            typed = {name: pair for name, pair in each.fields.items() if editable(obj.fields[name])}
            yield replace(each, fields=typed)
