"""Statements that the kinds of database build with constructs of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

_INSERTS: Mapping[str, Callable[[Table], Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


def upsert(kind: str, table: Table) -> Any:
    """An INSERT of `table` that takes ``on_conflict_do_update``; `kind` is that of the `Database`."""
    return _INSERTS[kind](table)
