"""A plain reading of the office's roll-ups by the viewer's right: children one by one, each judged by the rules."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.engine.rights import office

ROLLUPS = {
    obj["name"]: {name: each for name, each in obj["fields"].items() if each.get("rights") == "viewer"}
    for obj in office.STANDING
    if obj["kind"] == "object" and any(each.get("rights") == "viewer" for each in obj["fields"].values())
}
"""The documents of the roll-ups, by object and name."""


def value(world: office.World, user: str, name: str, rollup: office.Body, id: str) -> Any:
    """What a roll-up of the record `id` comes to for `user`."""
    child, *way = rollup["from"].split(".")
    rows = [each for each in world.records[child].values() if _leads(world, user, child, each, way, (name, id))]
    if "where" in rollup:
        rows = [each for each in rows if _holds(rollup["where"], each, user)]
    if rollup["op"] == "count":
        return len(rows)
    values = [each[rollup["field"]] for each in rows if each[rollup["field"]] is not None]
    if rollup["op"] == "distinct":
        return len(set(values))
    if rollup["op"] == "sum":
        return sum(values, Decimal(0) if rollup["field"] == "size" else 0)
    return (min if rollup["op"] == "min" else max)(values, default=None)


def _holds(where: str, row: office.Body, user: str) -> bool:
    return bool(row["owner"] == user if where == "owner = $User.id" else row["region"] == "north")


def _leads(world: office.World, user: str, child: str, row: office.Body, way: list[str], to: tuple[str, str]) -> bool:
    """Whether the user may see the child, and everything on the way from it to the record."""
    if not world.may(user, child, row["id"], "read"):
        return False
    reached = row[way[0]]
    if len(way) == 1:
        return bool(reached == to if isinstance(reached, tuple) else reached == to[1])
    above = {"deal": "deal", "account": "account"}[way[0]]
    return reached is not None and _leads(world, user, above, world.at(above, reached), way[1:], to)


def readable(world: office.World, user: str, rollup: office.Body) -> bool:
    """Whether the user may read every object on the way from the child."""
    child, *way = rollup["from"].split(".")
    me = world.records["user"][user]
    return all("read" in world.rights(me, each) for each in (child, *way[:-1]))
