"""`dougong approval move`: approvals that run on an earlier version, moved to the one in force."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import click

from dougong.base.errors import DougongError, Problem
from dougong.base.language import msg
from dougong.cli.opening import acting, for_company, open_company
from dougong.cli.terminal import language, say, text

if TYPE_CHECKING:
    from dougong.workflows.approvals.moving import Movable, Moves


def _stated(_context: click.Context, _option: click.Parameter, said: tuple[str, ...]) -> dict[str, str]:
    """Steps by what they become."""
    pairs = [each.partition("=") for each in said]
    if any(not old or not new for old, _, new in pairs):
        raise click.BadParameter(text(msg("Say OLD=NEW, the keys of two steps.")))
    return {old: new for old, _, new in pairs}


@click.command(
    "move",
    help=text(msg("Tell what moving running approvals to the version in force comes to; with --yes, move them.")),
)
@click.argument("name", metavar="APPROVAL")
@click.option("--only", "ids", multiple=True, metavar="ID", help=text(msg("Only this approval; may be repeated.")))
@click.option(
    "--step", "stated", multiple=True, metavar="OLD=NEW", callback=_stated,
    help=text(msg("A step at work that becomes another one; may be repeated.")),
)  # fmt: skip
@click.option("--after", default="", metavar="ID", help=text(msg("Only those after this one, of a long list.")))
@click.option("--why", default="", metavar="TEXT", help=text(msg("Why, for the log of each; needed to move.")))
@click.option("--yes", is_flag=True, help=text(msg("Move those that can be moved.")))
@click.option("--as", "login", required=True, metavar="LOGIN", help=text(msg("Who acts.")))
@for_company
def move(name: str, ids: tuple[str, ...], stated: dict[str, str], after: str, why: str, yes: bool, login: str) -> None:
    """Print what each move comes to; then, where asked, move each in a transaction of its own."""
    from dougong.workflows.approvals import moving

    with open_company() as company:
        actor = acting(company, login)
        with company.read(actor) as unit:
            found = moving.preview(unit, name, ids=ids, stated=stated, after=after)
        for row in found.rows:
            _print(found, row)
        if found.next:
            say(msg("There are more: go on with --after {id}.", id=found.next))
        say(msg("{n} runs on an earlier version", "{n} run on earlier versions", n=found.count))
        if not yes:
            return
        count = 0
        for row in found.rows:
            if row.moved.led_to is not None:
                work = partial(moving.move, id=row.instance, to=found.digest, number=row.number, why=why, stated=stated)
                try:
                    company.write(actor, work)
                    count += 1
                except DougongError as error:
                    if not why.strip():
                        raise
                    click.echo(f"{row.instance}  {_reasons(error.problems)}")
        say(msg("{n} moved", n=count))


def _print(found: Moves, row: Movable) -> None:
    click.echo(f"{row.instance}  {row.title} ({row.initiator.name})")
    for step in row.moved.steps:
        mark = "*" if step.at_work else " "
        click.echo(f"  {mark} {step.old} → {step.new or text(msg('no step any more'))}")
    for sign, entries in (("=", row.moved.kept), ("-", row.moved.dropped), ("+", row.moved.added)):
        for each in entries:
            person = found.people.get(each.person)
            click.echo(f"    {sign} {person.name if person else each.person}")
    if row.moved.refused:
        click.echo(f"    ! {_reasons(row.moved.refused)}")


def _reasons(problems: Iterable[Problem]) -> str:
    return " ".join(each.text(language()) for each in problems)
