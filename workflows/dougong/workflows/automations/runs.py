"""Carrying a run out: each step in a transaction of its own, together with the note that it is done.

    waiting → running → done            the note of a step that did its work is there exactly when the work is
       ↑         ├────→ failed          begun anew (a killed worker, `resume`), the run goes on after its last note
       └ NotYet ─┘      stopped         by the guard, or because the automation is no longer there

What a rule refuses fails at once, what may pass (a database that is away, somebody else's lock) is tried again by the
job. Where a step fails for some records of many, these are split off into a failed run of their own with the same
notes, so that the others go on and these can be resumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import update

from dougong.base.errors import Conflict, DougongError, Problem
from dougong.base.ids import is_record_id
from dougong.base.language import label, msg
from dougong.base.step_types import STEP_TYPES
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.jobs import Job, NotYet, enqueue
from dougong.engine.outbox import Task
from dougong.engine.unit import Unit
from dougong.metadata.automation import Automation
from dougong.metadata.building.automations import build_automation
from dougong.metadata.steps import Step
from dougong.workflows import pinning
from dougong.workflows.automations import chain as chains
from dougong.workflows.automations import kept, ordering, splitting
from dougong.workflows.automations.chain import Chain
from dougong.workflows.automations.kept import Run
from dougong.workflows.automations.people import person
from dougong.workflows.automations.starting import JOB
from dougong.workflows.automations.tables import runs
from dougong.workflows.steps.doing import Doing, Each, Until, Ways

T = TypeVar("T")

ATTEMPTS = 5
"""How often a run is tried where what stands in its way may pass."""

ASKED_AT_START = frozenset({"button", "hook", "run"})
"""Events of which nobody has asked yet for which records the automation is."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What the steps of one list are about: by record of the run, the records that they are done for.

    At the top these are the records themselves; inside a loop those that belong to them, of another object, with
    `around` the record that each stands below.
    """

    object: str
    members: Mapping[str, Sequence[str]]
    path: str = ""
    around: Mapping[str, str] = field(default_factory=dict)
    around_object: str | None = None

    @property
    def ids(self) -> list[str]:
        """Every record."""
        return [each for found in self.members.values() for each in found]

    def of(self, records: Iterable[str]) -> Frame:
        """What is left where only these records of the run are meant."""
        wanted = set(records)
        return replace(self, members={top: found for top, found in self.members.items() if top in wanted})

    def taking(self, ids: Iterable[str], path: str) -> Frame:
        """Of the same records, some: one way of a branch."""
        wanted = set(ids)
        members = {top: [id for id in found if id in wanted] for top, found in self.members.items()}
        return replace(self, members={top: found for top, found in members.items() if found}, path=path)

    def inside(self, object_name: str, children: Mapping[str, Sequence[str]], path: str) -> Frame:
        """What belongs to the records: the inside of a loop."""
        members = {top: [each for id in found for each in children.get(id, ())] for top, found in self.members.items()}
        around = {each: id for id, found in children.items() for each in found}
        return Frame(object_name, {top: found for top, found in members.items() if found}, path, around, self.object)


def _carry_out(company: Company, task: Task) -> None:
    """The job `automation.run`."""
    with company.read(SYSTEM) as unit:
        run = kept.find(unit, str(task.payload["run"]))
        automation, why = _pinned(unit, run) if run is not None else (None, None)
        notes = kept.outputs(unit, run.id) if run is not None else {}
    if run is None or run.status not in ("waiting", "running"):
        return
    if automation is None:
        kept.end(company, run.id, "stopped", *((why,) if why is not None else ()))
        return
    Execution(company, run, automation, dict(notes), last=task.attempt >= ATTEMPTS).go()


def _pinned(unit: Unit, run: Run) -> tuple[Automation | None, Problem | None]:
    """The definition that a run was asked for with, or why it cannot go on."""
    name = run.automation
    now = unit.runtime.model.workflows.automations.get(name)
    if now is None:
        reason = msg("The automation {name} is no longer there, or is switched off.", name=name)
        return None, Problem(code="automation-gone", thing=name, reason=reason)
    found = pinning.pinned(
        unit, "automations.pinned", run.hash, now, now.body, lambda index, body: build_automation(index, name, body)
    )
    reason = msg("What this run of {name} began with names what is no longer there.", name=name)
    why = None if found is not None else Problem(code="automation-unreadable", thing=name, reason=reason)
    return found, why


RUN = Job(JOB, _carry_out, ATTEMPTS, label=msg("Run of an automation"))
"""The job that carries a run out."""


class Failed(Exception):
    """A step failed for every record: the run ends here."""


class Execution:
    """One try of a run. `notes` are the outputs of the steps that are done, by path."""

    def __init__(
        self, company: Company, run: Run, automation: Automation, notes: dict[str, Any], last: bool = False
    ) -> None:
        """Go on with `run`; `last`: nothing is tried again after this."""
        self.company, self.run, self.automation, self.notes, self.last = company, run, automation, notes, last
        self.records = list(run.records)
        self.outputs: dict[str, Any] = {}
        self.chain = Chain(run.chain, run.id, (*run.way, run.automation))
        self.actor: Actor = replace(SYSTEM, channel="workflow")

    def go(self) -> None:
        """Carry out what is left.

        Raises:
            NotYet: a step waits.
            Exception: what may pass; the job tries again.
        """
        kept.begin(self.company, self.run.id)
        try:
            if self.automation.run_as == "person":
                self.actor = person(self.company, self.run.actor_id, self.automation)
            frame = Frame(self.run.object, {id: (id,) for id in self.records})
            if self.run.event in ASKED_AT_START and self.automation.when is not None:
                frame = self._meant(frame)
            self.steps(self.automation.steps, frame)
        except NotYet:
            kept.wait(self.company, self.run.id)
            raise
        except Failed:
            return
        except DougongError as error:
            kept.end(self.company, self.run.id, "failed", *error.problems)
            return
        kept.end(self.company, self.run.id, "done")

    def steps(self, steps: Sequence[Step], frame: Frame) -> None:
        """The steps of one list, one after the other."""
        for step in steps:
            frame = frame.of(self.records)
            if not frame.members:
                return
            path = f"{frame.path}{step.key}"
            output = self.notes[path] if path in self.notes else self._do(step, frame, path)
            self.outputs[step.key] = output
            self._inside(step, frame.of(self.records), path, output or {})

    def _inside(self, step: Step, frame: Frame, path: str, output: Mapping[str, Any]) -> None:
        if "until" in output and datetime.fromisoformat(output["until"]) > self._now():
            raise NotYet(datetime.fromisoformat(output["until"]), aside=True)
        ways = output.get("ways", {}) if step.branches else {}
        for branch in step.branches:
            self.steps(branch.steps, frame.taking(ways.get(branch.key, ()), f"{path}/{branch.key}/"))
        self.steps(step.otherwise, frame.taking(ways.get("", ()), f"{path}/otherwise/"))
        if step.steps:
            self.steps(step.steps, frame.inside(output["object"], output["members"], f"{path}/"))

    def _now(self) -> datetime:
        with self.company.read(SYSTEM) as unit:
            return unit.now

    def _meant(self, frame: Frame) -> Frame:
        """Of the records of a button or a call those that the automation is for: the answer is noted like a step."""
        assert self.automation.when is not None
        asking = Step(key="when", do="when", given={}, formulas={"/when": self.automation.when})
        output = self.notes["when"] if "when" in self.notes else self._do(asking, frame, "when")
        return frame.taking(output["ways"].get("", ()), "")

    # -- one step ------------------------------------------------------------------------------------------------
    def _do(self, step: Step, frame: Frame, path: str) -> Any:
        """Do a step for all of the frame, or for those for whom it can be done."""
        try:
            output = self.write(lambda unit: self._whole(unit, step, frame, path))
        except DougongError as error:
            if isinstance(error, Conflict) and not self.last:
                raise self._noted(step, path, error) from error
            output = self._for_some(step, frame, path, error)
        except Exception as error:
            self._noted(step, path, error)
            if self.last:
                raise self._ended(error) from error
            raise
        self.notes[path] = output
        return output

    def _whole(self, unit: Unit, step: Step, frame: Frame, path: str) -> Any:
        known = kept.locked(unit, self.run.id, path)
        if known is not None:
            return known.output
        output = self.perform(unit, step, frame, path)
        kept.note(unit, self.run.id, path, "done", self._input(step, frame), output)
        return output

    def perform(self, unit: Unit, step: Step, frame: Frame, path: str) -> Any:
        """Let the kind of the step do it, in an open transaction; what it answers, as notes keep it."""
        doing = Doing(
            unit=unit,
            step=step,
            object=frame.object,
            ids=frame.ids,
            key=f"{self.run.id}:{path}",
            values=self.outputs,
            people={"initiator": (self.run.actor_id,) if self.run.actor_id else ()},
            name=f"automation:{self.automation.name}",
            trigger=self.run.trigger,
            around=frame.around,
            around_object=frame.around_object,
        )
        answer = splitting.holding(doing) if step.do == "when" else STEP_TYPES[step.do].run(doing)
        match answer:
            case Ways(taken):
                return {"ways": {key: list(ids) for key, ids in taken.items()}}
            case Each(object_name, members):
                return {"object": object_name, "members": {id: list(found) for id, found in members.items()}}
            case Until(moment):
                return {"until": moment}
        return answer

    def _for_some(self, step: Step, frame: Frame, path: str, error: DougongError) -> Any:
        """After the step failed for all together: do it for those for whom it can be done, and split off the rest."""
        if len(frame.members) == 1:
            self.write(lambda unit: kept.note(unit, self.run.id, path, "failed", self._input(step, frame), None, error))
            self._fail(error)
        found = self.write(lambda unit: splitting.split(self, unit, step, frame, path))
        if found.output is None:
            self._fail(found.error)
        self.records = [id for id in self.records if id not in found.failed]
        return found.output

    def _fail(self, error: DougongError) -> None:
        kept.end(self.company, self.run.id, "failed", *error.problems)
        raise Failed

    def _noted(self, step: Step, path: str, error: Exception) -> Exception:
        """The failure of a try, kept with the run for who looks."""
        self.write(lambda unit: kept.note(unit, self.run.id, path, "failed", {"do": step.do}, None, error))
        return error

    def _ended(self, error: Exception) -> Exception:
        kept.end(self.company, self.run.id, "failed", *kept.problems_of(error))
        return Failed()

    def _input(self, step: Step, frame: Frame) -> dict[str, Any]:
        """What a step was given, as people look at it: its document, and how many records, the first of them named."""
        return {
            "do": step.do,
            "with": dict(step.given),
            "object": frame.object,
            "count": len(frame.ids),
            "ids": frame.ids[:20],
        }

    def write(self, work: Callable[[Unit], T]) -> T:
        """One transaction of the run, acting as it acts."""
        why = label(self.automation.label, self.company.language) or self.automation.name
        with chains.acting(self.chain):
            return self.company.write(self.actor, work, why=why)


def resume(unit: Unit, run_id: str) -> bool:
    """Let a failed or stopped run go on after the last step that was done; False where there is none to resume."""
    resumable = runs.c.status.in_(("failed", "stopped"))
    changed = unit.connection.execute(
        update(runs).where(runs.c.id == run_id, resumable).values(status="waiting", ended_at=None, error=None)
    )
    run = kept.find(unit, run_id) if changed.rowcount else None
    if run is None:
        return False
    automation = unit.runtime.model.workflows.automations.get(run.automation)
    within = ordering.lanes_of(unit, automation, run.records, run.trigger) if automation is not None else []
    enqueue(unit, JOB, {"run": run_id}, within=within)
    return True


def resume_one(unit: Unit, run_id: str) -> None:
    """Let a run go on that somebody names.

    Raises:
        Conflict: it has neither failed nor been stopped, or is not there.
    """
    if not (is_record_id(run_id) and resume(unit, run_id)):
        reason = msg("This run cannot be resumed: it has not failed.")
        raise Conflict(Problem(code="run-not-failed", thing=run_id, reason=reason))
