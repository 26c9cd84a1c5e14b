"""What tests of imports work on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dougong.engine.company import Company
from tests.companies import sales
from tests.engine.transfer.office import Office

__all__ = ["office", "sales"]


@pytest.fixture
def office(sales: Company) -> Iterator[Office]:
    """A sales company without records, on each kind of database."""
    yield Office(sales)
