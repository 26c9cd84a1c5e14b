"""How the terminal shows what an automation would do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click

from dougong.base.field_types import Reference
from dougong.base.language import label, msg
from dougong.cli.terminal import language, say, text
from dougong.engine.company import Company
from dougong.metadata.model import Model
from dougong.workflows.automations.period import Period
from dougong.workflows.automations.previewing import Preview
from dougong.workflows.automations.rehearsing import Foreseen
from dougong.workflows.automations.watching import Written


def print_preview(company: Company, found: Preview) -> None:
    """Print a preview: remarks, then each step with what it would do."""
    for remark in found.remarks:
        say(remark)
    if not found.meant:
        say(msg("Its condition does not hold for this record: it would do nothing."))
        return
    _print_steps(company, found, "")
    say(msg("Nothing was written."))


def _print_steps(company: Company, found: Preview, margin: str) -> None:
    model = company.runtime().model
    for step in found.steps:
        click.echo(f"{margin}{step.path}  {step.do}")
        for line in _lines(model, found, step):
            click.echo(f"{margin}  {line}")


def print_period(company: Company, found: Period) -> None:
    """Print how often an automation would have been set off, and what it would write for the latest records."""
    say(
        msg(
            "It would have fired {n} times, for {records} records ({seen} events were looked at).",
            n=found.fired, records=found.records, seen=found.seen,
        )
    )  # fmt: skip
    if not found.complete:
        say(msg("There were more events; those are not counted."))
    if len(found.rehearsed) < found.records:
        say(msg("The writes are shown for the latest {n} records.", n=len(found.rehearsed)))
    for remark in found.remarks:
        say(remark)
    for each in found.rehearsed:
        click.echo(f"{each.event.record}  {each.event.at:%Y-%m-%d %H:%M}")
        for problem in each.problems:
            click.echo("  " + text(msg("would fail: {why}", why=problem.text(language()))))
        if each.preview is not None and not each.preview.meant:
            click.echo("  " + text(msg("Its condition no longer holds for this record.")))
        elif each.preview is not None:
            _print_steps(company, each.preview, "  ")
    say(msg("Nothing was written."))


def _lines(model: Model, found: Preview, step: Foreseen) -> Iterator[str]:
    """What one step would do, a line for each thing."""
    for problem in step.problems:
        yield text(msg("would fail: {why}", why=problem.text(language())))
    for written in step.written:
        yield from _written(model, written)
    for told in step.told:
        said = label(told.title, language())
        yield text(msg("would tell {person}: {title}", person=found.people[told.user], title=said))
    for call in step.calls:
        body = json.dumps(call["body"]["data"], ensure_ascii=False)
        yield text(msg("would call {url}: {body}", url=call["url"], body=body))
    for name in step.sets_off:
        yield text(msg("would set off {name}", name=name))
    output = step.output if isinstance(step.output, dict) else {}
    if "until" in output:
        yield text(msg("would wait until {moment}", moment=output["until"]))
    if "ways" in output:
        taken = [key or text(msg("otherwise")) for key, ids in output["ways"].items() if ids]
        yield text(msg("would take the way {key}", key=", ".join(taken) or "—"))


def _written(model: Model, written: Written) -> Iterator[str]:
    obj = model.objects[written.object]
    name = label(obj.label, language(), obj.name)
    match written.action:
        case "create":
            yield text(msg("would create: {object}", object=name))
        case "delete":
            yield text(msg("would delete: {object} {id}", object=name, id=written.id))
        case "change":
            yield text(msg("would change: {object} {id}", object=name, id=written.id))
    for field, (before, after) in written.fields.items():
        if written.action == "create" and after is None:
            continue
        said = label(obj.fields[field].label, language(), field) if field in obj.fields else field
        yield f"  {said}: {shown(after) if written.action == 'create' else f'{shown(before)} → {shown(after)}'}"


def shown(value: Any) -> str:
    """A value of a record in one line."""
    if value is None or value == "":
        return "—"
    if isinstance(value, Reference):
        return f"{value.object}/{value.id}"
    if isinstance(value, bool):
        return text(msg("yes")) if value else text(msg("no"))
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    if isinstance(value, frozenset | tuple | list):
        return ", ".join(sorted(map(shown, value)))
    return " ".join(str(value).split())
