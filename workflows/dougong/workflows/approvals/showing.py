"""An approval in full, as one person may see it: its log, its people, old → new, and what they may do now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import select

from dougong.base.language import Labels
from dougong.metadata.approval import Approval
from dougong.metadata.model import Object
from dougong.workflows.approvals import attached, binding, running, seeing
from dougong.workflows.approvals.binding import Snapshot
from dougong.workflows.approvals.lists import names_of
from dougong.workflows.approvals.machine import Possible, possible
from dougong.workflows.approvals.people import People
from dougong.workflows.approvals.running import OPEN, Running
from dougong.workflows.approvals.state import Entry, State, Visit
from dougong.workflows.approvals.tables import acts
from dougong.workflows.approvals.told import ActEntry, AttachedFile, Can, Change, Instance, LineChange, Person
from dougong.workflows.approvals.world import CompanyWorld

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

Files = Mapping[str, tuple[AttachedFile, ...]]
"""The files of opinions, by the id of their act."""


def instance(unit: Unit, instance_id: str) -> Instance:
    """One approval in full.

    Raises:
        NotFound: there is none, or the actor may not know of it.
    """
    held = running.find(unit, instance_id)
    seeing.require(unit, held)
    return shown(unit, held)


def of_record(unit: Unit, object_name: str, record_id: str) -> tuple[Instance, ...]:
    """The approvals of a record that the actor may see, the newest first.

    Raises:
        NotFound: no such record for the actor.
    """
    unit.records.get(object_name, record_id)
    return _shown(unit, running.of_records(unit, [record_id], open_only=False))


def shown(unit: Unit, held: Running) -> Instance:
    """An approval as the actor, who may know of it, sees it."""
    return _shown(unit, [held])[0]


def _shown(unit: Unit, several: Sequence[Running]) -> tuple[Instance, ...]:
    if not several:
        return ()
    ids = [each.id for each in several]
    logs = _logs(unit, ids)
    kept = binding.kept(unit.connection, ids)
    with_files = {row.instance for log in logs.values() for row in log if row.files}
    files = attached.of_instances(unit, with_files) if with_files else {}
    people = People(unit)
    people.fetch(person for each in several for person in _everybody(each.state, logs[each.id]))
    return tuple(_one(unit, held, logs[held.id], kept.get(held.id, []), people, files) for held in several)


def _one(
    unit: Unit, held: Running, log: Sequence[Any], kept: Sequence[Snapshot], people: People, files: Files
) -> Instance:
    approval, obj = held.pinned(unit), held.of(unit)
    named = names_of(people, list(dict.fromkeys(_everybody(held.state, log))))
    of, old, new = _compared(held, kept)
    entry = _own_entry(unit, held.state)
    may = _possible(unit, approval, obj, held)
    can = frozenset(_can(unit, approval, held, may))
    label: Labels = approval.label if approval is not None else {"en": held.approval}
    return Instance(
        id=held.id,
        approval=approval,
        name=held.approval,
        label=label,
        object=obj.name if obj is not None else "",
        record=held.record_id,
        title=held.title,
        initiator=named.get(held.initiator) or Person(id=held.initiator, name=""),
        status=held.state.status,
        state=held.state,
        round=held.round,
        started_at=held.started_at,
        ended_at=held.ended_at,
        acts=tuple(_act(unit, obj, each, named, files.get(each.id, ())) for each in log),
        people=named,
        snapshot=_seen(unit, obj, kept[-1].values) if kept else {},
        changes=_allowed(unit, obj, binding.changes(obj, old, new)) if obj is not None else (),
        lines=tuple(_lines(unit, binding.line_changes(unit.runtime.model, {}, kept[-1].values))) if kept else (),
        line_changes=tuple(_lines(unit, binding.line_changes(unit.runtime.model, old, new))),
        changes_of=of,
        entry=entry[1].id if entry else None,
        can=can,
        possible=may,
        taken_back=next((each.entry for each in reversed(may) if each.act == "take_back"), None),
        number=held.number,
    )


def _logs(unit: Unit, ids: Sequence[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {each: [] for each in ids}
    for row in unit.connection.execute(select(acts).where(acts.c.instance.in_(list(ids))).order_by(acts.c.id)):
        found[row.instance].append(row)
    return found


def _everybody(state: State, log: Sequence[Any]) -> Iterator[str]:
    yield state.initiator
    for copied in state.copies:
        yield copied.person
    for visit in state.visits:
        for entry in visit.entries:
            yield entry.person
            if entry.stands_for:
                yield entry.stands_for
    for row in log:
        yield from (each for each in (row.actor_id, row.stands_for) if each)


def _act(
    unit: Unit, obj: Object | None, row: Any, named: Mapping[str, Person], files: tuple[AttachedFile, ...]
) -> ActEntry:
    edited = row.details if row.act == "edited" and obj is not None else {}
    return ActEntry(
        at=row.at,
        act=row.act,
        person=named.get(row.actor_id) if row.actor_id else None,
        stands_for=named.get(row.stands_for) if row.stands_for else None,
        node=row.node,
        entry=row.entry,
        opinion=row.opinion,
        files=files,
        details={} if row.act == "edited" else row.details,
        number=row.number,
        changes=_allowed(unit, obj, binding.changes(obj, edited["old"], edited["new"])) if obj and edited else (),
    )


# -- old → new --------------------------------------------------------------------------------------------------------
def _compared(
    held: Running, kept: Sequence[Snapshot]
) -> tuple[Literal["gated", "round", "none"], Mapping[str, Any], Mapping[str, Any]]:
    """What the approval is about, old and new: the change that waits for it, else what was bound a round before."""
    now = kept[-1].values if kept else {}
    if held.gated is not None and held.gated["do"] == "update":
        return "gated", held.gated["old"], held.gated["values"]
    if held.gated is not None and held.gated["do"] == "reopened":
        return "gated", held.gated["old"], {id: now.get(id) for id in held.gated["old"]}
    if len(kept) > 1:
        return "round", kept[-2].values, now
    return "none", {}, {}


def _lines(unit: Unit, lines: Iterable[LineChange]) -> Iterator[LineChange]:
    """Those of lines that the actor may read, as far as they may."""
    for each in lines:
        obj = unit.runtime.model.objects[each.object]
        seen = _allowed(unit, obj, each.changes) if unit.access.may("read", obj) else ()
        if seen:
            named = unit.access.may_field("read", obj, obj.fields[obj.title])
            yield replace(each, changes=seen, title=each.title if named else None)


def _allowed(unit: Unit, obj: Object, changes: Sequence[Change]) -> tuple[Change, ...]:
    """Those of fields that the actor may read whole."""
    return tuple(each for each in changes if unit.access.may_field("read", obj, obj.fields[each.field]))


def _seen(unit: Unit, obj: Object | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """A snapshot by field name, as far as the actor may read it whole."""
    if obj is None:
        return {}
    by_id = {field.id: field for field in obj.fields.values()}
    return {
        by_id[id].name: value
        for id, value in values.items()
        if id in by_id and unit.access.may_field("read", obj, by_id[id])
    }


# -- what the actor may do --------------------------------------------------------------------------------------------
def _own_entry(unit: Unit, state: State) -> tuple[Visit, Entry] | None:
    me = unit.actor.user_id
    return next(
        (
            (visit, entry)
            for visit in state.visits
            for entry in visit.entries
            if visit.status == "open" and entry.status == "open" and entry.person == me
        ),
        None,
    )


def _possible(unit: Unit, approval: Approval | None, obj: Object | None, held: Running) -> tuple[Possible, ...]:
    """What the actor may do with it, by the machine: nothing once it has ended but to read a copy."""
    if approval is None or obj is None or held.state.status not in OPEN:
        return ()
    values = running.record_values(unit, obj, held.record_id)
    world = CompanyWorld(unit, obj, values, held.initiator, approval)
    return possible(approval, held.state, unit.actor.user_id or "", world)


def _can(unit: Unit, approval: Approval | None, held: Running, may: Sequence[Possible]) -> Iterator[Can]:
    yield "comment"
    yield from (each.act for each in may)
    if held.state.status in OPEN:
        if seeing.may_rescue(unit):
            yield "rescue"
        if approval is None and unit.actor.user_id == held.initiator:
            yield "recall"
    elif any(each.person == unit.actor.user_id for each in held.state.copies):
        yield "read"
