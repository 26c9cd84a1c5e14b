"""Formulas: how long they take to compile, how fast they run, and what their SQL costs beside SQL written by hand.

    python -m tests.benchmarks.formulas [--write]

Python is measured against the same logic written by hand with the same exact decimals, and against other packages on
what these can express; those compute in binary floating point. Real formulas are read from ../shared where it is there.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import sys
import time
import timeit
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any

from sqlalchemy import Column, Engine, Integer, MetaData, Table, Text, create_engine, event, func, insert, select
from sqlalchemy import text as sql_text

from dougong.base.errors import FormulaError
from dougong.cli import temporary_postgresql
from dougong.engine.columns import Count, Day, Exact
from dougong.formulas import Context, FieldInfo, Formula, NamedFields, Path, Type, compile
from dougong.formulas.corpus import CorpusScope
from dougong.formulas.decimals import EXACT
from dougong.formulas.parser import parse
from dougong.formulas.sql import installation
from tests.benchmarks.report import say

CORPUS = FilePath(__file__).parents[3] / "shared" / "sfdx_sample" / "formulas.jsonl"
ROWS = 100_000
ROUNDS = {"sqlite": 9, "postgresql": 40}
BEGIN, END = "<!-- formulas -->", "<!-- /formulas -->"
PAGE = FilePath(__file__).parents[2] / "docs" / "benchmarks.md"

FIELDS: Mapping[Path, FieldInfo] = {
    ("amount",): FieldInfo(Type.NUMBER, 12, 2),
    ("rate",): FieldInfo(Type.NUMBER, 6, 4),
    ("cost",): FieldInfo(Type.NUMBER, 12, 2),
    ("name",): FieldInfo(Type.TEXT),
    ("stage",): FieldInfo(Type.PICKLIST, values=("open", "won", "lost")),
    ("due",): FieldInfo(Type.DATE),
    ("code",): FieldInfo(Type.TEXT),
    ("calls",): FieldInfo(Type.NUMBER, 9, 0),
    ("visits",): FieldInfo(Type.NUMBER, 9, 0),
}

SCOPE = NamedFields(FIELDS)


# -- compiling -------------------------------------------------------------------------------------------------
def compile_times() -> list[float]:
    """Milliseconds for each real formula that says more than a constant, from its text to a function."""
    if not CORPUS.exists():
        return []
    found = []
    for case in map(json.loads, CORPUS.read_text("utf-8").splitlines()):
        if case["unresolved"] or case["literal"]:
            continue
        start = time.perf_counter()
        try:
            formula = compile(case["formula"], CorpusScope(case["fields"]))
        except FormulaError:
            continue
        _ = formula._code
        found.append((time.perf_counter() - start) * 1000)
    return found


HOSTILE = ("a+", "(", "IF(a,", '"x"&', "'", "/*", "NOT ", "1 ", "-", "a.", "/*/")
"""Pieces that make long texts of every kind of nesting and of things left open."""


def hostile_times() -> list[tuple[float, str]]:
    """Milliseconds of processor time that the parser takes for 4,000 characters of each piece: the best of five."""
    found = []
    for piece in HOSTILE:
        text, took = (piece * 4000)[:4000], []
        for _ in range(5):
            start = time.process_time()
            with suppress(FormulaError):
                parse(text)
            took.append((time.process_time() - start) * 1000)
        found.append((min(took), piece))
    return sorted(found, reverse=True)


# -- evaluating ------------------------------------------------------------------------------------------------
SHORT = "IF(amount > 1000, amount * (1 - rate), amount + 5)"
LONG = " + ".join(f"IF(amount > {step}, (amount - {step}) * rate, cost * {step})" for step in range(100, 600, 100))
VALUES = {("amount",): Decimal("1200.50"), ("rate",): Decimal("0.1"), ("cost",): Decimal(7)}
ONE, FIVE = Decimal(1), Decimal(5)
STEPS = [Decimal(step) for step in range(100, 600, 100)]


def short_by_hand(values: Mapping[Path, Any]) -> Decimal | None:
    """`SHORT`, blanks included."""
    amount = values.get(("amount",))
    if amount is None:
        return None
    if amount > 1000:
        rate = values.get(("rate",))
        return None if rate is None else EXACT.multiply(amount, EXACT.subtract(ONE, rate))
    return EXACT.add(amount, FIVE)


def long_by_hand(values: Mapping[Path, Any]) -> Decimal | None:
    """`LONG`, blanks included."""
    amount, rate, cost = values.get(("amount",)), values.get(("rate",)), values.get(("cost",))
    total: Decimal | None = None
    for step in STEPS:
        if amount is not None and amount > step:
            part = None if rate is None else EXACT.multiply(EXACT.subtract(amount, step), rate)
        else:
            part = None if cost is None else EXACT.multiply(cost, step)
        if part is None:
            return None
        total = part if total is None else EXACT.add(total, part)
    return total


def per_second(run: Callable[[], Any]) -> float:
    """How often `run` runs in a second: the best of five."""
    count, took = timeit.Timer(run).autorange()
    return count / min(took, *timeit.repeat(run, number=count, repeat=4))


def evaluations() -> Iterator[tuple[str, int, float, float]]:
    """Name, nodes, our evaluations in a second and those of the function written by hand."""
    for name, text, by_hand in (("short", SHORT, short_by_hand), ("long", LONG, long_by_hand)):
        formula = compile(text, SCOPE)
        assert formula.evaluate(VALUES) == by_hand(VALUES)
        ours = per_second(lambda formula=formula: formula.evaluate(VALUES))
        yield name, formula.size, ours, per_second(lambda by_hand=by_hand: by_hand(VALUES))


def others() -> Iterator[tuple[str, float]]:
    """Other packages that are installed, with how often each evaluates `SHORT` in a second, its text read once."""
    if importlib.util.find_spec("simpleeval"):
        from simpleeval import SimpleEval

        names = {"amount": 1200.5, "rate": 0.1}
        evaluator = SimpleEval(names=names)
        parsed = evaluator.parse("amount * (1 - rate) if amount > 1000 else amount + 5")
        yield "simpleeval", per_second(lambda: evaluator.eval("", previously_parsed=parsed))
    if importlib.util.find_spec("schedula") and importlib.util.find_spec("formulas"):
        import formulas

        if hasattr(formulas, "Parser"):
            excel = formulas.Parser().ast("=IF(A1>1000,A1*(1-B1),A1+5)")[1].compile()
            yield "formulas", per_second(lambda: excel(1200.5, 0.1))


# -- SQL -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Query:
    """A formula, and what one would write in SQL for it on each database. `native` says that operators suffice."""

    name: str
    formula: str
    sqlite: str
    postgresql: str
    native: bool = False


QUERIES = (
    Query("sum", "amount + cost", "amount + cost", "amount + cost", native=True),
    Query("comparison", "IF(amount > 1000, amount, cost)", "CASE WHEN amount > 100000 THEN amount ELSE cost END",
          "CASE WHEN amount > 1000 THEN amount ELSE cost END", native=True),
    Query("product", "amount * rate", "amount * rate", "amount * rate", native=True),
    Query("rounding", "ROUND(amount, 0)", "round(amount / 100.0)", "round(amount, 0)"),
    Query("division", "amount / cost", "CASE WHEN cost <> 0 THEN amount * 1.0 / cost END",
          "CASE WHEN cost <> 0 THEN amount / cost END"),
    Query("joined text", 'name & "!"', "name || '!'", "name || '!'", native=True),
    Query("joined texts", 'name & " / " & TEXT(stage) & code', "name || ' / ' || stage || code",
          "name || ' / ' || stage || code", native=True),
    Query("counts", "calls * 50 + visits * 20", "calls * 50 + visits * 20", "calls * 50 + visits * 20", native=True),
    Query("text found", 'FIND("商", name)', "instr(name, '商')", "strpos(name, '商')"),
    Query("text held", 'CONTAINS(name, "商")', "instr(name, '商') > 0", "strpos(name, '商') > 0", native=True),
    Query("length", "LEN(name)", "length(name)", "length(name)"),
    Query("number read", "VALUE(code)", "CAST(code AS REAL)", "code::numeric"),
    Query("number told", "ISNUMBER(code)", "code GLOB '[0-9]*'", "code ~ '^[0-9]+$'"),
    Query("number as text", "TEXT(amount)", "CAST(amount / 100.0 AS TEXT)", "amount::text"),
    Query("text replaced", 'SUBSTITUTE(name, "Deal", "Order")', "replace(name, 'Deal', 'Order')",
          "replace(name, 'Deal', 'Order')"),
    Query("part of a text", "LEFT(name, 3)", "substr(name, 1, 3)", "left(name, 3)"),
    Query("capitals", "UPPER(name)", "upper(name)", "upper(name)"),
    Query("picklist", 'CASE(stage, "won", 1, "open", 0.5, 0)',
          "CASE stage WHEN 'won' THEN 10 WHEN 'open' THEN 5 ELSE 0 END",
          "CASE stage WHEN 'won' THEN 1 WHEN 'open' THEN 0.5 ELSE 0 END", native=True),
    Query("year", "YEAR(due)", "CAST(strftime('%Y', due) AS INTEGER)", "EXTRACT(YEAR FROM due)"),
    Query("date and days", "due + 30", "date(due, '+30 days')", "due + 30"),
    Query("months", "ADDMONTHS(due, 3)", "date(due, '+3 months')", "(due + interval '3 months')::date"),
)  # fmt: skip


def deals() -> Table:
    """A table of the fields."""
    return Table(
        "deal", MetaData(), Column("id", Integer, primary_key=True), Column("amount", Exact(12, 2)),
        Column("rate", Exact(6, 4)), Column("cost", Exact(12, 2)), Column("name", Text), Column("stage", Text),
        Column("due", Day), Column("code", Text), Column("calls", Count), Column("visits", Count),
    )  # fmt: skip


def filled(url: str, made: Table) -> Engine:
    """A database that knows the routines and holds `ROWS` deals."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: installation.register(connection))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(installation.postgresql().replace("%", "%%"))
        made.create(connection)
        rows = (
            {
                "amount": Decimal(at * 37 % 900_000) / 100,
                "rate": Decimal(at % 9000) / 10_000,
                "cost": Decimal(at * 11 % 70_000) / 100,
                "name": f"Deal {at} 商机",
                "code": str(at * 7919 % 100_000),
                "calls": at % 70,
                "visits": at % 9,
                "stage": ("open", "won", "lost")[at % 3],
                "due": f"20{at % 30:02}-{at % 12 + 1:02}-{at % 28 + 1:02}",
            }
            for at in range(ROWS)
        )
        connection.execute(insert(made), [{**row, "due": date.fromisoformat(row["due"])} for row in rows])
    return engine


