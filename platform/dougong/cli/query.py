"""`dougong query`: read the records back through the engine."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import click

from dougong.base.errors import BadRequest, Problem
from dougong.base.field_types import Reference
from dougong.base.language import msg
from dougong.cli.opening import for_company, open_company, operator
from dougong.cli.terminal import text
from dougong.engine.query import All, Condition, Filter, Measure, Query, Summary, Written
from dougong.engine.reading.filters import both, parse, parse_sort
from dougong.engine.unit import Unit

WORDS = {"=": "is", "!=": "is_not", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte", "~": "contains"}
"""Short forms of operators on the command line; any operator may be written by its name between blanks."""


def condition(given: str) -> Filter:
    """A condition from ``stage=won``, ``amount >= 1000``, ``account blank`` or a JSON filter.

    Raises:
        BadRequest: it is none of these.
    """
    if given.lstrip()[:1] in ("{", "["):
        try:
            return parse(json.loads(given)) or All(())
        except (json.JSONDecodeError, RecursionError) as error:
            raise _unread(given) from error
    parts = given.split(None, 2)
    if len(parts) in (2, 3) and parts[1] not in WORDS and parts[1].replace("_", "").isalpha():
        return Condition(parts[0], parts[1], _operand(parts[2]) if len(parts) == 3 else None)
    for sign in sorted(WORDS, key=len, reverse=True):
        field, found, value = given.partition(sign)
        if found and field.strip():
            return Condition(field.strip(), WORDS[sign], value.strip())
    raise _unread(given)


def _operand(given: str) -> Any:
    return tuple(part.strip() for part in given.split(",")) if "," in given else given


def _unread(given: str) -> BadRequest:
    reason = msg("{text} is no condition.", text=given)
    fix = msg("Write field=value, field>=value, field contains value, or a filter as JSON.")
    return BadRequest(Problem(code="condition-unread", thing="--where", reason=reason, fix=fix))


@click.command(help=text(msg("Read records: list, count and sum them.")))
@click.argument("object_name", metavar="OBJECT")
@click.option("--where", "wheres", multiple=True, help=text(msg("A condition; several all hold.")))
@click.option("--when", "whens", multiple=True, help=text(msg("A formula that is true; several all hold.")))
@click.option("--by", "groups", multiple=True, help=text(msg("Group by a field, or by date:month.")))
@click.option("--count", "counting", is_flag=True, help=text(msg("Count the records.")))
@click.option("--sum", "sums", multiple=True, help=text(msg("Add up a field.")))
@click.option("--avg", "averages", multiple=True, help=text(msg("The mean of a field.")))
@click.option("--columns", default="", help=text(msg("Field paths to list, with commas between them.")))
@click.option("--sort", default="", help=text(msg("Field paths, with - before one for descending.")))
@click.option("--search", default="", help=text(msg("Free text.")))
@click.option("--limit", default=50, show_default=True, help=text(msg("How many records to list.")))
@click.option("--format", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
@for_company
def query(
    object_name: str,
    wheres: tuple[str, ...],
    whens: tuple[str, ...],
    groups: tuple[str, ...],
    counting: bool,
    sums: tuple[str, ...],
    averages: tuple[str, ...],
    columns: str,
    sort: str,
    search: str,
    limit: int,
    style: str,
) -> None:
    """Answer from the company of the settings."""
    where = both(*(condition(each) for each in wheres), *map(Written, whens))
    measures = (
        *((Measure("count"),) if counting else ()),
        *(Measure("sum", name) for name in sums),
        *(Measure("avg", name) for name in averages),
    )
    with open_company() as company, company.read(operator()) as unit:
        if measures or groups:
            summary = Summary(
                object=object_name, measures=measures or (Measure("count"),), by=groups, where=where, search=search
            )
            rows = _summary(unit, summary)
        else:
            wanted = tuple(filter(None, columns.split(",")))
            listing = Query(
                object=object_name,
                columns=wanted or _usual(unit, object_name),
                where=where,
                search=search,
                limit=limit,
                sort=parse_sort([each for each in sort.split(",") if each]),
            )
            rows = _list(unit, listing)
    _print(rows, style)


def _usual(unit: Unit, name: str) -> tuple[str, ...]:
    """The title and the highlights of an object."""
    obj = unit.runtime.model.object_named(name)
    return tuple(dict.fromkeys((obj.title, *obj.highlights))) if obj else ("id",)


def _summary(unit: Unit, summary: Summary) -> list[dict[str, Any]]:
    names = [each.op if each.field is None else f"{each.op}({each.field})" for each in summary.measures]
    return [
        dict(zip((*summary.by, *names), (*map(_plain, groups), *map(_plain, values)), strict=True))
        for groups, values in unit.records.summarise(summary)
    ]


def _list(unit: Unit, listing: Query) -> list[dict[str, Any]]:
    page = unit.records.query(listing)
    return [{"id": row.id, **dict(zip(page.columns, map(_plain, row.values), strict=True))} for row in page.rows]


def _plain(value: Any) -> Any:
    if isinstance(value, Reference):
        return value.title or value.id
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _print(rows: list[dict[str, Any]], style: str) -> None:
    if style == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    if not rows:
        return
    cells = [list(rows[0]), *([("" if value is None else str(value)) for value in row.values()] for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(cells[0]))]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
