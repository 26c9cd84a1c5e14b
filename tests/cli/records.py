"""The command line over a company that a fixture made, and everything that the company holds, for comparison."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from click.testing import CliRunner, Result
from sqlalchemy import select

from dougong.cli.program import program
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company

Run = Callable[..., Result]

MOVING = frozenset({"version", "updated_at", "updated_by"})
"""What a change leaves behind even when it is taken back."""


def address(company: Company) -> str:
    """The DATABASE_URL of a company that is open."""
    url = company.database.writers.url
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)


def commands(company: Company, folder: str) -> Run:
    """A function that runs `dougong` on the company and gives what it printed; `fails` where it shall."""
    environment = {"DATABASE_URL": address(company), "DATA_DIR": folder, "LC_ALL": "C"}

    def run(*arguments: str, fails: bool = False) -> Result:
        found = CliRunner().invoke(program, arguments, env=environment, catch_exceptions=False)
        assert fails == bool(found.exit_code), found.output
        return found

    return run


def contents(company: Company) -> dict[str, dict[str, Any]]:
    """Every live record with all its columns, by object and id; roll-ups and computed values included."""
    with company.read(SYSTEM) as unit:
        found: dict[str, dict[str, Any]] = {}
        for name, records in unit.runtime.storage.tables.items():
            table = records.table
            rows = unit.connection.execute(select(table).where(table.c.deleted_at.is_(None))).mappings()
            found[name] = {
                str(row["id"]): {key: value for key, value in row.items() if key not in MOVING} for row in rows
            }
        return found
