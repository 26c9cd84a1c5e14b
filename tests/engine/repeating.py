"""Questions asked as often as it takes for them to be put to the driver itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select

from dougong.engine.dialects.asking import Answer, ask


def again(
    connection: Connection, statement: Select[Any], parameters: Mapping[str, Any] = {}, plain: bool = True
) -> list[tuple[Any, ...]]:
    """The rows of a statement, which are the same, and of the same types, whichever way they are asked for.

    One that is `plain` is asked of the driver in the end.
    """
    rows = [tuple(row) for row in connection.execute(statement, parameters)]
    for _ in range(3):
        ask(connection, statement, parameters).all()
    asked = ask(connection, statement, parameters)
    assert isinstance(asked, Answer) or not plain
    found = [tuple(row) for row in asked]
    assert found == rows
    assert [[type(value) for value in row] for row in found] == [[type(value) for value in row] for row in rows]
    return found
