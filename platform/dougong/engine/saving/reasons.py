"""Where filled values come from, in a sentence beside the field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from dougong.base.field_types import Reference, ValueRefused
from dougong.base.language import label
from dougong.engine.saving.candidates import Ask, Choice, FillPlan, choose, results
from dougong.engine.saving.fills import asks_of, fills_of
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.engine.saving.row import Batch, Row, grouped
from dougong.metadata.fill import PLACE


def told(batch: Batch, rows: Iterable[Row]) -> Mapping[str, Mapping[str, str]]:
    """By record and field, where a value comes from that is what a fill makes of the record as it stands."""
    found: dict[str, dict[str, str]] = {}
    for plan, group in grouped(rows):
        for head in plan.part(fills_of):
            asks = asks_of(batch, head, group)
            for ask, choice in zip(asks, choose(batch, head, asks), strict=True):
                said = _sentence(ask, choice.found, choice) if choice.found is not None else ""
                if said:
                    names = [name for name in head.fill.fields if _is_filled(head, choice, ask, name)]
                    found.setdefault(ask.row.id, {}).update(dict.fromkeys(names, said))
    return found


def _is_filled(head: FillPlan, choice: Choice, ask: Ask, name: str) -> bool:
    try:
        made = results(head, choice, ask, (name,))
    except ValueRefused:
        return False
    return name in made and made[name] is not None and made[name] == ask.row.values.get(name)


def _sentence(ask: Ask, at: FillPlan, choice: Choice) -> str:
    """The reason in the reader's language; none where it would tell what the reader may not see."""
    missing = False

    def put(place: re.Match[str]) -> str:
        nonlocal missing
        shown = _shown(ask, at.source, place[1].split("."), choice.values)
        missing = missing or shown is None
        return shown or ""

    said = PLACE.sub(put, label(at.fill.reason, ask.batch.unit.reading.language))
    return "" if missing else said


def _shown(ask: Ask, plan: ObjectPlan, path: list[str], values: Mapping[str, Any]) -> str | None:
    unit, found = ask.batch.unit, plan.object.fields[path[0]]
    if not unit.access.may_field("read", plan.object, found):
        return None
    value = values.get(path[0])
    if len(path) == 1:
        return "" if value is None else found.type.display(found, value, unit.reading)
    if not isinstance(value, Reference):
        return None
    behind = ask.batch.related.seen(value)
    if behind is None or not behind.visible:
        return None
    return _shown(ask, plan_of(unit.runtime, value.object), path[1:], behind.values)
