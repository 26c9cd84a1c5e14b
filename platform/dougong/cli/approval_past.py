"""`dougong approval replay` and `figures`: the past on a draft, and what it says of a process."""

from __future__ import annotations

import csv
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dougong.base.errors import BadRequest, Problem
from dougong.base.ids import is_record_id
from dougong.base.language import label, msg
from dougong.cli.opening import for_company, open_company, operator
from dougong.cli.periods import days
from dougong.cli.terminal import language, say, text

if TYPE_CHECKING:
    from dougong.engine.unit import Unit
    from dougong.metadata.approval import Approval

SINCE = click.option("--since", default="90d", show_default=True, help=text(msg("How far back: 90d.")))


@click.command("replay", help=text(msg("Tell whose way would have been another on a draft; nothing is written.")))
@click.argument("name", metavar="APPROVAL")
@click.option("--draft", "said", required=True, metavar="DRAFT|FILE", help=text(msg("A draft, or a document.")))
@SINCE
@click.option("--csv", "as_csv", is_flag=True, help=text(msg("Print as CSV.")))
@for_company
def replay(name: str, said: str, since: str, as_csv: bool) -> None:
    """Walk the approvals of the period on both definitions, and print those that differ."""
    from dougong.workflows.approvals import replaying
    from dougong.workflows.approvals.replayed_csv import HEADS, line

    span = days(since)
    with open_company() as company, company.read(operator()) as unit:
        draft = _draft(unit, name, said)
        every = differing = 0
        writer = csv.writer(sys.stdout)
        if as_csv:
            writer.writerow(HEADS)
        for each in replaying.replay(unit, name, draft, unit.now - span):
            every += 1
            if not each.differs:
                continue
            differing += 1
            if as_csv:
                writer.writerow(line(each))
                continue
            click.echo(f"{each.instance}  {each.title}  {each.before.ends} → {each.after.ends}")
            for sign, steps in (("+", each.entered), ("-", each.skipped), ("~", each.others)):
                if steps:
                    click.echo(f"  {sign} {', '.join(steps)}")
            for problem in each.after.refused:
                click.echo(f"  ! {problem.text(language())}")
    if not as_csv:
        say(msg("{n} of {all} would have gone another way. Nothing was written.", n=differing, all=every))


def _draft(unit: Unit, name: str, said: str) -> Approval:
    from dougong.workflows.approvals import replaying

    if is_record_id(said):
        return replaying.of_draft(unit, name, said)
    try:
        body = json.loads(Path(said).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = msg("{file} cannot be read: {why}", file=said, why=str(error))
        raise BadRequest(Problem(code="replay-file", thing=said, reason=reason)) from error
    return replaying.of_document(unit, name, body if isinstance(body, dict) else {})


@click.command("figures", help=text(msg("Tell how long each step takes, who is waited for, and what comes back.")))
@click.argument("name", metavar="APPROVAL")
@SINCE
@for_company
def figures(name: str, since: str) -> None:
    """Print the figures of a process."""
    from dougong.workflows.approvals import analysing, definitions

    span = days(since)
    with open_company() as company, company.read(operator()) as unit:
        found = analysing.figures(unit, name, unit.now - span)
        if not found.begun and not found.steps:
            definitions.in_force(unit, name)  # a name that means nothing is refused; one that is gone has a past
    say(msg("{n} begun, {again} submitted again", n=found.begun, again=found.again))
    for step in found.steps:
        said = label(step.label, language(), step.node)
        click.echo(
            f"  {said:<24} {step.decided:>6}/{step.asked:<6} {_hours(step.median):>8} {_hours(step.ninety):>8} "
            f"{step.rejected:>5} {step.sent_back:>5} {step.late:>5}"
        )
    for each in found.people:
        oldest = f"{each.oldest:%Y-%m-%d}" if each.oldest else ""
        click.echo(f"  {each.person.name:<24} {each.open:>6} {oldest:<10} {_hours(each.median):>8}".rstrip())
    if not found.complete:
        say(msg("Only the latest parts of the period were counted."))


def _hours(took: timedelta | None) -> str:
    return "" if took is None else f"{took.total_seconds() / 3600:.1f} h"
