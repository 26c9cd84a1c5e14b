"""Records of territories: to be seen by their members, and changed where the territory says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dougong.base.language import msg
from dougong.engine.access import Right
from dougong.engine.rights import person
from dougong.engine.rights.grounds import Ground, plain
from dougong.metadata.model import Object
from dougong.metadata.territories import FIELD

if TYPE_CHECKING:
    from dougong.engine.rights.rows import Rows


def of_territory(rows: Rows, right: Right, obj: Object) -> Iterator[Ground]:
    """What belongs to territories of the person's, or below these."""
    if not rows.model.rights.has_territories(obj.name):
        return
    if right == "read" and rows.holder.named("territory"):
        said = msg("It belongs to a territory of theirs.")
        otherwise = msg("It belongs to no territory of theirs.")
        names = person.several(rows.holder, "territory")
    elif right == "edit" and rows.holder.named("territory_edit"):
        said = msg("It belongs to a territory of theirs, whose members may change it.")
        otherwise = msg("It belongs to no territory of theirs whose members may change it.")
        names = person.several(rows.holder, "territory_edit")
    else:
        return
    yield plain("territory", said, otherwise, lambda table: rows.column(obj, table, FIELD).in_(names))
