"""What plugins show on the page of a record, above its tabs: the hook `record_panels`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dougong.engine.query import Record
from dougong.metadata.model import Object
from dougong.web.visit import Visit


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a record's page: `template` finds the panel under ``panel`` and its values in ``panel.context``.

    Panels stand in the order of `order`; `title` is what those hear who do not see it.
    """

    title: str
    template: str
    context: Mapping[str, Any]
    order: int = 50
    holds: bool = False
    """Whether it says who holds the record, so that the page says it nowhere else."""


def panels(visit: Visit, obj: Object, record: Record) -> tuple[Panel, ...]:
    """What the plugins have to say of a record, in order."""
    answers = visit.company.hooks.record_panels(visit=visit, obj=obj, record=record)
    return tuple(sorted((each for answer in answers for each in answer), key=lambda each: each.order))
