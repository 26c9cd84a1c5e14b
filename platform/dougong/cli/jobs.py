"""`dougong jobs`: background work that waits or failed, and what is to become of it."""

from __future__ import annotations

import json
from functools import partial

import click

from dougong.base.language import LANGUAGES, msg
from dougong.cli.opening import for_company, open_company, operator
from dougong.cli.terminal import language, say, text
from dougong.engine import backlog, circuits
from dougong.engine.backlog import GROUPS, Group


@click.group(help=text(msg("Background work: what waits, what failed, and what is to become of it.")))
def jobs() -> None:
    """Commands about background work."""


@jobs.command("list", help=text(msg("Count the background work, and list what failed or another part of it.")))
@click.option("--state", type=click.Choice(GROUPS), default="failed", show_default=True)
@click.option("--limit", default=20, show_default=True, help=text(msg("How many to list.")))
@click.option("--json", "as_json", is_flag=True, help=text(msg("Print as JSON.")))
@for_company
def list_(state: Group, limit: int, as_json: bool) -> None:
    """Print how much there is of each state, and the latest of one."""
    with open_company() as company, company.read(operator()) as unit:
        counted, (found, _) = backlog.counts(unit), backlog.listed(unit, state, limit=limit)
        silent = circuits.silent(unit)
    if as_json:
        rows = [
            {
                "id": each.id, "job": each.job, "key": each.key, "attempts": each.attempts,
                "run_at": each.run_at.isoformat(), "error": each.why(LANGUAGES[0]),
            }
            for each in found
        ]  # fmt: skip
        told = {"counts": dict(counted), "silent": [each.name for each in silent], state: rows}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    click.echo("  ".join(f"{name} {counted[name]}" for name in GROUPS))
    for place in silent:
        times = {"time": f"{place.since:%Y-%m-%d %H:%M}", "again": f"{place.until:%Y-%m-%d %H:%M}"}
        said = msg(
            "{place} has not answered since {time}; what is for it waits and is tried again at {again}.",
            place=place.name, **times,
        )  # fmt: skip
        say(said)
    for each in found:
        why = " ".join(each.why(language()).split())
        click.echo(f"{each.id}  {each.job:<24} {each.attempts:>2}  {each.run_at:%Y-%m-%d %H:%M}  {why}".rstrip())


@jobs.command("retry", help=text(msg("Ask for failed work once more; all of it where none is named.")))
@click.argument("ids", metavar="[ID]…", nargs=-1)
@click.option("--why", default="", metavar="TEXT", help=text(msg("The reason, for the audit log.")))
@for_company
def retry(ids: tuple[str, ...], why: str) -> None:
    """Make failed work ready again."""
    count = 0
    with open_company() as company:
        wanted = ids
        if not wanted:
            with company.read(operator()) as unit:
                wanted = tuple(each.id for each in backlog.listed(unit, "failed", limit=10_000)[0])
        for id in wanted:
            company.write(operator(), partial(backlog.retry, id=id, why=why))
            count += 1
    say(msg("{n} job asked for again", "{n} jobs asked for again", n=count))


@jobs.command("drop", help=text(msg("Give failed or waiting work up.")))
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
@click.option("--why", required=True, metavar="TEXT", help=text(msg("The reason, for the audit log.")))
@for_company
def drop(ids: tuple[str, ...], why: str) -> None:
    """Do it no more."""
    with open_company() as company:
        for id in ids:
            company.write(operator(), partial(backlog.drop, id=id, why=why))
    say(msg("{n} job dropped", "{n} jobs dropped", n=len(ids)))
