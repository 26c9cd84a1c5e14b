"""Operations that no HTTP call carries out: done by each side's own functions, in this process, in turn."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text

from dougong.engine import revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.dialects.sqlite import LOG_THREAD
from dougong.engine.publish import Publication, publish
from dougong.engine.query import Measure, Summary
from dougong.engine.transfer import sheets
from dougong.engine.transfer.importing import run_import
from dougong.metadata.component import Component
from dougong.metadata.trees import Tree
from tests.benchmarks import data
from tests.benchmarks.floor.api import SUMS
from tests.benchmarks.floor.database import Database
from tests.benchmarks.floor.importing import import_rows
from tests.benchmarks.measuring import Measured
from tests.companies import opened

BIG_SUM = Summary(object="opportunity", measures=(Measure("sum", "amount"),), by=("stage",))
IMPORTED = 10_000


def measure(urls: tuple[str, str], only: Sequence[str], rows: int) -> list[Measured]:
    """Grouped sum, a new field, an import."""
    company, floor = opened(urls[0]), Database(urls[1])
    sides = (
        _Work("grouped sum", lambda _: _sum(company), lambda _: _floor_sum(floor), rounds=15),
        _Work("add a field", lambda run: _add_field(company, run), lambda run: _add_column(floor, run), rounds=5),
        _Work(
            f"import {rows:,} rows",
            lambda file: _import(company, rows, file),
            lambda file: _floor_import(floor, file),
            bar=4,
            rounds=5,
            given=lambda run: data.import_file(rows, run).encode(),
        ),
    )
    before = _tree(company)
    try:
        return [_time(each) for each in sides if not only or any(part in each.name for part in only)]
    finally:
        publish(company, Publication(tree=before, message="without the fields of the benchmark"))
        company.close()
        floor.close()


@dataclass(frozen=True, slots=True)
class _Work:
    """One operation on either side, with what `given` makes of a number that no other run has, before the clock."""

    name: str
    engine: Callable[[Any], object]
    floor: Callable[[Any], object]
    rounds: int
    bar: float | None = None
    given: Callable[[int], Any] = int


def _time(work: _Work) -> Measured:
    engine: list[float] = []
    floor: list[float] = []
    for _ in range(work.rounds):
        for side, found in ((work.engine, engine), (work.floor, floor)):
            given = work.given(time.time_ns() // 1_000_000)
            began = time.perf_counter()
            side(given)
            found.append(time.perf_counter() - began)
            _rest()
    return Measured(work.name, statistics.median(engine) * 1000, statistics.median(floor) * 1000, work.bar)


def _rest() -> None:
    """Until nothing of one side goes on that the other one would be slower by."""
    for thread in threading.enumerate():
        if thread.name == LOG_THREAD:
            thread.join()


def _sum(company: Company) -> object:
    with company.read(SYSTEM) as unit:
        return unit.records.summarise(BIG_SUM)


def _floor_sum(floor: Database) -> object:
    with floor.readers.connect() as connection:
        return connection.execute(SUMS).fetchall()


def _add_field(company: Company, run: int) -> None:
    name = f"opportunity.extra_{run}"
    body = {"kind": "field", "name": name, "type": "text", "length": 40, "label": {"en": "Extra", "zh-CN": "备用"}}
    publish(company, Publication(tree=_tree(company).put(Component("field", name, body)), message="benchmark"))
    company.runtime()


def _tree(company: Company) -> Tree:
    with company.read(SYSTEM) as unit:
        return revisions.tree_of(unit.connection, unit.runtime.revision)


def _add_column(floor: Database, run: int) -> None:
    with floor.writers.begin() as connection:
        connection.execute(text(f"ALTER TABLE opportunity ADD COLUMN extra_{run} TEXT"))


def _import(company: Company, rows: int, file: bytes) -> None:
    actor = replace(SYSTEM, user_id=data.identity("user", 0), name="Person 00")
    table = sheets.read("deals.csv", file)
    report = run_import(company, actor, table, mapping=data.MAPPING)
    if report.created != rows:
        problems = [str(problem) for found in list(report.problems.values())[:3] for problem in found]
        raise RuntimeError(f"{report.created} of {rows} rows: {problems}")


def _floor_import(floor: Database, file: bytes) -> None:
    with floor.writers.begin() as connection:
        import_rows(connection, data.identity("user", 0), file)
