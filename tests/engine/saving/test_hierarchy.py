"""A tree of records: no circles, also under race; the subtree of a record as a filter; what is valid on a day."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from dougong.base.errors import BadRequest, DougongError
from dougong.engine.query import Condition, Not, Query, Summary
from dougong.engine.reading.filters import valid_on
from dougong.engine.saving.batch import Update
from tests.engine.saving.conftest import Studio
from tests.engine.saving.test_constraints import diary
from tests.engine.saving.test_races import at_once

__all__ = ["diary"]


def names(studio: Studio, object_name: str, *where: Any, column: str = "name") -> set[str]:
    """The names of the records that fit each of `where`."""
    found: set[str] = set()
    for each in where:
        query = Query(object=object_name, columns=(column,), where=each)
        found |= {row.values[0] for row in studio.read(lambda unit, query=query: unit.records.query(query)).rows}
    return found


def test_two_that_move_below_each_other_make_no_circle(studio: Studio) -> None:
    """One of them is refused, however they meet."""
    for _ in range(4):
        one, two = (studio.create("client", name=name) for name in "AB")
        works = [
            partial(studio.save, Update("client", one, {"parent": two})),
            partial(studio.save, Update("client", two, {"parent": one})),
        ]
        errors = [each for each in at_once(works) if isinstance(each, DougongError)]
        assert [each.problems[0].code for each in errors] == ["hierarchy-circle"]


def test_a_subtree_is_a_filter(studio: Studio) -> None:
    """The record itself and all below it, at any depth, over lookups to it as well; deleted branches are none."""
    group = studio.create("client", name="Group")
    east = studio.create("client", name="East", parent=group)
    shop = studio.create("client", name="Shop", parent=east)
    studio.create("client", name="Other")
    gone = studio.create("client", name="Gone", parent=group)
    for name, client in (("Roof", shop), ("Wall", group)):
        studio.create("job", name=name, client=client)
    studio.delete("client", gone)
    assert names(studio, "client", Condition("id", "within", group)) == {"Group", "East", "Shop"}
    assert names(studio, "client", Condition("parent", "within", east)) == {"Shop"}
    assert names(studio, "job", Condition("client", "within", east)) == {"Roof"}
    assert names(studio, "job", Condition("client.parent", "within", group)) == {"Roof"}
    assert names(studio, "job", Not(Condition("client", "within", east))) == {"Wall"}
    total = Summary(object="job", where=Condition("client", "within", group))
    assert studio.read(lambda unit: unit.records.summarise(total)) == [((), (2,))]


def test_only_trees_have_subtrees(studio: Studio) -> None:
    """A lookup to records without a hierarchy does not offer it."""
    with pytest.raises(BadRequest) as error:
        within = Condition("product", "within", studio.create("product", name="A"))
        names(studio, "job_line", within, column="description")
    assert error.value.problems[0].code == "operator-unknown"


VALID = (
    ("2024-12-31", {"Old"}),
    ("2025-01-01", {"Spring"}),
    ("2025-06-30", {"Spring"}),
    ("2025-07-01", set()),
    ("2025-08-01", {"New"}),
    ("2099-01-01", {"New"}),
)
"""Days, and which of a product's prices is valid on each."""


def test_what_is_valid_on_a_day(diary: Studio) -> None:
    """First and last day count, blank ones are open; by name of the operator and by the helper alike."""
    product = diary.create("product", name="A")
    for name, start, end in (
        ("Old", None, "2024-12-31"),
        ("Spring", "2025-01-01", "2025-06-30"),
        ("New", "2025-08-01", None),
    ):
        diary.create("price", product=product, name=name, valid_from=start, valid_to=end)
    price = diary.company.runtime().model.objects["price"]
    for day, expected in VALID:
        assert valid_on(price, day) == Condition("valid_from", "valid_on", day)
        assert names(diary, "price", valid_on(price, day)) == expected, day
    assert names(diary, "price", valid_on(price)) == {"New"}
    with pytest.raises(BadRequest):
        names(diary, "price", Condition("valid_to", "valid_on", "2025-01-01"))
