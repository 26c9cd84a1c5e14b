"""Permission sets that one person holds, from roles and beside them: each with what it requires, none that excludes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dougong.base.language import Message, msg
from dougong.metadata.rights import PermissionSet, Rights

if TYPE_CHECKING:
    from dougong.engine.saving.row import Row

USER, ROLES, SETS = "user", "roles", "permission_sets"


def check(rows: Iterable[Row], rights: Rights) -> None:
    """Note at rows of users what does not go together among the permission sets that they are to hold."""
    for row in rows:
        if row.plan.name != USER or row.doing not in ("create", "update"):
            continue
        if row.values.get(ROLES) == row.before.get(ROLES) and row.values.get(SETS) == row.before.get(SETS):
            continue
        for reason, fix in _problems(_held(row.values, rights), rights):
            row.refuse("permission-sets-together", reason, fix, at=SETS)


def _held(values: Mapping[str, Any], rights: Rights) -> dict[str, PermissionSet]:
    roles = (rights.roles.get(name) for name in values.get(ROLES) or ())
    names = dict.fromkeys(name for role in roles if role is not None for name in role.permission_sets)
    names |= dict.fromkeys(values.get(SETS) or ())
    return {name: rights.permission_sets[name] for name in names if name in rights.permission_sets}


def _problems(held: Mapping[str, PermissionSet], rights: Rights) -> Iterator[tuple[Message, Message]]:
    told: set[frozenset[str]] = set()
    for each in held.values():
        for name in each.requires:
            if name not in held:
                needed = rights.permission_sets[name].label
                reason = msg("“{name}” is only for who holds “{other}” as well.", name=each.label, other=needed)
                yield reason, msg("Give that one too, or take this one away.")
        for name in each.excludes:
            pair = frozenset((each.name, name))
            if name in held and pair not in told:
                told.add(pair)
                reason = msg("Nobody may hold both “{name}” and “{other}”.", name=each.label, other=held[name].label)
                yield reason, msg("Take one of the two away.")
