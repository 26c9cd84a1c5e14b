"""What roles and permission sets grant one person: rights add up, and what nobody grants is not there."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from sqlalchemy import ColumnElement, FromClause

from dougong.engine.access import Access, Derived, Right
from dougong.engine.rights import person
from dougong.engine.rights.grounds import SELF
from dougong.engine.rights.groups import group_of
from dougong.engine.rights.holder import Holder
from dougong.engine.rights.rows import Rows
from dougong.metadata.app import App
from dougong.metadata.model import Field, Object
from dougong.metadata.rights import EVERY, TABS, Partition, PermissionSet, Tab

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

ASSIGNED = frozenset(
    (
        *("user.roles", "user.permission_sets", "user.frozen", "user.queue_members"),
        *("group.members", "group.active", "group.code"),
    )
)
"""Fields that give rights: they are changed by those who manage users."""


class Granted(Access):
    """What one person may do, on one day, under one revision.

    A permission set that gives a right on an object gives it on the object's fields, record types and actions, but
    for those that it names itself. What one set leaves out another one may give.
    """

    def __init__(self, unit: Unit, holder: Holder) -> None:
        """The rights of `holder`; keeps nothing of the unit."""
        self.holder, self.model = holder, unit.runtime.model
        self.key = f"{holder.user_id}@{unit.people}/{unit.reading.today}/{unit.actor.zone}"
        self._rights_key = "sets " + ",".join(sorted(each.name for each in holder.sets))
        self.rows = Rows(unit, self)
        self.parameters = person.parameters(holder)
        self._shape = f"{self._rights_key}/{self.rows.shape}/{unit.reading.today}/{unit.actor.zone}"
        self._rights: dict[str, frozenset[str]] = {}
        self._fields: dict[tuple[str, str], bool] = {}

    @property
    def rights_key(self) -> str:
        """The permission sets: people who hold the same ones share what is made for them."""
        return self._rights_key

    @property
    def shape(self) -> str:
        """What decides which conditions there are: people of one shape differ in their `parameters` alone."""
        return self._shape

    @cached_property
    def derived(self) -> Derived:
        """This access, hiding formulas over what it hides."""
        return Derived(self, self.model)

    def rights(self, object_name: str) -> frozenset[str]:
        """All rights on the records of an object."""
        found = self._rights.get(object_name)
        if found is None:
            granted = (each.rights(object_name) for each in self.holder.sets)
            found = self._rights[object_name] = frozenset[str]().union(*granted)
        return found

    def may(self, right: Right, obj: Object) -> bool:
        """Whether a permission set gives it; everybody may read themselves."""
        return right in self.rights(obj.name) or (right == "read" and obj.name == SELF and bool(self.holder.user_id))

    def may_field(self, right: Literal["read", "edit"], obj: Object, field: Field) -> bool:
        """Whether a permission set gives it: with the object, or by naming the field."""
        key = right, field.address
        found = self._fields.get(key)
        if found is None:
            found = self._fields[key] = self._may_field(right, obj, field)
        return found

    def _may_field(self, right: Literal["read", "edit"], obj: Object, field: Field) -> bool:
        name = f"{obj.name}.{field.name}"
        if right == "edit" and name in ASSIGNED and not self.has("manage_users"):
            return False
        if not self.may("read", obj):
            return False
        if not self.rights(obj.name):  # themselves
            return right == "read"
        if right == "read":
            return any(sight(each, obj.name, name, field) == "whole" for each in self.holder.sets)
        return any(gives_edit(each, obj.name, name) for each in self.holder.sets)

    def masks(self, obj: Object, field: Field) -> bool:
        """Whether permission sets leave the field masked and none gives it whole."""
        name = f"{obj.name}.{field.name}"
        if not field.type.masked_as or self.may_field("read", obj, field) or not self.rights(obj.name):
            return False
        return any(sight(each, obj.name, name, field) == "masked" for each in self.holder.sets)

    def may_choose(self, obj: Object, record_type: str) -> bool:
        """Whether a permission set that lets them make or change records lets them choose the type."""
        name = f"{obj.name}.{record_type}"
        return any(
            each.record_types.get(name, bool(each.rights(obj.name) & {"create", "edit"})) for each in self.holder.sets
        )

    def may_open(self, app: str) -> bool:
        """Whether a permission set names the app, and a role of theirs is one that it is for."""
        return opens(self.holder, self.model.apps.get(app), app)

    def tab(self, obj: Object) -> Tab:
        """The most that a permission set of theirs shows."""
        return max((each.tab(obj.name) for each in self.holder.sets), key=TABS.index, default="hidden")

    def is_one_of(self, people: Collection[str]) -> bool:
        """Whether they hold one of the roles, or are in one of the groups or departments."""
        return not people or not self.holder.groups.isdisjoint(map(group_of, people))

    def may_run(self, action: str, obj: Object) -> bool:
        """Whether a permission set that lets them read the records lets them use the action."""
        return any(each.actions.get(action, "read" in each.rights(obj.name)) for each in self.holder.sets)

    def may_move(self, partition: Partition, obj: Object) -> bool:
        """Whether a role of theirs may, or they may modify everything."""
        return "modify_all" in self.rights(obj.name) or self.rows.crosses(partition.may_move)

    def belongs(self, partition: Partition, value: str) -> bool:
        """Whether they are of the segment."""
        return f"segment:{partition.name}:{value}" in self.holder.groups

    def has(self, right: str) -> bool:
        """Whether a permission set gives it."""
        return any(right in each.system for each in self.holder.sets)

    # -- rows ---------------------------------------------------------------------------------------------------
    def visible(self, right: Right, obj: Object, table: FromClause) -> ColumnElement[bool] | None:
        """Rows with a ground for `right`."""
        return self.rows.condition(right, obj, table)

    def listed(self, obj: Object, table: FromClause, few: bool) -> ColumnElement[bool] | None:
        """Rows with a ground to be read: found by their ids where there are `few`."""
        return self.rows.among(obj, table) if few else self.rows.condition("read", obj, table, walking=True)

    def few(self, unit: Unit, obj: Object) -> bool:
        """Whether a probe found few; it is made every ten minutes for each person."""
        return self.rows.probed(unit, obj).few

    def counted(self, unit: Unit, obj: Object) -> bool:
        """Whether there are few, or everything is theirs, or the object has not many records."""
        return self.rows.probed(unit, obj).counted


def opens(holder: Holder, app: App | None, name: str) -> bool:
    """Whether the app called `name` is offered to somebody: by a permission set, and for a role if it is for some."""
    held = any(name in each.apps or EVERY in each.apps for each in holder.sets)
    return held and (app is None or not app.roles or any(each.name in app.roles for each in holder.roles))


def sight(each: PermissionSet, object_name: str, name: str, field: Field) -> Literal["whole", "masked", "none"]:
    """How much one permission set lets see of a field: as it says, else with the object, masked if the field is."""
    said = each.fields.get(name, {}).get("read")
    if said == "masked":
        return "masked"
    if said is not None:
        return "whole" if said else "none"
    if "read" not in each.rights(object_name):
        return "none"
    return "masked" if field.mask is not None else "whole"


def gives_edit(each: PermissionSet, object_name: str, name: str) -> bool:
    """Whether one permission set lets change a field: as it says, else with the object."""
    said = each.fields.get(name, {}).get("edit")
    return bool(said) if said is not None else bool(each.rights(object_name) & {"create", "edit"})


def gives_field(each: PermissionSet, right: str, object_name: str, field: Field) -> bool:
    """Whether one permission set lets see a field whole, or change it."""
    name = f"{object_name}.{field.name}"
    return sight(each, object_name, name, field) == "whole" if right == "read" else gives_edit(each, object_name, name)
