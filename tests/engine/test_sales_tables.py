"""The packages that ship can be stored."""

from __future__ import annotations

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company


def test_sales_package_has_its_tables(sales: Company) -> None:
    """Every object of the packages is published with a table of its own."""
    with sales.read(SYSTEM) as unit:
        assert {"account", "opportunity", "quote_line"} <= set(unit.runtime.storage.tables)