def sql_ratios(engine: Engine, made: Table) -> Iterator[tuple[Query, float, float]]:
    """Each query with the milliseconds of ours and of the one written by hand, over every row, in turn: the best.

    Of SQLite, which works in this process, those of the processor. Of PostgreSQL those by the clock, which others on
    the machine disturb, so it is asked more often; it may not share a statement among processes, as it likes to do with
    some and not with others.
    """
    kind, digits = engine.dialect.name, {"sqlite": 18, "postgresql": 39}[engine.dialect.name]
    columns = {path: made.c[path[0]] for path in FIELDS}
    clock = time.process_time if kind == "sqlite" else time.perf_counter
    with engine.connect() as connection:
        if kind == "postgresql":
            connection.exec_driver_sql("SET max_parallel_workers_per_gather = 0")
        for query in QUERIES:
            formula: Formula = compile(query.formula, SCOPE)
            ours = select(func.count(formula.sql(columns, Context(), digits=digits))).select_from(made)
            by_hand = sql_text(f"SELECT count({getattr(query, kind)}) FROM deal")
            pair: list[list[float]] = [[], []]
            for _ in range(ROUNDS[kind]):
                for place, statement in enumerate((ours, by_hand)):
                    start = clock()
                    connection.execute(statement).scalar()
                    pair[place].append((clock() - start) * 1000)
            yield query, min(pair[0]), min(pair[1])


