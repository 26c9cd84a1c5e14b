"""The history of a record: its changes as they were kept, and in words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from dougong.base.field_types import Reference, ValueRefused
from dougong.base.language import label, msg
from dougong.engine import tables
from dougong.engine.actor import SYSTEM
from dougong.engine.fields.masked import Masked, MaskedType
from dougong.engine.query import Condition, Query
from dougong.metadata.model import Field, Object
from dougong.web.composer.columns import editable
from dougong.web.visit import Visit

KEPT = 200
"""How many history rows of one record a page looks at."""

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


def ask(visit: Visit, obj: Object, record_id: str, most: int = KEPT) -> Callable[[], list[Change]]:
    """The changes of one record, newest first, as far as the reader may see the fields; read when called."""
    fields = [seen for each in obj.fields.values() if (seen := visit.unit.access.seen(obj, each)) is not None]
    by_id = {each.id: each for each in fields}
    asked = visit.unit.ask(_HISTORY, {"record_id": record_id, "most": most})

    def read() -> list[Change]:
        return [
            Change(
                action,
                at,
                actor,
                channel,
                why,
                version,
                {by_id[key].name: _kept(by_id[key], pair) for key, pair in changes.items() if key in by_id},
                id,
            )
            for id, action, at, actor, channel, why, version, changes in asked
        ]

    return read


def _kept(field: Field, pair: Sequence[Any]) -> tuple[Any, Any]:
    """Old and new value as JSON, of a field that is masked for the reader what its mask leaves."""
    old, new = pair
    return (field.type.seen(old), field.type.seen(new)) if isinstance(field.type, MaskedType) else (old, new)


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
    if isinstance(value, Masked):
        return str(value)
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
    if not wanted:
        return {}
    with visit.unit.together():
        asked = [visit.unit.records.ask(_titled(visit, target, ids)) for target, ids in wanted.items()]
    called = visit.context.called
    return {row.id: called(row.id, str(row.values[0] or "")) for page in asked for row in page().rows}


def _titled(visit: Visit, target: str, ids: Collection[str]) -> Query:
    return Query(
        object=target,
        columns=(visit.model.objects[target].title,),
        where=Condition("id", "in", tuple(sorted(ids))),
        limit=min(1000, len(ids)),
        deleted="all",
    )


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
