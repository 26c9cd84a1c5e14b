"""The first steps: changes become rows, what was given becomes values, current records are loaded.

Every problem of every row is noted; nothing is written here.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, case, literal

from dougong.base.errors import BadRequest, Place, Problem
from dougong.base.field_types import Reading, Reference, ValueRefused
from dougong.base.ids import record_id
from dougong.base.language import msg
from dougong.engine.access import Right
from dougong.engine.fields.masked import Masked, MaskedType, says_mask
from dougong.engine.fields.references import is_record_id
from dougong.engine.reasons import reason
from dougong.engine.saving import taking
from dougong.engine.saving.batch import Change, Create, Delete, Made, Restore, Take, Update, Upsert
from dougong.engine.saving.plan import ObjectPlan, bare, load, load_to_delete, plan_of
from dougong.engine.saving.related import AT_ONCE
from dougong.engine.saving.row import Batch, Row
from dougong.engine.saving.unique import ids_by_value
from dougong.metadata.model import Field

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

GIVEN_SYSTEM_FIELDS = frozenset({"owner", "record_type", "life_status", "currency"})
"""The system fields that a person may set."""

BACKDATED_FIELDS = frozenset({"created_at", "created_by"})
"""The system fields that an import or the system itself may set when it makes a record."""

Loading = Callable[[ObjectPlan], Select[Any]]
"""What gives the statement that reads records by id."""

MOVING_CHANNELS = frozenset({"import", "system"})
"""The channels that bring records from elsewhere, with their numbers and dates."""


def rows_of(unit: Unit, changes: Sequence[tuple[int, Change]]) -> list[Row]:
    """One row per numbered change, with ids for what is new.

    Raises:
        BadRequest: an object that does not exist, or the same record twice in one batch.
    """
    rows: list[Row] = []
    made: dict[str, Reference] = {}
    problems: list[Problem] = []
    upserts: list[tuple[Row, Upsert]] = []
    for number, change in changes:
        plan = _plan(unit, change, number, problems)
        if plan is None:
            continue
        row = _row(plan, change, number)
        rows.append(row)
        if isinstance(change, Upsert):
            upserts.append((row, change))
    if upserts and not problems:
        _match(unit, upserts, problems)
    by_number = dict(changes)
    for row in rows:
        change = by_number[row.number]
        if isinstance(change, (Create, Upsert)) and change.key is not None:
            made[change.key] = Reference(row.plan.name, row.id)
    problems += _twice(rows)
    if problems:
        raise BadRequest(problems)
    for row in rows if made else ():
        if Made in map(type, row.given.values()):
            _resolve_made(row, made)
    return rows


def _plan(unit: Unit, change: Change, number: int, problems: list[Problem]) -> ObjectPlan | None:
    obj = unit.runtime.model.object_named(change.object)
    if obj is not None:
        return plan_of(unit.runtime, obj.name)
    near = difflib.get_close_matches(change.object, unit.runtime.model.objects, n=1)
    problems.append(
        Problem(
            code="object-unknown",
            reason=msg("There is no object {name}.", name=change.object),
            fix=msg("Did you mean {near}?", near=near[0]) if near else None,
            place=Place(row=number),
        )
    )
    return None


def _row(plan: ObjectPlan, change: Change, number: int) -> Row:
    match change:
        case Create(values=values, id=known, read=read):
            return Row(number, "create", plan, known or record_id(), dict(values), read=read)
        case Upsert(values=values):
            return Row(number, "create", plan, record_id(), dict(values))
        case Update(id=id, values=values, version=version, base=base, why=why, read=read):
            why = reason(why)
            return Row(number, "update", plan, id, dict(values), version=version, base=base, why=why, read=read)
        case Take(id=id):
            return Row(number, "update", plan, id, {}, taking=True)
        case Delete(id=id, version=version, alone=alone):
            return Row(number, "delete", plan, id, {}, version=version, alone=alone)
        case Restore(id=id):
            return Row(number, "restore", plan, id, {})
    raise TypeError(f"{change!r} is no change of a record")


def _twice(rows: Iterable[Row]) -> list[Problem]:
    first: dict[tuple[str, str], int] = {}
    found = []
    for row in rows:
        before = first.setdefault((row.plan.name, row.id), row.number)
        if before != row.number:
            reason = msg("This record is already changed by row {row} of the same batch.", row=before)
            found.append(Problem(code="record-twice", reason=reason, place=Place(row=row.number), thing=row.id))
    return found


def _resolve_made(row: Row, made: dict[str, Reference]) -> None:
    for name, value in row.given.items():
        if isinstance(value, Made):
            found = made.get(value.key)
            if found is None:
                row.refuse("made-unknown", msg("No row of this batch has the key {key}.", key=value.key), at=name)
            row.given[name] = found


def _match(unit: Unit, upserts: Sequence[tuple[Row, Upsert]], problems: list[Problem]) -> None:
    """Turn the upserts whose key exists into updates."""
    by_key: dict[tuple[str, str], list[tuple[Row, Any]]] = {}
    for row, change in upserts:
        field = row.plan.object.field_named(change.key_field)
        if field is None or not _finds(unit, row.plan, field):
            problems.append(_no_key(unit, row, change))
            continue
        try:
            value = field.type.coerce(field, change.values.get(change.key_field), unit.reading)
        except ValueRefused:
            continue
        if value is not None:
            by_key.setdefault((row.plan.name, field.name), []).append((row, value))
    for (name, field_name), entries in by_key.items():
        known = ids_by_value(unit, plan_of(unit.runtime, name), field_name, [value for _, value in entries])
        for row, value in entries:
            if value in known:
                row.doing, row.id = "update", known[value]


def _finds(unit: Unit, plan: ObjectPlan, field: Field) -> bool:
    """Whether the actor may find records by the field: it identifies them, and is neither hidden nor masked."""
    unique = (field.unique or field.external_key) and field.name in plan.slots
    return unique and unit.access.may_field("read", plan.object, field)


def _no_key(unit: Unit, row: Row, change: Upsert) -> Problem:
    keys = [each.name for each in row.plan.object.fields.values() if _finds(unit, row.plan, each)]
    return Problem(
        code="upsert-key",
        reason=msg(
            "{name} does not identify records of {object}.", name=change.key_field, object=row.plan.object.label
        ),
        fix=msg("Unique fields are {names}.", names=", ".join(keys)) if keys else None,
        place=Place(row=row.number, field=change.key_field),
    )


def read_given(batch: Batch) -> None:
    """Coerce every value given, into `Row.given` by current field name; wrong ones are problems of the row."""
    texts: dict[tuple[str, str], Any] = {}
    for doing in ("create", "update"):
        for plan, rows in batch.groups(doing):
            names = dict.fromkeys(name for row in rows for name in row.given)
            fields = {name: _given(batch, plan, name, doing == "create") for name in names}
            for row in rows:
                _read(batch, row, fields, texts)


Given = tuple[Field | None, bool, bool]
"""What a caller means by a name: the field, where there is one that may be read; whether its value may be set, and
whether one that is read already is taken as it is.
"""


def _given(batch: Batch, plan: ObjectPlan, name: str, new: bool) -> Given:
    actor = batch.unit.actor
    field = plan.object.field_named(name)
    seen = None if field is None else batch.unit.access.seen(plan.object, field)
    if field is None or seen is None:
        return None, False, False
    takes = _may_be_given(field, new, actor.channel in MOVING_CHANNELS or actor.is_system)
    kept = seen.type.refers or seen.type.recalls or isinstance(seen.type, MaskedType)
    return seen, takes, takes and not kept


def _read(batch: Batch, row: Row, fields: Mapping[str, Given], texts: dict[tuple[str, str], Any]) -> None:
    coerced: dict[str, Any] = {}
    for name, value in row.given.items():
        field, takes, at_once = fields[name]
        if field is None:
            _unknown_field(batch, row, name)
        elif at_once and row.read:
            coerced[field.name] = value
        elif not takes:
            if not _as_stored(batch, row, field, value):
                _refuse_kept(row, field)
        elif isinstance(field.type, MaskedType) and says_mask(value):
            _leave(row, field, field.type, value)
        elif row.read and not field.type.refers and not field.type.recalls:
            coerced[field.name] = value
        else:
            _take(row, field, value, batch.unit.reading, coerced, texts)
    row.given = coerced


def _leave(row: Row, field: Field, kind: MaskedType, value: Any) -> None:
    """What a mask shows is no value: given back it leaves the field alone, and anything like it is refused."""
    if str(value) != (kind.seen(row.before.get(field.name)) if row.before else None) and not isinstance(value, Masked):
        reason = msg("“{value}” is how {label} is masked, not a value.", value=str(value), label=field.label)
        row.refuse("value-masked", reason, msg("Leave it out, or give the whole value."), at=field.name)


def _take(
    row: Row, field: Field, value: Any, reading: Reading, coerced: dict[str, Any], texts: dict[tuple[str, str], Any]
) -> None:
    """One value that may be set. Equal `texts` of many rows are read once."""
    try:
        if type(value) is str:
            key = field.address, value
            if key not in texts:
                texts[key] = bare(field, field.type.coerce(field, value, reading))
            found = texts[key]
        else:
            found = bare(field, field.type.coerce(field, value, reading))
        if field.type.recalls:
            found = field.type.follows(field, row.before.get(field.name), found)
        coerced[field.name] = found
    except ValueRefused as refused:
        row.refuse(refused.code, refused.reason, refused.fix, at=field.name)


def _refuse_kept(row: Row, field: Field) -> None:
    if field.formula is not None:
        row.refuse("field-computed", msg("{label} is computed and cannot be set.", label=field.label), at=field.name)
        return
    between = row.plan.runtime.model.objects.get(str(field.options.get("through")))
    if between is None:
        reason, fix = msg("{label} is kept by the system and cannot be set.", label=field.label), None
    else:
        reason = msg("{label} follows from records of {object}.", label=field.label, object=between.label)
        fix = msg("Make or delete those.")
    row.refuse("field-not-writable", reason, fix, at=field.name)


def _may_be_given(field: Field, new: bool, moving: bool) -> bool:
    if field.system:
        return field.name in GIVEN_SYSTEM_FIELDS or (moving and new and field.name in BACKDATED_FIELDS)
    if field.type.name == "auto_number":
        return moving and new
    return field.type.writable and not field.options.get("through")


def _as_stored(batch: Batch, row: Row, field: Field, value: Any) -> bool:
    """True when a value that nobody may set is merely said back as it is, or as files show it: to the second."""
    if row.new:
        return value in (None, "")
    reading, stored = batch.unit.reading, row.before.get(field.name)
    try:
        given = field.type.coerce(field, value, reading)
    except (ValueRefused, NotImplementedError):
        given = value
    if bare(field, given) == stored:
        return True
    alike = stored is not None and type(given) is type(stored) and not field.type.refers
    return alike and field.type.to_text(field, given, reading) == field.type.to_text(field, stored, reading)


def _unknown_field(batch: Batch, row: Row, name: str) -> None:
    obj, access = row.plan.object, batch.unit.access
    readable = [each.name for each in obj.fields.values() if access.seen(obj, each) is not None]
    near = difflib.get_close_matches(name, readable, n=1)
    row.refuse(
        "field-unknown",
        msg("{object} has no field {name}.", object=obj.label, name=name),
        msg("Did you mean {near}?", near=near[0]) if near else None,
        at=name,
    )


def load_current(batch: Batch, to_change: Loading = load, to_delete: Loading = load_to_delete) -> None:
    """Read and lock the stored records of updates, deletions and restorations: one statement per object.

    What is not to be saved is only looked at: both statements may be others.
    """
    for lock, groups in (
        (to_change, batch.groups("update")),
        (to_delete, batch.groups("delete")),
        (to_delete, batch.groups("restore")),
    ):
        for plan, rows in groups:
            _load(batch, plan, rows, lock)


def _load(batch: Batch, plan: ObjectPlan, rows: list[Row], lock: Any) -> None:
    statement = _with_sight(batch.unit, plan, lock)
    width = len(plan.columns)
    by_id = {row.id: row for row in rows}
    ids = sorted(id for id in by_id if is_record_id(id))
    for start in range(0, len(ids), AT_ONCE):
        for stored in batch.unit.ask(statement, {"ids": ids[start : start + AT_ONCE]}):
            values = plan.read(stored)
            row = by_id.pop(str(values["id"]))
            _stand(row, values, bool(stored[width]), row.taking or bool(stored[width + 1]))
            if row.taking:
                taking.begin(batch.unit, batch.related, row, values)
            if row.before:
                batch.related.put(plan.name, row.id, row.values)
    for row in by_id.values():
        _missing(row)
    lost = [row for row in rows if not row.before]
    if lost:
        batch.missing += lost
        batch.rows = [row for row in batch.rows if row.before or row.new]


def _with_sight(unit: Unit, plan: ObjectPlan, lock: Any) -> Select[Any]:
    """The loading statement with two more columns: may the actor see the record, and do this to it."""
    known: dict[Any, Select[Any]] = plan.part(_loads)
    key = (lock, unit.access.key)
    found = known.get(key)
    if found is None:
        rights: tuple[Right, ...] = ("read", "delete" if lock is load_to_delete else "edit")
        sights = []
        for each in rights:
            visible = unit.access.visible(each, plan.object, plan.table)
            sights.append(literal(1) if visible is None else case((visible, 1), else_=0))
        found = known[key] = lock(plan).add_columns(*sights)
    return found


def _loads(plan: ObjectPlan) -> dict[Any, Select[Any]]:
    return {}


def _stand(row: Row, values: dict[str, Any], readable: bool, allowed: bool) -> None:
    """Take a stored record as the row's starting point, unless it may not be seen, touched or found there."""
    deleted = values.get("deleted_at") is not None
    if not readable or (deleted and row.doing == "update"):
        _missing(row)
        return
    row.before = row.written = row.settled = dict(values)
    row.values = values
    if not allowed:
        row.refuse("not-allowed", msg("You may not change this record."))


def _missing(row: Row) -> None:
    row.refuse(
        "record-missing",
        msg("This {object} does not exist, or you may not see it.", object=row.plan.object.label),
        msg("It may have been deleted: look in the recycle bin."),
    )
