"""Files that belong to opinions: kept with the record, shown with the approval, and as they were for good."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, insert, select

from dougong.base.errors import NotFound, Place, Problem, Rejected
from dougong.base.ids import is_record_id
from dougong.base.language import Message, msg
from dougong.engine.actor import SYSTEM
from dougong.engine.dialects.among import among
from dougong.engine.query import Condition, Query
from dougong.engine.record_locks import RecordLock
from dougong.engine.saving.batch import Update
from dougong.engine.saving.plan import plan_of
from dougong.metadata.model import Model, Object
from dougong.workflows.approvals.running import Running
from dougong.workflows.approvals.tables import files
from dougong.workflows.approvals.told import AttachedFile

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

FILE, ABOUT = "file", "related_to"

FREE = frozenset({"owner", "description", ABOUT})
"""What may be changed of a file all the same: it is handed over with its owner's work, and moves with its record."""


def taken_by(model: Model, obj: Object) -> bool:
    """Whether opinions on records of an object may have files: where these records have."""
    file = model.objects.get(FILE)
    about = file.fields.get(ABOUT) if file is not None else None
    return about is not None and obj.features["files"] and obj.name in about.targets


def attach(unit: Unit, held: Running, act: str, ids: Sequence[str]) -> None:
    """Let files belong to an act of the log, and be about the record: those of the actor that are about nothing else.

    Raises:
        Rejected: records of this object have no files, or a file is not the actor's, or belongs elsewhere.
    """
    ids = list(dict.fromkeys(ids))
    obj = held.of(unit)
    if not ids or obj is None:
        return
    if not taken_by(unit.runtime.model, obj):
        raise Rejected(_problem(msg("{object} records have no files.", object=obj.label), obj.name))
    real = [each for each in ids if is_record_id(each)]
    free = _free(unit, held, real) - set(_used(unit, real)) if real else set()
    if free != set(ids):
        reason = msg("This file is not yours to attach, or belongs elsewhere already.")
        raise Rejected(_problem(reason, each) for each in ids if each not in free)
    about = {"object": obj.name, "id": held.record_id}
    acting = unit.acting(replace(SYSTEM, channel="workflow"))
    acting.records.save([Update(FILE, each, {ABOUT: about}) for each in ids])
    unit.connection.execute(insert(files), [{"id": each, "instance": held.id, "act": act} for each in ids])


def _free(unit: Unit, held: Running, ids: Sequence[str]) -> frozenset[str]:
    """Those of files that the actor may read, has made, and that are about nothing, or the record of the approval.

    One whose bytes are another file's is none: whoever sees the approval is given them without being asked for more.
    """
    columns = ("created_by", ABOUT, "content")
    query = Query(object=FILE, columns=columns, where=Condition("id", "in", tuple(ids)), limit=len(ids))
    found = set()
    for row in unit.records.query(query).rows:
        made_by, about, content = row.values
        mine = made_by is not None and made_by.id == unit.actor.user_id
        own_bytes = [each.id for each in content or ()] == [row.id]
        if mine and own_bytes and (about is None or about.id == held.record_id):
            found.add(row.id)
    return frozenset(found)


def _used(unit: Unit, ids: Sequence[str]) -> list[str]:
    """Those of files that belong to an opinion."""
    found = select(files.c.id).where(among(files.c.id, "ids"))
    return [str(each) for each in unit.connection.scalars(found, {"ids": list(ids)})]


def _problem(reason: Message, thing: str) -> Problem:
    return Problem(code="approval-file", reason=reason, thing=thing, place=Place(field="file"))


def of_instances(unit: Unit, instances: Iterable[str]) -> Mapping[str, tuple[AttachedFile, ...]]:
    """The files of some approvals by act, for those who may see these: one statement."""
    return _told(unit, files.c.instance.in_(list(instances)))


def find(unit: Unit, instance: str, id: str) -> AttachedFile:
    """One file of an approval, for those who may see that.

    Raises:
        NotFound: the approval has none like it, or it was erased.
    """
    found = _told(unit, (files.c.instance == instance) & (files.c.id == id)) if is_record_id(id) else {}
    file = next((each for several in found.values() for each in several if each.content), None)
    if file is None:
        raise NotFound(Problem(code="file-missing", reason=msg("The file's content is missing."), thing=id))
    return file


def _told(unit: Unit, which: ColumnElement[bool]) -> Mapping[str, tuple[AttachedFile, ...]]:
    if FILE not in unit.runtime.model.objects:
        return {}
    plan = plan_of(unit.runtime, FILE)
    found: dict[str, tuple[AttachedFile, ...]] = {}
    asked = select(files.c.act, *plan.columns).join_from(files, plan.table, plan.table.c.id == files.c.id).where(which)
    for act, *row in unit.connection.execute(asked.order_by(files.c.id)):
        values = plan.read(row)
        content = values.get("content")
        file = AttachedFile(
            id=str(values["id"]), name=str(values.get("name") or ""), content=content[0].id if content else None
        )
        found[act] = (*found.get(act, ()), file)
    return found


def locks(unit: Unit, ids: Sequence[str]) -> Mapping[str, RecordLock]:
    """The hook `locks` for files: what was attached to an opinion is neither exchanged nor deleted."""
    lock = RecordLock(msg("This file belongs to an opinion in an approval, and stays as it is."), FREE)
    return dict.fromkeys(_used(unit, ids), lock)
