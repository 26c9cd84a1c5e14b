"""Unique values: the database is trusted with them, and asked where it refuses one or something else is wrong too."""

from __future__ import annotations

from typing import Any

import pytest

from dougong.base.errors import DougongError
from dougong.engine.actor import SYSTEM
from dougong.engine.query import Query, Sort
from dougong.engine.saving import unique
from dougong.engine.saving.batch import Create, Update
from dougong.engine.unit import Unit
from tests.engine.saving.conftest import Studio

FIELD = "code"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The rules whose values are asked for before writing."""
    found: list[str] = []
    check = unique._check

    def noted(batch: Any, plan: Any, rule: Any, wanted: Any) -> None:
        found.append(rule.name)
        check(batch, plan, rule, wanted)

    monkeypatch.setattr(unique, "_check", noted)
    return found


def refused(work: Any) -> list[tuple[str | None, str]]:
    """Which fields problems are told of, with their codes."""
    with pytest.raises(DougongError) as caught:
        work()
    return sorted((str(problem.place.field), problem.code) for problem in caught.value.problems)


def test_a_value_that_is_free_is_not_asked_for(studio: Studio, asked: list[str]) -> None:
    id = studio.create("client", name="A", code="a")
    studio.update("client", id, code="b")
    studio.create("client", name="B", code="a")
    assert asked == []


def test_a_value_that_is_taken_is_told_by_whose_it_is(studio: Studio, asked: list[str]) -> None:
    studio.create("client", name="First", code="a")
    id = studio.create("client", name="Second", code="b")
    for work in (
        lambda: studio.create("client", name="Third", code="a"),
        lambda: studio.update("client", id, code="a"),
    ):
        asked.clear()
        with pytest.raises(DougongError) as caught:
            work()
        (problem,) = caught.value.problems
        assert (problem.place.field, problem.code) == (FIELD, "not-unique")
        assert "First" in problem.text("en")
        assert FIELD in asked
    assert studio.get("client", id)["code"] == "b"


def test_every_problem_is_told_at_once(studio: Studio, asked: list[str]) -> None:
    """Where something else is wrong, the database is not tried: it is asked."""
    studio.create("client", name="First", code="a")
    assert refused(lambda: studio.create("client", name="", code="a")) == [
        (FIELD, "not-unique"),
        ("name", "required"),
    ]
    assert FIELD in asked


def test_work_is_done_anew_from_its_beginning(studio: Studio) -> None:
    """What it wrote before is undone with it, and stands once in the end."""
    studio.create("client", name="First", code="a")
    tries: list[int] = []

    def work(unit: Unit) -> None:
        tries.append(len(tries))
        unit.records.save([Create("client", {"name": "Before"})])
        try:
            unit.records.save([Create("client", {"name": "Taken", "code": "a"})])
        except DougongError:
            unit.records.save([Create("client", {"name": "Instead"})])

    studio.company.write(SYSTEM, work)
    assert tries == [0, 1]
    with studio.company.read(SYSTEM) as unit:
        rows = unit.records.query(Query(object="client", columns=("name",), sort=(Sort("name"),))).rows
    assert [row.values[0] for row in rows] == ["Before", "First", "Instead"]


def test_many_rows_are_asked_for_before_they_are_written(studio: Studio, asked: list[str]) -> None:
    rows = [Create("client", {"name": f"N{at}", "code": f"n{at}"}) for at in range(60)]
    ids = [each.id for each in studio.save(*rows).changes]
    assert FIELD in asked
    asked.clear()
    studio.save(*(Update("client", id, {"code": f"m{at}"}) for at, id in enumerate(ids)))
    assert FIELD in asked
