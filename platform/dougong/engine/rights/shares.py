"""Records shared by hand, and the teams of records: records of the object `record_share`, each with its last day."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, FromClause, and_, exists, literal, or_, select, union_all

from dougong.base.language import msg
from dougong.engine.access import Right
from dougong.engine.rights import person
from dougong.engine.rights.grounds import Ground, values_in
from dougong.metadata.model import Object

if TYPE_CHECKING:
    from dougong.engine.rights.rows import Rows

SHARES = "record_share"
"""The object of shares: `record`, one of `user`, `group`, `department`, `role`; `level` or `team_role`; `until`."""


_Shares = tuple[FromClause, list[ColumnElement[bool]], ColumnElement[bool]]
"""An alias of the shares; the conditions of which one holds for those with the person; which are in force."""


def shared(rows: Rows, right: Right, obj: Object) -> Iterator[Ground]:
    """What was shared with the person by hand, or whose team they are in."""
    shares = rows.model.objects.get(SHARES)
    if shares is None or right not in ("read", "edit") or obj.name not in shares.fields["record"].targets:
        return
    said = msg("It was shared with them, or they are in its team.")
    otherwise = msg("It was not shared with them, and they are not in its team.")

    made = functools.cache(lambda: _shares(rows, right, obj))

    def holds(table: FromClause) -> ColumnElement[bool]:
        return _holds(rows, made(), table)

    def finds(table: FromClause) -> ColumnElement[bool]:
        return _finds(rows, made(), table)

    yield Ground("share", said, otherwise, holds, finds, walks=finds)


def _holds(rows: Rows, shares: _Shares, table: FromClause) -> ColumnElement[bool]:
    share, with_them, condition = shares
    mine = and_(_record(rows, share) == table.c.id, or_(*with_them), condition)
    return exists(select(literal(1)).select_from(share).where(mine).correlate(table))


def _finds(rows: Rows, shares: _Shares, table: FromClause) -> ColumnElement[bool]:
    share, with_them, condition = shares
    # One search for each way to be named: each has an index, which an OR of them would have but on some databases.
    found = [select(_record(rows, share)).where(each, condition) for each in with_them]
    return table.c.id.in_(found[0] if len(found) == 1 else union_all(*found))


def _record(rows: Rows, share: FromClause) -> ColumnElement[str]:
    return share.c[rows.runtime.storage.tables[SHARES].parts["record"][0].key]


def _shares(rows: Rows, right: Right, obj: Object) -> _Shares:
    records = rows.runtime.storage.tables[SHARES]
    share = records.table.alias()
    column = {name: share.c[parts[0].key] for name, parts in records.parts.items()}
    holder = rows.holder
    held = set(person.belongs(holder))
    departments = column["department"]
    ways = {
        ("group", "ids"): column["group"].in_(person.several(holder, "group", "ids")),
        ("role",): column["role"].in_(person.several(holder, "role")),
        ("department", "ids"): and_(
            column["below"].is_not(True), departments.in_(person.several(holder, "department", "ids"))
        ),
        ("within", "ids"): and_(column["below"].is_(True), departments.in_(person.several(holder, "within", "ids"))),
    }
    with_them = [column["user"] == person.one(holder)]
    with_them += [condition for kind, condition in ways.items() if person.named(*kind) in held]
    parts = [
        share.c.deleted_at.is_(None),
        or_(column["until"].is_(None), column["until"] >= rows.today),
    ]
    several = records.parts["record"]
    if len(several) > 1:
        parts.append(share.c[several[1].key] == obj.name)
    if right == "edit":
        editing = [each.name for each in rows.model.rights.team_roles.values() if each.level == "edit"]
        by_level = and_(column["team_role"].is_(None), column["level"] == "edit")
        parts.append(or_(by_level, values_in(column["team_role"], editing)))
    return share, with_them, and_(*parts)
