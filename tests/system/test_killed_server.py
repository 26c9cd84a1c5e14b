"""A server killed in the middle of saves leaves each batch whole or absent; what hangs on the records agrees."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import func, select

from dougong.engine import tables
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Measure, Query, Summary
from dougong.engine.reading.filters import parse
from dougong.engine.saving.batch import Create
from tests.companies import company_copy, sales  # noqa: F401
from tests.system.serving import Person, Place, Server, Visitor, serving, welcome

KILLS = 4
WRITERS = 3
SIZE = 5
"""New deals in each batch."""


class Writers:
    """Programs that save batches without end: new deals, a change of an older one, an older one deleted."""

    def __init__(self, person: Person, account: str) -> None:
        self.person, self.account = person, account
        self.numbers = itertools.count()
        self.sent: list[str] = []
        self.answered: list[str] = []
        self.refused: list[str] = []

    def write_until_killed(self, server: Server, seconds: float) -> None:
        """Let all writers write to `server`, kill it after a while, and wait for them to notice."""
        threads = [threading.Thread(target=self._run, args=(server,)) for _ in range(WRITERS)]
        begun = len(self.answered)
        for thread in threads:
            thread.start()
        until = time.monotonic() + 30
        while len(self.answered) < begun + 3 and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(seconds)
        server.kill()
        for thread in threads:
            thread.join()

    def _run(self, server: Server) -> None:
        with server.visited_by(self.person) as visitor:
            known: list[str] = []
            while True:
                try:
                    known = self._batch(visitor, f"batch{next(self.numbers):05}", known)
                except httpx2.TransportError:  # the server is gone: that is what ends a writer
                    return

    def _batch(self, visitor: Visitor, name: str, known: list[str]) -> list[str]:
        deal = {"account": self.account, "stage": "prospecting", "amount": "10.10"}
        changes: list[dict[str, Any]] = [
            {"op": "create", "values": {**deal, "name": f"{name} deal"}} for _ in range(SIZE)
        ]
        if known:
            changes.append({"op": "update", "id": known[0], "values": {"amount": "99.90"}})
            changes.append({"op": "delete", "id": known[1]})
        self.sent.append(name)
        answer = visitor.call("POST", "/records/opportunity/bulk", {"changes": changes})
        if answer.status_code != 200:
            self.refused.append(answer.text)
            return []
        self.answered.append(name)
        return [each["id"] for each in answer.json()["results"][:SIZE]]


def test_every_batch_is_whole_or_absent(sales: Company, tmp_path: Path) -> None:  # noqa: F811
    """After each kill, and after the next start: batches, roll-ups, history and search say the same."""
    person = welcome(sales)
    make = Create("account", {"name": "Aldgate Tools", "record_type": "enterprise"})
    account = sales.write(SYSTEM, lambda unit: unit.records.save([make]).changes[0].id)
    place = Place(sales.database.writers.url.render_as_string(hide_password=False), tmp_path)
    writers = Writers(person, account)
    for number in range(KILLS):
        with serving(place, 1) as (server,):
            writers.write_until_killed(server, 0.013 * number)
            agrees(sales, account, writers)
    assert writers.refused == []
    assert len(writers.answered) >= 3 * KILLS
    assert len(writers.sent) > len(writers.answered), "nobody was waiting for an answer when the server was killed"


def agrees(company: Company, account: str, writers: Writers) -> None:
    """What is stored is what batches that are whole leave behind."""
    with company.read(SYSTEM) as unit:
        every = unit.records.query(Query(object="opportunity", columns=("name",), deleted="all", limit=1000))
        assert every.next is None
        batches = Counter(row.values[0].partition(" ")[0] for row in every.rows)
        assert set(batches.values()) <= {SIZE}
        assert set(writers.answered) <= set(batches) <= set(writers.sent)
        where = parse({"field": "account", "op": "is", "value": account})
        measures = (Measure("count"), Measure("sum", "amount"))
        ((_, (count, amount)),) = unit.records.summarise(Summary(object="opportunity", where=where, measures=measures))
        parent = unit.records.get("account", account).values
        assert (parent["open_deals"], parent["open_amount"]) == (count, Decimal(amount))
        assert unit.records.count(Query(object="opportunity", search="deal")).number == count
        told = select(func.count(tables.history.c.record_id.distinct()))
        history = unit.connection.execute(told.where(tables.history.c.record_id.in_([row.id for row in every.rows])))
        assert history.scalar_one() == len(every.rows)
