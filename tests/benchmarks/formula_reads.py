"""Lists by formulas at scale: sorted, filtered and grouped by what two relations away decides, beside SQL by hand.

    python -m tests.benchmarks.formula_reads [--quick] [--million] [--database sqlite|postgresql] [--keep FOLDER]

Both sides read the engine's own tables through the same connection, in turn; each number is the best of some rounds.
The records of both pages must be the same. With ``--million`` also the page sorted by a stored formula that has an
index, at 10,000 deals and at 1,000,000, with the plan that the database makes of it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dougong.engine import revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.publish import Publication, publish
from dougong.engine.query import Condition, Measure, Query, Sort, Summary
from dougong.engine.unit import Unit
from dougong.metadata.component import Component
from tests.benchmarks import engine, growing, report
from tests.benchmarks.__main__ import KINDS, databases, settle
from tests.benchmarks.place import place
from tests.companies import opened

BAR = 1.2
"""The ratio aimed at where operators of the database suffice."""

COLUMNS = ("name", "account", "stage", "amount")
SHOWN = "t.id, t.version, t.name, t.account, a.name, t.stage, t.amount, t.amount_company"
FROM = "FROM opportunity t LEFT JOIN account a ON a.id = t.account"
OWNER, PARENT = 'LEFT JOIN "user" u ON u.id = a.owner_id', "LEFT JOIN account p ON p.id = a.parent"
KEPT = "bench_kept"


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula field of deals, and its SQL as one would write it over the joins that it needs.

    `above` is what the filter asks for more than: in the formula, and in the SQL of each kind (amounts of SQLite are in
    hundredths).
    """

    name: str
    returns: str
    text: str
    sql: str
    join: str
    above: tuple[str, str, str]


FORMULAS = (
    Formula("bench_path", "text", 'account.owner.name & " / " & account.name',
            "u.name || ' / ' || a.name", OWNER, ("", "", "")),
    Formula("bench_left", "decimal", "amount - BLANKVALUE(account.parent.open_amount, 0)",
            "t.amount - coalesce(p.open_amount, 0)", PARENT, ("500000", "50000000", "500000")),
    Formula("bench_load", "decimal", "account.open_deals * 50 + BLANKVALUE(account.parent.open_deals, 0) * 20",
            "a.open_deals * 50 + coalesce(p.open_deals, 0) * 20", PARENT, ("1000", "1000", "1000")),
)  # fmt: skip


def add_fields(company: Company) -> None:
    """Publish the formulas, each alone and one of them stored with an index, where they are not there yet."""
    with company.read(SYSTEM) as unit:
        tree = revisions.tree_of(unit.connection, unit.runtime.revision)
    added = [_field(each.name, each.returns, each.text) for each in FORMULAS]
    added.append(_field(KEPT, "decimal", FORMULAS[1].text, stored=True, indexed=True))
    publish(company, Publication(tree=tree.put(*added), message="formulas of the benchmark"))


def _field(name: str, returns: str, text: str, **more: bool) -> Component:
    known: dict[str, Any] = {
        "kind": "field",
        "name": f"opportunity.{name}",
        "id": name.replace("_", "").ljust(12, "0"),
        "label": {"en": name},
    }
    return Component("field", known["name"], {**known, "type": "formula", "returns": returns, "formula": text, **more})


# -- both sides -----------------------------------------------------------------------------------------------
Work = Callable[[], Sequence[Any]]


def works(unit: Unit, kind: str, each: Formula) -> Iterator[tuple[str, Work, Work]]:
    """What is done, by the engine and by hand; both give ids, groups or a number."""
    records, last = unit.records, " NULLS LAST"
    by_hand = each.sql + (' COLLATE "C"' if each.returns == "text" and kind == "postgresql" else "")

    def sql(text: str) -> Sequence[Any]:
        return unit.connection.exec_driver_sql(text).fetchall()

    query = Query(object="opportunity", columns=(*COLUMNS, each.name), sort=(Sort(each.name),), limit=50)
    source = f"{FROM} {each.join} WHERE t.deleted_at IS NULL"
    page = f"SELECT {SHOWN}, {by_hand} AS f {source} ORDER BY f{last}, t.id LIMIT 51"
    yield "sort", lambda: [row.id for row in records.query(query).rows], lambda: [row[0] for row in sql(page)][:50]
    groups = Summary(object="opportunity", by=(each.name,), measures=(Measure("count", None),), limit=50)
    grouped = f"SELECT {by_hand} AS f, count(*) {source} GROUP BY 1 ORDER BY 1{last} LIMIT 50"
    yield "group", lambda: [row[1][0] for row in records.summarise(groups)], lambda: [row[1] for row in sql(grouped)]
    if each.above[0]:
        above = Query(object="opportunity", columns=(), where=Condition(each.name, "gt", each.above[0]))
        limit = each.above[1 if kind == "sqlite" else 2]
        counted = f"SELECT count(*) {source} AND {by_hand} > {limit}"
        yield "filter", lambda: [records.count(above).number], lambda: [row[0] for row in sql(counted)]


