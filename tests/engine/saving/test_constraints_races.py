"""Many writers at once on both kinds of database: a range has one owner, a sum never leaves its bounds."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import Any

from dougong.base.errors import DougongError, Rejected
from dougong.engine.query import Query
from dougong.engine.saving.batch import Create, Delete, Restore, Update
from tests.engine.saving.conftest import Studio
from tests.engine.saving.test_constraints import at, diary
from tests.engine.saving.test_races import at_once

__all__ = ["diary"]


def outcomes(works: list[Callable[[], Any]]) -> tuple[int, list[DougongError]]:
    """How many of `works` went through together, and what the others met: a broken rule each."""
    found = at_once(works)
    errors = [each for each in found if isinstance(each, DougongError)]
    assert all(isinstance(each, Rejected) for each in errors)
    return len(found) - len(errors), errors


def held(studio: Studio, object_name: str, *columns: str) -> list[tuple[Any, ...]]:
    """The live records of an object, by `columns`."""
    query = Query(object=object_name, columns=columns, limit=200)
    return [row.values for row in studio.read(lambda unit: unit.records.query(query)).rows]


def test_one_of_many_gets_the_room(diary: Studio) -> None:
    """Whichever is first; the others are told who."""
    room = diary.create("room", name="A")
    works = [
        partial(diary.create, "booking", room=room, starts=at(8 + number % 3), ends=at(11), subject=f"B{number}")
        for number in range(16)
    ]
    won, errors = outcomes(works)
    assert won == 1
    (subject,) = (each[0] for each in held(diary, "booking", "subject"))
    assert {each.problems[0].code for each in errors} == {"range-overlap"}
    assert all(f"It is {subject}, " in each.problems[0].text("en") for each in errors)


def test_batches_that_take_several_rooms_never_share_one(diary: Studio) -> None:
    """Each batch takes all of its rooms or none, in whatever order it names them."""
    rooms = [diary.create("room", name=str(number)) for number in range(4)]

    def batch(number: int) -> list[Create]:
        chosen = [rooms[number % 4], rooms[(number * 3 + 1) % 4]]
        return [
            Create("booking", {"room": room, "starts": at(8 + number % 5), "ends": at(10 + number % 5)})
            for room in dict.fromkeys(chosen)
        ]

    won, _ = outcomes([partial(diary.save, *batch(number)) for number in range(24)])
    assert won > 0
    taken = sorted((each[0].id, each[1], each[2]) for each in held(diary, "booking", "room", "starts", "ends"))
    assert all(one[0] != two[0] or one[2] <= two[1] for one, two in pairwise(taken))


def test_moving_and_restoring_race_with_booking(diary: Studio) -> None:
    """One of a move, a restoration, a cancellation taken back and a booking gets the time."""
    room = diary.create("room", name="A")
    slot = {"room": room, "starts": at(10), "ends": at(12)}
    works: list[Callable[[], Any]] = []
    for number in range(3):
        away = diary.create("booking", room=diary.create("room", name=f"B{number}"), starts=at(10), ends=at(12))
        cancelled = diary.create("booking", status="cancelled", **slot)
        deleted = diary.create("booking", **slot)
        diary.delete("booking", deleted)
        works += [
            partial(diary.save, Update("booking", away, {"room": room})),
            partial(diary.save, Update("booking", cancelled, {"status": "planned"})),
            partial(diary.save, Restore("booking", deleted)),
            partial(diary.save, Create("booking", slot)),
        ]
    won, _ = outcomes(works)
    assert won == 1


def test_one_price_of_many_is_valid_on_a_day(diary: Studio) -> None:
    """Effective dates hold under race as ranges do."""
    product = diary.create("product", name="A")
    works = [partial(diary.create, "price", product=product, valid_from=f"2025-0{month}-01") for month in range(1, 9)]
    won, _ = outcomes(works)
    assert won == 1


def test_stock_never_falls_below_nothing(diary: Studio) -> None:
    """Thirty take one of ten each: ten get it, and the roll-up says the same as the movements."""
    product = diary.create("product", name="A")
    diary.create("move", product=product, store="M", quantity=10)
    works = [partial(diary.create, "move", product=product, store="M", quantity=-1) for _ in range(30)]
    won, errors = outcomes(works)
    assert (won, {each.problems[0].code for each in errors}) == (10, {"balance-exceeded"})
    assert diary.get("product", product)["on_hand"] == 0


def test_taking_away_races_with_taking(diary: Studio) -> None:
    """A delivery deleted, made smaller or moved to another product, while others take from it."""
    one, two = diary.create("product", name="A"), diary.create("product", name="B")
    incoming = [diary.create("move", product=one, store="M", quantity=5) for _ in range(3)]
    works: list[Callable[[], Any]] = [
        partial(diary.save, Delete("move", incoming[0])),
        partial(diary.save, Update("move", incoming[1], {"quantity": 1})),
        partial(diary.save, Update("move", incoming[2], {"product": two})),
    ]
    works += [partial(diary.create, "move", product=one, store="M", quantity=-3) for _ in range(5)]
    won, _ = outcomes(works)
    moves = held(diary, "move", "product", "quantity")
    left = {product: sum(each[1] for each in moves if each[0].id == product) for product in (one, two)}
    assert won > 0
    assert all(amount >= 0 for amount in left.values())
    assert left[one] == Decimal(diary.get("product", one)["on_hand"])


def test_a_discount_races_with_its_lines(diary: Studio) -> None:
    """Of a larger discount and a line that goes, one is refused."""
    for _ in range(3):
        order = diary.create("order", name="A")
        line = diary.create("order_line", order=order, amount=100)
        works: list[Callable[[], Any]] = [
            partial(diary.save, Update("order", order, {"discount": 100})),
            partial(diary.save, Delete("order_line", line)),
        ]
        won, _ = outcomes(works)
        assert won == 1
