"""What a person may do with a change that was refused, beside mending it: the hook `ways_on`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dougong.base.errors import DougongError
from dougong.engine.saving.batch import Change
from dougong.metadata.model import Object
from dougong.web.visit import Visit


@dataclass(frozen=True, slots=True)
class Way:
    """A button called `label` that sends the `hidden` fields to `url`; without a `url`, what to know instead."""

    label: str
    url: str = ""
    hidden: Mapping[str, str] = field(default_factory=dict)


def ways_on(visit: Visit, obj: Object, changes: Sequence[Change], error: DougongError | None) -> tuple[Way, ...]:
    """What the plugins offer for refused changes of one record; the first is of the record itself."""
    if error is None or not changes:
        return ()
    answers = visit.company.hooks.ways_on(visit=visit, obj=obj, changes=changes, problems=error.problems)
    return tuple(each for answer in answers for each in answer)
