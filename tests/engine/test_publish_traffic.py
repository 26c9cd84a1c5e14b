"""A publish under constant reads and writes, by this process and others: nobody fails, nobody waits long."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.publish import Publication, publish
from dougong.engine.unit import Unit
from dougong.metadata.tree import Tree
from tests.engine.test_publish import field, head_tree, store

FIELDS = 20
WAIT_SECONDS = 0.1
"""What a request may wait beyond its usual time."""


TRIES = 3
"""Other programs of the machine make waits too; one quiet try of these is proof."""


def new_fields(company: Company, word: str = "extra") -> Tree:
    """The head with twenty fields more."""
    added = (field(f"part.{word}_{at}", type="text", length=40) for at in range(FIELDS))
    return head_tree(company).put(*added)


class Traffic:
    """Threads that read or write without end, and how long each turn took."""

    def __init__(self, company: Company) -> None:
        self.company, self.stop = company, threading.Event()
        self.turns: list[tuple[float, float]] = []
        self.failed: list[Exception] = []
        self.threads = [
            threading.Thread(target=self._run, args=(work,)) for work in (self._read, self._read, self._write)
        ]

    def __enter__(self) -> Traffic:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def _run(self, work: Callable[[], None]) -> None:
        try:
            while not self.stop.is_set():
                begun = time.perf_counter()
                work()
                self.turns.append((begun, time.perf_counter() - begun))
                time.sleep(0.002)
        except Exception as error:
            self.failed.append(error)

    def _read(self) -> None:
        with self.company.read(SYSTEM) as unit:
            records = unit.runtime.storage.tables["part"]
            unit.connection.execute(select(*records.table.columns).limit(10)).all()

    def _write(self) -> None:
        def work(unit: Unit) -> None:
            table = unit.runtime.storage.tables["part"].table
            unit.connection.execute(select(func.count()).select_from(table))
            unit.connection.execute(table.update().values(stock=func.coalesce(table.c.stock, 0) + 1))

        self.company.write(SYSTEM, work)


def test_twenty_fields_under_traffic(company: Company) -> None:
    """No request fails, and the slowest is little slower than the slowest of quiet times."""
    store(company, "part", name="P", sku="1", stock=0)
    waits = []
    for at in range(TRIES):
        waits.append(_longest_wait(company, new_fields(company, f"try_{at}")))
        if waits[-1] < WAIT_SECONDS:
            return
    assert min(waits) < WAIT_SECONDS


def _longest_wait(company: Company, tree: Tree) -> float:
    """Seconds that a request took while `tree` was published, beyond the longest before."""
    with Traffic(company) as traffic:
        time.sleep(1)
        begun = time.perf_counter()
        publish(company, Publication(tree=tree))
        ended = time.perf_counter()
        time.sleep(0.3)
    assert not traffic.failed
    usual = max(took for at, took in traffic.turns if at + took < begun)
    return max(took for at, took in traffic.turns if at + took >= begun and at <= ended) - usual


OTHER = """
import json, sys, time
from dougong.engine.actor import SYSTEM
from tests.companies import opened
company = opened(sys.argv[1])
with company.read(SYSTEM) as unit:
    print(json.dumps(unit.runtime.revision), flush=True)
slowest = 0.0
until = time.time() + 20
while time.time() < until:
    begun = time.perf_counter()
    with company.read(SYSTEM) as unit:
        revision, parts = unit.runtime.revision, len(unit.runtime.storage.tables["part"].parts)
    slowest = max(slowest, time.perf_counter() - begun)
    if revision > 1:
        break
print(json.dumps([revision, parts, slowest]), flush=True)
"""


def test_other_processes_follow_with_their_next_request(company: Company) -> None:
    """Two processes that serve another revision serve the new one as soon as it is published."""
    url = company.database.writers.url.render_as_string(hide_password=False)
    parts = len(company.runtime().storage.tables["part"].parts)
    root = Path(__file__).parents[2]
    others = [
        subprocess.Popen([sys.executable, "-c", OTHER, url], cwd=root, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    try:
        assert [json.loads(other.stdout.readline()) for other in others if other.stdout] == [1, 1]
        publish(company, Publication(tree=new_fields(company)))
        found = [json.loads(other.stdout.readline()) for other in others if other.stdout]
    finally:
        for other in others:
            other.kill()
            other.communicate()
    assert [[2, parts + FIELDS]] * 2 == [each[:2] for each in found]
