"""Who may do what, as the compiled model has it: permission sets, roles, sharing rules, team roles, queues, partitions.

The documents say nothing about people. Which roles and permission sets somebody holds stands in their user record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, Literal

from dougong.base.language import Labels
from dougong.formulas import Formula
from dougong.metadata.territories import Territory

EVERY = "*"
"""Stands for every object or app."""

SYSTEM_RIGHTS = (
    "manage_users",
    "design",
    "publish",
    "view_audit",
    "manage_jobs",
    "explain_access",
    "view_as",
    "reveal",
    "erase_people",
    "api",
)
"""Rights that belong to no object."""

OBJECT_RIGHTS = frozenset(
    (
        "create",
        "read",
        "edit",
        "delete",
        "view_all",
        "modify_all",
        "import",
        "export",
        "mass_edit",
        "transfer",
        "print",
        "copy",
    )
)
"""Rights on the records of an object."""

FOLLOWING: Mapping[str, str] = MappingProxyType({"print": "read", "copy": "create"})
"""Rights that a permission set gives with another one, unless it says that it does not."""

API = "api"
"""The system right that a permission set gives with any right on an object, unless it says that it does not."""

QUEUE_KIND = "queue"
"""The kind of a user that is a queue."""

QUEUE_FIELDS = ("kind", "queue", "queue_members")
"""The fields of users by which one is a queue: the kind, the name of its document, the people in it."""

Reach = Literal[
    "none",
    "own",
    "own_and_subordinates",
    "own_and_roles_below",
    "department",
    "department_and_below",
    "segment",
    "all",
]
"""How far a right reaches, beside formulas."""

Level = Literal["read", "edit"]

Tab = Literal["on", "off", "hidden"]
"""How navigation shows an object: among its entries, under *More*, not at all."""

TABS: tuple[Tab, ...] = ("hidden", "off", "on")
"""The ways to show an object, the least first."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def rights_said(said: Mapping[str, bool]) -> frozenset[str]:
    """The rights on an object that a permission set gives by what it says: those that follow included.

    Who may modify all may see, change, delete and hand over; who may do any of these may see.
    """
    rights = frozenset(name for name, granted in said.items() if granted)
    if "modify_all" in rights:
        rights |= {"view_all", "edit", "delete", "transfer"}
    if rights:
        rights |= {"read"}
    return rights | {right for right, along in FOLLOWING.items() if along in rights and said.get(right, True)}


def system_said(said: Mapping[str, bool], on_objects: bool) -> frozenset[str]:
    """The system rights that a permission set gives, which gives rights on objects or not."""
    rights = frozenset(name for name, granted in said.items() if granted)
    return rights | {API} if on_objects and said.get(API, True) else rights


def _nothing() -> Any:
    return field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionSet:
    """Rights given together.

    `objects`: by object, the rights granted. `fields`: by ``object.field`` what is said otherwise ("read" and "edit" →
    whether; "read" also "masked"). `record_types` and `actions`: by ``object.name`` (a global action: ``name``),
    whether.
    """

    name: str
    label: Labels
    objects: Mapping[str, frozenset[str]] = _nothing()
    fields: Mapping[str, Mapping[str, bool | str]] = _nothing()
    record_types: Mapping[str, bool] = _nothing()
    apps: frozenset[str] = frozenset()
    tabs: Mapping[str, Tab] = _nothing()
    actions: Mapping[str, bool] = _nothing()
    system: frozenset[str] = frozenset()
    requires: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()

    def rights(self, object_name: str) -> frozenset[str]:
        """The rights on the records of an object, those on every object included."""
        return self.objects.get(object_name, frozenset()) | self.objects.get(EVERY, frozenset())

    def tab(self, object_name: str) -> Tab:
        """How it shows an object in navigation: as it says, else shown to whom it lets read."""
        said = self.tabs.get(object_name) or self.tabs.get(EVERY)
        return said or ("on" if "read" in self.rights(object_name) else "hidden")

    @property
    def everything(self) -> bool:
        """Whether nothing is left that it does not grant."""
        held_back = self.fields or self.record_types or self.actions
        granted = self.objects.get(EVERY, frozenset()) >= OBJECT_RIGHTS and EVERY in self.apps
        return granted and set(SYSTEM_RIGHTS) <= self.system and not held_back


