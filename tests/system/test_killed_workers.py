"""Server and workers killed at random moments: every act that was acknowledged is there, every effect in the database
happened once, every timer fired once, every message arrived, and at most one came twice for each kill, under its id.

``DOUGONG_KILLS=50 DOUGONG_ACTS=100 DOUGONG_QUEUED=500 DOUGONG_INSTANCES=200`` before pytest is the long form.
"""

from __future__ import annotations

import logging
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
from dougong.engine.saving.batch import Create, Update
from dougong.workflows.notices.tables import deliveries, notices
from tests.companies import PACKAGES, Copies, company_copy  # noqa: F401
from tests.receivers import http_server, mail_server
from tests.system.deciding import Deciding, hasty, someone
from tests.system.killed_package import write_package
from tests.system.killing import Working, kill_at_random
from tests.system.serving import Person, Place, welcome

_log = logging.getLogger(__name__)


def _number(name: str, otherwise: int) -> int:
    return int(os.environ.get(f"DOUGONG_{name}", otherwise))


KILLS, ACTS, QUEUED, INSTANCES = (
    _number(*each) for each in (("KILLS", 2), ("ACTS", 8), ("QUEUED", 10), ("INSTANCES", 8))
)
SEED = _number("SEED", 7)
HORIZON = 2.0 + KILLS
"""Seconds within which a time limit is over."""
PATIENCE = 60 + 4 * KILLS + ACTS + QUEUED + INSTANCES
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
            person, desk, above = (_reached(company, login) for login in ("li", "an", "bo"))
            place = Place(company.database.writers.url.render_as_string(hide_password=False), tmp_path)
            working = Working(place, person, mailbox, calls, HORIZON)
            deciding = Deciding(company, desk, above)
            with hasty(HORIZON, SEED):
                deciding.submit(someone(person, "li"), INSTANCES)
            _queue(company, person)
            _killed(company, working, deciding)
            deciding.agree()
            _agree(company, working)


def _reached(company: Company, login: str) -> Person:
    """Somebody who reads mail."""
    person = welcome(company, login)
    mailed = Update("user", person.user_id, {"email": f"{login}@example.com"})
    company.write(SYSTEM, lambda unit: unit.records.save([mailed]))
    return person


def _queue(company: Company, person: Person) -> None:
    """Work that waits before anybody does it: each task by itself, so that it is a run of its own."""
    for number in range(QUEUED):
        task = {"subject": f"queued {number:05}", "status": "open", "priority": "normal", "owner": person.user_id}
        made = Create("task", task)
        company.write(SYSTEM, lambda unit, made=made: unit.records.save([made]))  # type: ignore[misc]


def _killed(company: Company, working: Working, deciding: Deciding) -> None:
    """People work while processes are killed; then everything is brought to its end."""
    with working.processes() as processes:
        people = [
            threading.Thread(target=working.work, args=(ACTS,)),
            threading.Thread(target=deciding.work, args=(working.port,)),
        ]
        for each in people:
            each.start()
        kill_at_random(working, processes, KILLS, random.Random(SEED))
        for each in people:
            each.join(PATIENCE)
        working.over.set()
        deciding.over.set()
        for each in people:
            each.join()
        _until_done(company)


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
        told = unit.connection.scalar(select(func.count()).select_from(notices).where(notices.c.kind == "automation"))
        sent = unit.connection.execute(select(deliveries.c.channel, deliveries.c.message_id, deliveries.c.state)).all()
    assert len(working.acknowledged) == ACTS
    assert set(working.acknowledged) <= {each.id for each in tasks}
    of_tasks = Counter(each.values[0] for each in followed if not str(each.values[0]).startswith("case "))
    assert of_tasks == Counter(each.values[0] for each in tasks)
    assert told == len(tasks)
    assert {row.state for row in sent} == {"sent"}
    wanted = {name: {row.message_id for row in sent if row.channel == name} for name in ("mail", "kill__hook")}
    assert len(wanted["kill__hook"]) == len(tasks) < len(wanted["mail"])
    mails = Counter(each.strip("<>").partition("@")[0] for each in working.mailbox.ids)
    calls = Counter(working.calls.ids)
    assert (set(mails), set(calls)) == (wanted["mail"], wanted["kill__hook"])
    twice = mails.total() + calls.total() - len(mails) - len(calls)
    assert twice <= KILLS
    _log.info("%d kills, %d tasks, %d mails, %d calls, %d twice", KILLS, len(tasks), len(mails), len(calls), twice)