# -- the page --------------------------------------------------------------------------------------------------
def lines() -> Iterator[str]:
    """Everything measured, as Markdown."""
    times = sorted(compile_times())
    if times:
        middle, late = statistics.median(times), times[int(len(times) * 0.95)]
        yield f"Compiling {len(times)} real formulas: {middle:.1f} ms in the middle, {late:.1f} ms for 95 of 100."
        yield ""
    slowest, piece = hostile_times()[0]
    yield f"4,000 characters that are no formula take the parser at most {slowest:.0f} ms (`{piece}` again and again)."
    yield ""
    yield "| formula | nodes | evaluations a second | by hand | ratio |"
    yield "|---|---:|---:|---:|---:|"
    for name, nodes, ours, by_hand in evaluations():
        yield f"| {name} | {nodes} | {ours:,.0f} | {by_hand:,.0f} | {by_hand / ours:.1f}× |"
    for name, theirs in others():
        yield f"| short, by {name} | | {theirs:,.0f} | | |"
    yield ""
    yield f"SQL over {ROWS:,} rows; operators of the database suffice for those marked *."
    yield ""
    yield "| formula | SQLite ms | by hand | ratio | PostgreSQL ms | by hand | ratio |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    found: dict[str, list[tuple[float, float]]] = {}
    with temporary_postgresql.started() as url:
        for address in ("sqlite://", url):
            made = deals()
            engine = filled(address, made)
            for query, ours, by_hand in sql_ratios(engine, made):
                found.setdefault(query.name + (" *" if query.native else ""), []).append((ours, by_hand))
            engine.dispose()
    for name, pairs in found.items():
        cells = [f"{ours:.1f} | {by_hand:.1f} | {ours / by_hand:.1f}×" for ours, by_hand in pairs]
        yield f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """Measure, print, write."""
    found = list(lines())
    sys.stdout.write("\n".join(found) + "\n")
    if "--write" in sys.argv:
        before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        PAGE.write_text(f"{before}{BEGIN}\n" + "\n".join(found) + f"\n{END}{after}", "utf-8")
        say(f"Written into {PAGE.name}")


if __name__ == "__main__":
    main()
