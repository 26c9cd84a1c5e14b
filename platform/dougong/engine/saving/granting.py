"""Who is given which rights is in the audit log: roles and permission sets, members of groups
and queues, shares, accounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dougong.base.field_types import Reference
from dougong.engine.audit import Event, record
from dougong.engine.saving.row import Row
from dougong.engine.unit import Unit

GRANTING: Mapping[str, tuple[str, ...]] = {
    "user": ("roles", "permission_sets", "active", "frozen", "queue_members"),
    "group": ("members",),
    "record_share": ("record", "user", "group", "department", "below", "role", "team_role", "level", "until"),
}
"""The fields of each object that give rights."""

SHARE = "record_share"


def follow(unit: Unit, rows: Iterable[Row]) -> None:
    """Record what `rows` give and take."""
    for row in rows:
        names = GRANTING.get(row.plan.name)
        if names is None:
            continue
        changes = {name: pair for name in names if (pair := _pair(row, name))[0] != pair[1]}
        if changes:
            record(unit, Event(_kind(row), target=_target(row), data={"changes": changes}))


def _pair(row: Row, name: str) -> list[Any]:
    after = None if row.doing == "delete" else row.values.get(name)
    return [_code(None if row.doing == "restore" else row.before.get(name)), _code(after)]


def _code(value: Any) -> Any:
    """A value as the log keeps it: codes and addresses, nothing of a person but ids."""
    match value:
        case Reference():
            return f"{value.object}:{value.id}"
        case tuple() | list():
            return sorted(_code(each) for each in value)
        case None | bool() | str():
            return value
    return str(value)


def _kind(row: Row) -> str:
    if row.plan.name != SHARE:
        return "rights_changed"
    return "share_ended" if row.doing == "delete" else "shared"


def _target(row: Row) -> str:
    return f"user:{row.id}" if row.plan.name == "user" else f"record:{row.plan.name}/{row.id}"
