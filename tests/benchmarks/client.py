"""The one client: a keep-alive connection to each side, and the servers behind them."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.serving import HEADER

CHECKOUT = Path(__file__).parents[2]
STARTING_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask."""

    method: str
    path: str
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: seconds from the first byte sent to the last one read."""

    status: int
    body: bytes
    seconds: float
    statements: int
    headers: Mapping[str, str]


class Side:
    """One server as its client sees it."""

    def __init__(self, port: int, headers: Mapping[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        self._connection.connect()
        assert self._connection.sock is not None
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._port, self._headers = port, dict(headers)

    def again(self, headers: Mapping[str, str] | None = None) -> Side:
        """Another client of the same server, with `headers` of its own."""
        return Side(self._port, self._headers if headers is None else headers)

    def ask(self, request: Request) -> Answer:
        """Ask once.

        Raises:
            RuntimeError: the answer is an error.
        """
        began = time.perf_counter()
        self._connection.request(request.method, request.path, request.body, self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        seconds = time.perf_counter() - began
        if answer.status >= 300:
            raise RuntimeError(f"{request.method} {request.path}: {answer.status} {body[:600].decode()}")
        statements = int(answer.headers.get(HEADER.decode(), 0))
        return Answer(answer.status, body, seconds, statements, dict(answer.headers))

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(side: str, environment: Mapping[str, str], headers: Mapping[str, str], counting: bool) -> Iterator[Side]:
    """A server of one side, and a connection to it."""
    port = free_port()
    command = [sys.executable, "-m", "tests.benchmarks.serving", side, str(port), *(["count"] if counting else [])]
    process = subprocess.Popen(command, cwd=CHECKOUT, env={**os.environ, **environment})
    try:
        _wait(process, port)
        connected = Side(port, headers)
        yield connected
        connected.close()
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the server did not start")
