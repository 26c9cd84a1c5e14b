"""The page of background work: what failed is seen, tried again or given up, by whom may; each decision is recorded."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update

from dougong.engine import jobs, outbox, tables
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.jobs import JOBS, Job
from dougong.engine.outbox import Task
from dougong.web import sessions
from tests.companies import person as made_person
from tests.web.conftest import Person


def _fail(company: Company, task: Task) -> None:
    raise RuntimeError("the printer <b>burns</b>")


JOBS.add(Job("test-printer", _fail, attempts=1))


@pytest.fixture
def failed(person: Person) -> str:
    """The id of work that failed."""
    id = person.company.write(SYSTEM, lambda unit: jobs.enqueue(unit, "test-printer", {"page": 7}))
    jobs.run_due(person.company)
    return str(id)


def _csrf(person: Person, path: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', person.get(path).text)
    assert found is not None
    return found[1]


def _state(person: Person, id: str) -> str:
    with person.company.read(SYSTEM) as unit:
        return str(unit.connection.scalar(select(tables.outbox.c.state).where(tables.outbox.c.id == id)))


def _recorded(person: Person) -> list[str]:
    with person.company.read(SYSTEM) as unit:
        kinds = unit.connection.scalars(select(tables.audit.c.kind).order_by(tables.audit.c.seq))
        return [kind for kind in kinds if kind.startswith("job_")]


def test_what_failed_is_seen_and_tried_again(person: Person, failed: str) -> None:
    """With its error in full; asked for twice it is once."""
    page = person.get("/jobs").text
    assert "RuntimeError: the printer &lt;b&gt;burns" in page
    assert f'href="/jobs/{failed}"' in page
    shown = person.get(f"/jobs/{failed}").text
    assert "Traceback" in shown
    assert "&#34;page&#34;: 7" in shown
    csrf = _csrf(person, f"/jobs/{failed}")
    answers = [person.post(f"/jobs/{failed}/retry", {"csrf": csrf}).status_code for _ in range(2)]
    assert answers == [303, 409]
    assert _state(person, failed) == "ready"
    assert _recorded(person) == ["job_retried"]


def test_giving_up_wants_a_reason(person: Person, failed: str) -> None:
    """It is in the audit log."""
    csrf = _csrf(person, f"/jobs/{failed}")
    assert person.post(f"/jobs/{failed}/drop", {"csrf": csrf, "why": " "}).status_code == 422
    assert _state(person, failed) == "failed"
    assert person.post(f"/jobs/{failed}/drop", {"csrf": csrf, "why": "sold"}).status_code == 303
    assert _state(person, failed) == "dropped"
    assert _recorded(person) == ["job_dropped"]
    assert "sold" in person.get("/audit?kind=job_dropped").text or "Failed work dropped" in person.get("/audit").text


def test_the_page_is_for_whom_the_right_was_given(person: Person, failed: str) -> None:
    """Others see nothing of it and decide nothing."""
    other = made_person(person.company, "wang")
    token = person.company.write(SYSTEM, lambda unit: sessions.begin(unit, other.user_id or "", "test", "127.0.0.1"))
    person.client.cookies.set(sessions.cookie_name(False), token)
    csrf = _csrf(person, "/preferences")
    assert [person.get(path).status_code for path in ("/jobs", f"/jobs/{failed}")] == [403, 403]
    for what in ("retry", "drop"):
        assert person.post(f"/jobs/{failed}/{what}", {"csrf": csrf, "why": "x"}).status_code == 403
    assert _state(person, failed) == "failed"


@pytest.mark.parametrize("path", ["/jobs/nonsense", "/jobs/0190a8b0-0000-7000-8000-000000000000"])
def test_work_that_is_not_there(person: Person, path: str) -> None:
    """It is said so, for reading and for deciding."""
    assert person.get(path).status_code == 404
    assert person.post(f"{path}/retry", {"csrf": _csrf(person, "/preferences")}).status_code == 404


def test_tabs_count_and_list(person: Person, failed: str) -> None:
    """Each group of work has its page."""
    person.company.write(SYSTEM, lambda unit: jobs.enqueue(unit, "test-printer", {}))
    page = person.get("/jobs?show=due").text
    assert f'href="/jobs/{failed}"' not in page
    assert page.count('href="/jobs/0') == 1
    person.company.write(SYSTEM, lambda unit: outbox.drop(unit.connection, failed, unit.now))
    assert f'href="/jobs/{failed}"' in person.get("/jobs?show=dropped").text


def test_work_of_a_plugin_that_is_gone_is_listed_by_its_name(person: Person, failed: str) -> None:
    entries = tables.outbox
    person.company.write(SYSTEM, lambda unit: unit.connection.execute(update(entries).values(job="gone.printing")))
    for page in (person.get("/jobs"), person.get(f"/jobs/{failed}")):
        assert page.status_code == 200
        assert "gone.printing" in page.text
