"""Records lent: whoever decides on a record, or was sent a copy of it, may read it for that; see `dg_lent`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, FromClause, Select, exists, or_, select

from dougong.base.language import msg
from dougong.engine import tables
from dougong.engine.access import Right
from dougong.engine.rights import person
from dougong.engine.rights.grounds import Ground
from dougong.metadata.model import Object

if TYPE_CHECKING:
    from dougong.engine.rights.rows import Rows


def lent(rows: Rows, right: Right, obj: Object) -> Iterator[Ground]:
    """What was lent to the person, of objects whose records are: those that an approval is defined for."""
    if right not in ("read", "edit") or not _is_lent(rows, right, obj) or not rows.holder.user_id:
        return
    said = msg("They decide on it, or were sent a copy.")
    otherwise = msg("They have nothing to decide about it, and were sent no copy.")

    def holds(table: FromClause) -> ColumnElement[bool]:
        return exists(_lent(rows, right, obj).where(tables.lent.c.record_id == table.c.id).correlate(table))

    def finds(table: FromClause) -> ColumnElement[bool]:
        return table.c.id.in_(_lent(rows, right, obj))

    yield Ground("lent", said, otherwise, holds, finds, walks=finds)


def _is_lent(rows: Rows, right: Right, obj: Object) -> bool:
    """Whether an approval of the object lends its records for reading, or for editing at one of its nodes."""
    approvals = [each for each in rows.model.workflows.approvals.values() if each.object == obj.name]
    if right == "read":
        return bool(approvals)
    modes = (mode for each in approvals for node in each.nodes.values() for mode in node.fields.values())
    return any(mode in ("edit", "require") for mode in modes)


def _lent(rows: Rows, right: Right, obj: Object) -> Select[tuple[str]]:
    columns = tables.lent.c
    mine = select(columns.record_id).where(
        columns.user_id == person.one(rows.holder), columns.object == obj.id,
        or_(columns.until.is_(None), columns.until >= rows.today),
    )  # fmt: skip
    return mine.where(columns.edit.is_(True)) if right == "edit" else mine
