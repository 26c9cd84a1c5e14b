"""What automations did: their runs, each step with what it was given and gave; and the button that sets one off."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import func, select
from starlette.responses import Response

from dougong.base.errors import Conflict, NotFound, Problem
from dougong.base.ids import is_record_id
from dougong.base.language import Message, label, msg
from dougong.engine import backlog
from dougong.engine.reading.readers import titles
from dougong.engine.unit import Unit
from dougong.metadata.model import Object
from dougong.web.buttons import need_offer
from dougong.web.context import record_url
from dougong.web.frame import framed
from dougong.web.routing import Page
from dougong.web.visit import Visit, forbidden, with_query
from dougong.workflows.automations import again, kept, runs, starting
from dougong.workflows.automations.kept import Note, Run
from dougong.workflows.automations.tables import runs as table
from dougong.workflows.notices import log

HERE = "/automations/runs"
PREVIEW = "/automations/preview"
PER_PAGE = 50

STATES: Mapping[str, Message] = {
    "failed": msg("Failed"),
    "stopped": msg("Stopped"),
    "running": msg("Running"),
    "waiting": msg("Waiting"),
    "done": msg("Done"),
}

EVENTS: Mapping[str, Message] = {
    "create": msg("a record was created"),
    "change": msg("a record was changed"),
    "delete": msg("a record was deleted"),
    "date": msg("a date came"),
    "schedule": msg("a schedule"),
    "button": msg("a person"),
    "hook": msg("a call from outside"),
    "run": msg("another automation"),
    "sla": msg("a service level"),
}


def show(visit: Visit) -> Response:
    """A page of the runs, the newest first; of one state or all, of one automation or all."""
    backlog.require_right(visit.unit)
    state, name, before = visit.asked("show"), visit.asked("automation"), visit.asked("before")
    wanted = select(*kept.COLUMNS).order_by(table.c.id.desc()).limit(PER_PAGE + 1)
    counted = select(table.c.status, func.count()).group_by(table.c.status)
    if name:
        wanted, counted = wanted.where(table.c.automation == name), counted.where(table.c.automation == name)
    if state in STATES:
        wanted = wanted.where(table.c.status == state)
    if is_record_id(before):
        wanted = wanted.where(table.c.id < before)
    found = [kept.read(row) for row in visit.unit.connection.execute(wanted)]
    counts = {row[0]: int(row[1]) for row in visit.unit.connection.execute(counted)}
    of = [("automation", name)] if name else []
    tabs = [(with_query(HERE, of), visit.say(msg("All")), sum(counts.values()), state not in STATES)]
    tabs += [
        (with_query(HERE, [*of, ("show", key)]), visit.say(said), counts.get(key, 0), key == state)
        for key, said in STATES.items()
    ]
    kept_query = [*of, *([("show", state)] if state in STATES else [])]
    more = found[PER_PAGE - 1].id if len(found) > PER_PAGE else ""
    return framed(
        visit,
        "automation_runs.html",
        HERE,
        visit.say(msg("Runs of automations")),
        tabs=tabs,
        runs=[(run, named(visit, run.automation), *_said(visit, run)) for run in found[:PER_PAGE]],
        of=named(visit, name) if name else "",
        preview=with_query(PREVIEW, of),
        first=with_query(HERE, kept_query) if before else "",
        following=with_query(HERE, [*kept_query, ("before", more)]) if more else "",
    )


def _said(visit: Visit, run: Run) -> tuple[str, str, str]:
    """State, event and the first problem of a run, in the reader's language."""
    state, event = STATES.get(run.status), EVENTS.get(run.event)
    told = texts(visit, run.error)
    return visit.say(state) if state else run.status, visit.say(event) if event else run.event, told[0] if told else ""


def texts(visit: Visit, error: Mapping[str, Any] | None) -> list[str]:
    """What went wrong, in the reader's language."""
    return [label(each.get("text"), visit.language) for each in (error or {}).get("problems", ())]


def named(visit: Visit, name: str) -> str:
    """What an automation is called; its name where it is there no more."""
    found = visit.model.workflows.automations.get(name)
    return label(found.label, visit.language, name) if found is not None else name


