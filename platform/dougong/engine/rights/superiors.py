"""Nobody gives, takes or takes over rights that they do not hold themselves.

Whoever manages users could otherwise become anybody: give themselves a role, or reset the password of somebody who has
it. What people hold is compared by what their permission sets and roles say: objects, fields, record types, apps,
actions, system rights, the kind of each data scope, and partitions. Not by rows: the own records of two people differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from dougong.base.errors import Forbidden, Problem
from dougong.base.language import msg
from dougong.engine.rights.grants import gives_edit, opens, sight
from dougong.engine.rights.holder import Holder, find
from dougong.metadata.app import App
from dougong.metadata.model import Field, Model, Object
from dougong.metadata.rights import EVERY, OBJECT_RIGHTS, Role

if TYPE_CHECKING:
    from dougong.engine.saving.row import Row
    from dougong.engine.unit import Unit

USER = "user"

TAKING_OVER = ("login", "email", "active", "frozen", "kind", "roles", "permission_sets")
"""Fields of a user by which somebody becomes them, locks them out, or changes what they hold."""

_BELOW = {
    "none": frozenset(("none",)),
    "own": frozenset(("none", "own")),
    "own_and_subordinates": frozenset(("none", "own", "own_and_subordinates")),
    "own_and_roles_below": frozenset(("none", "own", "own_and_roles_below")),
    "department": frozenset(("none", "own", "department")),
    "department_and_below": frozenset(("none", "own", "department", "department_and_below")),
    "segment": frozenset(("none", "own", "segment")),
}
"""The kinds of reach that each kind covers; "all" covers every one."""

_SCOPED = ("read", "edit", "delete", "transfer")


def require_power_over(unit: Unit, user_id: str) -> None:
    """Check that the actor holds all that another user holds; of oneself this is true.

    Raises:
        Forbidden: they do not.
    """
    if not has_power_over(unit, user_id):
        reason, fix = _beyond()
        raise Forbidden(Problem(code="not-allowed", thing=f"user:{user_id}", reason=reason, fix=fix))


def has_power_over(unit: Unit, user_id: str) -> bool:
    """Whether the actor holds all that another user holds, or would hold once switched on."""
    if user_id == unit.actor.user_id or _unlimited(unit):
        return True
    values = find(unit, user_id).values
    return covers(unit.runtime.model, _actor(unit), _would_hold(unit.runtime.model, values))


def check(unit: Unit, rows: Iterable[Row]) -> None:
    """Note at rows of users what would give, take or take over more than the actor holds."""
    mine: Holder | None = None
    for row in rows:
        if row.plan.name != USER or row.extra or not _matters(row) or _unlimited(unit):
            continue
        mine = mine or _actor(unit)
        model = unit.runtime.model
        himself = row.id == unit.actor.user_id
        if not row.new and not himself and not covers(model, mine, _would_hold(model, row.before)):
            row.refuse("not-allowed", *_beyond())
        elif row.doing != "delete" and not covers(model, mine, _would_hold(model, row.values)):
            reason = msg("You cannot give rights that you do not hold.")
            row.refuse("not-allowed", reason, msg("Choose other roles, or ask somebody who holds them."))


def _beyond() -> tuple[Any, Any]:
    reason = msg("This person holds rights that you do not hold.")
    return reason, msg("Ask somebody who holds them, or an administrator.")


def _matters(row: Row) -> bool:
    if row.doing in ("delete", "restore"):
        return True
    return any(row.values.get(name) != row.before.get(name) for name in TAKING_OVER)


def _unlimited(unit: Unit) -> bool:
    return unit.actor.is_system or not unit.runtime.model.rights.roles


def _actor(unit: Unit) -> Holder:
    return find(unit, unit.actor.user_id or "")


def _would_hold(model: Model, values: Any) -> Holder:
    """What somebody with these values of the user record holds, were they switched on."""
    kind, rights = values.get("kind") or "internal", model.rights
    named = [rights.roles.get(name) for name in values.get("roles") or ()]
    roles = tuple(role for role in named if role is not None and role.user_kind == kind)
    names = dict.fromkeys([name for role in roles for name in role.permission_sets])
    names |= dict.fromkeys(values.get("permission_sets") or ())
    known = (rights.permission_sets.get(name) for name in names)
    return Holder("", roles, tuple(each for each in known if each))


# -- comparing ------------------------------------------------------------------------------------------------------
def covers(model: Model, mine: Holder, theirs: Holder) -> bool:
    """Whether `mine` holds every right of `theirs`, as far as theirs reach."""
    if any(each.everything for each in mine.sets):
        return True
    return (
        _system(theirs) <= _system(mine)
        and all(opens(mine, each, name) for name, each in _apps(model, mine, theirs) if opens(theirs, each, name))
        and all(_covers_object(each, mine, theirs) for each in model.objects.values())
        and _crosses(model, theirs) <= _crosses(model, mine)
    )


def _system(holder: Holder) -> set[str]:
    return {right for each in holder.sets for right in each.system}


def _apps(model: Model, *holders: Holder) -> Iterator[tuple[str, App | None]]:
    """The apps that there are, and those that permission sets name beside."""
    named = {app for holder in holders for each in holder.sets for app in each.apps} - {EVERY}
    yield from ((name, model.apps.get(name)) for name in sorted({*model.apps, *named}))


def _crosses(model: Model, holder: Holder) -> set[tuple[str, str]]:
    """The partitions that a holder's roles see across, or may move records across."""
    names = {role.name for role in holder.roles}
    found = model.rights.partitions.values()
    across = {("across", each.name) for each in found if names & each.across}
    return across | {("move", each.name) for each in found if names & each.may_move}


