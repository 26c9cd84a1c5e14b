"""After any sequence of changes no ranges overlap and no sum is out of bounds; only what would do that is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dougong.base.errors import Rejected
from dougong.engine.saving.batch import Change, Create, Delete, Restore, Update
from tests.engine.saving.conftest import Studio
from tests.engine.saving.test_constraints import at, diary

__all__ = ["diary"]

SETTINGS = settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

Slot = tuple[int, int, int | None]
"""A room, the hour at which a booking starts, the hour at which it ends; None for never."""

SLOTS = st.tuples(st.integers(0, 1), st.integers(0, 8), st.one_of(st.none(), st.integers(1, 4))).map(
    lambda each: (each[0], each[1], None if each[2] is None else each[1] + each[2])
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["create", "create", "update", "delete", "restore"]), st.integers(0, 5), SLOTS),
    min_size=3,
    max_size=14,
)


def meets(one: Slot, two: Slot) -> bool:
    ends = [100 if each[2] is None else each[2] for each in (one, two)]
    return one[0] == two[0] and one[1] < ends[1] and two[1] < ends[0]


def saved(studio: Studio, change: Change) -> str | None:
    """The record that was changed; None where the change was refused."""
    try:
        return studio.save(change).changes[0].id
    except Rejected:
        return None


@SETTINGS
@given(steps=STEPS)
def test_ranges_never_overlap_and_what_fits_is_let_in(diary: Studio, steps: list[tuple[str, int, Slot]]) -> None:
    """As a plain list of bookings says that compares each with all others."""
    rooms = [diary.create("room", name=name) for name in "AB"]
    live: dict[str, Slot] = {}
    gone: dict[str, Slot] = {}
    for step, number, slot in steps:
        known = gone if step == "restore" else live
        chosen = list(known)[number % len(known)] if known else ""
        if step != "create" and not chosen:
            continue
        wanted = gone[chosen] if step == "restore" else slot
        others = [each for id, each in live.items() if id != chosen or step == "create"]
        fits = step == "delete" or not any(meets(wanted, each) for each in others)
        room, start, end = wanted
        values: dict[str, Any] = {"room": rooms[room], "starts": at(start), "ends": None if end is None else at(end)}
        changes = {
            "create": Create("booking", values), "update": Update("booking", chosen, values),
            "delete": Delete("booking", chosen), "restore": Restore("booking", chosen),
        }  # fmt: skip
        id = saved(diary, changes[step])
        assert (id is not None) == fits
        if id is None:
            continue
        if step == "delete":
            gone[id] = live.pop(id)
        else:
            live[id] = wanted
            gone.pop(id, None)


AMOUNTS = st.lists(st.lists(st.integers(-6, 6).filter(bool), min_size=1, max_size=4), min_size=2, max_size=10)


@SETTINGS
@given(batches=AMOUNTS)
def test_a_sum_is_within_bounds_after_every_batch(diary: Studio, batches: list[list[int]]) -> None:
    """A batch goes through exactly where the sum that it leaves is allowed; a partial one keeps within the bounds."""
    product = diary.create("product", name="A")
    total = 0
    for at_, amounts in enumerate(batches):
        changes = [Create("move", {"product": product, "store": "M", "quantity": each}) for each in amounts]
        if at_ % 2:
            kept = diary.save(*changes, partial=True).changes
            total += sum(amounts[each.row - 1] for each in kept)
        else:
            try:
                diary.save(*changes)
                assert total + sum(amounts) >= 0
                total += sum(amounts)
            except Rejected:
                assert total + sum(amounts) < 0
        assert total >= 0
        assert diary.get("product", product)["on_hand"] == Decimal(total)
