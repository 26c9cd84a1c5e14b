"""What happened on a record and what comes next: activities, tasks, comments, files, changes, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from dougong.base.field_types import Reference, ValueRefused
from dougong.base.language import label, msg
from dougong.engine import tables
from dougong.engine.actor import SYSTEM
from dougong.engine.query import Condition, Query, Record, Row, Sort
from dougong.metadata.model import Field, Object
from dougong.web.composer.columns import editable
from dougong.web.context import record_url
from dougong.web.visit import Visit

SHOWN = 30
EVERYTHING = 300
KEPT = 200
"""How many history rows of one record a page looks at."""

ICONS = {"call": "phone", "visit": "map-pin", "meeting": "users", "note": "note", "email": "mail"}
DONE = ("done", "cancelled", "canceled", "completed")
READ = (
    "subject", "name", "kind", "status", "due", "done_at", "notes", "body", "duration", "outcome", "content", "owner",
    "created_by", "created_at",
)  # fmt: skip
"""The fields that a timeline reads of what is related to a record, where the object has them."""

DOINGS = {
    "create": msg("made this record"),
    "delete": msg("put this into the recycle bin"),
    "restore": msg("took this out of the recycle bin"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A changed field: its label, old and new in words; `name` where the old value may be given back, else ""."""

    label: str
    old: str
    new: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `text` is what somebody wrote, `changes` what became of fields.

    An entry of history has the id of its `change` and the `version` that the record has since.
    """

    icon: str
    who: str
    what: str
    at: datetime
    text: str = ""
    title: str = ""
    url: str = ""
    why: str = ""
    tone: str = ""
    changes: tuple[Told, ...] = ()
    files: tuple[Reference, ...] = ()
    change: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `late` when its time is past."""

    object: str
    id: str
    version: int
    title: str
    url: str
    due: Any
    late: bool
    done_value: str


