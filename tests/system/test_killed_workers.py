"""Server and workers killed at random moments: every act that was acknowledged is there, every effect in the database
happened once, every message arrived, and at most one came twice for each kill, under the id that it had before.

``DOUGONG_KILLS=50 DOUGONG_ACTS=500 pytest tests/system/test_killed_workers.py`` is the long form.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from dougong.engine import tables
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Query
from dougong.engine.saving.batch import Update
from dougong.workflows.notices.tables import deliveries, notices
from tests.companies import PACKAGES, Copies, company_copy  # noqa: F401
from tests.receivers import http_server, mail_server
from tests.system.killing import Working, kill_at_random, write_package
from tests.system.serving import Place, welcome

KILLS = int(os.environ.get("DOUGONG_KILLS", "3"))
ACTS = int(os.environ.get("DOUGONG_ACTS", "20"))
SEED = int(os.environ.get("DOUGONG_SEED", "7"))
PATIENCE = 60 + 4 * KILLS + ACTS
"""Seconds after which work that is not done is taken for lost."""


@pytest.mark.slow
def test_nothing_is_lost_and_nothing_happens_twice(
    company_copy: Copies,  # noqa: F811
    database_kind: str,
    tmp_path: Path,
) -> None:
    """Acts, their effects, and what arrives at the receivers, counted against each other."""
    with mail_server() as mailbox, http_server() as calls:
        package = write_package(tmp_path / "package", f"{calls.url}/hook")
        with company_copy(
            database_kind, f"killed{calls.url.rpartition(':')[2]}", (PACKAGES / "base", package)
        ) as company:
            person = welcome(company)
            mailed = Update("user", person.user_id, {"email": "li@example.com"})
            company.write(SYSTEM, lambda unit: unit.records.save([mailed]))
            place = Place(company.database.writers.url.render_as_string(hide_password=False), tmp_path)
            working = Working(place, person, mailbox, calls)
            with working.processes() as processes:
                people = threading.Thread(target=working.work, args=(ACTS,))
                people.start()
                kill_at_random(working, processes, KILLS, random.Random(SEED))
                people.join(PATIENCE)
                working.over.set()
                people.join()
                _until_done(company)
            _agree(company, working)


def _until_done(company: Company) -> None:
    """Wait until nothing is due and nothing is being done."""
    its, until = tables.outbox.c, time.monotonic() + PATIENCE
    left: list[tuple[str, str]] = []
    while time.monotonic() < until:
        with company.read(SYSTEM) as unit:
            asked = select(its.job, its.state).where(its.state.in_(("ready", "claimed", "failed")))
            left = [(row.job, row.state) for row in unit.connection.execute(asked) if not row.job.endswith("midnight")]
        if not left:
            return
        time.sleep(0.2)
    raise AssertionError(f"work was left: {left}")


def _agree(company: Company, working: Working) -> None:
    with company.read(SYSTEM) as unit:
        tasks = unit.records.query(Query(object="task", columns=("subject",), limit=1000)).rows
        followed = unit.records.query(Query(object="activity", columns=("subject",), limit=1000)).rows
        told = unit.connection.scalar(select(func.count()).select_from(notices))
        sent = unit.connection.execute(select(deliveries.c.channel, deliveries.c.message_id, deliveries.c.state)).all()
    assert len(working.acknowledged) == ACTS
    assert set(working.acknowledged) <= {each.id for each in tasks}
    assert Counter(each.values[0] for each in followed) == Counter(each.values[0] for each in tasks)
    assert told == len(tasks)
    assert {row.state for row in sent} == {"sent"}
    wanted = {name: {row.message_id for row in sent if row.channel == name} for name in ("mail", "kill__hook")}
    assert {name: len(each) for name, each in wanted.items()} == {"mail": len(tasks), "kill__hook": len(tasks)}
    mails = Counter(each.strip("<>").partition("@")[0] for each in working.mailbox.ids)
    calls = Counter(working.calls.ids)
    assert (set(mails), set(calls)) == (wanted["mail"], wanted["kill__hook"])
    assert mails.total() + calls.total() - len(mails) - len(calls) <= KILLS
