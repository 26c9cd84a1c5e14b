"""What SQLite's planner knows of how many rows an index has, and how many of them are alike."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from statistics import median_low

ANALYSED_ROWS = 400
"""How many rows of an index a statistic is taken from: some milliseconds for a whole company."""

_READ = "SELECT s.rowid, s.tbl, s.stat, m.sql FROM sqlite_stat1 s LEFT JOIN sqlite_master m ON m.name = s.idx"


def analyse(connection: sqlite3.Connection) -> None:
    """Sample every index. Without, SQLite takes all of them for equally selective; PostgreSQL does it by itself.

    A sample tells how many rows of an index are alike; how many there are SQLite guesses from the shape of the tree,
    up to ten times too few. An index taken for so small is scanned and its rows sorted, where another one has them in
    order. Indexes with the same condition hold the same rows: each gets the number in the middle of their guesses.
    """
    connection.execute(f"PRAGMA analysis_limit={ANALYSED_ROWS}")
    connection.execute("ANALYZE")
    rows = connection.execute(_READ).fetchall()
    connection.executemany("UPDATE sqlite_stat1 SET stat = ? WHERE rowid = ?", _agreed(rows))
    connection.execute("ANALYZE sqlite_master")  # reads what was written


def _agreed(rows: Iterable[tuple[int, str, str | None, str | None]]) -> list[tuple[str, int]]:
    """(statistic, row id) for the statistics of indexes that hold the same rows, as one number."""
    alike: dict[tuple[str, str], list[tuple[int, list[str]]]] = {}
    for at, table, stat, sql in rows:
        if stat and stat.split()[0].isdigit():
            condition = (sql or "").partition(" WHERE ")[2]
            alike.setdefault((table, condition), []).append((at, stat.split()))
    changed = []
    for several in alike.values():
        number = median_low(int(first) for _, (first, *_) in several)
        changed += [(" ".join((str(number), *rest)), at) for at, (_, *rest) in several]
    return changed
