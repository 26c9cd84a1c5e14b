"""The names that the author of a formula may write at an object of the metadata in force."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dougong.engine.access import Access
from dougong.formulas import FieldInfo, Path
from dougong.metadata.index import Index
from dougong.metadata.layers import effective
from dougong.metadata.model import Model
from dougong.metadata.scope import FieldScope

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


class ReadableScope(FieldScope):
    """The names at an object that its author may read: a formula reaches no others."""

    def __init__(self, index: Index, object_name: str, model: Model, access: Access) -> None:
        """Start paths at `object_name`; `access` is the author's."""
        super().__init__(index, object_name)
        self.model, self.access = model, access

    def resolve(self, path: Path) -> FieldInfo | None:
        """As every scope; None for a path over a field that the author may not read."""
        found = super().resolve(path)
        spelt = (found.path or path) if found else ()
        if spelt and spelt[0] == "$User":
            return found if self._may("user", spelt[1:]) else None
        return found if found and (spelt[0].startswith("$") or self._may(self.object, spelt)) else None

    def names(self) -> Iterable[str]:
        """As every scope, those alone that can be read: suggestions name no others."""
        return (name for name in super().names() if self._may(self.object, tuple(name.split("."))))

    def _may(self, object_name: str, path: Path) -> bool:
        for name in path:
            obj = self.model.objects.get(object_name)
            known = obj.fields.get(name) if obj else None
            if obj is None or known is None:
                return True  # an attribute or aspect of what was allowed before
            if not (self.access.may("read", obj) and self.access.may_field("read", obj, known)):
                return False
            object_name = known.targets[0] if known.targets else ""
        return True


def scope_of(unit: Unit, object_name: str) -> ReadableScope:
    """The names at an object in the metadata in force, which is indexed once a revision."""
    key = "web.formula index"
    index = unit.runtime.prepared.get(key)
    if index is None:
        tree = unit.company.tree_of(unit.connection, unit.runtime.revision)
        index = unit.runtime.prepared[key] = Index(effective(tree))
    return ReadableScope(index, object_name, unit.runtime.model, unit.access)
