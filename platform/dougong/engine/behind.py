"""Writes that go on behind: the database works on a statement while what comes after it is made ready.

An import waits for its database for half of its time, and the database for it. A statement of many rows needs nothing
of Python while the database is at it, on SQLite too, so a thread waits for that in place of the one that goes on. Who
asks for the unit's connection waits until nothing goes on behind it any more (`Unit.connection`): so statements keep
their order.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Self

from sqlalchemy import Connection

from dougong.engine.beside import in_turns

Write = Callable[[Connection], object]
"""Sends something to the database, whose answer nobody needs."""


class Behind:
    """What goes on behind one connection, in a thread, one after the other; all is over with the block."""

    def __init__(self, connection: Connection) -> None:
        """Nothing goes on behind `connection` yet."""
        self.connection = connection
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="dougong-behind")
        self._begun: list[Future[bool]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Wait, and raise what failed where the block raised nothing itself."""
        try:
            self.wait()
        except Exception:
            if kind is None:
                raise
        finally:
            self._thread.shutdown()

    def begin(self, write: Write) -> None:
        """Begin `write`, after what was begun before it; not at all where one of these fails."""
        before = self._begun[-1] if self._begun else None
        self._begun.append(self._thread.submit(copy_context().run, self._do, write, before))

    def wait(self) -> None:
        """Until nothing goes on any more.

        Raises what the first one raised that failed: what was begun after it was not done.
        """
        if not self._begun:
            return
        begun, self._begun = self._begun, []
        wait(begun)  # the connection is free when all of them are over, whether or not one failed
        for each in begun:
            each.result()

    def _do(self, write: Write, before: Future[bool] | None) -> bool:
        """Whether it was done."""
        if before is not None and not (before.exception() is None and before.result()):
            return False
        with in_turns():
            write(self.connection)
        return True
