"""What a record's menu offers about whom it belongs to: hand over a person's work."""

from __future__ import annotations

from collections.abc import Iterator

from dougong.base.language import msg
from dougong.engine.handover.carrying import RIGHT
from dougong.engine.handover.holdings import PERSON
from dougong.engine.query import Record
from dougong.metadata.model import Object
from dougong.web.buttons import Action
from dougong.web.visit import Visit


def on_record(visit: Visit, obj: Object, record: Record) -> tuple[Action, ...]:
    """The entries for a live record."""
    return tuple(_offered(visit, obj, record))


def _offered(visit: Visit, obj: Object, record: Record) -> Iterator[Action]:
    if obj.name == PERSON and visit.unit.access.has(RIGHT):
        said = visit.say(msg("Hand over their work"))
        yield Action(said, "transfer", f"/handover/{record.id}", primary=False, sheet=False)
