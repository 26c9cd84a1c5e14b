"""All that is kept of one person, in all the places where it stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, func, or_, select

from dougong.base.errors import BadRequest, Forbidden, Problem
from dougong.base.language import msg
from dougong.engine import sign_in_tables
from dougong.engine.actor import SYSTEM
from dougong.engine.query import Condition, Query
from dougong.engine.reading.listing import readable
from dougong.engine.rights.superiors import require_power_over
from dougong.engine.tables import PLATFORM, audit, history
from dougong.metadata.model import Field, Object

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

RIGHT = "erase_people"
USER, FILE = "user", "file"
ERASED = "person_erased"
"""The entry of the audit log that proves an erasure: who did it and why are kept."""
MOST_FILES = 1000
LONGEST_REASON = 500
PLACEHOLDER = "–"
"""What stands after an erasure where something has to stand: the title, and what is required."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of the person whom a record of `object` is about.

    `values`: the personal fields that hold something. `history`: how many entries name such a field. `files`: those
    attached to the record, `contents` the ids under which their bytes stand. `entries`: the numbers of audit entries
    whose personal part stands. `sign_in`: how many rows (sessions, tokens, factors, passwords) let a user in.
    """

    object: Object
    id: str
    values: Mapping[str, Any]
    history: int
    files: tuple[str, ...]
    contents: tuple[str, ...]
    entries: tuple[int, ...]
    sign_in: int

    @property
    def nothing(self) -> bool:
        """Whether there is nothing left to erase."""
        return not (self.values or self.history or self.files or self.entries or self.sign_in)


def personal_fields(obj: Object) -> tuple[Field, ...]:
    """The fields that say something of a person."""
    return tuple(each for each in obj.fields.values() if each.options.get("personal"))


def telling_fields(obj: Object) -> frozenset[str]:
    """The personal fields, and those of the same object that are computed from them."""
    found = {each.name for each in personal_fields(obj)}
    while True:
        more = {
            each.name
            for each in obj.fields.values()
            for formula in (each.formula, each.compute.formula if each.compute else None)
            if formula is not None and any(path[0] in found for path in formula.references)
        } - found
        if not more:
            return frozenset(found)
        found |= more


def require_right(unit: Unit) -> None:
    """Check that the actor may give out and erase what is kept of people.

    Raises:
        Forbidden: they may not.
    """
    if not unit.access.has(RIGHT):
        reason = msg("You may not give out or erase what is kept of people.")
        raise Forbidden(Problem(code="right-missing", thing="privacy", reason=reason))


def find(unit: Unit, object_name: str, record_id: str) -> Kept:
    """What is kept of a person. Whoever has the right sees all of it, fields that are held back from them too.

    Raises:
        Forbidden: the actor may not ask, or the person is a user who holds more than they do.
        NotFound: there is no such record, or the actor may not see it.
        BadRequest: the object has no personal fields.
    """
    require_right(unit)
    obj = readable(unit, object_name)
    unit.records.get(obj.name, record_id, deleted="all")
    if obj.name == USER:
        require_power_over(unit, record_id)
    fields = personal_fields(obj)
    if not fields:
        reason = msg("{object} records have no fields that are marked as personal.", object=obj.label)
        fix = msg("Give the fields the key personal.")
        raise BadRequest(Problem(code="nothing-personal", thing=f"object:{obj.name}", reason=reason, fix=fix))
    system = unit.acting(SYSTEM)
    values = system.records.get(obj.name, record_id, deleted="all").values
    files = files_of(system, obj, record_id)
    return Kept(
        object=obj,
        id=record_id,
        values={each.name: values[each.name] for each in fields if _says(values.get(each.name), record_id)},
        history=len(history_ids(unit, obj, record_id)),
        files=tuple(files),
        contents=tuple(dict.fromkeys(id for ids in files.values() for id in ids)),
        entries=_entries(unit, obj, record_id),
        sign_in=sum(_count(unit, table, record_id) for table in door_tables()) if obj.name == USER else 0,
    )


def unique_placeholder(record_id: str) -> str:
    """What stands after an erasure where no two records may have the same."""
    return f"erased-{record_id}"


def _says(value: Any, record_id: str) -> bool:
    """Whether a value says something: it is not blank, nor what an erasure left."""
    return value not in (None, (), "", False, PLACEHOLDER, unique_placeholder(record_id))


def history_ids(unit: Unit, obj: Object, record_id: str) -> tuple[str, ...]:
    """The entries of the record's history that hold a value of a telling field."""
    ids = {obj.fields[name].id for name in telling_fields(obj)}
    rows = unit.connection.execute(select(history.c.id, history.c.changes).where(history.c.record_id == record_id))
    return tuple(str(row.id) for row in rows if any(_holds(row.changes, ids)))


def _holds(changes: Mapping[str, Any], ids: Collection[str]) -> list[bool]:
    return [any(each is not None for each in pair) for key, pair in changes.items() if key in ids]


def files_of(system: Unit, obj: Object, record_id: str) -> dict[str, tuple[str, ...]]:
    """The files of the record that were not erased yet, each with the ids under which its bytes may stand."""
    files = system.runtime.model.objects.get(FILE)
    if files is None or obj.name == FILE or "related_to" not in files.fields:
        return {}
    about = Condition("related_to", "is", record_id)
    query = Query(object=FILE, columns=("name", "content"), where=about, limit=MOST_FILES, deleted="all")
    return {
        row.id: (row.id, *(each.id for each in row.values[1] or ()))
        for row in system.records.query(query).rows
        if row.values[0] != PLACEHOLDER
    }


def _entries(unit: Unit, obj: Object, record_id: str) -> tuple[int, ...]:
    about = audit.c.target.in_((f"record:{obj.name}/{record_id}", f"{obj.name}:{record_id}"))
    theirs = or_(about, audit.c.actor_id == record_id) if obj.name == USER else about
    standing = audit.c.personal.is_not(None) & (audit.c.kind != ERASED)
    return tuple(unit.connection.scalars(select(audit.c.seq).where(theirs, standing).order_by(audit.c.seq)))


def door_tables() -> tuple[Table, ...]:
    """The tables of what lets a user in, each with a column `user_id`."""
    known = {each.name for each in vars(sign_in_tables).values() if isinstance(each, Table)}
    return tuple(each for each in PLATFORM.sorted_tables if each.name in known and "user_id" in each.c)


def _count(unit: Unit, table: Table, user_id: str) -> int:
    found = select(func.count()).select_from(table).where(table.c.user_id == user_id)
    return int(unit.connection.scalar(found) or 0)
