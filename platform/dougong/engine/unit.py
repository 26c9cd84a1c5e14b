"""A unit of work: one connection, one transaction, one revision, one actor, one instant."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select

from dougong.base.field_types import Reading
from dougong.engine.access import Access
from dougong.engine.actor import Actor
from dougong.engine.behind import Behind, Write
from dougong.engine.dialects.asking import Rows, ask
from dougong.engine.foresight import Snapshot
from dougong.engine.reasons import reason
from dougong.engine.records import Records
from dougong.engine.rights.access import access_for, roles_of
from dougong.engine.runtime import Runtime

if TYPE_CHECKING:
    from dougong.engine.company import Company


@dataclass(slots=True)
class _Place:
    """Where a unit and those of the same transaction that act for others work."""

    connection: Connection
    behind: Behind | None
    trusting: bool = False


class Unit:
    """What `Company.read` and `Company.write` give: everything that reading and saving need, none of it global.

    `now` is one instant, in UTC, for everything that the unit does. `memory` is for what one unit wants to know
    only once. `why` goes into the history of what is written. `first` is the answer to what was asked at the beginning.
    """

    def __init__(
        self,
        company: Company,
        connection: Connection,
        runtime: Runtime,
        actor: Actor,
        now: datetime,
        why: str = "",
        first: Any = None,
        people: int | None = None,
        behind: Behind | None = None,
    ) -> None:
        """Act for `actor` on `connection`, whose transaction has begun under `runtime`'s revision.

        `people` is the state of who belongs to what (`Head.people`) in which it has begun; where it is not said, it
        is looked up when access is asked for. `behind` is for who writes so much that some of it may go on behind.
        """
        self.company, self.runtime, self._place = company, runtime, _Place(connection, behind)
        self.actor, self.now, self.why, self.first, self.people = actor, now, reason(why), first, people
        self.records = Records(self)
        self.memory: dict[Any, Any] = {}

    def acting(self, actor: Actor) -> Unit:
        """A unit of the same transaction and instant in which `actor` acts."""
        other = self._on(self._place.connection, actor)
        other._place = self._place
        return other

    def on(self, connection: Connection) -> Unit:
        """A unit of the same instant, revision and actor on another connection."""
        return self._on(connection, self.actor)

    def _on(self, connection: Connection, actor: Actor) -> Unit:
        return Unit(self.company, connection, self.runtime, actor, self.now, self.why, people=self.people)

    def go_on(self, connection: Connection, behind: Behind | None) -> None:
        """Go on in the transaction of `connection`, with all that act for others beside it."""
        self._place.connection, self._place.behind = connection, behind

    @property
    def connection(self) -> Connection:
        """The transaction's connection, when nothing goes on behind it any more."""
        self.catch_up()
        return self._place.connection

    def catch_up(self) -> None:
        """Wait until nothing goes on behind any more. Raises what any of it raised."""
        if self._place.behind is not None:
            self._place.behind.wait()

    @property
    def trusting(self) -> bool:
        """Whether whoever runs the unit runs it anew where the database refuses a value (`undoable.Taken`)."""
        return self._place.trusting

    def trust(self) -> None:
        """Leave to the database what it decides anyway: whoever runs the unit runs it anew where it refuses."""
        self._place.trusting = True

    @property
    def hurried(self) -> bool:
        """Whether what is begun goes on behind: worth making ready meanwhile what comes after it."""
        return self._place.behind is not None

    def begin(self, write: Write) -> None:
        """Carry out `write`: behind where the unit may, at once otherwise."""
        if self._place.behind is not None:
            self._place.behind.begin(write)
        else:
            write(self._place.connection)

    def together(self) -> AbstractContextManager[None]:
        """Statements of one round trip: sent as they are made, all answered at the end of the block (or when read).

        For several reads of which none needs what another one finds. See `Records.ask`.
        """
        connection = self.connection
        return nullcontext() if isinstance(connection, Snapshot) else self.company.database.together(connection)

    def ask(self, statement: Select[Any], parameters: Mapping[str, Any]) -> Rows:
        """The rows of a statement that is kept and asked again, without SQLAlchemy's share of it (see `asking.ask`)."""
        return ask(self.connection, statement, parameters)

    @cached_property
    def access(self) -> Access:
        """What the actor may do."""
        return access_for(self)

    @cached_property
    def roles(self) -> frozenset[str]:
        """The names of the roles that the actor holds."""
        return roles_of(self)

    @cached_property
    def reading(self) -> Reading:
        """How the actor reads and writes values."""
        return Reading(language=self.actor.language, zone=self.actor.zone, now=self.now)
