"""A publish under constant reads and writes, by this process and others: nobody fails, nobody waits to compile."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from dougong.engine import announcements
from dougong.engine.actor import SYSTEM
from dougong.engine.announcements import Follower
from dougong.engine.company import Companies, Company, PlainSettings
from dougong.engine.publish import Publication, publish
from dougong.engine.unit import Unit
from dougong.metadata.tree import Tree
from tests.companies import opened
from tests.engine.test_publish import field, head_tree, store

FIELDS = 20


def new_fields(company: Company, word: str = "extra") -> Tree:
    """The head with twenty fields more."""
    added = (field(f"part.{word}_{at}", type="text", length=40) for at in range(FIELDS))
    return head_tree(company).put(*added)


class Traffic:
    """Threads that read or write without end, and when each of them began its last turn that went well."""

    def __init__(self, company: Company) -> None:
        self.company, self.stop = company, threading.Event()
        self.last = dict.fromkeys(("one", "two", "three"), 0.0)
        self.failed: list[Exception] = []
        self.threads = [
            threading.Thread(target=self._run, args=(name, work))
            for name, work in (("one", self._read), ("two", self._read), ("three", self._write))
        ]

    def __enter__(self) -> Traffic:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def _run(self, name: str, work: Callable[[], None]) -> None:
        try:
            while not self.stop.is_set():
                begun = time.perf_counter()
                work()
                self.last[name] = begun
                time.sleep(0.005)
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
    """No read and no write fails, and all go on afterwards; `tests.benchmarks.publishing` says how long they wait."""
    store(company, "part", name="P", sku="1", stock=0)
    with Traffic(company) as traffic:
        publish(company, Publication(tree=new_fields(company)))
        published = time.perf_counter()
        while not traffic.failed and min(traffic.last.values(), default=0.0) < published:
            time.sleep(0.01)
    assert not traffic.failed


OTHER = """
import json, sys, threading, time
from dougong.engine.actor import SYSTEM
from dougong.engine.announcements import Follower
from tests.companies import companies_at
from tests.engine.test_publish_traffic import Traffic
companies = companies_at(sys.argv[1])
company = companies.open()
compiled = []
compile_ = company.compile
company.compile = lambda connection, tree, revision, draft=None: (
    compiled.append(revision), compile_(connection, tree, revision, draft))[1]
follower = Follower(companies)
follower.look(company)
if sys.argv[2] == "follow":
    follower.start()
with Traffic(company) as traffic:
    print(json.dumps(company.runtime().revision), flush=True)
    sys.stdin.readline()
    with company.read(SYSTEM) as unit:
        found = [unit.runtime.revision, len(unit.runtime.storage.tables["part"].parts), compiled]
follower.stop()
assert not traffic.failed, traffic.failed
print(json.dumps(found), flush=True)
"""


def _published_beside(company: Company, how: str = "follow", processes: int = 2) -> tuple[int, list[list[Any]]]:
    """Publish twenty fields while other processes read and write; when it is in force, what each of them says."""
    store(company, "part", name="P", sku="1", stock=0)
    url = company.database.writers.url.render_as_string(hide_password=False)
    parts = len(company.runtime().storage.tables["part"].parts)
    command = [sys.executable, "-c", OTHER, url, how]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    others = [subprocess.Popen(command, cwd=Path(__file__).parents[2], **pipes) for _ in range(processes)]
    try:
        assert [json.loads(other.stdout.readline()) for other in others if other.stdout] == [1] * processes
        publish(company, Publication(tree=new_fields(company)))
        return parts, [json.loads(other.communicate("go\n", timeout=60)[0]) for other in others]
    finally:
        for other in others:
            other.kill()
            other.communicate()


def test_other_processes_follow_with_their_next_request(company: Company) -> None:
    """Two processes under traffic serve the new revision as soon as it is published, and compiled it before."""
    parts, found = _published_beside(company)
    assert found == [[2, parts + FIELDS, [1]]] * 2


def test_a_process_that_does_not_answer_is_not_waited_for_long(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It compiles the new revision in its next request."""
    monkeypatch.setattr(announcements, "PATIENCE_SECONDS", 0.1)
    parts, found = _published_beside(company, how="stay", processes=1)
    assert found == [[2, parts + FIELDS, [1, 2]]]


def test_what_was_announced_and_never_came_is_forgotten(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another publish takes its number: a process that had compiled the first one compiles the second."""
    other = opened(company.database.writers.url.render_as_string(hide_password=False))
    follower = Follower(Companies(PlainSettings(database_url=other.database.writers.url)))

    def stopped(*_: object) -> None:
        follower.look(other)
        raise ZeroDivisionError

    monkeypatch.setattr(announcements, "PATIENCE_SECONDS", 0.1)
    with closing(other):
        other.runtime()
        with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError):
            patched.setattr(announcements, "wait", stopped)
            publish(company, Publication(tree=new_fields(company, "first")))
        assert other.runtime().revision == 1
        publish(company, Publication(tree=new_fields(company, "second")))
        names = other.runtime().storage.tables["part"].parts
        assert (other.runtime().revision, "second_0" in names, "first_0" in names) == (2, True, False)


def test_a_process_that_ends_leaves_no_trace(company: Company) -> None:
    """A publish waits for nobody who has gone, be it in good order or not."""
    url = company.database.writers.url
    companies = Companies(PlainSettings(database_url=url))
    with closing(companies):
        gone = Follower(companies)
        gone.look(companies.open())
        assert announcements.behind(company, "some tree") == 1
        gone.start().stop()
        assert announcements.behind(company, "some tree") == 0
