"""How long requests wait for a publish: two processes serve pages and changes while a third one publishes.

    python -m tests.benchmarks.publishing [--database sqlite|postgresql] [--tries 5]

For each publish of twenty fields of the very object that is read and written: the longest that a request took in quiet
times before, and the longest while it was published or just after.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from dougong.base.settings import describe
from dougong.cli import temporary_postgresql as postgresql
from dougong.engine import revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.publish import Publication, publish
from dougong.metadata.component import Component
from tests.benchmarks import data, engine, report
from tests.benchmarks.__main__ import KINDS, databases, fill_engine
from tests.benchmarks.client import Request, Side, serving
from tests.companies import opened

DEALS = 10_000
FIELDS = 20
QUIET_SECONDS = 6.0
AFTER_SECONDS = 2.0
PROCESSES = 2


@dataclass(slots=True)
class Traffic:
    """Clients that ask without end: when each request began and how long it took, by what was asked."""

    stop: threading.Event = field(default_factory=threading.Event)
    turns: list[tuple[str, float, float]] = field(default_factory=list)
    failed: list[Exception] = field(default_factory=list)

    @contextmanager
    def of(self, side: Side) -> Iterator[None]:
        """Three clients of one server: one reads record pages, one list pages, one writes."""
        works = (("record page", record_page), ("list page", list_page), ("update", update))
        threads = [threading.Thread(target=self._run, args=(side.again(), *each)) for each in works]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def _run(self, side: Side, name: str, make: Callable[[int], Request]) -> None:
        number = 0
        try:
            while not self.stop.is_set():
                number += 1
                begun = time.perf_counter()
                side.ask(make(number))
                self.turns.append((name, begun, time.perf_counter() - begun))
                time.sleep(0.02)
        except Exception as error:
            self.failed.append(error)

    def longest(self, name: str, since: float, until: float) -> float:
        """Milliseconds of the longest request that was under way between two moments."""
        return (
            max(
                (took for asked, at, took in self.turns if asked == name and at + took >= since and at < until),
                default=0.0,
            )
            * 1000
        )


def record_page(number: int) -> Request:
    return Request("GET", f"/o/opportunity/{data.identity('opportunity', number * data.BUSY % DEALS)}")


def list_page(number: int) -> Request:
    return Request("GET", "/o/opportunity?view=open")


def update(number: int) -> Request:
    path = f"/api/v1/records/opportunity/{data.identity('opportunity', number * 7919 % DEALS)}"
    return Request("PATCH", path, orjson.dumps({"next_step": f"Call {time.time_ns()}"}))


def publish_fields(company: Company, number: int) -> None:
    """Twenty fields more for deals."""
    with company.read(SYSTEM) as unit:
        tree = revisions.tree_of(unit.connection, unit.runtime.revision)
    added = (
        Component("field", name, {"kind": "field", "name": name, "type": "text", "length": 40, "label": {"en": name}})
        for name in (f"opportunity.x{number}_{at}" for at in range(FIELDS))
    )
    publish(company, Publication(tree=tree.put(*added)))


def measure(url: str, tries: int) -> Iterator[dict[str, tuple[float, float]]]:
    """For each publish, by what was asked: the longest wait in quiet times, and the longest of the publish."""
    company = opened(url)
    token, cookie = engine.token_and_cookie(company)
    environment = {"DATABASE_URL": url, "LOG_LEVEL": "warning", "DATA_DIR": tempfile.gettempdir()}
    headers = {"authorization": f"Bearer {token}", "cookie": f"dougong={cookie}", "content-type": "application/json"}
    traffic = Traffic()
    with ExitStack() as stack:
        for _ in range(PROCESSES):
            side = stack.enter_context(serving("engine", environment, headers, counting=False))
            stack.enter_context(traffic.of(side))
        time.sleep(QUIET_SECONDS)
        for _ in range(tries):
            started = time.perf_counter()
            time.sleep(QUIET_SECONDS)
            begun = time.perf_counter()
            publish_fields(company, int(time.time() * 10))
            ended = time.perf_counter() + AFTER_SECONDS
            time.sleep(AFTER_SECONDS)
            names = ("record page", "list page", "update")
            yield {name: (traffic.longest(name, started, begun), traffic.longest(name, begun, ended)) for name in names}
    company.close()
    if traffic.failed:
        raise traffic.failed[0]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.publishing", description=__doc__)
    parser.add_argument("--database", action="append", choices=KINDS)
    parser.add_argument("--tries", type=int, default=5)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the databases there, and use those that are")
    arguments: Any = parser.parse_args()
    for each in describe():
        os.environ.pop(each.variable, None)
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="dougong-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    try:
        for kind in arguments.database or KINDS:
            with databases(folder, kind, (f"engine_{DEALS}",)) as (ours,):
                report.say(f"{kind}: longest request in ms, quiet / while twenty fields are published and 2 s after")
                for found in measure(fill_engine(kind, *ours, DEALS), arguments.tries):
                    report.say(", ".join(f"{name} {usual:.0f} / {worst:.0f}" for name, (usual, worst) in found.items()))
    finally:
        if not arguments.keep:
            server = postgresql.Server(folder / "pg")
            if server.running:
                server.stop()
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
