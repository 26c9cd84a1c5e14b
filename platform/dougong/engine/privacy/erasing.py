"""Erasing a person: in one transaction, past the rules that hold for people's work, with a proof in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from dougong.base.errors import Conflict, Place, Problem, Rejected
from dougong.base.field_types import ValueRefused
from dougong.base.ids import record_id as new_id
from dougong.base.language import msg
from dougong.engine.actor import SYSTEM
from dougong.engine.audit import Event, record
from dougong.engine.privacy.finding import (
    ERASED,
    FILE,
    PLACEHOLDER,
    USER,
    Kept,
    door_tables,
    find,
    history_ids,
    telling_fields,
    unique_placeholder,
)
from dougong.engine.record_locks import unlocked
from dougong.engine.rights import membership
from dougong.engine.saving import cascade, derived, search_rows, writing
from dougong.engine.saving.batch import Delete
from dougong.engine.saving.expressions import Expressions
from dougong.engine.saving.keys import fill_keys
from dougong.engine.saving.plan import load, plan_of
from dougong.engine.saving.related import Related
from dougong.engine.saving.row import Batch, Row
from dougong.engine.tables import audit, drafts, history, imports, operations, revisions
from dougong.engine.tables import settings as stored_settings
from dougong.metadata.model import Field

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

_SIGNED = (history, operations, imports, revisions, drafts)
"""Tables that keep the name of who did something beside their id."""


def erase(unit: Unit, object_name: str, record_id: str) -> Kept:
    """Erase what is kept of a person; what that was. Nothing of it can be had back.

    Validation rules, locks and required fields do not stand against it. The bytes of the files that it names are to be
    removed when the transaction is over.

    Raises:
        Forbidden, NotFound, BadRequest: as `find`.
        Conflict: it is the actor themselves, or there is nothing left to erase.
        Rejected: a person does it and says no reason (`unit.why`).
    """
    kept = find(unit, object_name, record_id)
    if record_id == unit.actor.user_id:
        raise Conflict(Problem(code="erase-oneself", thing=record_id, reason=msg("Nobody can erase themselves.")))
    if kept.nothing:
        raise Conflict(Problem(code="erased-already", thing=record_id, reason=msg("There is nothing left to erase.")))
    if not (unit.why.strip() or unit.actor.is_system):
        reason = msg("Say why the person is erased.")
        raise Rejected(Problem(code="erase-reason", thing=record_id, place=Place(field="why"), reason=reason))
    system = unit.acting(SYSTEM)
    for file_id in kept.files:
        _erase_file(system, file_id)
    _blank(system, kept)
    _forget_changes(system, kept)
    if kept.object.name == USER:
        _shut_out(system, kept.id)
    unit.connection.execute(update(audit).where(audit.c.seq.in_(kept.entries)).values(personal=None))
    record(unit, Event(ERASED, f"record:{kept.object.name}/{kept.id}", _proof(kept)))
    return kept


def _proof(kept: Kept) -> dict[str, Any]:
    """What was erased where, by names and numbers alone."""
    return {
        "fields": sorted(kept.values),
        "history": kept.history,
        "files": len(kept.files),
        "sign_in": kept.sign_in,
        "entries": list(kept.entries),
    }


# -- the record -----------------------------------------------------------------------------------------------------
def _blank(unit: Unit, kept: Kept) -> None:
    values = {name: _placeholder(unit, kept, kept.object.fields[name]) for name in kept.values}
    if kept.object.name == USER:
        values |= {"active": False, "roles": None, "permission_sets": None}
    _set(unit, kept.object.name, kept.id, values)


def _set(unit: Unit, object_name: str, record_id: str, values: Mapping[str, Any]) -> None:
    """Write `values` past all rules; make anew what follows from them here and elsewhere, and what search reads."""
    related = Related(unit)
    batch = Batch(unit, [], related, new_id(), Expressions(unit, related))
    plan = plan_of(unit.runtime, object_name)
    stored = unit.connection.execute(plan.part(load), {"ids": [record_id]}).one()
    row = Row(0, "update", plan, record_id, {}, extra=True)
    row.values = plan.read(stored)
    row.before = row.written = row.settled = dict(row.values)
    row.values |= values
    batch.add(row)
    related.put(plan.name, row.id, row.values)
    derived.fill(batch, [row], batch.expressions)
    fill_keys([row], batch.expressions)
    writing.write(batch, [row])
    membership.follow(batch)
    cascade.run(batch, batch.expressions)
    live = row.values.get("deleted_at") is None
    search_rows.write(batch, [each for each in batch.rows if live or each is not row], batch.expressions)


def _placeholder(unit: Unit, kept: Kept, field: Field) -> Any:
    """Nothing, or where the title or what is required would be missing, something that says nothing."""
    if not (field.required or field.unique or field.name == kept.object.title):
        return None
    text = unique_placeholder(kept.id) if field.unique else PLACEHOLDER
    try:
        return field.type.coerce(field, text, unit.reading)
    except ValueRefused:
        return None


def _erase_file(system: Unit, file_id: str) -> None:
    """A file of the person: its name and content are forgotten, its record is in the bin."""
    obj = system.runtime.model.objects[FILE]
    record = system.records.get(FILE, file_id, deleted="all")
    if record.values.get("deleted_at") is None:
        with unlocked(system, FILE, [file_id]):
            system.records.save([Delete(FILE, file_id)])
    names = [name for name in ("name", "content") if name in obj.fields]
    _set(system, FILE, file_id, {name: {"name": PLACEHOLDER, "content": None}[name] for name in names})
    _scrub(system, file_id, {obj.fields[name].id for name in names})


# -- history and the door -------------------------------------------------------------------------------------------
def _forget_changes(unit: Unit, kept: Kept) -> None:
    ids = {kept.object.fields[name].id for name in telling_fields(kept.object)}
    if history_ids(unit, kept.object, kept.id):
        _scrub(unit, kept.id, ids)


def _scrub(unit: Unit, record_id: str, ids: set[str]) -> None:
    """History goes on saying that these fields changed, when and by whom, and no longer from what to what."""
    rows = unit.connection.execute(
        select(history.c.id, history.c.changes).where(history.c.record_id == record_id)
    ).all()
    for row in rows:
        changes = {key: [None, None] if key in ids else pair for key, pair in row.changes.items()}
        if changes != row.changes:
            unit.connection.execute(update(history).where(history.c.id == row.id).values(changes=changes))


def _shut_out(unit: Unit, user_id: str) -> None:
    """A user: everything that lets them in, what they prefer, and their name beside what they did."""
    for table in door_tables():
        unit.connection.execute(delete(table).where(table.c.user_id == user_id))
    unit.connection.execute(delete(stored_settings).where(stored_settings.c.owner == user_id))
    for table in _SIGNED:
        for who, name in (("actor_id", "actor"), ("author_id", "author"), ("owner_id", "owner")):
            if who in table.c and name in table.c:
                unit.connection.execute(update(table).where(table.c[who] == user_id).values({name: PLACEHOLDER}))
