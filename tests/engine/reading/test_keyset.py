"""Cursors: opaque, exact, and refused when they are not ours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from dougong.base.errors import BadRequest
from dougong.engine.reading.keyset import decode, encode

ID = "01890000-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    "value",
    [None, "王伟", 3, True, Decimal("10.50"), date(2026, 1, 2), time(9, 30), datetime(2026, 1, 2, 3, tzinfo=UTC)],
)
@pytest.mark.parametrize("backwards", [True, False])
def test_a_cursor_keeps_its_values(value: object, backwards: bool) -> None:
    assert (backwards, (value, ID)) == decode(encode((value, ID), backwards), 2)


@pytest.mark.parametrize(
    "cursor", ["", "!!", "e30", encode((1,), False), encode((1, 2, ID), False), "W10", "WzAsW1tdLCJhIl1d"]
)
def test_a_foreign_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadRequest) as raised:
        decode(cursor, 2)
    assert raised.value.problems[0].code == "cursor-broken"