def _rights(holder: Holder, object_name: str) -> frozenset[str]:
    return frozenset[str]().union(*(each.rights(object_name) for each in holder.sets))


def _covers_object(obj: Object, mine: Holder, theirs: Holder) -> bool:
    given = _rights(theirs, obj.name) & OBJECT_RIGHTS
    if not given:
        return True
    held = _rights(mine, obj.name)
    if not given <= held or not _covers_scopes(obj.name, held, mine, theirs):
        return False
    return _covers_fields(obj, mine, theirs) and _covers_named(obj, mine, theirs)


def _covers_fields(obj: Object, mine: Holder, theirs: Holder) -> bool:
    """Fields: those that a set names; the others go with the object."""
    prefix = f"{obj.name}."
    said = {
        name for holder in (mine, theirs) for each in holder.sets for name in each.fields if name.startswith(prefix)
    }
    for name in said:
        field = obj.fields.get(name.removeprefix(prefix))
        if field is not None and _sight(theirs, obj, field) > _sight(mine, obj, field):
            return False
        if _edits(theirs, obj.name, name) and not _edits(mine, obj.name, name):
            return False
    return True


def _sight(holder: Holder, obj: Object, field: Field) -> int:
    """How much a holder sees of a field: nothing, what its mask leaves, or all of it."""
    name = f"{obj.name}.{field.name}"
    return max((_SIGHTS.index(sight(each, obj.name, name, field)) for each in holder.sets), default=0)


_SIGHTS = ("none", "masked", "whole")


def _edits(holder: Holder, object_name: str, name: str) -> bool:
    return any(gives_edit(each, object_name, name) for each in holder.sets)


def _covers_named(obj: Object, mine: Holder, theirs: Holder) -> bool:
    """Record types and actions: those that a set names; the others go with the object."""
    for kind, along in (("record_types", frozenset(("create", "edit"))), ("actions", frozenset(("read",)))):
        said = {name for holder in (mine, theirs) for each in holder.sets for name in getattr(each, kind)}
        for name in said:
            of_object = "." not in name or name.startswith(f"{obj.name}.")
            if of_object and _named(theirs, kind, name, obj, along) and not _named(mine, kind, name, obj, along):
                return False
    return True


def _named(holder: Holder, kind: str, name: str, obj: Object, along: frozenset[str]) -> bool:
    return any(getattr(each, kind).get(name, bool(each.rights(obj.name) & along)) for each in holder.sets)


def _covers_scopes(object_name: str, held: frozenset[str], mine: Holder, theirs: Holder) -> bool:
    if "modify_all" in held:
        return True
    for right in _SCOPED:
        if right == "read" and "view_all" in held:
            continue
        if not _covers_reach(object_name, right, mine.roles, theirs.roles):
            return False
    return True


def _covers_reach(object_name: str, right: str, mine: tuple[Role, ...], theirs: tuple[Role, ...]) -> bool:
    held = [role.scope(object_name, right) for role in mine]
    if any(scope.reach == "all" and scope.when is None for scope in held):
        return True
    kinds = frozenset[str](("none", "own")).union(*(_BELOW[scope.reach] for scope in held if scope.when is None))
    formulas = {scope.when.source for scope in held if scope.when is not None}
    for scope in (role.scope(object_name, right) for role in theirs):
        if scope.when is not None and scope.when.source not in formulas:
            return False
        if scope.when is None and scope.reach not in kinds:
            return False
    return True