@dataclass(frozen=True, slots=True, kw_only=True)
class DataScope:
    """How far a right reaches: by `reach`, or where `when` holds."""

    reach: Reach = "none"
    when: Formula | None = None


OWN = DataScope(reach="own")


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What a person does in the company. `scopes`: by object (or `EVERY`) and right. `second_step`: asked of them.

    `app` is the one in which they begin. What layouts a role names, the layouts know (`Layout.chosen_by`).
    """

    name: str
    label: Labels
    parent: str | None = None
    user_kind: str = "internal"
    permission_sets: tuple[str, ...] = ()
    scopes: Mapping[str, Mapping[str, DataScope]] = _nothing()
    second_step: bool = False
    app: str | None = None

    def scope(self, object_name: str, right: str) -> DataScope:
        """How far `right` reaches on records of an object: own records where nothing is said."""
        for name in (object_name, EVERY):
            found = self.scopes.get(name, _NOTHING).get(right)
            if found is not None:
                return found  # type: ignore[no-any-return]
        return OWN


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingRule:
    """Records of `object` opened to others: those for which `when` holds and which `owned_by` own, where said.

    `owned_by` and `to` name people: ``role:name``, ``group:code``, ``department:code``, ``department_and_below:code``,
    ``queue:name`` (in `to` its members, in `owned_by` the queue itself).
    `also` are children opened with them: (object, its lookup). `until` is the last day.
    """

    object: str
    name: str
    label: Labels
    to: tuple[str, ...]
    when: Formula | None = None
    owned_by: tuple[str, ...] = ()
    level: Level = "read"
    also: tuple[tuple[str, str], ...] = ()
    until: date | None = None

    @property
    def address(self) -> str:
        """``sharing_rule:object.name``."""
        return f"sharing_rule:{self.object}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRole:
    """What a member of a record's team may do with it."""

    name: str
    label: Labels
    level: Level = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A common place for records of `objects` that nobody has taken yet.

    `record` is the id of the user, of the kind ``queue``, that owns them. `members` name people as sharing rules do;
    further people stand in that record. `level`: what members may do with a record before one of them takes it. The
    account of a `pool` is no place to take from: its members see and claim what is in it at the pool's page.
    """

    name: str
    label: Labels
    record: str
    objects: frozenset[str]
    members: tuple[str, ...] = ()
    level: Level = "read"
    pool: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """Records of one value of a field (`fields`, by object) kept from people of another (`user_field` of users).

    `across` and `may_move` are names of roles.
    """

    name: str
    label: Labels
    user_field: str
    fields: Mapping[str, str]
    across: frozenset[str] = frozenset()
    may_move: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Everything about access that travels as metadata. `sharing_rules`: by object."""

    permission_sets: Mapping[str, PermissionSet] = _nothing()
    roles: Mapping[str, Role] = _nothing()
    sharing_rules: Mapping[str, tuple[SharingRule, ...]] = _nothing()
    team_roles: Mapping[str, TeamRole] = _nothing()
    queues: Mapping[str, Queue] = _nothing()
    partitions: Mapping[str, Partition] = _nothing()
    territories: Mapping[str, Territory] = _nothing()

    def below(self, role: str) -> frozenset[str]:
        """The roles below `role` in the tree of roles, itself not among them."""
        found: set[str] = set()
        waiting = [role]
        while waiting:
            here = waiting.pop()
            for each in self.roles.values():
                if each.parent == here and each.name not in found:
                    found.add(each.name)
                    waiting.append(each.name)
        return frozenset(found)

    def queues_of(self, object_name: str) -> tuple[Queue, ...]:
        """The queues that may own records of an object."""
        return tuple(each for each in self.queues.values() if object_name in each.objects)

    @property
    def queue_labels(self) -> Mapping[str, Labels]:
        """The labels of the queues by the id of the user that each is."""
        return {each.record: each.label for each in self.queues.values()}

    def has_territories(self, object_name: str) -> bool:
        """Whether the records of an object belong to territories."""
        return any(object_name in each.objects for each in self.territories.values())

    def partition_of(self, object_name: str) -> Partition | None:
        """The partition that an object's records stand in."""
        return next((each for each in self.partitions.values() if object_name in each.fields), None)
