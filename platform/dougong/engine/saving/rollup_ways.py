"""Which parents a changed record concerns: once for all roll-ups that are reached over the same lookup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dougong.engine.saving.related import references
from dougong.engine.saving.row import Row

if TYPE_CHECKING:
    from dougong.engine.saving.rollups import Route

NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Way:
    """One lookup `field` of an object that leads to records of `parent`: hop number `at` of each of the `routes`."""

    field: str
    parent: str
    at: int
    routes: tuple[Route, ...]


def ways_of(through: Iterable[tuple[Route, int]]) -> tuple[Way, ...]:
    """The lookups over which the records of an object count for others."""
    found: dict[tuple[str, str, int], list[Route]] = {}
    for route, at in through:
        parent = route.hops[at + 1].object if at + 1 < len(route.hops) else route.parent
        found.setdefault((route.hops[at].field, parent, at), []).append(route)
    return tuple(Way(*key, tuple(routes)) for key, routes in found.items())


@dataclass(slots=True)
class Concerned:
    """Parents of one object: the `ids` of its records and the `names` of their roll-ups to compute.

    Of `changed` ones children changed, moved or went; the others only got new ones, `new` by object.
    """

    ids: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    new: Mapping[str, Sequence[Row]] = field(default_factory=dict)

    def note(self, ids: Set[str], names: Iterable[str], grows: bool = False) -> None:
        """Compute the roll-ups `names` of the records `ids`, which `grows` tells got new children alone."""
        self.ids |= ids
        self.names.update(names)
        if not grows:
            self.changed |= ids


Affected = dict[str, Concerned]
"""By parent object."""


def is_new(row: Row) -> bool:
    """Whether a record is new to its parents."""
    return row.new and not row.settled


def led(rows: Iterable[Row], way: Way) -> Iterator[tuple[Route, Set[str], bool]]:
    """The ids one hop up that `rows` concern, those that they named and those that they name, by roll-up.

    The last tells that records which are new name them, and no more.
    """
    moving: set[str] = set()
    named: set[str] = set()
    for row in rows:
        was, is_ = row.settled.get(way.field), row.values.get(way.field)
        if was is None and is_ is None:
            continue
        if is_new(row):
            named.update(_ids(is_, way.parent))
            continue
        existed = bool(row.settled) and row.settled.get("deleted_at") is None
        exists = row.values.get("deleted_at") is None
        old, new = _ids(was, way.parent) if existed else NOBODY, _ids(is_, way.parent) if exists else NOBODY
        if old != new or existed != exists or row.touched:
            moving.update(old, new)
        else:
            yield from ((route, new, False) for route in way.routes if _concerns(row, route, way.at))
    for ids, grows in ((moving, False), (named, True)):
        if ids:
            yield from ((route, ids, grows) for route in way.routes)


def _concerns(row: Row, route: Route, at: int) -> bool:
    """Whether something that a roll-up reads of a record on its way has changed."""
    watched = route.watched if at == 0 else ("life_status",)
    return any(row.settled.get(name) != row.values.get(name) for name in watched)


def _ids(value: Any, target: str) -> frozenset[str]:
    return frozenset([each.id for each in references(value) if each.object == target]) if value is not None else NOBODY
