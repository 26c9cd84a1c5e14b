"""Running an automation once more over what an earlier run was about: from the start, as a run of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dougong.base.errors import Conflict, NotFound, Problem
from dougong.base.language import msg
from dougong.workflows.automations import clock, kept, starting
from dougong.workflows.automations.starting import Cause

if TYPE_CHECKING:
    from dougong.engine.unit import Unit
    from dougong.metadata.automation import Automation
    from dougong.workflows.automations.kept import Run

ENDED = ("done", "failed", "stopped")


def run_again(unit: Unit, run_id: str) -> list[str]:
    """Ask for a run over the records of an ended one, with what set that off; the ids of the new runs, as a list.

    It goes by the definition in force, for whoever asks. Nothing that the earlier run did is undone. That an occurrence
    happens once does not hold it back, nor does the limit for each day, against which it counts.

    Raises:
        NotFound: there is no such run.
        Conflict: it has not ended, or its automation is gone or switched off.
    """
    run = kept.find(unit, run_id)
    if run is None:
        reason = msg("There is no run {id}.", id=run_id)
        raise NotFound(Problem(code="run-unknown", thing=run_id, reason=reason))
    if run.status not in ENDED:
        reason = msg("This run has not ended: it cannot be run again yet.")
        raise Conflict(Problem(code="run-not-ended", thing=run_id, reason=reason))
    automation = _in_force(unit, run)
    starting.within_limits(unit, automation, run.records)
    cause = Cause(event=run.event, trigger=run.trigger, actor_id=unit.actor.user_id, repeats=run.id)
    return starting.ask_for(unit, automation, run.records, cause)


def _in_force(unit: Unit, run: Run) -> Automation:
    found = unit.runtime.model.workflows.automations.get(run.automation)
    if found is None or found.object != run.object or found.trigger.before_save or not clock.is_on(unit, found):
        reason = msg("The automation {name} is no longer there, or is switched off.", name=run.automation)
        raise Conflict(Problem(code="automation-gone", thing=f"automation:{run.automation}", reason=reason))
    return found
