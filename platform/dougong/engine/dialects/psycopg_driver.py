"""psycopg as the engine uses it: what nobody reads is not waited for (decision 31), what nobody asks is not made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import psycopg
import psycopg._queries
from psycopg import generators, pq
from sqlalchemy import Connection

# Statements over a whole record are longer than what psycopg remembers the reading of, and are sent again and again.
psycopg._queries.MAX_CACHED_STATEMENT_LENGTH = 65_536
psycopg._queries.MAX_CACHED_STATEMENT_PARAMS = 500

CHANGING = ("INSERT", "UPDATE", "DELETE")
"""How statements begin that have no rows to read, unless they ask for them."""


class LeanConnection(psycopg.Connection[Any]):
    """A connection whose snapshot ends by itself, while the answer that was made in it is on its way."""

    _ending = False

    def tell(self, command: str) -> None:
        """Send `command` within a pipeline, whose end says whether it failed: a cursor would be made for nothing."""
        with self.lock:
            for _ in self._exec_command(command.encode()):
                raise psycopg.InternalError("a command within a pipeline is not waited for")

    def end(self) -> None:
        """Send COMMIT and look for no answer; it is read by `ended`. Nothing else may be asked before."""
        with self.lock:
            if self.pgconn.transaction_status == pq.TransactionStatus.IDLE:
                return
            self.pgconn.send_query(b"COMMIT")
            self.pgconn.flush()
            self._ending = True

    def ended(self) -> None:
        """Read the answer to what `end` has sent, and see whether the server has hung up since: that needs no question.

        Raises:
            psycopg.Error: the snapshot did not end, or the connection is lost.
        """
        with self.lock:
            answers = self.wait(generators.fetch_many(self.pgconn)) if self._ending else []
            self._ending = False
            self.pgconn.consume_input()  # what it said when it hung up
            self.pgconn.consume_input()  # and that it did
        if self.pgconn.transaction_status != pq.TransactionStatus.IDLE:
            said = b"".join(answer.error_message for answer in answers).decode(errors="replace")
            raise psycopg.OperationalError(f"a snapshot did not end: {said}")

    def rollback(self) -> None:
        """As ever; what is ending is let be: pools call this for whatever is given back."""
        if not self._ending:
            super().rollback()


class LeanCursor(psycopg.Cursor[Any]):
    """A cursor that describes its columns when asked: SQLAlchemy wants to know that there are some, each time.

    Within a pipeline it sends a statement and looks for no answer yet: psycopg waits for the socket twice or three
    times for each one that it sends, a twentieth of what a record page takes.
    """

    def _execute_gen(self, query: Any, params: Any = None, *, prepare: Any = None, binary: Any = None) -> Any:
        pipeline = self._conn._pipeline
        if pipeline is None:
            yield from super()._execute_gen(query, params, prepare=prepare, binary=binary)
            return
        yield from self._start_query(query)
        asked = self._convert_query(query, params)
        yield from self._maybe_prepare_gen(asked, prepare=prepare, binary=binary)
        while pipeline.command_queue:
            pipeline.command_queue.popleft()()
        self._pgconn.flush()  # what the socket does not take now, whoever reads the answers sends
        self._last_query = query
        yield from self._conn._prepared.maintain_gen(self._conn)

    @property
    def description(self) -> Any:
        """The columns of the result; None where there is none."""
        result = self.pgresult
        if result is None and self.connection.pgconn.pipeline_status:  # not answered yet
            said = str(self._last_query)
            return None if said.startswith(CHANGING) and "RETURNING" not in said else Columns(self)
        return Columns(self) if result and result.nfields else super().description

    def described(self) -> list[psycopg.Column]:
        """The columns of the result, there and then."""
        if self.pgresult is None and self.connection.pgconn.pipeline_status:
            with self.connection.pipeline():  # one within another waits for all that was asked so far
                pass
        return super().description or []


class Columns(Sequence[psycopg.Column]):
    """The columns of a cursor's result, made once they are looked at: a third of what a small statement costs."""

    def __init__(self, cursor: LeanCursor) -> None:
        """Describe what `cursor` has just read."""
        self._cursor, self._made = cursor, list[psycopg.Column]()

    def __len__(self) -> int:
        return len(self._all())

    def __getitem__(self, at: Any) -> Any:
        return self._all()[at]

    def _all(self) -> list[psycopg.Column]:
        self._made = self._made or self._cursor.described()
        return self._made


def driver(connection: Connection) -> LeanConnection:
    """The driver's own connection: for the few statements of each request that need nothing of SQLAlchemy."""
    return cast(LeanConnection, connection.connection.driver_connection)
