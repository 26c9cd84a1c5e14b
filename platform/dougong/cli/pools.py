"""`dougong pool`: what there is, what waits, what the night would do; doing it, and claiming."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from dougong.base.errors import NotFound, Problem, Rejected
from dougong.base.language import label, msg
from dougong.cli.opening import acting, for_company, open_company, operator
from dougong.cli.terminal import language, say, text

if TYPE_CHECKING:
    from dougong.engine.company import Company
    from dougong.metadata.pool import Pool
    from dougong.workflows.pools.scanning import Line

ON = click.option(
    "--on", "day", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help=text(msg("The day; tomorrow if left out."))
)
JSON = click.option("--json", "as_json", is_flag=True, help=text(msg("Print as JSON.")))


@click.group(help=text(msg("Pools: what waits in them, and what goes back to them.")))
def pool() -> None:
    """Commands about pools."""


@pool.command("list", help=text(msg("List the pools, or what waits in one of them.")))
@click.argument("name", metavar="POOL", required=False)
@for_company
def list_(name: str | None) -> None:
    """Print a line for each pool with how many records wait, or for each record that waits."""
    from dougong.engine.query import Condition, Query
    from dougong.workflows.pools import facts

    with open_company() as company, company.read(operator()) as unit:
        if name is not None:
            wanted = named(company, name)
            obj = unit.runtime.model.objects[wanted.object]
            cursor: str | None = None
            while True:
                waiting = Condition("owner", "is", wanted.account)
                page = unit.records.query(Query(object=obj.name, columns=(obj.title,), where=waiting, cursor=cursor))
                for row in page.rows:
                    click.echo(f"{row.id}  {row.values[0] or ''}")
                cursor = page.next
                if cursor is None:
                    return
        for each in unit.runtime.model.workflows.pools.values():
            waiting = Condition("owner", "is", each.account)
            count = unit.records.count(Query(object=each.object, where=waiting)).number
            state = text(msg("on")) if facts.is_on(unit, each) else text(msg("off"))
            click.echo(f"{each.name:<32} {count:>6}  {state:<4} {label(each.label, language(), each.name)}")


@pool.command("preview", help=text(msg("Tell who would lose what in the night before a day; nothing is written.")))
@click.argument("name", metavar="POOL", required=False)
@ON
@JSON
@for_company
def preview(name: str | None, day: datetime | None, as_json: bool) -> None:
    """Print a line for each record that would be taken, or whose owner would be warned."""
    with open_company() as company:
        lines = list(_lines(company, name, _day(company, day)))
    if as_json:
        click.echo(json.dumps([_document(each) for each in lines], ensure_ascii=False, indent=2))
        return
    states = {"take": msg("taken"), "warn": msg("to be warned"), "warned": msg("warned")}
    for each in lines:
        state = text(states[each.what])
        rule = label(each.rule.label, language(), each.rule.key) if each.rule else ""
        click.echo(f"{each.id}  {each.goes}  {state:<12} {each.owner}  {each.title}  {rule}")
    taken, warned = (sum(each.what == what for each in lines) for what in ("take", "warn"))
    say(msg("{n} would be taken, {m} would be warned of", n=taken, m=warned))


def _lines(company: Company, name: str | None, day: date) -> Iterator[Line]:
    from dougong.workflows.pools import night

    wanted = named(company, name) if name is not None else None
    for each in [wanted.object] if wanted is not None else night.objects(company):
        yield from (line for line in night.preview(company, each, day) if wanted is None or line.pool == wanted)


@pool.command("reclaim", help=text(msg("Warn owners and take back what is due, as every night does by itself.")))
@for_company
def reclaim() -> None:
    """Do the work of the night now, and print what was done."""
    from dougong.workflows.pools import night
    from dougong.workflows.pools.night import Night

    done = Night()
    with open_company() as company:
        for each in night.objects(company):
            done += night.carry_out(company, each)
    for id, reason in done.refused:
        click.echo(f"{id}  {reason}", err=True)
    say(msg("{n} taken, {m} warned of", n=len(done.taken), m=len(done.warned)))


@pool.command("claim", help=text(msg("Claim records for somebody, within their limits.")))
@click.argument("name", metavar="POOL")
@click.argument("records", metavar="RECORD…", nargs=-1, required=True)
@click.option("--as", "login", required=True, metavar="LOGIN", help=text(msg("Who claims.")))
@for_company
def claim(name: str, records: tuple[str, ...], login: str) -> None:
    """Claim, and print the ids of what was claimed; what was not is an error with its reason."""
    from dougong.workflows.pools import claiming

    with open_company() as company:
        wanted = named(company, name)
        done = company.write(acting(company, login), lambda unit: claiming.claim(unit, wanted, records))
    for id in done.ids:
        click.echo(id)
    if done.problems:
        raise Rejected(done.problems)


def named(company: Company, name: str) -> Pool:
    """A pool of the company.

    Raises:
        NotFound: there is none of this name.
    """
    with company.read(operator()) as unit:
        found = unit.runtime.model.workflows.pools.get(name)
    if found is None:
        reason = msg("There is no pool {name}.", name=name)
        raise NotFound(Problem(code="pool-unknown", thing=f"pool:{name}", reason=reason))
    return found


def _day(company: Company, said: datetime | None) -> date:
    from dougong.workflows.pools import facts

    with company.read(operator()) as unit:
        return said.date() if said is not None else facts.today(unit) + timedelta(days=1)


def _document(line: Line) -> dict[str, Any]:
    return {
        "id": line.id, "object": line.pool.object, "pool": line.pool.name, "title": line.title, "owner": line.owner,
        "what": line.what, "rule": line.rule.key if line.rule else None, "due": str(line.due) if line.due else None,
        "goes": str(line.goes) if line.goes else None,
    }  # fmt: skip
