"""`dougong metadata used`: where a component is used, and what taking it out would break."""

from __future__ import annotations

import json

import click

from dougong.base.language import msg
from dougong.cli.opening import open_company, operator
from dougong.cli.terminal import explain, language, say, text
from dougong.engine import revisions
from dougong.metadata.index import Index
from dougong.metadata.layers import effective
from dougong.metadata.usage import broken_without, uses


@click.command("used", help=text(msg("Say where a component is used, and what taking it out would break.")))
@click.argument("address")
@click.option("--format", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
def used(address: str, style: str) -> None:
    """Print every place that names ADDRESS (field:opportunity.amount), then the errors that its removal gives."""
    with open_company() as company, company.read(operator()) as unit:
        tree = revisions.tree_of(unit.connection, unit.runtime.revision)
    found, broken = uses(Index(effective(tree)), address), broken_without(tree, address)
    if style == "json":
        places = [{"component": each.component.address, "place": each.path, "text": each.text} for each in found]
        problems = [each.to_json(language()) for each in broken]
        click.echo(json.dumps({"used": places, "broken": problems}, ensure_ascii=False, indent=2))
        return
    for each in found:
        click.echo(f"{each.component.address}  {each.path}  {each.text}")
    if not found:
        say(msg("Nothing names {address}.", address=address))
    if not broken:
        say(msg("Taking it out would break nothing."))
        return
    say(msg("Taking it out would break {n} thing:", "Taking it out would break {n} things:", n=len(broken)))
    for problem in broken:
        click.echo(explain(problem))
