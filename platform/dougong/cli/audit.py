"""`dougong audit`: whether the audit log is whole, its checkpoints, and the log as a file."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dougong.base.errors import BadRequest, Place, Problem
from dougong.base.language import msg
from dougong.cli.opening import for_company, open_company, operator
from dougong.cli.terminal import language, say, text
from dougong.engine.audit import Event, record
from dougong.engine.audit.reading import everything
from dougong.engine.audit.verify import Checkpoint, checkpoint, verify

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(help=text(msg("The audit log: verify and export it.")))
def audit() -> None:
    """Commands about the audit log."""


@audit.command("verify", help=text(msg("Find entries that were altered, removed or moved.")))
@click.option("--from", "start", type=click.IntRange(1), default=1, help=text(msg("The first entry to look at.")))
@click.option("--against", type=FILE, help=text(msg("A file of checkpoints that were kept elsewhere.")))
@click.pass_context
@for_company
def verify_(context: click.Context, start: int, against: Path | None) -> None:
    """Print every finding; exit with 1 where there is one."""
    known = _checkpoints(against) if against else []
    with open_company() as company, company.read(operator()) as unit:
        last = checkpoint(unit.connection)
        found = 0
        for each in verify(unit.connection, start, known):
            found += 1
            click.echo(each.message.to(language()))
    if found:
        context.exit(1)
    say(msg("The audit log is whole up to entry {seq}: {hash}", seq=last.seq, hash=last.hash or "–"))


@audit.command("checkpoint", help=text(msg("Print the end of the log, to be kept elsewhere.")))
@for_company
def checkpoint_() -> None:
    """Print one line of JSON; `verify --against` reads a file of such lines."""
    with open_company() as company, company.read(operator()) as unit:
        click.echo(json.dumps(checkpoint(unit.connection).to_json()))


@audit.command("export", help=text(msg("Write the log as JSON lines, with everything that verifies it.")))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--from", "start", type=click.IntRange(1), default=1, help=text(msg("The first entry to look at.")))
@for_company
def export(file: Path, start: int) -> None:
    """Write one entry a line."""
    number = 0
    with open_company() as company, company.read(operator()) as unit, file.open("w", encoding="utf-8") as target:
        for each in everything(unit.connection, start):
            number += 1
            target.write(json.dumps(each, ensure_ascii=False) + "\n")
        record(unit, Event("exported", "audit", {"records": number}))
    say(msg("{n} entry written.", "{n} entries written.", n=number))


def _checkpoints(file: Path) -> list[Checkpoint]:
    found = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            body = json.loads(line)
            found.append(Checkpoint(int(body["seq"]), str(body["hash"])))
        except (ValueError, KeyError, TypeError) as error:
            reason = msg("This line is no checkpoint.")
            place = Place(file=file.name, line=number)
            raise BadRequest(Problem(code="checkpoint-unread", place=place, reason=reason)) from error
    return found
