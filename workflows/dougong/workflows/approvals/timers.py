"""Time limits: jobs that wait for their moment, asked for in the transaction that opened the node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dougong.base.errors import NotFound
from dougong.base.language import msg
from dougong.engine.actor import SYSTEM
from dougong.engine.jobs import Job, enqueue, finish
from dougong.workflows.approvals.running import OPEN, Running
from dougong.workflows.approvals.state import Remind, TimeOut, Timer

if TYPE_CHECKING:
    from dougong.engine.company import Company
    from dougong.engine.outbox import Task
    from dougong.engine.unit import Unit

TIMEOUT = "approval.timeout"
"""The job: payload `instance`, `visit`, `kind` ("due", "remind")."""


def ask(unit: Unit, held: Running, timer: Timer) -> None:
    """Ask for the job of a timer; the same one is asked for once, however often its transaction is begun anew."""
    payload = {"instance": held.id, "visit": timer.visit, "kind": timer.kind}
    key = f"approval:{held.id}:{timer.visit}:{timer.kind}:{timer.at.isoformat()}"
    enqueue(unit, TIMEOUT, payload, key=key, run_at=timer.at)


def run(company: Company, task: Task) -> None:
    """Carry out a timer, once: nothing where its visit is closed already, or its approval gone."""
    company.write(SYSTEM, lambda unit: _run(unit, task))


def _run(unit: Unit, task: Task) -> None:
    if finish(unit, task):
        carry_out(unit, task.payload)


def carry_out(unit: Unit, said: Mapping[str, Any]) -> None:
    """What the payload of a timer says, in an open transaction."""
    from dougong.workflows.approvals import running, service

    try:
        held = running.find(unit, str(said["instance"]), lock=True)
    except NotFound:
        return
    visit = next((each for each in held.state.visits if each.number == said["visit"]), None)
    if held.status not in OPEN or visit is None or visit.status != "open":
        return
    timed = TimeOut(visit=visit.number) if said["kind"] == "due" else Remind(by="", visit=visit.number)
    service.carry_out(unit, held, timed)


JOBS = (Job(TIMEOUT, run, label=msg("Time limits of approvals")),)
"""What the workers do for approvals."""
