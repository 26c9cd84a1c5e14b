"""Who may see and do what: every read and write of records asks here.

The platform allows everything; plugins narrow it through the `access` hook. What several of them say is combined
with AND: a right is there only if all grant it, a row is visible only if all show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import ColumnElement, FromClause, and_

from dougong.base.hooks import Hooks
from dougong.engine.actor import Actor
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


def access_for(hooks: Hooks, actor: Actor, model: Model) -> Access:
    """What `actor` may do: everything, as far as the `access` hooks leave it."""
    if actor.is_system:
        return EVERYTHING
    parts = [part for part in hooks.access(actor=actor, model=model) if part is not None]
    if not parts:
        return EVERYTHING
    return parts[0] if len(parts) == 1 else Combined(parts)
