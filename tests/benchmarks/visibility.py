"""What it costs that not everybody sees everything: a list of a million deals as the administrator and others see it.

    python -m tests.benchmarks.visibility [--deals 1000000] [--database sqlite|postgresql] [--keep FOLDER] [--write]

Five thousand people, forty sharing rules of which twenty open deals to one person each (`tests.benchmarks.crowd`). Each
viewer's page is asked for over HTTP in turn with the administrator's; its SQL is run beside through one connection, the
statements that the page sends for this viewer, read to the end. Ratios are of medians to the administrator's.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.query import Condition, Query, Sort
from dougong.engine.unit import Unit
from dougong.web import sessions
from tests.benchmarks import crowd, data, engine, growing, report
from tests.benchmarks.__main__ import KINDS, databases, settle
from tests.benchmarks.client import Request, Side, serving
from tests.benchmarks.place import place
from tests.companies import opened

PAGE_BAR, SQL_BAR = 1.5, 4.0
FIRST_DEALS = 100_000
PATH = "/o/opportunity?view=open"
BEGIN, END = "<!-- visibility -->", "<!-- /visibility -->"
LIST = Query(
    object="opportunity",
    columns=("name", "account", "stage", "amount", "weighted", "close_date", "owner", "last_activity_at", "currency"),
    where=Condition("is_closed", "is", False),
    sort=(Sort("close_date"),),
)
"""What the page of the view asks for."""
TOTALS = (("sum", "amount"), ("sum", "weighted"))
COUNTED = 1000
"""Up to how many records the page counts them, and adds them up."""

Sent = list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Cost:
    """One viewer's page beside the administrator's: milliseconds of both, statements, rows shown."""

    name: str
    page: tuple[float, float]
    sql: tuple[float, float]
    statements: int
    rows: int

    @property
    def ratios(self) -> tuple[float, float]:
        return self.page[0] / self.page[1], self.sql[0] / self.sql[1]


def fill(url: str, new: bool, deals: int) -> str:
    """The database at `url` with so many deals and five thousand people."""
    if new:
        report.say(f"Filling a database with {deals:,} deals and {crowd.PEOPLE:,} people ...")
        first = min(deals, FIRST_DEALS)
        engine.fill(url, first)
        company = opened(url)
        crowd.move_in(company, first, deals // first)
        company.close()
        if deals > first:
            growing.multiply(url, deals // first)
        settle(url)
    return url


def cookies(company: Company) -> dict[str, str]:
    """A session of the administrator and of each viewer, by name."""

    def begin(unit: Unit) -> dict[str, str]:
        return {
            each.name: sessions.begin(unit, data.identity("user", each.number), "benchmarks", "127.0.0.1")
            for each in (crowd.ADMIN, *crowd.VIEWERS)
        }

    return company.write(SYSTEM, begin)


# -- over HTTP ------------------------------------------------------------------------------------------------------
def pages(url: str, held: dict[str, str], rounds: int) -> dict[str, tuple[float, float, int, int]]:
    """By viewer: median milliseconds of their page and of the administrator's beside it, statements, rows."""
    environment = {"DATABASE_URL": url, "LOG_LEVEL": "warning", "DATA_DIR": tempfile.gettempdir()}
    counted: dict[str, tuple[int, int]] = {}
    with serving("engine", environment, {}, counting=True) as server:
        for name, side in _signed_in(server, held).items():
            answers = [side.ask(Request("GET", PATH)) for _ in range(3)]
            counted[name] = answers[-1].statements, len(re.findall(rb'<tr role="row">', answers[-1].body))
    with serving("engine", environment, {}, counting=False) as server:
        sides = _signed_in(server, held)
        found = {}
        for each in crowd.VIEWERS:
            theirs, ours = _in_turn(sides[each.name], sides[crowd.ADMIN.name], rounds)
            found[each.name] = theirs, ours, *counted[each.name]
    return found


def _signed_in(server: Side, held: dict[str, str]) -> dict[str, Side]:
    return {name: server.again({"cookie": f"dougong={cookie}"}) for name, cookie in held.items()}


def _in_turn(first: Side, second: Side, rounds: int) -> tuple[float, float]:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 10):
        for side, found in zip((first, second), times, strict=True):
            found.append(side.ask(Request("GET", PATH)).seconds)
    return statistics.median(times[0][10:]) * 1000, statistics.median(times[1][10:]) * 1000


