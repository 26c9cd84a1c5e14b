"""A person as access sees them: what they hold and where they belong, read in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from dougong.base.field_types import Reference
from dougong.engine.entering import is_queue
from dougong.engine.rights.groups import plain
from dougong.engine.tables import memberships
from dougong.metadata.rights import PermissionSet, Rights, Role

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody with roles and permission sets. `user_id` is "" for nobody.

    `groups` are those of `dg_membership` that they are in, further departments counted like the main one. `values` is
    their user record, which formulas read as ``$User``.
    """

    user_id: str
    roles: tuple[Role, ...] = ()
    sets: tuple[PermissionSet, ...] = ()
    groups: frozenset[str] = frozenset()
    values: Mapping[str, Any] = field(default_factory=dict)

    def named(self, kind: str) -> tuple[str, ...]:
        """What follows ``kind:`` in the groups that begin so, in order."""
        return tuple(sorted(each[len(kind) + 1 :] for each in self.groups if each.startswith(f"{kind}:")))


def find(unit: Unit, user_id: str) -> Holder:
    """What the user holds, as the unit's transaction sees it; nothing for who is not there, has left or is frozen,
    and for a queue.
    """
    users = unit.runtime.storage.tables.get("user")
    if not user_id or users is None:
        return Holder(user_id)
    names = [each.name for each in users.object.fields.values() if each.name in users.parts]
    columns = [part for name in names for part in users.parts[name]]
    statement = unit.runtime.prepared.get("rights.holder")
    if statement is None:
        statement = unit.runtime.prepared["rights.holder"] = (
            select(memberships.c.grp, *columns)
            .select_from(users.table.outerjoin(memberships, memberships.c.user_id == users.table.c.id))
            .where(users.table.c.id == bindparam("user_id"), users.table.c.deleted_at.is_(None))
        )
    rows = unit.connection.execute(statement, {"user_id": user_id}).all()
    if not rows:
        return Holder(user_id)
    values: dict[str, Any] = {}
    at = 1
    for name in names:
        kind, width = users.object.fields[name], len(users.parts[name])
        values[name] = kind.type.from_row(kind, rows[0][at : at + width])
        at += width
    if values.get("active") is False or values.get("frozen") or is_queue(values):
        return Holder(user_id, values=values)
    groups = {row[0] for row in rows if row[0] is not None}
    return held(unit.runtime.model.rights, user_id, groups, values)


def held(rights: Rights, user_id: str, groups: Set[str], values: Mapping[str, Any]) -> Holder:
    """What somebody of these groups of `dg_membership` holds, who is of the kind that `values` say."""
    known = {plain(each) for each in groups}
    roles = [rights.roles[name] for name in _names(known, "role") if name in rights.roles]
    kind = values.get("kind") or "internal"
    fitting = [role for role in roles if role.user_kind == kind]
    sets = [name for role in fitting for name in role.permission_sets]
    given = [rights.permission_sets.get(name) for name in dict.fromkeys((*sets, *_names(known, "set")))]
    return Holder(user_id, tuple(fitting), tuple(each for each in given if each), frozenset(known), values)


def _names(groups: Set[str], kind: str) -> list[str]:
    return sorted(each.partition(":")[2] for each in groups if each.startswith(f"{kind}:"))


def formula_value(value: Any) -> Any:
    """A value of the user record as ``$User`` has it in formulas: a reference by its id."""
    return value.id if isinstance(value, Reference) else value
