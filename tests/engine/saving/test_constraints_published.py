"""A constraint over records that are there: the plan counts those that break it, and a publish refuses."""

from __future__ import annotations

from typing import Any

import pytest

from dougong.base.errors import Conflict
from dougong.engine.plan import Effect, plan
from dougong.engine.publish import Publication, publish
from dougong.engine.saving.batch import Create, Update
from dougong.metadata.component import Component
from dougong.metadata.trees import Tree
from tests.engine.saving.conftest import Studio
from tests.engine.saving.test_constraints import at, attempt, diary
from tests.engine.test_publish import head_tree

__all__ = ["diary"]


def changed(studio: Studio, object_name: str, **keys: Any) -> Tree:
    """The head with some keys of an object changed; None takes one out."""
    tree = head_tree(studio.company)
    found = tree.components[f"object:{object_name}"]
    body = {key: value for key, value in {**found.body, **keys}.items() if value is not None}
    return tree.put(Component(found.kind, found.name, body, found.layer))


def without(studio: Studio, object_name: str) -> dict[str, Any]:
    """Publish an object without its constraints; what they were."""
    body = head_tree(studio.company).components[f"object:{object_name}"].body
    kept = {key: body[key] for key in ("constraints", "effective_dates") if key in body}
    publish(studio.company, Publication(tree=changed(studio, object_name, constraints=None, effective_dates=None)))
    return kept


def broken(studio: Studio, tree: Tree) -> list[Effect]:
    return [each for each in plan(studio.company, Publication(tree=tree)).effects if each.severity == "error"]


def test_ranges_that_overlap_already(diary: Studio) -> None:
    """Both of two are named, and one that ends before it begins; others and deleted ones are not."""
    kept = without(diary, "booking")
    room = diary.create("room", name="A")
    slots = ((8, 10), (9, 11), (11, 12), (14, 13), (16, None), (17, 18))
    ids = [
        diary.create("booking", room=room, subject=f"B{start}", starts=at(start), ends=end and at(end))
        for start, end in slots
    ]
    diary.delete("booking", diary.create("booking", room=room, starts=at(9), ends=at(10)))
    tree = changed(diary, "booking", **kept)
    (effect,) = broken(diary, tree)
    assert (effect.code, effect.thing) == ("constraint-broken", "object:booking#constraints/room_free")
    assert set(effect.records) == {ids[at] for at in (0, 1, 3, 4, 5)}
    assert effect.count == 5
    with pytest.raises(Conflict) as error:
        publish(diary.company, Publication(tree=tree))
    (problem,) = error.value.problems
    assert (problem.code, problem.thing) == ("publish-constraint", "object:booking#constraints/room_free")
    assert problem.text("en").startswith("5 records stand against this rule: B8, B9, B14, B16, B17. The plan")
    for id in (ids[0], ids[3], ids[5]):
        diary.delete("booking", id)
    assert not broken(diary, tree)
    publish(diary.company, Publication(tree=tree))
    assert attempt(diary, Create("booking", {"room": room, "starts": at(10), "ends": at(11)}))
    assert not attempt(diary, Create("booking", {"room": room, "starts": at(12), "ends": at(14)}))


def test_effective_dates_over_prices_that_are_there(diary: Studio) -> None:
    """A last day that is a first day is one too many."""
    kept = without(diary, "price")
    product = diary.create("product", name="A")
    first = diary.create("price", product=product, name="Old", valid_to="2025-06-30")
    diary.create("price", product=product, name="New", valid_from="2025-06-30")
    tree = changed(diary, "price", **kept)
    assert [(each.count, each.thing) for each in broken(diary, tree)] == [(2, "object:price#effective_dates")]
    with pytest.raises(Conflict):
        publish(diary.company, Publication(tree=tree))
    diary.update("price", first, valid_to="2025-06-29")
    publish(diary.company, Publication(tree=tree))
    assert attempt(diary, Update("price", first, {"valid_to": "2025-06-30"}))


def test_sums_that_are_out_of_bounds(diary: Studio) -> None:
    """Every record of such a key is named; bounds made stricter are tried like new ones."""
    one, two = diary.create("product", name="A"), diary.create("product", name="B")
    low = diary.create("move", product=one, store="M", quantity=3, note="Low")
    diary.create("move", product=two, store="M", quantity=30)
    found = head_tree(diary.company).components["object:move"].body["constraints"]["in_stock"]
    tree = changed(diary, "move", constraints={"in_stock": {**found, "min": "3.5"}})
    (effect,) = broken(diary, tree)
    assert (effect.records, effect.total) == ((low,), 2)
    with pytest.raises(Conflict) as error:
        publish(diary.company, Publication(tree=tree))
    assert "Low" in error.value.problems[0].text("en")
    diary.update("move", low, quantity=4)
    publish(diary.company, Publication(tree=tree))
    assert attempt(diary, Update("move", low, {"quantity": 3}))


def test_a_check_that_records_break(diary: Studio) -> None:
    """Blank keeps it; what reads roll-ups is counted as the others."""
    kept = without(diary, "order")
    wrong = diary.create("order", name="Wrong", discount=5)
    late = diary.create("order", name="Late", sent_on="2025-01-01", paid_on="2025-01-02")
    diary.create("order", name="Right", sent_on="2025-01-02", paid_on="2025-01-02")
    diary.create("order", name="Blank", paid_on="2025-01-02")
    tree = changed(diary, "order", **kept)
    found = {each.thing.rpartition("/")[2]: each.records for each in broken(diary, tree)}
    assert found == {"discount_fits": (wrong,), "sent_after_payment": (late,)}
    with pytest.raises(Conflict) as error:
        publish(diary.company, Publication(tree=tree))
    assert {each.thing.rpartition("/")[2] for each in error.value.problems} == set(found)
    for id in (wrong, late):
        diary.delete("order", id)
    publish(diary.company, Publication(tree=tree))


def test_a_constraint_that_stays_is_not_asked_again(diary: Studio) -> None:
    """A publish of something else looks at no record of it."""
    room = diary.create("room", name="A")
    diary.create("booking", room=room, starts=at(10), ends=at(12))
    tree = changed(diary, "booking", help={"en": "Rooms", "zh-CN": "会议室预订"})
    from dougong.engine.publish import come

    with diary.company.database.maintenance() as connection:
        assert come(diary.company, connection, tree).arrivals == ()
