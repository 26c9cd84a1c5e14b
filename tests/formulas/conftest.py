"""What tests of formulas in SQL may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection

from tests.formulas.sql_rows import taught


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def connection(request: pytest.FixtureRequest, fresh_database_url: Callable[[str], str]) -> Iterator[Connection]:
    """A connection to a database of each kind that knows the functions formulas call."""
    engine = taught(fresh_database_url(request.param))
    with engine.connect() as made:
        yield made
    engine.dispose()
