"""Both sides in turn, again and again: medians, ratios, statements."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.benchmarks import engine
from tests.benchmarks.client import Request, Side, serving
from tests.benchmarks.floor.application import ADDRESS
from tests.benchmarks.operations import Operation, deep_cursors, operations
from tests.companies import opened

TOKEN, COOKIE = "floor-token", "floor-cookie"


@dataclass(frozen=True, slots=True)
class Measured:
    """What an operation took: median milliseconds of each side, statements, bytes of the answer."""

    name: str
    engine: float
    floor: float
    bar: float | None
    statements: tuple[int, int] | None = None
    size: tuple[int, int] | None = None

    @property
    def ratio(self) -> float:
        return self.engine / self.floor


@contextmanager
def both(urls: tuple[str, str], credentials: tuple[str, str], counting: bool) -> Iterator[tuple[Side, Side]]:
    """Both servers, running."""
    token, cookie = credentials
    with (
        serving("engine", _ours(urls[0]), _headers(token, f"dougong={cookie}"), counting) as first,
        serving("floor", {ADDRESS: urls[1]}, _headers(TOKEN, f"session={COOKIE}"), counting) as second,
    ):
        yield first, second


def _ours(url: str) -> Mapping[str, str]:
    return {"DATABASE_URL": url, "LOG_LEVEL": "warning", "DATA_DIR": tempfile.gettempdir()}


def _headers(token: str, cookie: str) -> Mapping[str, str]:
    return {"authorization": f"Bearer {token}", "cookie": cookie, "content-type": "application/json"}


def measure(urls: tuple[str, str], deals: int, rounds: int, only: Sequence[str]) -> list[Measured]:
    """Every operation on one kind of database."""
    company = opened(urls[0])
    credentials = engine.token_and_cookie(company)
    company.close()

    def chosen(cursors: tuple[str, str]) -> list[Operation]:
        return [each for each in operations(deals, cursors) if not only or any(part in each.name for part in only)]

    with both(urls, credentials, counting=True) as (first, second):
        deep = not only or any("depth" in part for part in only)
        cursors = deep_cursors(first, second, deals) if deep else ("", "")
        counted = {each.name: _count(each, first, second) for each in chosen(cursors)}
    with both(urls, credentials, counting=False) as (first, second):
        return [_time(each, first, second, rounds, *counted[each.name]) for each in chosen(cursors)]


def list_pages(urls: tuple[str, str], rounds: int) -> tuple[float, float]:
    """The median milliseconds of the list page on each of two databases of the engine, in turn."""
    with ExitStack() as stack:
        sides = []
        for url in urls:
            company = opened(url)
            token, cookie = engine.token_and_cookie(company)
            company.close()
            sides.append(
                stack.enter_context(serving("engine", _ours(url), _headers(token, f"dougong={cookie}"), False))
            )
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(rounds + 10):
            for side, found in zip(sides, times, strict=True):
                found.append(side.ask(Request("GET", "/o/opportunity?view=open")).seconds)
    first, second = (statistics.median(found[10:]) * 1000 for found in times)
    return first, second


def _count(operation: Operation, first: Side, second: Side) -> tuple[tuple[int, int], tuple[int, int]]:
    """Statements and bytes, when everything has been prepared."""
    number = _fresh()
    for _ in range(2):
        number += 1
        ours, theirs = first.ask(operation.engine(number)), second.ask(operation.floor(number))
    return (ours.statements, theirs.statements), (len(ours.body), len(theirs.body))


def _time(
    operation: Operation, first: Side, second: Side, rounds: int, statements: tuple[int, int], size: tuple[int, int]
) -> Measured:
    number = _fresh()
    for at in range(operation.warm):
        first.ask(operation.engine(number - at)), second.ask(operation.floor(number - at))
    ours: list[float] = []
    theirs: list[float] = []
    for at in range(1, rounds + 1):
        asked = ((first, operation.engine(number + at), ours), (second, operation.floor(number + at), theirs))
        for side, request, found in asked if at % 2 else reversed(asked):
            found.append(side.ask(request).seconds)
    return Measured(
        operation.name,
        statistics.median(ours) * 1000,
        statistics.median(theirs) * 1000,
        operation.bar,
        statements,
        size,
    )


def _fresh() -> int:
    """A number that no earlier run used, so that new keys are new."""
    return time.time_ns() // 1_000_000