# -- its SQL --------------------------------------------------------------------------------------------------------
def statements(company: Company, viewer: crowd.Viewer) -> Sent:
    """The statements over records that the page sends for a viewer, as the driver gets them."""
    actor = Actor(user_id=data.identity("user", viewer.number), name=viewer.name)
    for _ in range(2):  # what is found out once is not asked again
        with company.read(actor) as unit, _noted() as sent:
            obj = unit.runtime.model.objects[LIST.object]
            page = unit.records.query(LIST)
            known = page.next is None
            if not known and unit.access.counted(unit, obj):
                known = not unit.records.count(LIST, cap=COUNTED).capped
            if known and page.rows:
                unit.records.totals(LIST, TOTALS)
    return sent


@contextmanager
def _noted() -> Iterator[Sent]:
    sent: Sent = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        sent.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def in_sql(company: Company, rounds: int) -> dict[str, tuple[float, float]]:
    """By viewer: median milliseconds of their page's statements and of the administrator's beside them."""
    admin = statements(company, crowd.ADMIN)
    found = {}
    for each in crowd.VIEWERS:
        theirs = statements(company, each)
        times: tuple[list[float], list[float]] = ([], [])
        with company.read(SYSTEM) as unit:
            for at in range(rounds + 10):
                for sent, taken in zip((theirs, admin), times, strict=True):
                    took = _run(unit, sent)
                    if at >= 10:
                        taken.append(took)
        found[each.name] = statistics.median(times[0]) * 1000, statistics.median(times[1]) * 1000
    return found


def _run(unit: Unit, sent: Sent) -> float:
    began = time.perf_counter()
    for statement, parameters in sent:
        unit.connection.exec_driver_sql(statement, parameters).all()
    return time.perf_counter() - began


# -- the report -----------------------------------------------------------------------------------------------------
def table(costs: Sequence[Cost]) -> list[str]:
    """Markdown rows."""
    lines = [
        f"| viewer | page ms | administrator's | ratio (bar {PAGE_BAR:g}×) | SQL ms | administrator's "
        f"| ratio (bar {SQL_BAR:g}×) | statements | rows |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for each in costs:
        page, sql = (
            f"{ratio:.2f}×" + (" (above)" if ratio > bar else "")
            for ratio, bar in zip(each.ratios, (PAGE_BAR, SQL_BAR), strict=True)
        )
        lines.append(
            f"| {each.name} | {each.page[0]:.2f} | {each.page[1]:.2f} | {page} | {each.sql[0]:.2f} | {each.sql[1]:.2f} "
            f"| {sql} | {each.statements} | {each.rows} |"
        )
    return lines


def measure(url: str, rounds: int) -> list[Cost]:
    """Every viewer on one database."""
    company = opened(url)
    held = cookies(company)
    sql = in_sql(company, rounds)
    company.close()
    page = pages(url, held, rounds)
    return [
        Cost(each.name, page[each.name][:2], sql[each.name], page[each.name][2], page[each.name][3])
        for each in crowd.VIEWERS
    ]


def write(deals: int, found: dict[str, list[Cost]]) -> None:
    """Put the numbers into docs/benchmarks.md, between the marks of this benchmark."""
    parts = [f"{deals:,} deals, {crowd.PEOPLE:,} people, twenty rules for each of two of them."]
    for kind, costs in found.items():
        parts += ["", f"{report.NAMES[kind]}:", "", *table(costs)]
    before, _, rest = report.PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    report.PAGE.write_text(f"{before}{BEGIN}\n" + "\n".join(parts) + f"\n{END}{after}", "utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.visibility", description=__doc__)
    parser.add_argument("--deals", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--database", action="append", choices=KINDS, help="one kind of database alone")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the databases there, and use those that are")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    return parser.parse_args()


def main() -> None:
    """Measure, print, write."""
    arguments = _arguments()
    found: dict[str, list[Cost]] = {}
    with place(arguments.keep) as folder:
        for kind in arguments.database or KINDS:
            with databases(folder, kind, (f"visibility_{arguments.deals}",)) as (database,):
                found[kind] = measure(fill(*database, arguments.deals), arguments.rounds)
            report.say("\n".join((f"\n{kind}, {arguments.deals:,} deals", *table(found[kind]))))
        if arguments.write:
            write(arguments.deals, found)


if __name__ == "__main__":
    main()
