"""The operations, as each side is asked for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import orjson

from tests.benchmarks import data
from tests.benchmarks.client import Request, Side

API = "/api/v1/records/opportunity"
FLOOR = "/api/opportunity"
COLUMNS = "name,account,stage,amount,close_date,owner"
DEPTH = 0.9
"""How far into the list the deep page lies: 90,000 of 100,000."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing to do, on either side; the number tells one repetition from the next. `bar` is the ratio aimed at."""

    name: str
    engine: Callable[[int], Request]
    floor: Callable[[int], Request]
    bar: float | None = None
    warm: int = 10


def _get(path: str, **parameters: str) -> Request:
    return Request("GET", f"{path}?{urlencode(parameters)}" if parameters else path)


def _listed(where: object = None, **parameters: str) -> Request:
    given = {"fields": COLUMNS, "limit": "50", **parameters}
    if where is not None:
        given["filter"] = orjson.dumps(where).decode()
    return _get(API, **given)


def _is(field: str, value: object) -> dict[str, object]:
    return {"all": [{"field": field, "op": "is", "value": value}]}


def _body(values: object) -> bytes:
    return orjson.dumps(values)


def _new(side: str, number: int) -> bytes:
    values = {
        "name": f"New deal {number}", "account": data.identity("account", number * 7 % data.ACCOUNTS),
        "primary_contact": data.identity("contact", number * 7 % data.ACCOUNTS), "stage": "qualify",
        "amount": "128600.50", "close_date": "2026-03-31", "source": "referral", "next_step": "Call back",
        "external_no": f"{side}-{number}",
    }  # fmt: skip
    return _body(values)


def operations(deals: int, cursors: tuple[str, str]) -> tuple[Operation, ...]:
    """Every operation over HTTP. `cursors` are where the deep page begins on either side."""

    def some(number: int) -> str:
        return data.identity("opportunity", number * 7919 % deals)

    def seen(number: int) -> str:
        return data.identity("opportunity", number * data.BUSY % deals)

    def stage(number: int) -> str:
        return data.STAGES[number % 6]

    def industry(number: int) -> str:
        return data.INDUSTRIES[number % 16]

    def words(number: int) -> str:
        return data.account_name(number * 37 % data.ACCOUNTS)

    deep, floor_deep = cursors
    return (
        Operation(
            "create", lambda n: Request("POST", API, _new("E", n)), lambda n: Request("POST", FLOOR, _new("F", n)), 3
        ),
        Operation("read", lambda n: _get(f"{API}/{some(n)}"), lambda n: _get(f"{FLOOR}/{some(n)}"), 1.5),
        Operation(
            "update one field",
            lambda n: Request("PATCH", f"{API}/{some(n)}", _body({"next_step": f"Call {n}"})),
            lambda n: Request("PATCH", f"{FLOOR}/{some(n)}", _body({"next_step": f"Call {n}"})),
            3,
        ),
        Operation(
            "filtered, sorted list",
            lambda n: _listed(_is("stage", stage(n)), sort="close_date"),
            lambda n: _get(FLOOR, stage=stage(n), sort="close_date"),
            1.5,
        ),
        Operation(
            "list over a parent's field",
            lambda n: _listed(_is("account.industry", industry(n)), sort="-close_date"),
            lambda n: _get(FLOOR, industry=industry(n), sort="-close_date"),
            1.5,
        ),
        Operation("search", lambda n: _listed(search=words(n)), lambda n: _get(FLOOR, search=words(n)), 1.5),
        Operation(
            f"page at depth {int(deals * DEPTH):,}",
            lambda n: _listed(sort="close_date", cursor=deep),
            lambda n: _get(FLOOR, sort="close_date", cursor=floor_deep),
            1.5,
        ),
        Operation(
            "record page", lambda n: _get(f"/o/opportunity/{seen(n)}"), lambda n: _get(f"/o/opportunity/{seen(n)}"), 1.5
        ),
        Operation(
            "list page",
            lambda n: _get("/o/opportunity", view="open"),
            lambda n: _get("/o/opportunity", view="open"),
            1.5,
        ),
    )


def deep_cursors(engine: Side, floor: Side, deals: int) -> tuple[str, str]:
    """Where the deep page begins: found by walking there."""
    found: list[str] = []
    for side, first in ((engine, {"fields": "name"}), (floor, {})):
        path, cursor = (API if side is engine else FLOOR), ""
        for _ in range(int(deals * DEPTH) // 1000):
            at = {"cursor": cursor} if cursor else {}
            answer = side.ask(_get(path, sort="close_date", limit="1000", **first, **at))
            cursor = orjson.loads(answer.body)["next"]
        found.append(cursor)
    return found[0], found[1]
