"""`dougong access explain`: why somebody may, or may not, do something with a record or see a field."""

from __future__ import annotations

from typing import get_args

import click

from dougong.base.language import msg
from dougong.cli.handovers import handover, take_back
from dougong.cli.opening import open_company, operator, user_id
from dougong.cli.terminal import language, say, text
from dougong.engine.rights.explaining import NAMES, Asked, Explanation, explain

MARKS = {True: "+", False: "-", None: "?"}
"""Before each sentence: whether what it says speaks for the right; a condition that may not be told has a ?."""


@click.group(help=text(msg("Who may see and do what.")))
def access() -> None:
    """Commands about access."""


@access.command("explain", help=text(msg("Say why a user may or may not do something with a record.")))
@click.argument("login", metavar="USER")
@click.argument("object_name", metavar="OBJECT")
@click.argument("record_id", metavar="ID")
@click.option("--right", type=click.Choice(get_args(Asked)), default="read", help=text(msg("What they want to do.")))
@click.option("--field", help=text(msg("A field of the record.")))
def explain_(login: str, object_name: str, record_id: str, right: Asked, field: str | None) -> None:
    """The decision, and each thing that it rests on; exit code 0 where they may, 1 where they may not."""
    with open_company() as company, company.read(operator()) as unit:
        told = explain(unit, user_id(unit, login), object_name, record_id, right, field)
    _tell(login, right, told)
    if not told.allowed:
        raise click.exceptions.Exit(1)


def _tell(login: str, right: str, told: Explanation) -> None:
    if told.allowed:
        say(msg("{login} may {right} it.", login=login, right=NAMES[right]))
    else:
        say(msg("{login} may not {right} it.", login=login, right=NAMES[right]))
    for each in told.reasons:
        click.echo(f"  {MARKS[each.holds]} {each.text.to(language())}")


access.add_command(handover)
access.add_command(take_back)
