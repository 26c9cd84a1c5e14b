"""What keeps automations from running away: a chain of them may be so deep and so wide, and no more.

What would go further is stopped before it begins: its run says which automation set it off and which led there, and
the administrators are told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from dougong.base.errors import Problem
from dougong.base.language import Labels, msg
from dougong.engine.tables import memberships
from dougong.metadata.automation import Automation
from dougong.workflows.automations.chain import Chain
from dougong.workflows.automations.tables import runs
from dougong.workflows.notices.telling import Notice, tell

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

DEEPEST = 8
"""Automations that may set each other off, one after the other."""

MOST_RUNS = 500
"""Runs that one chain may have."""

ADMINISTRATORS = "role:system_administrator"


def problem(unit: Unit, automation: Automation, chain: Chain | None) -> Problem | None:
    """Why an automation is not set off; None where it is."""
    if chain is None:
        return None
    cause, ours = label_of(unit, chain.way[-1]), automation.label or automation.name
    if chain.depth >= DEEPEST:
        reason = msg(
            "“{cause}” set off “{automation}”, the {n}th automation in a row: they set each other off without end.",
            cause=cause,
            automation=ours,
            n=chain.depth + 1,
        )
        return _problem("automation-loop", automation, reason)
    counted = select(func.count()).select_from(runs).where(runs.c.chain == chain.id)
    if int(unit.connection.scalar(counted) or 0) >= MOST_RUNS:
        reason = msg(
            "“{cause}” set off “{automation}”, and one change has led to {n} runs already.",
            cause=cause,
            automation=ours,
            n=MOST_RUNS,
        )
        return _problem("automation-rate", automation, reason)
    return None


def _problem(code: str, automation: Automation, reason: Any) -> Problem:
    fix = msg("Give one of them a condition that ends it, then set the rest going from the page of runs.")
    return Problem(code=code, thing=f"automation:{automation.name}", reason=reason, fix=fix)


def label_of(unit: Unit, name: str) -> Labels | str:
    """What an automation is called; its name where it is there no more."""
    found = unit.runtime.model.workflows.automations.get(name)
    return (found.label or name) if found is not None else name


def stop(unit: Unit, automation: Automation, chain: Chain | None, run: dict[str, Any], why: Problem) -> None:
    """Let a run stand as stopped, and tell the administrators, once for each chain and automation."""
    run.update(status="stopped", ended_at=unit.now, error={"problems": [said(why)]})
    people = unit.connection.scalars(select(memberships.c.user_id).where(memberships.c.grp == ADMINISTRATORS)).all()
    notice = Notice(
        kind="automation",
        title=msg("An automation was stopped: {name}", name=automation.label or automation.name),
        body=why.reason,
        url=f"/automations/runs/{run['id']}",
        key=f"stopped:{chain.id if chain is not None else run['id']}:{automation.name}",
        urgent=True,
    )
    tell(unit, list(map(str, people)), notice)


def said(problem: Problem) -> dict[str, Any]:
    """A problem as runs keep it: in each language, since who reads it is not known yet."""
    return {
        "code": problem.code,
        "thing": problem.thing,
        "text": {language: problem.text(language) for language in ("en", "zh-CN")},
    }
