"""Who may see and do what: every read and write of records asks here.

The platform allows everything; plugins narrow it through the `access` hook. What several of them say is combined
with AND: a right is there only if all grant it, a row is visible only if all show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import ColumnElement, FromClause, and_

from dougong.base.errors import Problem
from dougong.base.hooks import Hooks
from dougong.base.language import msg
from dougong.engine.actor import Actor, Scope
from dougong.metadata.model import Field, Model, Object

Right = Literal["read", "create", "edit", "delete", "import", "export"]


class Access:
    """What one actor may do, for one revision. This one allows everything; subclasses narrow it.

    `key` tells accesses apart: statements are remembered under it, with the values that `visible` put into them. Two
    accesses of equal key must answer alike in everything, so a rule about the user has the user in its key.
    """

    key: str = ""

    def may(self, right: Right, obj: Object) -> bool:
        """Whether the actor has `right` on records of `obj` at all."""
        return True

    def may_field(self, right: Literal["read", "edit"], obj: Object, field: Field) -> bool:
        """Whether the actor may read or edit `field`."""
        return True

    def visible(self, right: Right, obj: Object, table: FromClause) -> ColumnElement[bool] | None:
        """The condition on `table` (the object's, or an alias) for rows that `right` covers; None for all rows."""
        return None

    def has(self, right: str) -> bool:
        """Whether the actor has a right that belongs to no object, such as to read the audit log (`view_audit`)."""
        return True


EVERYTHING = Access()
"""The access of the platform itself, and of everybody while nothing narrows it."""


class Combined(Access):
    """Several accesses at once: the strictest answer counts."""

    def __init__(self, parts: Sequence[Access]) -> None:
        """Combine `parts` with AND."""
        self.parts = tuple(parts)
        self.key = "&".join(part.key for part in parts)

    def may(self, right: Right, obj: Object) -> bool:
        """True where every part grants it."""
        return all(part.may(right, obj) for part in self.parts)

    def may_field(self, right: Literal["read", "edit"], obj: Object, field: Field) -> bool:
        """True where every part grants it."""
        return all(part.may_field(right, obj, field) for part in self.parts)

    def visible(self, right: Right, obj: Object, table: FromClause) -> ColumnElement[bool] | None:
        """Every condition of the parts together."""
        found = [rows for part in self.parts if (rows := part.visible(right, obj, table)) is not None]
        return and_(*found) if found else None

    def has(self, right: str) -> bool:
        """True where every part grants it."""
        return all(part.has(right) for part in self.parts)


class Derived(Access):
    """An access that hides formula fields as well where they would tell of what it hides."""

    def __init__(self, access: Access, model: Model) -> None:
        """Narrow `access` in this respect."""
        self.access, self.model, self.key = access, model, access.key
        self._readable: dict[str, bool] = {}

    def may(self, right: Right, obj: Object) -> bool:
        """As the access."""
        return self.access.may(right, obj)

    def may_field(self, right: Literal["read", "edit"], obj: Object, field: Field) -> bool:
        """As the access; a formula field also only where everything that it reads may be read."""
        if not self.access.may_field(right, obj, field):
            return False
        if field.formula is None:
            return True
        found = self._readable.get(field.address)
        if found is None:
            found = self._readable[field.address] = all(self._may_read(obj, path) for path in field.formula.references)
        return found

    def visible(self, right: Right, obj: Object, table: FromClause) -> ColumnElement[bool] | None:
        """As the access."""
        return self.access.visible(right, obj, table)

    def has(self, right: str) -> bool:
        """As the access."""
        return self.access.has(right)

    def _may_read(self, obj: Object, path: tuple[str, ...]) -> bool:
        here = obj
        for name in path:
            field = here.fields.get(name)
            if field is None:
                return True  # a picklist's attribute, an aspect of money: as the field before it
            if not self.access.may("read", here) or not self.may_field("read", here, field):
                return False
            if field.type.refers and len(field.targets) == 1:
                here = self.model.objects[field.targets[0]]
        return True


class _Configured(Access):
    """What everybody may do where some records travel with the metadata: read those, no more."""

    key = "configured"

    def may(self, right: Right, obj: Object) -> bool:
        """Whether the right is one to read, or the records are data."""
        return obj.rows == "data" or right in ("read", "export")


class Scoped(Access):
    """What the token of a program leaves of its owner's rights."""

    def __init__(self, scope: Scope) -> None:
        """Leave what `scope` says."""
        self.scope, self.key = scope, scope.key

    def may(self, right: Right, obj: Object) -> bool:
        """Whether the scope has the object, and the right where it is not one to read."""
        named = self.scope.objects is None or obj.name in self.scope.objects
        return named and (self.scope.write or right in ("read", "export"))


def kept_in_metadata(obj: Object) -> Problem:
    """Why nobody makes, changes or deletes records of an object whose rows are metadata."""
    return Problem(
        code="rows-of-metadata",
        reason=msg("{object} records travel with the metadata and change when that is published.", object=obj.label),
        fix=msg("Change the row in the metadata, and publish it."),
        thing=f"object:{obj.name}",
    )


def access_for(hooks: Hooks, actor: Actor, model: Model) -> Access:
    """What `actor` may do: everything, as far as the `access` hooks leave it."""
    if actor.is_system:
        return EVERYTHING
    parts = [part for part in hooks.access(actor=actor, model=model) if part is not None]
    if model.rows:
        parts.insert(0, _Configured())
    if actor.scope.objects is not None or not actor.scope.write:
        parts.append(Scoped(actor.scope))
    if not parts:
        return EVERYTHING
    return Derived(parts[0] if len(parts) == 1 else Combined(parts), model)
