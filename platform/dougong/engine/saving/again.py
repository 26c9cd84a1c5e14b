"""Saving, rehearsed under a model to come: what it makes for itself once, without anything being written."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from dougong.engine.saving.batch import Update
from dougong.engine.saving.drafts import drafts
from dougong.engine.saving.followers import followers_of

if TYPE_CHECKING:
    from dougong.engine.actor import Actor
    from dougong.engine.saving.row import Batch
    from dougong.engine.unit import Unit


def note(batch: Batch) -> None:
    """Records were saved: one of each object would be saved again as it is (`dougong.engine.lately`)."""
    unit = batch.unit
    for plan, rows in batch.groups("create", "update"):
        again = functools.partial(_again, unit.actor, plan.name, rows[0].id)
        unit.company.lately.note(("save", plan.name), again)


def _again(actor: Actor, name: str, record_id: str, unit: Unit) -> None:
    acting = unit.acting(actor)
    followers_of(acting.runtime)
    drafts(acting, [Update(name, record_id, {})])
    acting.records.get(name, record_id)
