"""Asking for runs: a row that says what set it off, and the job that carries it out, in the open transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert

from dougong.base.ids import record_id
from dougong.engine.dialects.statements import upsert
from dougong.engine.jobs import enqueue
from dougong.engine.unit import Unit
from dougong.metadata.automation import Automation
from dougong.metadata.component import content_hash
from dougong.workflows.automations import chain as chains
from dougong.workflows.automations import guard, ordering
from dougong.workflows.automations.chain import Chain
from dougong.workflows.automations.tables import occurrences, runs
from dougong.workflows.pinning import pin

JOB = "automation.run"

AT_ONCE = 500
"""Records of one run; what concerns more is several runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What sets a run off: the event with what ``$Trigger`` knows of it, and who; which run it repeats."""

    event: str
    trigger: Mapping[str, Any]
    actor_id: str | None
    repeats: str | None = None


def by_change(unit: Unit, automation: Automation, event: str, ids: Sequence[str]) -> None:
    """Ask for the runs that a change of records sets off."""
    start(unit, automation, ids, Cause(event=event, trigger={"event": event}, actor_id=unit.actor.user_id))


def fire(
    unit: Unit, automation: Automation, ids: Sequence[str], event: str, payload: Mapping[str, Any] | None = None
) -> list[str]:
    """Set an automation off over records, by a button, a call from outside or by hand; the ids of the runs.

    `payload` is what ``$Trigger.payload.<name>`` finds. Whether the automation is for a record is asked when it runs.
    """
    trigger = {"event": event, "payload": dict(payload or {})}
    return start(unit, automation, ids, Cause(event=event, trigger=trigger, actor_id=unit.actor.user_id))


def start(unit: Unit, automation: Automation, ids: Sequence[str], cause: Cause) -> list[str]:
    """Ask for runs over `ids`, as many as the limits of the automation leave; the ids of the runs."""
    return ask_for(unit, automation, within_limits(unit, automation, ids), cause)


def ask_for(unit: Unit, automation: Automation, ids: Sequence[str], cause: Cause) -> list[str]:
    """Ask for runs over all of `ids`; the ids of the runs."""
    chain = chains.current()
    stopped = guard.problem(unit, automation, chain) if ids else None
    found = []
    if ids:
        pin(unit, automation.body)
    for begin in range(0, len(ids), AT_ONCE):
        run = _row(unit, automation, ids[begin : begin + AT_ONCE], cause, chain)
        if stopped is not None:
            guard.stop(unit, automation, chain, run, stopped)
        unit.connection.execute(insert(runs), run)
        if stopped is None:
            enqueue(unit, JOB, {"run": run["id"]}, key=f"{JOB}:{run['id']}", within=_lanes(unit, automation, run))
        found.append(str(run["id"]))
    return found


def _lanes(unit: Unit, automation: Automation, run: Mapping[str, Any]) -> list[str]:
    return ordering.lanes_of(unit, automation, run["records"], run["trigger"])


def _row(unit: Unit, automation: Automation, ids: Sequence[str], cause: Cause, chain: Chain | None) -> dict[str, Any]:
    id = record_id()
    return {
        "id": id,
        "automation": automation.name,
        "hash": hash_of(automation),
        "revision": unit.runtime.revision,
        "object": automation.object,
        "event": cause.event,
        "records": list(ids),
        "trigger": dict(cause.trigger),
        "actor_id": cause.actor_id,
        "chain": chain.id if chain is not None else id,
        "depth": chain.depth if chain is not None else 0,
        "way": list(chain.way) if chain is not None else [],
        "cause": chain.run if chain is not None else None,
        "repeats": cause.repeats,
        "status": "waiting",
        "created_at": unit.now,
        "started_at": None,
        "ended_at": None,
        "error": None,
    }


def hash_of(automation: Automation) -> str:
    """The hash of an automation's document."""
    return content_hash(automation.body)


def within_limits(unit: Unit, automation: Automation, ids: Sequence[str]) -> list[str]:
    """Those of `ids` that the automation may still run for today; each is counted."""
    limit = automation.per_record_per_day
    if limit is None or not ids:
        return list(ids)
    day = unit.now.astimezone(unit.company.zone).date().isoformat()
    left, found = list(ids), set[str]()
    for turn in range(1, limit + 1):
        if not left:
            break
        taken = once(unit, automation.name, left, f"day:{day}:{turn}")
        found |= taken
        left = [id for id in left if id not in taken]
    return [id for id in ids if id in found]


def once(unit: Unit, automation: str, ids: Sequence[str], occurrence: str) -> set[str]:
    """Those of `ids` for which an occurrence is new; it is noted, so that nobody else finds it new."""
    found: set[str] = set()
    for begin in range(0, len(ids), AT_ONCE):
        rows = [
            {"automation": automation, "record_id": id, "occurrence": occurrence, "at": unit.now}
            for id in ids[begin : begin + AT_ONCE]
        ]
        statement = upsert(unit.connection.dialect.name, occurrences).values(rows).on_conflict_do_nothing()
        found.update(map(str, unit.connection.scalars(statement.returning(occurrences.c.record_id))))
    return found
