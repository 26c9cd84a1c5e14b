"""Constraints over several records: ranges that may not overlap, sums within bounds, formulas over a record's lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dougong.base.errors import Problem, Rejected
from dougong.engine.actor import Actor
from dougong.engine.saving.batch import Create, Delete, Restore, Saved, Update
from tests.companies import Copies
from tests.engine.saving.conftest import Studio

DIARY = Path(__file__).parent / "diary"


@pytest.fixture
def diary(company_copy: Copies, database_kind: str) -> Iterator[Studio]:
    """A company with rooms, leases, prices, stock and orders."""
    with company_copy(database_kind, "diary", (DIARY,)) as company:
        yield Studio(company)


def at(hour: int, day: int = 3) -> str:
    return datetime(2025, 6, day, hour, tzinfo=UTC).isoformat()


def refused(error: pytest.ExceptionInfo[Rejected]) -> list[tuple[str, str | None, int | None]]:
    """What was refused: code, field, row."""
    return [(each.code, each.place.field, each.place.row) for each in error.value.problems]


def attempt(studio: Studio, *changes: Any, why: str = "") -> Sequence[Problem]:
    """The problems of saving `changes`; none where they are saved."""
    try:
        studio.save(*changes, why=why)
    except Rejected as error:
        return error.problems
    return ()


# -- ranges ---------------------------------------------------------------------------------------------------
RANGES: tuple[tuple[str, tuple[int, int | None], bool], ...] = (
    ("before", (8, 9), True),
    ("right up to the start", (9, 10), True),
    ("into the start", (9, 11), False),
    ("the same", (10, 12), False),
    ("within", (10, 11), False),
    ("around", (9, 13), False),
    ("from the end on", (12, 14), True),
    ("over the end", (11, 14), False),
    ("open, from before", (9, None), False),
    ("open, from the end on", (12, None), True),
)
"""What a room booked from 10 to 12 is asked for; whether it is free."""


def test_a_range_is_half_open(diary: Studio) -> None:
    """Where one booking ends the next may begin."""
    for name, (start, end), free in RANGES:
        room = diary.create("room", name=name)
        diary.create("booking", room=room, starts=at(10), ends=at(12), subject="Board")
        values = {"room": room, "starts": at(start), "ends": None if end is None else at(end)}
        assert (not attempt(diary, Create("booking", values))) == free, name


def test_an_open_booking_takes_all_that_follows(diary: Studio) -> None:
    """A blank end is none."""
    room = diary.create("room", name="A")
    diary.create("booking", room=room, starts=at(10))
    assert not attempt(diary, Create("booking", {"room": room, "starts": at(8), "ends": at(10)}))
    assert attempt(diary, Create("booking", {"room": room, "starts": at(10, 28), "ends": at(11, 28)}))


def test_what_has_no_start_no_room_or_is_cancelled_takes_nothing(diary: Studio) -> None:
    """The constraint applies to what has a key and a range, where its condition is true."""
    room = diary.create("room", name="A")
    diary.create("booking", room=room, starts=at(10), ends=at(12))
    for values in (
        {"room": room, "ends": at(12)},
        {"starts": at(10), "ends": at(12)},
        {"room": room, "starts": at(10), "ends": at(12), "status": "cancelled"},
    ):
        assert not attempt(diary, Create("booking", values))


def test_the_other_record_is_named(diary: Studio) -> None:
    """With its time, as the reader writes times; at the field where the range begins."""
    room = diary.create("room", name="A")
    diary.create("booking", room=room, starts=at(10), ends=at(12), subject="Board")
    (problem,) = attempt(diary, Create("booking", {"room": room, "starts": at(11), "ends": at(13)}))
    assert (problem.code, problem.place.field, problem.place.row) == ("range-overlap", "starts", 1)
    assert problem.thing == "object:booking#constraints/room_free"
    shown = "It is Board, 2025-06-03 10:00 – 2025-06-03 12:00."
    assert problem.text("en") == f"Another Booking takes some of this time. {shown}"
    assert problem.text("zh-CN") == "该时段已有其他预订。冲突的是 Board，2025-06-03 10:00 – 2025-06-03 12:00。"


def test_moving_is_judged_and_leaving_makes_room(diary: Studio) -> None:
    """Create, update, delete, restore and cancelling all take or give back time."""
    room, other = diary.create("room", name="A"), diary.create("room", name="B")
    first = diary.create("booking", room=room, starts=at(10), ends=at(12))
    second = diary.create("booking", room=room, starts=at(12), ends=at(14))
    assert attempt(diary, Update("booking", second, {"starts": at(11)}))
    assert not attempt(diary, Update("booking", second, {"starts": at(13)}))
    assert not attempt(diary, Update("booking", first, {"ends": at(13)}))
    diary.update("booking", first, room=other)
    third = diary.create("booking", room=room, starts=at(9), ends=at(13))
    assert attempt(diary, Update("booking", first, {"room": room}))
    diary.delete("booking", third)
    assert not attempt(diary, Update("booking", first, {"room": room}))
    assert attempt(diary, Restore("booking", third))
    diary.update("booking", first, status="cancelled")
    assert not attempt(diary, Restore("booking", third))
    assert attempt(diary, Update("booking", first, {"status": "planned"}))


def test_rows_of_a_batch_meet_each_other(diary: Studio) -> None:
    """The first of two gets the time; what changes place within one batch is compared as it will be."""
    room = diary.create("room", name="A")
    both = [Create("booking", {"room": room, "starts": at(hour), "ends": at(hour + 2)}) for hour in (10, 11, 12)]
    (problem,) = attempt(diary, *both)
    assert (problem.code, problem.place.row) == ("range-overlap", 2)
    assert "row 1 of the same batch" in problem.text("en")
    one, two = (diary.create("booking", room=room, starts=at(hour), ends=at(hour + 1)) for hour in (10, 11))
    swapped = [Update("booking", id, {"starts": at(hour), "ends": at(hour + 1)}) for id, hour in ((one, 11), (two, 10))]
    assert not attempt(diary, *swapped)
    assert not attempt(
        diary, Delete("booking", one), Create("booking", {"room": room, "starts": at(11), "ends": at(12)})
    )


def test_a_partial_batch_keeps_what_fits(diary: Studio) -> None:
    """As an import saves: rows that overlap are left out, all others are there."""
    room = diary.create("room", name="A")
    changes = [Create("booking", {"room": room, "starts": at(hour), "ends": at(hour + 2)}) for hour in range(8, 16)]
    saved: Saved = diary.save(*changes, partial=True)
    assert [each.row for each in saved.changes] == [1, 3, 5, 7]
    assert {2, 4, 6, 8} == {each.place.row for each in saved.problems}


def test_a_range_that_ends_before_it_begins(diary: Studio) -> None:
    """Is refused at its end."""
    room = diary.create("room", name="A")
    for end in (9, 10):
        (problem,) = attempt(diary, Create("booking", {"room": room, "starts": at(10), "ends": at(end)}))
        assert (problem.code, problem.place.field) == ("range-backwards", "ends")


def test_documents_take_time_once_they_are_in_force(diary: Studio) -> None:
    """A draft takes none, a voided one gives it back; the message is the constraint's own."""
    values = {"unit": "3-201", "from_day": "2025-01-01", "to_day": "2026-01-01", "life_status": "effective"}
    lease = diary.create("lease", **values)
    draft = diary.create("lease", **(values | {"life_status": "draft"}))
    (problem,) = attempt(diary, Update("lease", draft, {"life_status": "effective"}))
    assert problem.text("zh-CN").startswith("该房源在此期间已出租")
    diary.update("lease", lease, why="moved out", life_status="void")
    assert not attempt(diary, Update("lease", draft, {"life_status": "effective"}))
    assert not attempt(diary, Create("lease", values | {"from_day": "2026-01-01", "to_day": None}))


