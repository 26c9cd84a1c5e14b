"""What is kept of a person, as they are given it: one JSON value, with a key for each place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from dougong.base.language import label
from dougong.engine.actor import SYSTEM
from dougong.engine.audit import Event, record
from dougong.engine.audit.reading import recorded
from dougong.engine.privacy.finding import FILE, Kept, find, telling_fields
from dougong.engine.query import Condition, Query
from dougong.engine.tables import audit, history

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

MOST_RELATED = 200
"""How many records of each object that name the person are listed."""


def given_out(unit: Unit, object_name: str, record_id: str) -> dict[str, Any]:
    """Everything kept of a person; that it was given out is in the audit log.

    Raises:
        Forbidden, NotFound, BadRequest: as `find`.
    """
    kept = find(unit, object_name, record_id)
    system = unit.acting(SYSTEM)
    record(unit, Event("exported", f"record:{kept.object.name}/{kept.id}", {"personal": True, "records": 1}))
    return {
        "object": kept.object.name,
        "id": kept.id,
        "at": unit.now.isoformat(),
        "values": _values(unit, kept),
        "history": list(_history(unit, kept)),
        "files": [
            {"id": id, "name": str(system.records.get(FILE, id, deleted="all").values["name"])} for id in kept.files
        ],
        "related": dict(_related(system, kept)),
        "log": list(_log(unit, kept)),
        "sign_in": kept.sign_in,
    }


def _values(unit: Unit, kept: Kept) -> list[dict[str, Any]]:
    language, fields = unit.reading.language, kept.object.fields
    return [
        {
            "field": name,
            "label": label(fields[name].label, language),
            "category": fields[name].options["personal"],
            "value": fields[name].type.to_json(fields[name], value),
        }
        for name, value in kept.values.items()
    ]


def _history(unit: Unit, kept: Kept) -> Iterator[dict[str, Any]]:
    names = {kept.object.fields[name].id: name for name in telling_fields(kept.object)}
    rows = select(history).where(history.c.record_id == kept.id).order_by(history.c.id)
    for row in unit.connection.execute(rows):
        changes = {names[key]: pair for key, pair in row.changes.items() if key in names}
        if changes:
            yield {"at": row.at.isoformat(), "action": row.action, "changes": changes}


def _related(system: Unit, kept: Kept) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """The records that name the person, by the field that does: ids and titles."""
    for child in kept.object.children:
        obj = system.runtime.model.objects[child.object]
        if obj.fields[child.field].type.name in ("link", "rollup"):
            continue
        query = Query(
            object=obj.name, columns=(obj.title,), where=Condition(child.field, "is", kept.id), limit=MOST_RELATED
        )
        found = [{"id": row.id, "title": str(row.values[0] or "")} for row in system.records.query(query).rows]
        if found:
            yield f"{child.object}.{child.field}", found


def _log(unit: Unit, kept: Kept) -> Iterator[dict[str, Any]]:
    for row in unit.connection.execute(select(audit).where(audit.c.seq.in_(kept.entries)).order_by(audit.c.seq)):
        entry = recorded(row)
        yield {"seq": entry.seq, "at": entry.at.isoformat(), "kind": entry.kind, "personal": dict(entry.personal)}
