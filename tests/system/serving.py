"""Real server processes on one database, and people and programs that call them."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import httpx2

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create
from dougong.engine.unit import Unit
from dougong.web import sessions
from dougong.web.identity.api_tokens import make as make_token
from tests.forked import COMMAND, Forked

START_SECONDS = 60


@dataclass(frozen=True)
class Place:
    """A company as an operator has it: the address of its database and a folder for files."""

    database_url: str
    folder: Path

    def environment(self) -> dict[str, str]:
        """What every command and server of this company runs with."""
        own = {"DATABASE_URL": self.database_url, "DATA_DIR": str(self.folder / "data"), "LC_ALL": "C.UTF-8"}
        return os.environ | own

    def dougong(self, *arguments: str | Path, fails: bool = False) -> str:
        """What a command printed; it must succeed unless it `fails`."""
        with TemporaryFile("w+", encoding="utf-8") as output:
            code = Forked(COMMAND, [*map(str, arguments)], self.environment(), self.folder, output).wait(timeout=120)
            output.seek(0)
            said = output.read()
        assert bool(code) == fails, said
        assert "Traceback" not in said, said
        return said


@dataclass(frozen=True)
class Visitor:
    """One person, by page and by API, at one server."""

    client: httpx2.Client
    token: str

    def get(self, path: str) -> httpx2.Response:
        """A page."""
        return self.client.get(path)

    def post(self, path: str, data: dict[str, Any]) -> httpx2.Response:
        """A sent form."""
        return self.client.post(path, data=data, headers={"sec-fetch-site": "same-origin"})

    def call(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        """A call of the API."""
        headers = {"authorization": f"Bearer {self.token}"}
        return self.client.request(method, f"/api/v1{path}", json=body, headers=headers)


@dataclass(frozen=True)
class Person:
    """Who may come in anywhere: a user with a session and a token."""

    user_id: str
    cookie: str
    token: str


def welcome(company: Company, login: str = "li") -> Person:
    """Make a user who may come in."""

    def work(unit: Unit) -> Person:
        made = (
            unit.records.save(
                [
                    Create(
                        "user", {"login": login, "name": "Li Lei", "language": "en", "roles": ["system_administrator"]}
                    )
                ]
            )
            .changes[0]
            .id
        )
        return Person(made, sessions.begin(unit, made, "test", "127.0.0.1"), make_token(unit, made, "test"))

    return company.write(SYSTEM, work)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


class Server:
    """A `dougong serve` in a process of its own."""

    def __init__(self, place: Place, **settings: str) -> None:
        """Start it; `ready` waits until it answers."""
        self.port = free_port()
        self.log = (place.folder / f"server-{self.port}.log").open("w+b")
        arguments = ["serve", "--port", str(self.port)]
        self.process = Forked(COMMAND, arguments, place.environment() | settings, place.folder, self.log)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def ready(self) -> Server:
        """Wait until it answers."""
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                httpx2.get(f"{self.url}/health")
                return self
            except httpx2.TransportError:
                assert self.process.poll() is None, self.said()
                assert time.monotonic() < until, f"the server did not listen: {self.said()}"
                time.sleep(0.05)

    def said(self) -> str:
        """What it logged."""
        self.log.flush()
        return Path(self.log.name).read_text("utf-8", "replace")

    def kill(self) -> None:
        """End it and its workers at once, as a power cut would."""
        self.process.kill()
        self.log.close()

    @contextmanager
    def visited_by(self, person: Person) -> Iterator[Visitor]:
        """A client that keeps its connection."""
        with httpx2.Client(base_url=self.url, cookies={"dougong": person.cookie}, timeout=30) as client:
            yield Visitor(client, person.token)


@contextmanager
def serving(place: Place, count: int, **settings: str) -> Iterator[list[Server]]:
    """Some servers on one database, gone at the end of the block."""
    servers = [Server(place, **settings) for _ in range(count)]
    try:
        yield [each.ready() for each in servers]
    finally:
        for each in servers:
            if each.process.poll() is None:
                each.kill()
