"""`make bench`: the engine beside an application written by hand, in the same run, on both databases."""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from dougong.base.settings import describe
from tests import postgresql
from tests.benchmarks import direct, engine, measuring, report
from tests.benchmarks.floor import database as floor

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
def _addresses(folder: Path, kind: str, deals: int) -> Iterator[tuple[str, str]]:
    """The addresses of both sides' databases, filled."""
    names = [f"{side}_{deals}" for side in ("engine", "floor")]
    with ExitStack() as stack:
        if kind == "sqlite":
            urls = [f"sqlite:///{folder}/{name}.sqlite3" for name in names]
            new = [not Path(url.removeprefix("sqlite:///")).exists() for url in urls]
        else:
            server = stack.enter_context(_server(folder))
            new = [_make_database(server, name) for name in names]
            urls = [server.url(name) for name in names]
        if new[0]:
            report.say(f"Filling the engine's {kind} database with {deals:,} deals ...")
            engine.fill(urls[0], deals)
        if new[1]:
            report.say(f"Filling the floor's {kind} database ...")
            floor.fill(urls[1], deals, measuring.TOKEN, measuring.COOKIE)
        if any(new):
            _settle(kind, urls, server if kind == "postgresql" else None, names)
        yield urls[0], urls[1]


@contextmanager
def _server(folder: Path) -> Iterator[postgresql.Server]:
    server = postgresql.Server(folder / "pg")
    if not server.data.exists():
        server.start()
    try:
        yield server
    finally:
        pass


def _make_database(server: postgresql.Server, name: str) -> bool:
    with server.connect() as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return False
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
        return True


def _settle(kind: str, urls: Sequence[str], server: postgresql.Server | None, names: Sequence[str]) -> None:
    """Let the databases know their statistics, as they do by themselves after a while."""
    if server is None:
        for url in urls:
            connection = sqlite3.connect(url.removeprefix("sqlite:///"))
            connection.executescript("PRAGMA analysis_limit=400; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);")
            connection.close()
        return
    for name in names:
        with psycopg.connect(host=str(server.folder), user="postgres", dbname=name, autocommit=True) as opened:
            opened.execute("VACUUM ANALYZE")


def main() -> None:
    """Measure, print, write."""
    arguments = _arguments()
    for each in describe():
        os.environ.pop(each.variable, None)
    deals = 10_000 if arguments.quick else 100_000
    rounds = arguments.rounds or (40 if arguments.quick else 150)
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="dougong-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    results: dict[str, list[measuring.Measured]] = {}
    try:
        for kind in arguments.database or KINDS:
            with _addresses(folder, kind, deals) as urls:
                results[kind] = measuring.measure(urls, deals, rounds, arguments.only)
                results[kind] += direct.measure(urls, arguments.only, 1000 if arguments.quick else direct.IMPORTED)
            report.show(kind, deals, results[kind])
        if arguments.write:
            report.write(deals, rounds, results)
    finally:
        server = postgresql.Server(folder / "pg")
        if server.running:
            server.stop() if not arguments.keep else None
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
