"""The memory of compiled statements gives each statement its own SQL, by whatever way it finds it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Integer, bindparam, column, create_engine, select, table

from dougong.engine.dialects.compiled import MOST, MOST_MET, Compiled

N = column("n", Integer)
ROWS = table("rows", N)
ENTIRE = select(N).order_by(N)
FROM = ENTIRE.where(bindparam("least", 0) <= N)

ASKED: tuple[tuple[str, Any, dict[str, int], list[int]], ...] = (
    ("all", ENTIRE, {}, [1, 2, 3]),
    ("derived from it", ENTIRE.limit(2), {}, [1, 2]),
    ("derived, with another number", ENTIRE.limit(1), {}, [1]),
    ("a parameter left out", FROM, {}, [1, 2, 3]),
    ("a parameter given", FROM, {"least": 3}, [3]),
    ("a value in it", ENTIRE.where(N == 2), {}, [2]),
    ("another value in it", ENTIRE.where(N == 3), {}, [3]),
)


@pytest.mark.parametrize("first", range(len(ASKED)))
def test_each_statement_gets_its_own_answer(first: int) -> None:
    """Kept or built anew, in any order, the first time and the fourth."""
    engine = create_engine("sqlite://", execution_options={"compiled_cache": Compiled()})
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE rows (n INTEGER)")
        connection.exec_driver_sql("INSERT INTO rows VALUES (1), (2), (3)")
        for at in range(4 * len(ASKED)):
            name, statement, given, answer = ASKED[(first + at) % len(ASKED)]
            for either in (statement, statement.select_from(ROWS)):
                assert list(connection.scalars(either, given)) == answer, name
    engine.dispose()


def test_a_kept_statement_is_found_by_its_object() -> None:
    """From the third time on nothing is hashed; what was compiled is the same as ever."""
    memory, hashed = Compiled(), [0]

    class Key(tuple[str, ...]):
        __slots__ = ()

        def __hash__(self) -> int:
            hashed[0] += 1
            return super().__hash__()

    def key(statement: Key) -> tuple[Any, ...]:
        return ("dialect", statement, ("a",), False, False)

    kept = Key(("select",))
    assert memory.get(key(kept)) is None
    memory[key(kept)] = "compiled"
    assert [memory.get(key(kept)) for _ in range(2)] == ["compiled"] * 2
    before = hashed[0]
    assert [memory.get(key(kept)) for _ in range(5)] == ["compiled"] * 5
    assert hashed[0] == before
    assert memory.get(key(Key(("select",)))) == "compiled"
    assert hashed[0] > before
    assert memory.get(("dialect", kept, ("b",), False, False)) is None


def test_it_holds_so_much_and_no_more() -> None:
    """Neither what is built anew for each execution nor what is kept fills it."""
    memory = Compiled()
    statements = [(f"select {number}",) for number in range(MOST_MET + MOST)]
    for statement in statements:
        key = ("dialect", statement)
        memory[key] = statement
        assert [memory.get(key) for _ in range(3)] == [statement] * 3
    assert len(memory._known) <= MOST
    assert len(memory._met) <= MOST_MET
    assert len(memory) <= MOST * 2