def compare(company: Company, kind: str, rounds: int) -> Iterator[tuple[str, float, float]]:
    """What was done, milliseconds of the engine and by hand.

    Raises:
        AssertionError: they do not find the same.
    """
    for each in FORMULAS:
        with company.read(SYSTEM) as unit:
            for name, ours, by_hand in works(unit, kind, each):
                assert ours() == by_hand(), f"{name} by {each.name} differs"
                yield f"{name} by {each.text}", *_best(kind, ours, by_hand, rounds)


def _best(kind: str, ours: Work, by_hand: Work, rounds: int) -> tuple[float, float]:
    """Milliseconds; of SQLite, which works in this process, those of the processor."""
    clock = time.process_time if kind == "sqlite" else time.perf_counter
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for work, found in zip((ours, by_hand), took, strict=True):
            start = clock()
            work()
            found.append(clock() - start)
    return min(took[0]) * 1000, min(took[1]) * 1000


# -- a stored formula -----------------------------------------------------------------------------------------
def kept_page(company: Company, rounds: int) -> tuple[float, str]:
    """Milliseconds of the page sorted by the stored formula, and the plan of its statement."""
    query = Query(object="opportunity", columns=(*COLUMNS, KEPT), sort=(Sort(KEPT, descending=True),), limit=50)
    with company.read(SYSTEM) as unit:
        took = _best(company.database.kind, lambda: unit.records.query(query).rows, lambda: (), rounds)[0]
        word = "EXPLAIN QUERY PLAN" if company.database.kind == "sqlite" else "EXPLAIN"
        order = "o.bench_kept DESC NULLS LAST, o.id DESC"
        text = f"{word} SELECT o.id FROM opportunity o WHERE o.deleted_at IS NULL ORDER BY {order} LIMIT 51"
        plan = " ".join(str(row[-1]) for row in unit.connection.exec_driver_sql(text))
    return took, plan


def fill(kind: str, url: str, new: bool, deals: int) -> Company:
    """The engine's database with the formulas, filled where it is new."""
    if new:
        report.say(f"Filling a {kind} database with {deals:,} deals ...")
        engine.fill(url, min(deals, 100_000))
    company = opened(url)
    add_fields(company)
    if new and deals > 100_000:
        company.close()
        growing.multiply(url, deals // 100_000)
        company = opened(url)
    if new:
        settle(url)
    return company


def measure(folder: Path, kind: str, arguments: argparse.Namespace) -> None:
    """Print everything measured on one kind of database."""
    deals = 10_000 if arguments.quick else 100_000
    with databases(folder, kind, (f"formulas_{deals}",)) as (found,):
        company = fill(kind, *found, deals)
        report.say(f"\n{kind}, {deals:,} deals\n| list | engine ms | by hand | ratio |\n|---|---:|---:|---:|")
        for name, ours, by_hand in compare(company, kind, arguments.rounds):
            above = " (above)" if ours / by_hand > BAR else ""
            report.say(f"| {name} | {ours:.0f} | {by_hand:.0f} | {ours / by_hand:.2f}×{above} |")
        company.close()
    if arguments.million:
        grow(folder, kind, arguments)


def grow(folder: Path, kind: str, arguments: argparse.Namespace) -> None:
    """Print the page by a stored formula at both sizes."""
    sizes = (10_000, 1_000_000)
    with databases(folder, kind, [f"formulas_{size}" for size in sizes]) as found:
        for size, each in zip(sizes, found, strict=True):
            company = fill(kind, *each, size)
            took, plan = kept_page(company, arguments.rounds * 4)
            report.say(f"{kind}, {size:,} deals, page sorted by a stored formula: {took:.2f} ms\n    {plan}")
            company.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.formula_reads", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10,000 deals")
    parser.add_argument("--million", action="store_true", help="also the page by a stored formula at 1,000,000 deals")
    parser.add_argument("--database", action="append", choices=KINDS)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the databases there, and use those that are")
    arguments = parser.parse_args()
    with place(arguments.keep) as folder:
        for kind in arguments.database or KINDS:
            measure(folder, kind, arguments)


if __name__ == "__main__":
    main()
