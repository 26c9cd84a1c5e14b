"""What is made once in a whole run of tests, by whichever of its processes asks first, and copied from then on."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import sql

from dougong.cli.temporary_postgresql import Server

RUN_FOLDER = "DOUGONG_TEST_RUN"
"""Environment variable that tells pytest-xdist's workers the folder of the whole run."""


def sqlite_file(name: str, make: Callable[[str], None]) -> Path:
    """A SQLite file that `make` has filled at the address it is given. Copy it; nobody changes it."""
    with _alone(name) as mark:
        made = mark.with_suffix(".sqlite3")
        if not mark.exists():
            made.unlink(missing_ok=True)
            make(f"sqlite:///{made}")
            mark.touch()
        return made


def postgresql_database(server: Server, name: str, make: Callable[[str], None]) -> str:
    """The name of a database that `make` has filled at the address it is given, to be a template. It goes with the run.

    Nobody may be connected to it, so `make` closes what it opens.
    """
    with _alone(f"{name}_postgresql") as mark:
        made = sql.Identifier(f"once_{name}")
        if not mark.exists():
            with server.connect() as connection:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(made))
                connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(made))
            make(server.url(f"once_{name}"))
            mark.touch()
        return f"once_{name}"


@contextmanager
def _alone(name: str) -> Iterator[Path]:
    """Within, no other process of the run makes what is called `name`; the file that says that it is made."""
    folder = Path(os.environ[RUN_FOLDER]) / "once"
    folder.mkdir(exist_ok=True)
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder / f"{name}.made"