def test_who_may_not_see_a_record_is_not_told_its_name(diary: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """But is refused all the same."""
    from sqlalchemy import false

    from dougong.engine.access import Access

    room = diary.create("room", name="A")
    diary.create("booking", room=room, starts=at(10), ends=at(12), subject="Secret")
    seen = Access.visible

    def blind(self: Access, right: Any, obj: Any, table: Any) -> Any:
        return false() if obj.name == "booking" else seen(self, right, obj, table)

    monkeypatch.setattr(Access, "visible", blind)
    monkeypatch.setattr(Access, "key", "blind", raising=False)
    (problem,) = attempt(diary, Create("booking", {"room": room, "starts": at(11), "ends": at(12)}))
    assert (problem.code, problem.fix) == ("range-overlap", None)


# -- effective dates ------------------------------------------------------------------------------------------
DATES: tuple[tuple[str, tuple[str | None, str | None], bool], ...] = (
    ("from the next day on", ("2025-07-01", None), True),
    ("from the last day on", ("2025-06-30", None), False),
    ("until the day before", (None, "2024-12-31"), True),
    ("until the first day", (None, "2025-01-01"), False),
    ("for ever", (None, None), False),
)
"""What is asked beside a price that is valid from 1 January to 30 June 2025; whether it fits."""


def test_one_price_is_valid_on_each_day(diary: Studio) -> None:
    """Both days belong to the range, blank ones leave it open; blank keys are values like others."""
    for name, (start, end), fits in DATES:
        product = diary.create("product", name=name)
        diary.create("price", product=product, valid_from="2025-01-01", valid_to="2025-06-30", name="Spring")
        values = {"product": product, "valid_from": start, "valid_to": end}
        problems = attempt(diary, Create("price", values))
        assert (not problems) == fits, name
        assert not attempt(diary, Create("price", values | {"level": "A"}))
        if problems:
            assert problems[0].thing == "object:price#effective_dates"
            assert "It is Spring, 2025-01-01 – 2025-06-30." in problems[0].text("en")


def test_a_price_of_one_day(diary: Studio) -> None:
    """Begins and ends on the same day."""
    product = diary.create("product", name="A")
    day = {"product": product, "valid_from": "2025-06-03", "valid_to": "2025-06-03"}
    assert not attempt(diary, Create("price", day))
    assert attempt(diary, Create("price", day))
    (problem,) = attempt(diary, Create("price", day | {"valid_to": "2025-06-02"}))
    assert (problem.code, str(problem.reason)) == ("range-backwards", "Valid to cannot be before Valid from.")


# -- balances -------------------------------------------------------------------------------------------------
def test_a_sum_stays_within_its_bounds(diary: Studio) -> None:
    """On create, update, delete, restore, reparent; each key has a sum of its own."""
    one, two = (diary.create("product", name=name) for name in ("Bolt", "Nut"))
    incoming = diary.create("move", product=one, store="Main", quantity=10)
    out = diary.create("move", product=one, store="Main", quantity=-7)
    assert attempt(diary, Create("move", {"product": one, "store": "Main", "quantity": -4}))
    assert attempt(diary, Create("move", {"product": one, "store": "Side", "quantity": -1}))
    assert attempt(diary, Update("move", out, {"quantity": -11}))
    assert attempt(diary, Update("move", incoming, {"quantity": 6}))
    assert attempt(diary, Delete("move", incoming))
    assert attempt(diary, Update("move", incoming, {"product": two}))
    assert attempt(diary, Update("move", incoming, {"store": "Side"}))
    assert attempt(diary, Create("move", {"product": one, "store": "main", "quantity": "997.01"}))
    much = diary.create("move", product=one, store="main", quantity=997)
    assert attempt(diary, Delete("move", out))
    diary.delete("move", much)
    diary.delete("move", out)
    diary.update("move", incoming, quantity=6)
    assert attempt(diary, Restore("move", out))
    diary.update("move", incoming, quantity=7)
    assert not attempt(diary, Restore("move", out))
    assert diary.get("product", one)["on_hand"] == 0


def test_a_batch_is_judged_by_what_it_leaves(diary: Studio) -> None:
    """Its rows may pass through what no sum may be; the last rows that do not fit are refused."""
    product = diary.create("product", name="Bolt")
    moves = [Create("move", {"product": product, "store": "M", "quantity": each}) for each in (-5, 3, 4, -1, -2)]
    assert [(each.code, each.place.row) for each in attempt(diary, *moves)] == [("balance-exceeded", 5)]
    assert not attempt(diary, *moves[:4])
    saved = diary.save(
        *(Create("move", {"product": product, "store": "M", "quantity": -1}) for _ in range(3)), partial=True
    )
    assert ([each.row for each in saved.changes], [each.place.row for each in saved.problems]) == ([1], [2, 3])


def test_the_sum_is_told(diary: Studio) -> None:
    """Whose it is, what it would come to, and what is left."""
    product = diary.create("product", name="Bolt")
    diary.create("move", product=product, store="Main", quantity=10)
    (problem,) = attempt(diary, Create("move", {"product": product, "store": "Main", "quantity": "-12.5"}))
    assert (problem.code, problem.place.field) == ("balance-exceeded", "quantity")
    assert problem.text("en") == (
        "Quantity of Bolt / Main would come to −2.5, and may not be less than 0. 10 can still be taken."
    )
    assert problem.text("zh-CN") == "Bolt / Main 的数量将为 −2.5，不得低于 0。还可减少 10。"


def test_a_ledger_is_corrected_by_a_counter_entry(diary: Studio) -> None:
    """Its entries are never changed, not by a deletion of what they name either; the balance holds for them."""
    product = diary.create("product", name="Card")
    entry = diary.create("entry", product=product, points=10)
    for change in (Update("entry", entry, {"points": 9}), Delete("entry", entry), Delete("product", product)):
        assert [(each.code, each.place.row) for each in attempt(diary, change)] == [("append-only", 1)]
    (problem,) = attempt(diary, Create("entry", {"product": product, "points": -11}))
    assert problem.text("en") == "There are not so many points. 10 can still be taken."
    diary.create("entry", product=product, points=-10)
    assert diary.get("entry", entry)["product"].id == product


# -- checks ---------------------------------------------------------------------------------------------------
def test_a_check_reads_the_lines(diary: Studio) -> None:
    """Whether the record or a line changes; blank keeps the rule."""
    order = diary.create("order", name="A")
    line = diary.create("order_line", order=order, amount=100)
    assert not attempt(diary, Update("order", order, {"discount": 100}))
    (problem,) = attempt(diary, Update("order", order, {"discount": 101}))
    assert (problem.code, problem.place.field, problem.place.row) == ("check-broken", "discount", 1)
    assert problem.text("zh-CN") == "折扣超过明细合计。"
    for change in (
        Update("order_line", line, {"amount": 99}),
        Delete("order_line", line),
        Update("order_line", line, {"order": diary.create("order", name="B")}),
    ):
        assert [(each.code, each.place.row) for each in attempt(diary, change)] == [("check-broken", 1)]
    with pytest.raises(Rejected) as error:
        diary.save(Create("order", {"name": "C", "discount": 5}, key="c"), Create("order_line", {"order": order}))
    assert refused(error) == [("check-broken", "discount", 1)]


def test_a_check_stands_at_its_fields(diary: Studio) -> None:
    """At each of them; what does not touch them is not asked again."""
    problems = attempt(diary, Create("order", {"name": "A", "sent_on": "2025-06-01", "paid_on": "2025-06-02"}))
    assert [(each.code, each.place.field) for each in problems] == [
        ("check-broken", "sent_on"),
        ("check-broken", "paid_on"),
    ]
    order = diary.create("order", name="A", sent_on="2025-06-02", paid_on="2025-06-02")
    assert not attempt(diary, Update("order", order, {"name": "B"}))


def test_a_line_that_breaks_its_record_is_left_out_of_a_partial_batch(diary: Studio) -> None:
    """The problem is told at the line, since the record is not in the batch."""
    order = diary.create("order", name="A")
    diary.create("order_line", order=order, amount=100)
    diary.update("order", order, discount=100)
    saved = diary.save(
        Create("order_line", {"order": order, "amount": -1}), Create("order", {"name": "B"}), partial=True
    )
    assert ([each.row for each in saved.changes], [each.place.row for each in saved.problems]) == ([2], [1])


# -- cost -----------------------------------------------------------------------------------------------------
def test_statements_do_not_grow_with_the_batch(diary: Studio) -> None:
    """One to lock (on a database with many writers) and one to read, however many rows and keys."""
    rooms = [diary.create("room", name=str(number)) for number in range(30)]

    def statements(count: int) -> int:
        changes = [Create("booking", {"room": room, "starts": at(count % 7), "ends": at(8)}) for room in rooms[:count]]
        with diary.counting() as found:
            try:
                diary.save(*changes, actor=Actor(user_id=None, name="Import", channel="import"))
            finally:
                pass
        return len(found)

    first = statements(1)
    diary.save(*(Delete("booking", id) for id in _all(diary)))
    assert statements(30) == first


def _all(studio: Studio) -> list[str]:
    from dougong.engine.query import Query

    return [row.id for row in studio.read(lambda unit: unit.records.query(Query(object="booking", limit=100))).rows]
