"""Which records a right covers: for buttons on a page, and for changes that reach other records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import case, literal, select

from dougong.engine.access import Right
from dougong.metadata.model import Object

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

AT_ONCE = 900
"""How many ids one statement names."""


def covered(unit: Unit, right: Right, obj: Object, ids: Sequence[str]) -> set[str]:
    """Those of `ids` that the actor's right covers; asks the database only where it does not cover all."""
    if not unit.access.may(right, obj):
        return set()
    table = unit.runtime.storage.tables[obj.name].table
    visible = unit.access.visible(right, obj, table)
    if visible is None:
        return set(ids)
    found: set[str] = set()
    for start in range(0, len(ids), AT_ONCE):
        asked = select(table.c.id).where(table.c.id.in_(ids[start : start + AT_ONCE]), visible)
        found.update(unit.connection.scalars(asked))
    return found


def rights_on(unit: Unit, obj: Object, record_id: str, rights: Sequence[Right]) -> set[Right]:
    """Those of `rights` that the actor has on one record: at most one statement."""
    found = {each for each in rights if unit.access.may(each, obj)}
    table = unit.runtime.storage.tables[obj.name].table
    limited = {each: rows for each in found if (rows := unit.access.visible(each, obj, table)) is not None}
    if not limited:
        return found
    columns = [case((rows, literal(1)), else_=literal(0)) for rows in limited.values()]
    row = unit.connection.execute(select(*columns).where(table.c.id == record_id)).first()
    held = dict(zip(limited, row, strict=True)) if row is not None else dict.fromkeys(limited, 0)
    return {each for each in found if held.get(each, 1)}
