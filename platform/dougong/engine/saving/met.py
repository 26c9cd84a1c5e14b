"""Which stored records a unit's saves looked at beside those that they changed; noted where somebody asks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

MET = "saving.met"
"""Under this key `Unit.memory` holds the set of ids in which they are noted; where it is missing nothing is."""


def note(unit: Unit, ids: Iterable[str]) -> None:
    """These records were looked at: as lookups, behind lookups, or on the way up a tree."""
    found = unit.memory.get(MET)
    if found is not None:
        found.update(ids)
