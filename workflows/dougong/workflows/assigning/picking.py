"""One of several people: in turn, fairly whoever asks at the same moment, or who has the least to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from dougong.engine.actor import SYSTEM
from dougong.engine.dialects.statements import upsert
from dougong.engine.query import All, Condition, Filter, Summary, Written
from dougong.workflows.automations.tables import turns

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

NOBODY = "00000000-0000-0000-0000-000000000000"
"""After whom comes the first: stands in a turn that nobody had yet, so that there is a row to lock."""

MOST_PEOPLE = 1000
"""Owners that one count tells apart."""


def in_turn(unit: Unit, turn: str, candidates: Mapping[str, Sequence[str]], foreseeing: bool = False) -> dict[str, str]:
    """By record, who comes after whom it was last time (by id); the turn is locked until the transaction ends.

    `foreseeing`: nothing is locked, and the turn stays where it is.
    """
    if not any(candidates.values()):
        return {}
    its = turns.c.rule == turn
    asked = select(turns.c.user_id).where(its)
    if not foreseeing:
        begin = upsert(unit.connection.dialect.name, turns).values(rule=turn, user_id=NOBODY)
        unit.connection.execute(begin.on_conflict_do_nothing(index_elements=["rule"]))
        asked = asked.with_for_update()
    last = str(unit.connection.scalar(asked) or NOBODY)
    found: dict[str, str] = {}
    for id, people in candidates.items():
        if people:
            ordered = sorted(people)
            last = found[id] = next((each for each in ordered if each > last), ordered[0])
    if not foreseeing:
        unit.connection.execute(update(turns).where(its).values(user_id=last))
    return found


def least_loaded(
    unit: Unit, object_name: str, counts: str | None, candidates: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """By record, who has the fewest live records of the object for which `counts` holds, those given now counted."""
    people = sorted({each for found in candidates.values() for each in found})
    load = dict.fromkeys(people, 0)
    if people:
        load |= _loads(unit, object_name, counts, people)
    found: dict[str, str] = {}
    for id, possible in candidates.items():
        if possible:
            found[id] = min(possible, key=lambda each: (load[each], each))
            load[found[id]] += 1
    return found


def _loads(unit: Unit, object_name: str, counts: str | None, people: Sequence[str]) -> dict[str, int]:
    where: Filter = Condition("owner", "in", tuple(people))
    if counts is not None:
        where = All((where, Written(counts)))
    rows = unit.acting(SYSTEM).records.summarise(
        Summary(object=object_name, by=("owner",), where=where, limit=MOST_PEOPLE)
    )
    return {owner.id: int(count) for (owner,), (count,) in rows if owner is not None}
