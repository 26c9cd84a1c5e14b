"""`dougong metadata violations`: the records that stand against a rule in force; nobody has been asked about them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from dougong.base.errors import NotFound, Problem
from dougong.base.language import msg
from dougong.cli.opening import for_company, open_company, operator
from dougong.cli.terminal import say, text
from dougong.engine.reading.readers import titles
from dougong.engine.saving.keys import address
from dougong.engine.saving.plan import plan_of
from dougong.engine.standing import against
from dougong.engine.trials import standing
from dougong.engine.unit import Unit

Found = tuple[str, str, int, list[str]]
"""Object, address of the rule or constraint, how many records, the ids of some of them."""


@click.command(help=text(msg("List the records that stand against rules and constraints in force.")))
@click.argument("object_name", metavar="[OBJECT]", required=False)
@click.option("--limit", default=20, show_default=True, help=text(msg("How many records to name of each rule.")))
@click.option("--format", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_context
@for_company
def violations(context: click.Context, object_name: str | None, limit: int, style: str) -> None:
    """Print every rule that records stand against, and these; exit with 1 where there are any."""
    with open_company() as company, company.read(operator()) as unit:
        found = list(_found(unit, object_name, limit))
        wanted: dict[str, set[str]] = {}
        for name, _, _, ids in found:
            wanted.setdefault(name, set()).update(ids)
        names = titles(unit, wanted)
    if style == "json":
        rows = [{"object": name, "rule": rule, "count": count, "records": ids} for name, rule, count, ids in found]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    for name, rule, count, ids in found if style == "table" else ():
        click.echo(f"{rule}  {count}")
        for id in ids:
            click.echo(f"    {id}  {names.get((name, id), '')}".rstrip())
    if found:
        context.exit(1)
    if style == "table":
        say(msg("No record stands against a rule."))


def _found(unit: Unit, object_name: str | None, limit: int) -> Iterator[Found]:
    model = unit.runtime.model
    if object_name is not None and object_name not in model.objects:
        reason = msg("There is no object {name}.", name=object_name)
        raise NotFound(Problem(code="object-unknown", reason=reason, thing=object_name))
    for name in model.objects if object_name is None else [object_name]:
        plan = plan_of(unit.runtime, name)
        for trial in standing(unit, unit.runtime.storage.tables[name], limit):
            yield name, trial.rule.address, trial.count, trial.records
        for constraint in plan.object.constraints.values():
            ids = against(unit, plan, constraint.name)
            if ids:
                yield name, address(name, constraint), len(ids), sorted(ids)[:limit]
