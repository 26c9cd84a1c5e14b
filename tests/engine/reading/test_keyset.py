"""Cursors: opaque, exact, and refused when they are not ours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import BigInteger, Text, column
from sqlalchemy.types import TypeEngine

from dougong.base.errors import BadRequest
from dougong.engine.columns import Clock, Day, Exact, Flag, Id, Instant, Version
from dougong.engine.reading.keyset import Key, decode, encode
from dougong.formulas.sql.types import LongNumber

ID = "01890000-0000-7000-8000-000000000001"
KINDS: dict[type, TypeEngine[Any]] = {
    type(None): Text(),
    str: Text(),
    int: BigInteger(),
    bool: Flag(),
    Decimal: Exact(18, 2),
    date: Day(),
    time: Clock(),
    datetime: Instant(),
}


def keys(kind: TypeEngine[Any], nullable: bool = True) -> tuple[Key, Key]:
    """An order by one column of this type, then by the id."""
    return Key(column("sort", kind), False, nullable), Key(column("id", Id()), False, False)


@pytest.mark.parametrize(
    "value",
    [None, "王伟", 3, True, Decimal("10.50"), date(2026, 1, 2), time(9, 30), datetime(2026, 1, 2, 3, tzinfo=UTC)],
)
@pytest.mark.parametrize("backwards", [True, False])
def test_a_cursor_keeps_its_values(value: object, backwards: bool) -> None:
    assert (backwards, (value, ID)) == decode(encode((value, ID), backwards), keys(KINDS[type(value)]))


@pytest.mark.parametrize(
    "cursor",
    ["", "!!", "e30", encode((1,), False), encode((1, 2, ID), False), "W10", "WzAsW1tdLCJhIl1d", "WzAsW3t9LCJhIl1d"],
)
def test_a_foreign_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadRequest) as raised:
        decode(cursor, keys(Text()))
    assert raised.value.problems[0].code == "cursor-broken"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Text(), 1),
        (Text(), "a\x00"),
        (Id(), "x"),
        (Flag(), 1),
        (Version(), 2**31),
        (BigInteger(), 2**63),
        (Exact(18, 2), "1.50"),
        (Exact(18, 2), Decimal("NaN")),
        (Exact(18, 2), Decimal("1e400")),
        (Exact(18, 2), Decimal(10) ** 17),
        (LongNumber(30, 2), Decimal("-1e999999")),
        (Day(), datetime(2026, 1, 2, tzinfo=UTC)),
        (Day(), "2026-01-02"),
        (Instant(), date(2026, 1, 2)),
        (Instant(), datetime(2026, 1, 2)),
        (Instant(), datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=8)))),
        (Clock(), "09:30"),
    ],
)
def test_a_cursor_of_another_list_is_refused(kind: TypeEngine[Any], value: object) -> None:
    """Its values are not what the list is sorted by: the database would fail over them."""
    with pytest.raises(BadRequest) as raised:
        decode(encode((value, ID), False), keys(kind))
    assert raised.value.problems[0].code == "cursor-broken"


def test_a_blank_is_only_of_what_may_be_blank() -> None:
    assert decode(encode((None, ID), False), keys(Text())) == (False, (None, ID))
    with pytest.raises(BadRequest):
        decode(encode((None, ID), False), keys(Text(), nullable=False))
