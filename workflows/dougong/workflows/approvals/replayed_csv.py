"""Approvals whose way would be another, as lines of a table."""

from __future__ import annotations

from dougong.engine.transfer.guard import guarded
from dougong.workflows.approvals.replaying import Replayed

HEADS = ("id", "title", "started_at", "ends", "would_end", "entered", "skipped", "other_people", "reason")


def line(each: Replayed) -> tuple[str, ...]:
    """One approval."""
    return (
        each.instance,
        guarded(each.title),
        each.started_at.isoformat(),
        each.before.ends,
        each.after.ends,
        " ".join(each.entered),
        " ".join(each.skipped),
        " ".join(each.others),
        guarded(" ".join(problem.text("en") for problem in each.after.refused)),
    )
