"""`dougong access handover`: give a leaver's work to others, after a look at what would move; and take it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dougong.base.language import msg
from dougong.cli.opening import for_company, open_company, operator, user_id
from dougong.cli.terminal import json_object, language, say, text
from dougong.engine.handover import taking_back
from dougong.engine.handover.carrying import Outcome, Refusal, hand_over, preview
from dougong.engine.handover.rules import Handover, read
from dougong.engine.unit import Unit
from dougong.web.handover_form import formulas_of, people, title_of_key


@click.command("handover", help=text(msg("Give somebody's work to others; without --yes, tell what would move.")))
@click.argument("login", metavar="USER")
@click.option("--to", "receivers", multiple=True, help=text(msg("Who takes over; several take turns.")))
@click.option("--closed", is_flag=True, help=text(msg("Closed records as well.")))
@click.option("--leave", multiple=True, metavar="KEY", help=text(msg("What stays, such as account.owner or views.")))
@click.option(
    "--rules",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=text(msg("A JSON file with the keys to, closed, parts, afterwards.")),
)
@click.option("--freeze", "afterwards", flag_value="freeze", help=text(msg("Then freeze the account.")))
@click.option("--deactivate", "afterwards", flag_value="deactivate", help=text(msg("Then switch the account off.")))
@click.option("--why", default="", help=text(msg("The reason, for history and the audit log.")))
@click.option("--yes", is_flag=True, help=text(msg("Do it.")))
@for_company
def handover(
    login: str,
    receivers: tuple[str, ...],
    closed: bool,
    leave: tuple[str, ...],
    rules: Path | None,
    afterwards: str | None,
    why: str,
    yes: bool,
) -> None:
    """Rehearse a handover, or carry it out."""
    document: dict[str, Any] = json_object(rules) if rules else {}

    def asked(unit: Unit) -> Handover:
        whole = dict(document)
        if receivers:
            whole["to"] = [user_id(unit, each) for each in receivers]
        if leave:
            whole["parts"] = {**whole.get("parts", {}), **{key: {"leave": True} for key in leave}}
        whole |= {"closed": True} if closed else {}
        whole |= {"afterwards": afterwards} if afterwards else {}
        return read(whole, user_id(unit, login), formulas_of(unit))

    with open_company() as company:
        with company.read(operator()) as unit:
            wish = asked(unit)
        if yes:
            found = company.write(operator(), lambda unit: hand_over(unit, wish), why=why)
        else:
            found = preview(company, operator(), wish, why)
        with company.read(operator()) as unit:
            _tell(unit, found)
    if yes:
        say(msg("Done. To take it back: dougong access take-back {operation}", operation=found.operation))
    else:
        say(msg("Nothing has moved yet. With --yes it does."))


@click.command("take-back", help=text(msg("Take a handover back: what still stands as it was handed over returns.")))
@click.argument("operation")
@for_company
def take_back(operation: str) -> None:
    """Undo a handover within its thirty days."""
    with open_company() as company:
        returned = company.write(operator(), lambda unit: taking_back.take_back(unit, operation))
    _refusals(returned.kept)
    n = returned.count
    say(msg("{n} record is back where it was.", "{n} records are back where they were.", n=n))


def _tell(unit: Unit, found: Outcome) -> None:
    known = people(unit, sorted({to for line in found.lines for to in line.moved if to}))
    for line in found.lines:
        title = title_of_key(unit.runtime.model.objects, line.key, language())
        click.echo(f"{title} ({line.key})")
        for to, count in line.moved.most_common():
            click.echo(f"  {count:>6}  → {known.get(to) or msg('nobody').to(language())}")
        for count, said in (
            (line.closed, msg("{n} closed", n=line.closed)),
            (line.left, msg("{n} as asked", n=line.left)),
            (line.withheld, msg("{n} that you may not hand over", n=line.withheld)),
            (line.refused, msg("{n} that a rule stands against", n=line.refused)),
        ):
            if count:
                click.echo(f"          {msg('Stays').to(language())}: {said.to(language())}")
    _refusals(found.refused)


def _refusals(refused: list[Refusal]) -> None:
    for each in refused:
        click.echo(f"  - {each.object} {each.title or each.id}: {each.reason.to(language())}")
