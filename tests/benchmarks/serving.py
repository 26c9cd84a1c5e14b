"""One side as a server: the same server, started in the same way, whichever application it runs.

    python -m tests.benchmarks.serving engine|floor PORT [count]

With `count` each answer says in the header ``x-statements`` how many SQL statements it took; what is timed runs
without.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import uvicorn
from sqlalchemy import Engine, event
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dougong.cli import serve
from dougong.engine.dialects.postgresql import PostgreSQL
from dougong.engine.dialects.sqlite import SQLite
from tests.benchmarks.floor.application import application as floor

SIDES: dict[str, Callable[[], ASGIApp]] = {"engine": serve.application, "floor": floor}
HEADER = b"x-statements"

IDLE_SECONDS = 600
"""How long a side's connection may wait for its turn."""

_taken: ContextVar[list[int]] = ContextVar("taken")


def _note(*_: Any) -> None:
    counter = _taken.get(None)
    if counter is not None:
        counter[0] += 1


def count_statements() -> None:
    """Count what SQLAlchemy sends, and the one statement of each unit of work that goes to the driver directly."""
    event.listen(Engine, "before_cursor_execute", _note)
    for kind in (SQLite, PostgreSQL):
        for name in ("begin_read", "begin_write"):
            setattr(kind, name, _counted(getattr(kind, name)))


def _counted(begin: Callable[..., int]) -> Callable[..., int]:
    def counted(*arguments: Any) -> int:
        _note()
        return begin(*arguments)

    return counted


class Counting:
    """ASGI middleware that says how many statements an answer took."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        counter = [0]
        _taken.set(counter)

        async def said(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (HEADER, str(counter[0]).encode())]
            await send(message)

        await self._app(scope, receive, said)


def main(side: str, port: int, counting: bool) -> None:
    """Serve one side until told to stop."""
    app = SIDES[side]()
    if counting:
        count_statements()
        app = Counting(app)
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=IDLE_SECONDS,
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), "count" in sys.argv[3:])
