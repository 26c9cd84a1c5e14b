"""Imports of what may not overlap or fall short: rows that do not fit are left out, in a dry run as in earnest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from tests.companies import Copies
from tests.engine.transfer.office import Office, codes, counts

DIARY = Path(__file__).parents[1] / "saving" / "diary"


@pytest.fixture
def diary(company_copy: Copies, database_kind: str) -> Iterator[Office]:
    """A company with rooms, prices and stock."""
    with company_copy(database_kind, "diary", (DIARY,)) as company:
        yield Office(company)


BOOKINGS = """room,starts,ends,subject
A,2025-06-03 10:00,2025-06-03 12:00,one
A,2025-06-03 11:00,2025-06-03 13:00,two
B,2025-06-03 11:00,2025-06-03 13:00,three
A,2025-06-03 12:00,2025-06-03 13:00,four
A,2025-06-03 09:00,2025-06-03 14:00,five
"""

MOVES = """note,product,store,quantity
a,Bolt,M,5
b,Bolt,M,-3
c,Bolt,M,-3
d,Bolt,M,-2
e,Bolt,M,1
"""


@pytest.mark.parametrize("batch", [1, 2, 100])
@pytest.mark.parametrize("dry", [True, False])
def test_rows_that_overlap_are_left_out(diary: Office, batch: int, dry: bool) -> None:
    """The first row gets the room; in batches of any size."""
    for name in "AB":
        diary.make("room", name=name)
    report = diary.load("booking", BOOKINGS, batch=batch, dry=dry)
    assert codes(report) == {3: ["range-overlap"], 6: ["range-overlap"]}
    assert counts(report) == (3, 0, 0, 2)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("dry", [True, False])
def test_rows_that_take_too_much_are_left_out(diary: Office, batch: int, dry: bool) -> None:
    """A sum is that of all rows before."""
    diary.make("product", name="Bolt")
    report = diary.load("move", MOVES, batch=batch, dry=dry)
    assert codes(report) == {4: ["balance-exceeded"]}


@pytest.mark.parametrize(
    ("text", "broken"), [("name,discount\nA,0\nB,0\nC,0\n", []), ("name,discount\nA,0\nB,5\nC,0\n", [3])]
)
@pytest.mark.parametrize("batch", [1, 100])
def test_what_is_judged_after_writing_is_taken_back(diary: Office, batch: int, text: str, broken: list[int]) -> None:
    """A discount is held against the lines. There are savepoints from the first row on that has to be taken back."""
    found: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        found.append(statement.partition(" ")[0])

    event.listen(diary.company.database.writers, "before_cursor_execute", note)
    try:
        report = diary.load("order", text, batch=batch)
    finally:
        event.remove(diary.company.database.writers, "before_cursor_execute", note)
    assert codes(report) == {row: ["check-broken"] for row in broken}
    assert counts(report) == (3 - len(broken), 0, 0, len(broken))
    assert [name for (name,) in diary.rows("order", "name")] == (["A", "C"] if broken else ["A", "B", "C"])
    assert ("SAVEPOINT" in found) == bool(broken)


def test_taking_an_import_back_keeps_the_bounds(diary: Office) -> None:
    """What others have taken from meanwhile stays, the rest goes."""
    product = diary.make("product", name="Bolt")
    report = diary.load("move", "note,product,store,quantity\na,Bolt,M,5\nb,Bolt,N,5\n")
    diary.make("move", product=product, store="M", quantity=-4)
    done, kept = diary.undo(report)
    assert (done, len(kept)) == (1, 1)
    assert diary.rows("move", "quantity", "store") == [(-4, "M"), (5, "M")]
