"""A record that two people changed: what each of them wrote, and how the page offers to decide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dougong.base.field_types import ValueRefused
from dougong.base.language import label
from dougong.engine.fields.masked import MaskedType
from dougong.engine.saving.batch import StaleRecord
from dougong.metadata.model import Field, Object
from dougong.web.prefill import titled
from dougong.web.submission import DECIDED
from dougong.web.visit import Visit


@dataclass(frozen=True, slots=True)
class Shown:
    """A field that both changed, its three values as text."""

    name: str
    label: str
    mine: str
    theirs: str
    base: str


def shown(visit: Visit, obj: Object, stale: StaleRecord) -> list[Shown]:
    """The overlaps in words."""
    found = []
    for each in stale.overlaps:
        field = visit.unit.access.seen(obj, obj.fields[each.field])
        if field is None:
            continue
        said = titled(visit, {"mine": each.mine, "theirs": each.theirs, "base": each.base})
        words = {key: _text(visit, field, value) for key, value in said.items()}
        found.append(Shown(field.name, label(field.label, visit.language), **words))
    return found


def _text(visit: Visit, field: Field, value: Any) -> str:
    if isinstance(field.type, MaskedType):
        return str(field.type.seen(value) or "")
    try:
        return field.type.display(field, field.type.coerce(field, value, visit.reading), visit.reading)
    except ValueRefused:
        return str(value)


def kept(visit: Visit, stale: StaleRecord) -> Iterator[tuple[str, str]]:
    """Everything that the form sent, to be sent again: what was typed is never lost."""
    for key, value in visit.form.multi_items():
        if isinstance(value, str) and key not in ("csrf", "version") and not key.startswith(DECIDED):
            yield key, value
