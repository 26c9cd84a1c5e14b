"""Who may see and do what: every read and write of records asks here.

What a person may do is granted by roles and permission sets (`dougong.engine.rights`); plugins narrow it through the
`access` hook. What several of them say is combined with AND: a right is there only if all grant it, a row is visible
only if all show it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import ColumnElement, FromClause, and_

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.engine.actor import Scope
from dougong.engine.fields.masked import masked
from dougong.metadata.model import Field, Model, Object
from dougong.metadata.rights import API, TABS, Partition, Tab

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

Right = Literal["read", "create", "edit", "delete", "import", "export", "mass_edit", "transfer", "print", "copy"]

TAKING: frozenset[str] = frozenset(("read", "export", "print"))
"""Rights by which nothing is changed."""


class Access:
    """What one actor may do, for one revision. This one allows everything; subclasses narrow it.

    `key` tells accesses apart: statements are remembered under it, with the values that `visible` put into them. Two
    accesses of equal key must answer alike in everything, so a rule about the user has the user in its key.
    """

    key: str = ""

    @property
    def rights_key(self) -> str:
        """The key of what does not depend on rows: equal where objects, fields, apps and actions are granted alike."""
        return self.key

    @property
    def shape(self) -> str:
        """The key of statements that are run with the `parameters` of whoever asks: for one person where not shared."""
        return self.key

    parameters: Mapping[str, Any] = MappingProxyType({})
    """What `visible` and `listed` know of the person, by the names of the parameters in their conditions."""

    def may(self, right: Right, obj: Object) -> bool:
        """Whether the actor has `right` on records of `obj` at all."""
        return True

    def may_field(self, right: Literal["read", "edit"], obj: Object, field: Field) -> bool:
        """Whether the actor may read or edit `field`; to read is to read values whole."""
        return True

    def masks(self, obj: Object, field: Field) -> bool:
        """Whether the actor, who may not read `field`, sees what its mask leaves of it."""
        return False

    def seen(self, obj: Object, field: Field) -> Field | None:
        """`field` as the actor has it: whole, masked, or None where there is nothing to see of it."""
        if self.may_field("read", obj, field):
            return field
        return masked(field) if self.masks(obj, field) else None

    def visible(self, right: Right, obj: Object, table: FromClause) -> ColumnElement[bool] | None:
        """The condition on `table` (the object's, or an alias) for rows that `right` covers; None for all rows."""
        return None

    def listed(self, obj: Object, table: FromClause, few: bool) -> ColumnElement[bool] | None:
        """The condition for rows that may be read, as a list asks it; `few` where there are but few of them."""
        return self.visible("read", obj, table)

    def few(self, unit: Unit, obj: Object) -> bool:
        """Whether the actor may read so few records of `obj` that a list had better begin with those."""
        return False

    def counted(self, unit: Unit, obj: Object) -> bool:
        """Whether it takes but a moment to count what a list finds, however few of its records the actor may read."""
        return True

    def may_choose(self, obj: Object, record_type: str) -> bool:
        """Whether the actor may give records of `obj` this record type."""
        return True

    def may_open(self, app: str) -> bool:
        """Whether the app is offered to the actor."""
        return True

    def tab(self, obj: Object) -> Tab:
        """How navigation shows the object, where the actor may read it."""
        return "on"

    def is_one_of(self, people: Collection[str]) -> bool:
        """Whether something for `people` (``role:sales``, ``group:service``; nobody in particular) is for the actor."""
        return True

    def may_run(self, action: str, obj: Object) -> bool:
        """Whether the actor may use the action ``object.name`` (a global one: ``name``) at records of `obj`."""
        return True

    def may_move(self, partition: Partition, obj: Object) -> bool:
        """Whether the actor may move records of `obj` from one segment to another."""
        return True

    def belongs(self, partition: Partition, value: str) -> bool:
        """Whether the actor is of the segment `value`."""
        return True

    def has(self, right: str) -> bool:
        """Whether the actor has a right that belongs to no object (`dougong.metadata.rights.SYSTEM_RIGHTS`)."""
        return True


EVERYTHING = Access()
"""The access of the platform itself, and of everybody while nothing narrows it."""


class Combined(Access):
    """Several accesses at once: the strictest answer counts."""

    def __init__(self, parts: Sequence[Access]) -> None:
        """Combine `parts` with AND."""
        self.parts = tuple(parts)
        self.key = "&".join(part.key for part in parts)
        self.parameters = {name: value for part in parts for name, value in part.parameters.items()}

    @property
    def rights_key(self) -> str:
        """Those of the parts."""
        return "&".join(part.rights_key for part in self.parts)

    @property
    def shape(self) -> str:
        """Those of the parts."""
        return "&".join(part.shape for part in self.parts)

    def may(self, right: Right, obj: Object) -> bool:
        """True where every part grants it."""
        return all(part.may(right, obj) for part in self.parts)

    def may_field(self, right: Literal["read", "edit"], obj: Object, field: Field) -> bool:
        """True where every part grants it."""
        return all(part.may_field(right, obj, field) for part in self.parts)

    def masks(self, obj: Object, field: Field) -> bool:
        """True where a part masks it and none hides it."""
        shown = all(part.may_field("read", obj, field) or part.masks(obj, field) for part in self.parts)
        return shown and any(part.masks(obj, field) for part in self.parts)

    def visible(self, right: Right, obj: Object, table: FromClause) -> ColumnElement[bool] | None:
        """Every condition of the parts together."""
        found = [rows for part in self.parts if (rows := part.visible(right, obj, table)) is not None]
        return and_(*found) if found else None

    def listed(self, obj: Object, table: FromClause, few: bool) -> ColumnElement[bool] | None:
        """Every condition of the parts together."""
        found = [rows for part in self.parts if (rows := part.listed(obj, table, few)) is not None]
        return and_(*found) if found else None

    def few(self, unit: Unit, obj: Object) -> bool:
        """True where one part shows few."""
        return any(part.few(unit, obj) for part in self.parts)

    def counted(self, unit: Unit, obj: Object) -> bool:
        """True where it is so for every part."""
        return all(part.counted(unit, obj) for part in self.parts)

    def may_choose(self, obj: Object, record_type: str) -> bool:
        """True where every part grants it."""
        return all(part.may_choose(obj, record_type) for part in self.parts)

    def may_open(self, app: str) -> bool:
        """True where every part grants it."""
        return all(part.may_open(app) for part in self.parts)

    def tab(self, obj: Object) -> Tab:
        """The least that a part shows."""
        return min((part.tab(obj) for part in self.parts), key=TABS.index)

    def is_one_of(self, people: Collection[str]) -> bool:
        """True where every part says so."""
        return all(part.is_one_of(people) for part in self.parts)

    def may_run(self, action: str, obj: Object) -> bool:
        """True where every part grants it."""
        return all(part.may_run(action, obj) for part in self.parts)

    def may_move(self, partition: Partition, obj: Object) -> bool:
        """True where every part grants it."""
        return all(part.may_move(partition, obj) for part in self.parts)

    def belongs(self, partition: Partition, value: str) -> bool:
        """True where every part says so."""
        return all(part.belongs(partition, value) for part in self.parts)

    def has(self, right: str) -> bool:
        """True where every part grants it."""
        return all(part.has(right) for part in self.parts)


class Derived(Access):
    """An access that hides formula fields and roll-ups as well where they would tell of what it hides."""

    def __init__(self, access: Access, model: Model) -> None:
        """Narrow `access` in this respect."""
        self.access, self.model, self.key = access, model, access.key
        self.parameters = access.parameters
        self._readable: dict[str, bool] = {}

    @property
    def rights_key(self) -> str:
        """As the access."""
        return self.access.rights_key

    @property
    def shape(self) -> str:
        """As the access."""
        return self.access.shape

    def may(self, right: Right, obj: Object) -> bool:
        """As the access."""
        return self.access.may(right, obj)

    def may_field(self, right: Literal["read", "edit"], obj: Object, field: Field) -> bool:
        """As the access; a computed field also only where everything that it reads may be read."""
        if not self.access.may_field(right, obj, field):
            return False
        if field.type.name == "rollup" and not field.type.virtual:
            return self._may_read_children(field)
        if field.formula is None and not field.type.virtual:
            return True
        found = self._readable.get(field.address)
        if found is None:
            found = self._readable[field.address] = may_read_all(self, self.model, field)
        return found

    def masks(self, obj: Object, field: Field) -> bool:
        """As the access."""
        return self.access.masks(obj, field)

    def visible(self, right: Right, obj: Object, table: FromClause) -> ColumnElement[bool] | None:
        """As the access."""
        return self.access.visible(right, obj, table)

    def listed(self, obj: Object, table: FromClause, few: bool) -> ColumnElement[bool] | None:
        """As the access."""
        return self.access.listed(obj, table, few)

    def few(self, unit: Unit, obj: Object) -> bool:
        """As the access."""
        return self.access.few(unit, obj)

    def counted(self, unit: Unit, obj: Object) -> bool:
        """As the access."""
        return self.access.counted(unit, obj)

    def may_choose(self, obj: Object, record_type: str) -> bool:
        """As the access."""
        return self.access.may_choose(obj, record_type)

    def may_open(self, app: str) -> bool:
        """As the access."""
        return self.access.may_open(app)

    def tab(self, obj: Object) -> Tab:
        """As the access."""
        return self.access.tab(obj)

    def is_one_of(self, people: Collection[str]) -> bool:
        """As the access."""
        return self.access.is_one_of(people)

    def may_run(self, action: str, obj: Object) -> bool:
        """As the access."""
        return self.access.may_run(action, obj)

    def may_move(self, partition: Partition, obj: Object) -> bool:
        """As the access."""
        return self.access.may_move(partition, obj)

    def belongs(self, partition: Partition, value: str) -> bool:
        """As the access."""
        return self.access.belongs(partition, value)

    def has(self, right: str) -> bool:
        """As the access."""
        return self.access.has(right)

    def _may_read_children(self, rollup: Field) -> bool:
        """Whether the actor may read the field of the children that a roll-up adds up."""
        child = self.model.objects.get(str(rollup.options.get("from", "")).partition(".")[0])
        read = child.fields.get(str(rollup.options.get("field", ""))) if child is not None else None
        return child is None or read is None or self.may_field("read", child, read)


def may_read_all(access: Access, model: Model, field: Field) -> bool:
    """Whether everything may be read that a formula field reads, or a roll-up by the viewer's right."""
    if field.formula is not None:
        obj, paths = model.objects[field.object], list(field.formula.references)
    elif field.type.virtual:
        name, *way = str(field.options["from"]).split(".")
        obj, paths = model.objects[name], [tuple(way), *(field.where.references if field.where is not None else ())]
        paths += [tuple(each.split(".")) for each in _read_of_child(field)]
    else:
        return True
    return all(may_read(access, model, obj, path) for path in paths)


def _read_of_child(rollup: Field) -> list[str]:
    window = rollup.options.get("window") or {}
    return [str(each) for each in (rollup.options.get("field"), window.get("field")) if each]


def may_read(access: Access, model: Model, obj: Object, path: Sequence[str]) -> bool:
    """Whether every field on a path of a formula over `obj` may be read, whole."""
    here = obj
    for name in path:
        field = here.fields.get(name)
        if field is None:
            return True  # a picklist's attribute, an aspect of money: as the field before it
        if not access.may("read", here) or not access.may_field("read", here, field):
            return False
        if field.type.refers and len(field.targets) == 1:
            here = model.objects[field.targets[0]]
    return True


class Configured(Access):
    """What everybody may do where some records travel with the metadata: read those, no more."""

    key = "configured"

    def may(self, right: Right, obj: Object) -> bool:
        """Whether the right is one to read, or the records are data."""
        return obj.rows == "data" or right in TAKING


class Scoped(Access):
    """What the token of a program leaves of its owner's rights."""

    def __init__(self, scope: Scope) -> None:
        """Leave what `scope` says."""
        self.scope, self.key = scope, scope.key

    def may(self, right: Right, obj: Object) -> bool:
        """Whether the scope has the object, and the right where it is not one to read."""
        named = self.scope.objects is None or obj.name in self.scope.objects
        return named and (self.scope.write or right in TAKING)

    def has(self, right: str) -> bool:
        """Only a token that may write everything has what belongs to no object, but for the use of tokens."""
        return right == API or (self.scope.objects is None and self.scope.write)


def kept_in_metadata(obj: Object) -> Problem:
    """Why nobody makes, changes or deletes records of an object whose rows are metadata."""
    return Problem(
        code="rows-of-metadata",
        reason=msg("{object} records travel with the metadata and change when that is published.", object=obj.label),
        fix=msg("Change the row in the metadata, and publish it."),
        thing=f"object:{obj.name}",
    )
