"""How much people take out at once: above so many records they say why, and above so many they are refused.

The settings ``export.reason_above`` and ``export.most_records`` of the company say how many. The platform itself, and
whoever works at its command line, is not asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dougong.base.errors import Place, Problem, Rejected, TooLarge
from dougong.base.language import msg
from dougong.engine.query import Query
from dougong.metadata.model import Model

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

PREFIX = "export."
LARGEST = 1_000_000
"""Records that one file can hold whatever a setting says: a sheet of a spreadsheet has 1,048,576 rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Each field is the setting of its name, with what holds where the metadata have no such setting."""

    reason_above: int = 1000
    most_records: int = 100_000


@dataclass(frozen=True, slots=True)
class Size:
    """How many records an export would hold (at least, where `too_many`), and whether it takes a reason."""

    records: int
    too_many: bool
    needs_reason: bool


def limits_of(model: Model) -> Limits:
    """The limits that `model` says."""
    return Limits(
        reason_above=_number(model.settings.get(f"{PREFIX}reason_above"), Limits().reason_above, 0),
        most_records=_number(model.settings.get(f"{PREFIX}most_records"), Limits().most_records, 1),
    )


def _number(given: Any, default: int, least: int) -> int:
    return default if given is None else min(max(int(given), least), LARGEST)


def size_of(unit: Unit, query: Query, number: int | None = None) -> Size:
    """What exporting `query` comes to, counted no further than it matters; `number` where that is known.

    Raises:
        NotFound: the object is unknown.
        BadRequest: the query is wrong.
    """
    limits = limits_of(unit.runtime.model)
    if number is not None:
        return Size(number, number > limits.most_records, number > limits.reason_above)
    found = unit.records.count(replace(query, columns=(), sort=(), cursor=None), cap=limits.most_records)
    return Size(found.number, found.capped, found.number > limits.reason_above)


def check(unit: Unit, query: Query, number: int | None = None) -> None:
    """Check that the unit's actor may take out so much, and gives a reason (`unit.why`) where one is asked.

    `number` is how many records it is at most, where that is known.

    Raises:
        TooLarge: it is more than one export may hold.
        Rejected: it takes a reason, and there is none.
    """
    if unit.actor.is_system:
        return
    limits, size = limits_of(unit.runtime.model), size_of(unit, query, number)
    thing = f"object:{query.object}"
    if size.too_many:
        reason = msg("An export holds at most {n} records, and these are more.", n=limits.most_records)
        fix = msg("Narrow the list by a condition, or let an administrator export it on the command line.")
        raise TooLarge(Problem(code="export-too-large", thing=thing, reason=reason, fix=fix))
    if size.needs_reason and not unit.why.strip():
        reason = msg("An export of more than {n} records takes a reason.", n=limits.reason_above)
        raise Rejected(Problem(code="export-reason", thing=thing, place=Place(field="why"), reason=reason))
