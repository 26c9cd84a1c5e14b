"""Files that a form kept for a record that was never saved: a day later they go to the recycle bin.

A form keeps its files as soon as it is sent, so that they are not chosen again when something else in it is to be
mended. Who gives up then leaves files that are about nothing and that no field holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, Text, cast, select

from dougong.base.errors import NotFound
from dougong.base.language import msg
from dougong.engine.actor import SYSTEM
from dougong.engine.fields.files import FileType
from dougong.engine.jobs import enqueue, job
from dougong.engine.outbox import Task
from dougong.engine.runtime import Runtime
from dougong.engine.saving.batch import Delete

if TYPE_CHECKING:
    from dougong.engine.company import Company
    from dougong.engine.unit import Unit

FILE = "file"
PATIENCE = timedelta(days=1)
"""How long a form may stay open with its files kept."""


def watch(unit: Unit, file_id: str) -> None:
    """Look again at a file that is about nothing yet, when its form has had time enough."""
    enqueue(unit, drop_abandoned.name, {"file": file_id}, key=f"abandoned:{file_id}", run_at=unit.now + PATIENCE)


@job("drop_abandoned", label=msg("Files of forms that were given up"))
def drop_abandoned(company: Company, task: Task) -> None:
    """Move a file to the bin, unless it is about a record or held by a field by now."""
    file_id = str(task.payload["file"])
    company.write(
        SYSTEM, lambda unit: unit.records.save([Delete(FILE, file_id)]) if _is_abandoned(unit, file_id) else None
    )


def _is_abandoned(unit: Unit, file_id: str) -> bool:
    try:
        record = unit.records.get(FILE, file_id)
    except NotFound:
        return False
    if record.values.get("related_to"):
        return False
    return not any(unit.connection.execute(each).first() for each in _holders(unit.runtime, file_id))


def _holders(runtime: Runtime, file_id: str) -> Iterator[Select[Any]]:
    """A statement for each field of other objects that finds a record which holds the file, in the bin or not."""
    for obj in runtime.model.objects.values():
        records = runtime.storage.tables[obj.name]
        for field in obj.fields.values():
            if obj.name != FILE and isinstance(field.type, FileType) and field.name in records.parts:
                column = records.parts[field.name][0]
                yield select(records.table.c.id).where(cast(column, Text).contains(file_id, autoescape=True)).limit(1)
