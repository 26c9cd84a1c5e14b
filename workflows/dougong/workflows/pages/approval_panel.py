"""The approvals of a record on its page: what runs, what was decided last, and what may be submitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dougong.base.language import Message, msg
from dougong.engine.query import Record
from dougong.metadata.model import Object
from dougong.web.panels import Panel
from dougong.web.visit import Visit
from dougong.workflows.approvals import binding, gates, running, service
from dougong.workflows.approvals.locks import due_of, may_be_approved, waiting_for
from dougong.workflows.approvals.people import People
from dougong.workflows.approvals.running import OPEN, Running
from dougong.workflows.approvals.told import Startable
from dougong.workflows.pages.approvals import HERE, status_of


@dataclass(frozen=True, slots=True)
class Line:
    """One approval of the record: its state with its colour, whom it waits for, and since when or when it ended.

    `due` is until when, where it has a limit; one that `holds` the record locks what is approved.
    """

    label: str
    url: str
    status: Message | str
    colour: str
    people: str
    at: datetime
    open: bool
    due: datetime | None = None
    holds: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """An approval that may be submitted: at `url`, unless it is refused for these reasons."""

    label: str
    url: str
    primary: bool
    refused: tuple[str, ...]


def panels(visit: Visit, obj: Object, record: Record) -> tuple[Panel, ...]:
    """The panel, where there is anything to tell; no statement for objects that are never approved."""
    if not may_be_approved(visit.unit, obj.name):
        return ()
    held = running.of_records(visit.unit, [record.id], open_only=False)
    ended = [each for each in held if each.status not in OPEN]
    shown = [each for each in held if each.status in OPEN] + ended[:1]
    offers = tuple(
        _offer(visit, each, record.id)
        for each in service.startable(visit.unit, obj.name, record.id)
        if not _stands(visit, obj, record.id, each, ended)
    )
    if not (shown or offers):
        return ()
    lines = _lines(visit, shown)
    context, holds = {"lines": lines, "offers": offers}, any(each.holds for each in lines)
    return (Panel(visit.say(msg("Approvals")), "parts/approval_panel.html", context, holds=holds),)


def _lines(visit: Visit, shown: Sequence[Running]) -> list[Line]:
    people = People(visit.unit)
    people.fetch(person for each in shown for person in waiting_for(each))
    return [_line(visit, each, people) for each in shown]


def _line(visit: Visit, held: Running, people: People) -> Line:
    approval = held.pinned(visit.unit)
    status, colour = status_of(held.status)
    is_open = held.status in OPEN
    since = [each.opened_at for each in held.state.visits if each.status == "open" and each.opened_at]
    return Line(
        label=visit.context.label(approval.label) if approval is not None else held.approval,
        url=f"{HERE}/{held.id}",
        status=status,
        colour=colour,
        people=visit.say(msg(", ")).join(people.name(each) for each in waiting_for(held)),
        at=min(since, default=held.started_at) if is_open else held.ended_at or held.started_at,
        open=is_open,
        due=due_of(held) if is_open else None,
        holds=held.status == "open",
    )


def _offer(visit: Visit, each: Startable, record_id: str) -> Offer:
    return Offer(
        label=visit.context.label(each.label),
        url=f"{HERE}/start/{each.approval}/{record_id}",
        primary=each.needed,
        refused=tuple(problem.text(visit.language) for problem in each.refused),
    )


def _stands(visit: Visit, obj: Object, record_id: str, offered: Startable, ended: Sequence[Running]) -> bool:
    """Whether the record, just as it is, has this approval already."""
    last = next((each for each in ended if each.approval == offered.approval), None)
    if last is None or last.status != "approved":
        return False
    approval = next(each for each in gates.of_object(visit.model, obj.name) if each.name == offered.approval)
    values = running.record_values(visit.unit, obj, record_id)
    return binding.take(visit.unit, approval, obj, values).hash == last.snapshot