@dataclass(frozen=True, slots=True)
class Change:
    """A row of history: the field changes by field name, as JSON values."""

    action: str
    at: datetime
    actor: str
    channel: str
    why: str
    version: int
    fields: Mapping[str, tuple[Any, Any]]
    id: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Both lists, and whether there is more."""

    entries: tuple[Entry, ...]
    steps: tuple[Step, ...]
    more: bool = False
    kinds: Mapping[str, bool] = dataclass_field(default_factory=dict)


_HISTORY = (
    select(
        tables.history.c.id,
        tables.history.c.action,
        tables.history.c.at,
        tables.history.c.actor,
        tables.history.c.channel,
        tables.history.c.why,
        tables.history.c.version,
        tables.history.c.changes,
    )
    .where(tables.history.c.record_id == bindparam("record_id"))
    .order_by(tables.history.c.id.desc())
    .limit(bindparam("most"))
)


def history(visit: Visit, obj: Object, record_id: str, most: int = KEPT) -> list[Change]:
    """The changes of one record, newest first, as far as the reader may see the fields."""
    by_id = {each.id: each.name for each in obj.fields.values() if visit.unit.access.may_field("read", obj, each)}
    rows = visit.unit.connection.execute(_HISTORY, {"record_id": record_id, "most": most})
    return [
        Change(
            row.action,
            row.at,
            row.actor,
            row.channel,
            row.why,
            row.version,
            {by_id[key]: (pair[0], pair[1]) for key, pair in row.changes.items() if key in by_id},
            row.id,
        )
        for row in rows
    ]


FEATURE = {"activity": "activities", "task": "activities", "comment": "comments", "file": "files"}
"""The feature of an object that lets records of these be about its own."""


def related_to(visit: Visit, name: str, obj: Object) -> Object | None:
    """The object `name` (activity, task, comment, file) where its records may be about records of `obj`."""
    found = visit.model.objects.get(name)
    if found is None or not obj.features[FEATURE[name]] or not visit.unit.access.may("read", found):
        return None
    about = found.fields.get("related_to")
    return found if about is not None and obj.name in about.targets else None


def make(visit: Visit, obj: Object, record: Record, changes: Sequence[Change], most: int = SHOWN) -> Timeline:
    """The timeline of a record: at most one statement for each kind of entry."""
    entries: list[Entry] = []
    steps: list[Step] = []
    about = {name: related_to(visit, name, obj) for name in ("activity", "task", "comment", "file")}
    activity, task, comment, file = about["activity"], about["task"], about["comment"], about["file"]
    if activity:
        rows = _rows(visit, activity, record.id, most + 1)
        entries += [_activity(visit, activity, row) for row in rows if _value(row, "status") in DONE]
        steps += [_step(visit, activity, row, "due") for row in rows if _value(row, "status") not in DONE]
    if task:
        steps += [
            _step(visit, task, row, "due")
            for row in _rows(visit, task, record.id, most)
            if _value(row, "status") not in DONE
        ]
    if comment:
        entries += [_comment(row) for row in _rows(visit, comment, record.id, most + 1)]
    if file:
        entries += [_file(visit, row) for row in _rows(visit, file, record.id, most + 1)]
    entries += told(visit, obj, _done_by_people(obj, changes))
    entries.sort(key=lambda each: each.at, reverse=True)
    steps.sort(key=lambda each: (each.due is None, str(each.due)))
    return Timeline(
        tuple(entries[:most]),
        tuple(steps),
        len(entries) > most,
        {name: found is not None for name, found in about.items()},
    )


def _rows(visit: Visit, obj: Object, record_id: str, most: int) -> list[dict[str, Any]]:
    names = tuple(name for name in READ if name in obj.fields)
    order = (Sort("created_at", descending=True),)
    query = Query(
        object=obj.name, columns=names, where=Condition("related_to", "is", record_id), sort=order, limit=most
    )
    page = visit.unit.records.query(query)
    return [_named(names, row) for row in page.rows]


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


def _step(visit: Visit, obj: Object, row: Mapping[str, Any], due_name: str) -> Step:
    due = row.get(due_name) or row.get("due")
    day = due.astimezone(visit.reading.zone).date() if isinstance(due, datetime) else due
    picklist = obj.fields["status"].picklist if "status" in obj.fields else None
    done = next((value for value in DONE if picklist and value in picklist.values), "")
    return Step(
        obj.name,
        row["id"],
        row["version"],
        str(row.get("subject") or row.get("name") or ""),
        record_url(obj.name, row["id"]),
        due,
        day is not None and day < visit.reading.today,
        done,
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


# -- history in words -------------------------------------------------------------------------------------------
def told(visit: Visit, obj: Object, changes: Iterable[Change]) -> list[Entry]:
    """Changes as entries of a timeline."""
    listed = list(changes)
    names = _titles(visit, obj, listed)
    found = []
    for each in listed:
        made = each.action == "create"
        words = () if made else tuple(
            Told(label(obj.fields[name].label, visit.language), _said(visit, obj.fields[name], old, names),
                 _said(visit, obj.fields[name], new, names), name if _may_return(visit, obj, name) else "")
            for name, (old, new) in each.fields.items()
        )  # fmt: skip
        if not words and each.action in ("update", "derive"):
            continue
        what = visit.say(DOINGS.get(each.action, msg("changed")))
        icon = {"create": "plus", "delete": "trash", "restore": "arrow-back-up"}.get(each.action, "history")
        who = _name(visit, each.actor)
        found.append(Entry(icon, who, what, each.at, why=each.why, changes=words, change=each.id, version=each.version))
    return found


def _may_return(visit: Visit, obj: Object, name: str) -> bool:
    """Whether the reader may give a field an earlier value back."""
    field, access = obj.fields[name], visit.unit.access
    return editable(field) and access.may("edit", obj) and access.may_field("edit", obj, field)


def _name(visit: Visit, actor: str) -> str:
    """Who did it; the platform is named in the reader's language."""
    return visit.say(msg("System")) if actor == SYSTEM.name else actor


def _said(visit: Visit, field: Field, value: Any, names: Mapping[str, str]) -> str:
    """A kept JSON value in words, references by title."""
    if value is None or value == [] or value == "":
        return ""
    try:
        read = field.type.coerce(field, value, visit.reading)
    except (ValueRefused, NotImplementedError):
        return str(value)
    if isinstance(read, Reference):
        return names.get(read.id, "") or read.title
    if isinstance(read, tuple) and read and isinstance(read[0], Reference):
        return ", ".join(names.get(each.id, "") or each.title for each in read)
    return field.type.display(field, read, visit.reading)


def _titles(visit: Visit, obj: Object, changes: Iterable[Change]) -> dict[str, str]:
    """Titles of every record that the changes name: one statement per object that they refer to."""
    wanted: dict[str, set[str]] = {}
    for each in changes:
        for name, pair in each.fields.items():
            field = obj.fields[name]
            if field.type.refers and each.action != "create":
                for value in pair:
                    _want(field, value, wanted, visit)
    found: dict[str, str] = {}
    for target, ids in wanted.items():
        title = visit.model.objects[target].title
        query = Query(
            object=target,
            columns=(title,),
            where=Condition("id", "in", tuple(sorted(ids))),
            limit=min(1000, len(ids)),
            deleted="all",
        )
        found |= {row.id: str(row.values[0] or "") for row in visit.unit.records.query(query).rows}
    return found


def _want(field: Field, value: Any, wanted: dict[str, set[str]], visit: Visit) -> None:
    if value is None:
        return
    try:
        read = field.type.coerce(field, value, visit.reading)
    except ValueRefused:
        return
    for each in read if isinstance(read, tuple) else (read,):
        if isinstance(each, Reference) and each.object in visit.model.objects:
            wanted.setdefault(each.object, set()).add(each.id)
