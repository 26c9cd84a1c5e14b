"""`make bench`: the engine beside an application written by hand, in the same run, on both databases."""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from dougong.cli import temporary_postgresql as postgresql
from dougong.engine.dialects.statistics import analyse
from tests.benchmarks import direct, engine, growing, measuring, report
from tests.benchmarks.floor import database as floor
from tests.benchmarks.place import place

KINDS = ("sqlite", "postgresql")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10,000 deals and fewer repetitions")
    parser.add_argument("--only", action="append", default=[], metavar="WORDS", help="operations whose name has WORDS")
    parser.add_argument("--database", action="append", choices=KINDS, help="one kind of database alone")
    parser.add_argument("--million", action="store_true", help="also the list page at 1,000,000 deals beside 10,000")
    parser.add_argument("--rounds", type=int, help="repetitions of each operation")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the databases there, and use those that are")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    return parser.parse_args()


@contextmanager
def databases(folder: Path, kind: str, names: Sequence[str]) -> Iterator[list[tuple[str, bool]]]:
    """The addresses of databases of these names, and whether they are new."""
    if kind == "sqlite":
        paths = [folder / f"{name}.sqlite3" for name in names]
        yield [(f"sqlite:///{path}", not path.exists()) for path in paths]
        return
    server = postgresql.Server(folder / "pg")
    if not server.data.exists():
        server.start()
    yield [(server.url(name), _make_database(server, name)) for name in names]


def _make_database(server: postgresql.Server, name: str) -> bool:
    with server.connect() as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return False
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        return True


def fill_engine(kind: str, url: str, new: bool, deals: int) -> str:
    if new:
        report.say(f"Filling the engine's {kind} database with {deals:,} deals ...")
        engine.fill(url, min(deals, 100_000))
        if deals > 100_000:
            growing.multiply(url, deals // 100_000)
        settle(url)
    return url


def _fill_floor(kind: str, url: str, new: bool, deals: int) -> str:
    if new:
        report.say(f"Filling the floor's {kind} database ...")
        floor.fill(url, deals, measuring.TOKEN, measuring.COOKIE)
        settle(url)
    return url


def settle(url: str) -> None:
    """Let the database know its statistics, as it does by itself after a while."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(address.database), isolation_level=None)) as connection:
            analyse(connection)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    with psycopg.connect(url, autocommit=True) as opened:
        opened.execute("VACUUM ANALYZE")


def _compare(folder: Path, kind: str, deals: int, arguments: argparse.Namespace) -> list[measuring.Measured]:
    """Every operation on one kind of database."""
    with databases(folder, kind, (f"engine_{deals}", f"floor_{deals}")) as (ours, theirs):
        urls = fill_engine(kind, *ours, deals), _fill_floor(kind, *theirs, deals)
        found = measuring.measure(urls, deals, _rounds(arguments), arguments.only)
        return found + direct.measure(urls, arguments.only, 1000 if arguments.quick else direct.IMPORTED)


def _grow(folder: Path, kind: str, arguments: argparse.Namespace) -> tuple[float, float]:
    """The list page at 10,000 and at 1,000,000 deals."""
    sizes = (10_000, 1_000_000)
    with databases(folder, kind, [f"engine_{size}" for size in sizes]) as found:
        few, many = (fill_engine(kind, *each, size) for each, size in zip(found, sizes, strict=True))
        return measuring.list_pages((few, many), _rounds(arguments))


def _rounds(arguments: argparse.Namespace) -> int:
    return int(arguments.rounds or (40 if arguments.quick else 150))


def main() -> None:
    """Measure, print, write."""
    arguments = _arguments()
    deals = 10_000 if arguments.quick else 100_000
    results: dict[str, list[measuring.Measured]] = {}
    growth: dict[str, tuple[float, float]] = {}
    with place(arguments.keep) as folder:
        for kind in arguments.database or KINDS:
            results[kind] = _compare(folder, kind, deals, arguments)
            report.show(kind, deals, results[kind])
            if arguments.million:
                growth[kind] = _grow(folder, kind, arguments)
                report.show_growth(*growth[kind])
        if arguments.write:
            report.write(deals, _rounds(arguments), results, growth)


if __name__ == "__main__":
    main()
