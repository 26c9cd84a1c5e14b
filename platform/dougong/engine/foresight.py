"""Foresight: what a transaction will need is worked out before it begins, from a snapshot, and stands if that holds.

Everything that is asked of the database on the way is kept with its answer. Within the transaction it is asked again,
with the locks that belong to it; where the answers are the same, what was made of them is what would be made now.
Where one differs, or something was asked that cannot be asked ahead, the work is done as if nobody had looked ahead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, cast

from sqlalchemy import Connection, Executable, Result, Select
from sqlalchemy.exc import DBAPIError

from dougong.base.errors import DougongError

if TYPE_CHECKING:
    from dougong.engine.dialects import Head
    from dougong.engine.unit import Unit

T = TypeVar("T")


class Unforeseeable(Exception):
    """Something was asked of the connection that only a transaction of its own can answer."""


class Snapshot:
    """Stands for a unit's connection while it looks ahead: answers questions, and keeps them."""

    def __init__(self, connection: Connection) -> None:
        """Ask `connection`, which reads one snapshot."""
        self._connection: Connection | None = connection
        self.asked: list[tuple[Select[Any], Any, Any]] = []

    def execute(self, statement: Executable, parameters: Any = None) -> Result[Any]:
        """The answer to a question.

        Raises:
            Unforeseeable: `statement` is more than a question, or the snapshot is over.
        """
        if not isinstance(statement, Select) or self._connection is None:
            raise Unforeseeable
        answer = self._connection.execute(_lockless(statement), parameters).freeze()
        self.asked.append((statement, parameters, answer.data))
        return cast("Result[Any]", answer())

    def close(self) -> None:
        """Answer no more: the connection is somebody else's now."""
        self._connection = None

    def __getattr__(self, name: str) -> NoReturn:
        """Whatever else a connection can do, a snapshot cannot."""
        raise Unforeseeable(name)


def _lockless(statement: Select[Any]) -> Select[Any]:
    """`statement` as a snapshot can answer it. SQLAlchemy has a way to lock, and none back."""
    if statement._for_update_arg is None:
        return statement
    free = statement.execution_options()
    free._for_update_arg = None
    return free


@dataclass(slots=True)
class Foreseen(Generic[T]):
    """What was `made` by `unit`, ahead of its transaction, of the answers in `snapshot`; it is used once."""

    unit: Unit
    made: T
    snapshot: Snapshot

    def stands(self, connection: Connection, head: Head) -> bool:
        """Whether it is still true in a transaction that has begun on `connection`; its questions are asked there."""
        unit = self.unit
        if (unit.runtime.revision, unit.people) != (head.revision, head.people):
            return False
        with unit.company.database.together(connection):
            answers = [connection.execute(statement, parameters) for statement, parameters, _ in self.snapshot.asked]
        found = [answer.all() for answer in answers]
        return found == [known for *_, known in self.snapshot.asked]


def foresee(unit: Unit, work: Callable[[Unit], T]) -> Foreseen[T] | None:
    """Do `work` ahead, for what `unit` reads.

    None where it asks for more than a snapshot can tell, or is refused: the transaction will say why, if it still is.
    """
    snapshot = Snapshot(unit.connection)
    ahead = unit.on(cast("Connection", snapshot))
    try:
        return Foreseen(ahead, work(ahead), snapshot)
    except (Unforeseeable, DBAPIError, DougongError):
        return None
    finally:
        snapshot.close()