def one(visit: Visit, id: str) -> Response:
    """One run with every try of every step."""
    backlog.require_right(visit.unit)
    run = kept.find(visit.unit, id)
    if run is None:
        raise NotFound(Problem(code="run-unknown", thing=id, reason=msg("There is no such page.")))
    state, event, _ = _said(visit, run)
    obj = visit.model.objects.get(run.object)
    shown = run.records[:20]
    people = {"user": {run.actor_id}} if run.actor_id else {}
    called = titles(visit.unit, {run.object: set(shown), **people})
    notes = kept.notes_of(visit.unit, id)
    sent = log.steps_with_any(visit.unit, {f"{id}:{note.path}" for note in notes})
    return framed(
        visit,
        "automation_run.html",
        HERE,
        named(visit, run.automation),
        run=run,
        state=state,
        event=event,
        problems=texts(visit, run.error),
        preview=_preview(visit, run.automation),
        kind=label(obj.label, visit.language) if obj is not None else run.object,
        records=[
            (called.get((run.object, each)) or each, f"/o/{run.object}/{each}" if obj is not None else "")
            for each in shown
        ],
        who=called.get(("user", run.actor_id), "") if run.actor_id else "",
        way=[named(visit, each) for each in run.way],
        ended=run.status in again.ENDED,
        repetitions=kept.repetitions(visit.unit, id),
        steps=[
            (note, json_text(note.input), json_text(note.output), texts(visit, note.error), _sent(note, id, sent))
            for note in notes
        ],
    )


def _preview(visit: Visit, name: str) -> str:
    """Where it stands what an automation would have done; "" where it is there no more."""
    return with_query(PREVIEW, [("automation", name)]) if name in visit.model.workflows.automations else ""


def _sent(note: Note, run_id: str, sent: Collection[str]) -> str:
    """Where it stands what left by a step; "" where nothing did."""
    origin = f"{run_id}:{note.path}"
    return with_query("/deliveries", [("step", origin)]) if note.state == "done" and origin in sent else ""


def json_text(value: Any) -> str:
    """What a step was given or gave, to be read."""
    return "" if value is None else json.dumps(value, ensure_ascii=False, indent=2, default=str)[:4000]


def resume(visit: Visit, id: str) -> Response:
    """Let a run go on after its last step."""

    def work(unit: Unit) -> None:
        backlog.require_right(unit)
        runs.resume_one(unit, id)

    visit.write(work)
    return visit.go(f"{HERE}/{id}", visit.say(msg("It goes on")))


def repeat(visit: Visit, id: str) -> Response:
    """Run an automation once more, from its start; the answer is the page of the new run."""

    def work(unit: Unit) -> list[str]:
        backlog.require_right(unit)
        return again.run_again(unit, id)

    made = visit.write(work)
    return visit.go(f"{HERE}/{made[0]}" if made else HERE, visit.say(msg("It runs again")))


def press(visit: Visit, object: str, id: str, name: str) -> Response:
    """Set off the automation behind a button of a record."""
    with visit.read() as reading:
        obj = reading.object(object)
        automation = _of_action(reading, obj, name)
        need_offer(reading, obj, name, reading.unit.records.get(object, id).values)

    def work(unit: Unit) -> None:
        found = unit.runtime.model.workflows.automations.get(automation)
        if found is None:
            reason = msg("The automation {name} is no longer there, or is switched off.", name=automation)
            raise Conflict(Problem(code="automation-gone", thing=f"automation:{automation}", reason=reason))
        starting.fire(unit, found, [id], "button")

    visit.write(work)
    return visit.go(visit.back(record_url(object, id)), visit.say(msg("Done; what follows takes a moment.")))


def _of_action(visit: Visit, obj: Object, name: str) -> str:
    body = obj.actions.get(name)
    if body is None or "run" not in body.get("does", {}):
        raise NotFound(Problem(code="action-unknown", reason=msg("There is no such page."), thing=name))
    if not (visit.unit.access.may("edit", obj) and visit.unit.access.may_run(str(body.get("name", name)), obj)):
        raise forbidden(obj.name)
    return str(body["does"]["run"])


PAGES = (
    Page("GET", HERE, show, right=backlog.RIGHT),
    Page("GET", HERE + "/{id}", one, right=backlog.RIGHT),
    Page("POST", HERE + "/{id}/resume", resume, right=backlog.RIGHT),
    Page("POST", HERE + "/{id}/again", repeat, right=backlog.RIGHT),
    Page("POST", "/o/{object}/{id}/run/{name}", press),
)
