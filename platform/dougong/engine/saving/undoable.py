"""Savepoints of saving: what was written may have to be taken back, when rules over several records are judged after.

SQLite copies each page that changes within a savepoint, for an imported row a quarter of all that it does; and what has
to be taken back is rare. So who can run a transaction anew runs it without savepoints first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

AS_A_WHOLE = "saving.as_a_whole"
"""Under this key `Unit.memory` says that whoever runs the unit runs it anew where something has to be taken back."""


class Taken(Exception):
    """The database refused a value that nobody had asked it about: the unit is to be run anew, asking first.

    It has to compare each value that is unique anyway, and mostly finds nothing: asking before costs every change a
    statement, this costs one that is refused a second try.
    """


class Undone(Exception):
    """Something has to be taken back, and the unit has no savepoints: it is to be run anew, with them."""


class Savepoint(Protocol):
    """What was written since it was set is kept or taken back."""

    def commit(self) -> None: ...

    def rollback(self) -> None: ...


def as_a_whole(unit: Unit) -> bool:
    """Whether the unit is run anew where something has to be taken back."""
    return bool(unit.memory.get(AS_A_WHOLE))


def savepoint(unit: Unit) -> Savepoint:
    """A savepoint of the unit's transaction, or what stands for it where the unit is undone as a whole."""
    return _Whole() if as_a_whole(unit) else unit.connection.begin_nested()


class _Whole:
    """The whole transaction."""

    def commit(self) -> None:
        """Nothing: the transaction goes on."""

    def rollback(self) -> None:
        raise Undone
