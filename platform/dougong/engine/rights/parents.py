"""Records that are controlled by their parent: who sees, or may change, the record above."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, FromClause, and_, exists, literal, select, true

from dougong.base.language import msg
from dougong.engine.access import Right
from dougong.engine.rights.grounds import Ground
from dougong.metadata.model import Object

if TYPE_CHECKING:
    from dougong.engine.rights.rows import Rows

_OF_PARENT: dict[Right, Right] = {"read": "read", "edit": "edit", "delete": "edit", "transfer": "edit"}
"""What somebody must be able to do with the parent to do it with the child."""


def inherited(rows: Rows, right: Right, obj: Object) -> Iterator[Ground]:
    """What stands below the records, of any object that may be the parent, that they may see or change."""
    field = obj.fields.get(str(obj.access.get("parent", "")))
    of_parent = _OF_PARENT.get(right)
    if field is None or of_parent is None:
        return
    for name in field.targets:
        target = rows.model.objects[name]
        if rows.granted.may(of_parent, target):
            yield _parent(rows, of_parent, obj, field.name, target)


def _parent(rows: Rows, right: Right, obj: Object, lookup: str, target: Object) -> Ground:
    """What stands below a record that they may see, or change."""
    above = rows.runtime.storage.tables[target.name].table
    several = len(obj.fields[lookup].targets) > 1

    def leads(table: FromClause) -> list[ColumnElement[bool]]:
        return [rows.column(obj, table, lookup, 1) == target.name] if several else []

    @functools.cache
    def theirs() -> tuple[FromClause, ColumnElement[bool] | None]:
        """The records above and the condition on them, made once: each of the many ways up is one of these."""
        parent = above.alias()
        return parent, rows.condition(right, target, parent)

    def judged(table: FromClause) -> ColumnElement[bool]:
        parent, condition = theirs()
        mine = parent.c.id == rows.column(obj, table, lookup)
        asked = select(literal(1)).select_from(parent).where(mine, *([condition] if condition is not None else []))
        return and_(true(), *leads(table), exists(asked.correlate(table)))

    def found(table: FromClause) -> ColumnElement[bool]:
        ids, column = rows.ids(target, right), rows.column(obj, table, lookup)
        return and_(true(), *leads(table), column.is_not(None) if ids is None else column.in_(select(ids.c.id)))

    said = {
        "read": msg("They see the {object} that it belongs to.", object=target.label),
        "edit": msg("They may change the {object} that it belongs to.", object=target.label),
    }
    otherwise = {
        "read": msg("They do not see the {object} that it belongs to, if it belongs to one.", object=target.label),
        "edit": msg("They may not change the {object} that it belongs to, if it belongs to one.", object=target.label),
    }
    return Ground("parent", said[right], otherwise[right], judged, found)
