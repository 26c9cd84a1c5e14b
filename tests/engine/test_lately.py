"""What was asked lately is rehearsed under a revision to come, before it is in force, and leaves no trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

from dougong.engine import announcements, lately, tables
from dougong.engine.actor import SYSTEM
from dougong.engine.announcements import Follower
from dougong.engine.audit import Event, record
from dougong.engine.company import Companies, Company, PlainSettings
from dougong.engine.lately import Lately
from dougong.engine.publish import Publication, publish
from dougong.engine.runtime import Runtime
from dougong.engine.saving.batch import Create
from dougong.engine.unit import Unit
from tests.engine.test_publish import field, head_tree


@pytest.fixture
def other(company: Company) -> Iterator[Companies]:
    """Another process that serves the company."""
    found = Companies(PlainSettings(database_url=company.database.writers.url))
    with closing(found):
        found.open().runtime()
        yield found


def _with_a_field(company: Company) -> Publication:
    return Publication(tree=head_tree(company).put(field("part.extra", type="text", length=40)))


def test_the_new_columns_are_there_to_be_read_before_the_revision_is_in_force(
    company: Company, other: Companies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that follows rehearses in the new tables while the old revision is in force."""
    seen = []
    follower, serving = Follower(other), other.open()

    def again(unit: Unit) -> None:
        column = unit.runtime.storage.tables["part"].parts["extra"][0]
        rows = unit.connection.execute(select(column)).all()
        seen.append((unit.runtime.revision, unit.company.runtime().revision, rows))

    serving.lately.note("parts", again)
    monkeypatch.setattr(announcements, "wait", lambda *_: follower.look(serving))
    publish(company, _with_a_field(company))
    assert seen == [(2, 1, [])]


def test_who_saved_lately_finds_the_plans_made(company: Company) -> None:
    company.write(SYSTEM, lambda unit: unit.records.save([Create("part", {"name": "P", "sku": "1"})]))
    publish(company, _with_a_field(company))
    prepared = company.runtime().prepared
    assert {"saving", "followers"} <= set(prepared)
    assert "part" in prepared["saving"]


def _empty(company: Company) -> Runtime:
    found = company.runtime()
    return Runtime(found.revision, found.model, found.storage)


def test_nothing_is_recorded_and_no_failure_matters(company: Company) -> None:
    """Neither does what fails keep the others from being rehearsed."""
    done = []

    def records(unit: Unit) -> None:
        record(unit, Event("exported", target="object:part"))
        done.append("records")

    def fails(unit: Unit) -> None:
        raise ZeroDivisionError

    def writes(unit: Unit) -> None:
        unit.connection.execute(tables.coming.delete())
        done.append("writes")

    for each in (fails, writes, records):
        company.lately.note(each.__name__, each)
    with company.read(SYSTEM) as unit:
        before = unit.connection.scalar(select(func.count()).select_from(tables.audit))
    company.lately.rehearse(company, _empty(company))
    with company.read(SYSTEM) as unit:
        assert unit.connection.scalar(select(func.count()).select_from(tables.audit)) == before
    assert done == ["records"]


def test_only_the_last_kinds_are_rehearsed(company: Company) -> None:
    """Each once, as it was asked last."""
    found, done = Lately(), list[int]()
    for at in range(20):
        found.note(at, lambda _, at=at: done.append(at))  # type: ignore[misc]
    found.note(15, lambda _: done.append(-15))
    found.rehearse(company, _empty(company))
    assert done == [8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, -15]


def test_what_was_asked_long_ago_is_not(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    found, done, now = Lately(), list[str](), [0.0]
    monkeypatch.setattr(lately, "time", SimpleNamespace(monotonic=lambda: now[0]))
    found.note("long ago", lambda _: done.append("long ago"))
    now[0] = lately.LATELY_SECONDS
    found.note("lately", lambda _: done.append("lately"))
    now[0] += 1
    found.rehearse(company, _empty(company))
    assert done == ["lately"]
