"""The test harness itself: both databases are real, empty and apart."""

from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, inspect, text


def test_a_test_gets_an_empty_database(database_url: str, database_kind: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        assert engine.dialect.name == database_kind
        assert inspect(connection).get_table_names() == []
        connection.execute(text("CREATE TABLE bracket (name varchar(20))"))
        connection.execute(text("INSERT INTO bracket VALUES ('斗拱')"))
        assert connection.execute(text("SELECT name FROM bracket")).scalar_one() == "斗拱"
    engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_shared_databases_are_apart(kind: str, fresh_database_url: Callable[[str], str]) -> None:
    """Two requests are two databases."""
    assert fresh_database_url(kind) != fresh_database_url(kind)
