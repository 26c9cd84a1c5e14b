"""What waits in queues: to be seen by those who take from them, and changed where the queue says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dougong.engine.access import Right
from dougong.engine.rights import grounds, person
from dougong.engine.rights.grounds import Ground
from dougong.metadata.model import Object

if TYPE_CHECKING:
    from dougong.engine.rights.rows import Rows


def queued(rows: Rows, right: Right, obj: Object) -> Iterator[Ground]:
    """What waits in queues that the person takes from."""
    if obj.owner != "user_or_queue":
        return
    if right == "read" and rows.holder.named("queue"):
        yield grounds.waiting(person.several(rows.holder, "queue", "ids"))
    if right == "edit" and rows.holder.named("queue_edit"):
        yield grounds.waiting_to_be_changed(person.several(rows.holder, "queue_edit", "ids"))
