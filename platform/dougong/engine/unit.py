"""A unit of work: one connection, one transaction, one revision, one actor, one instant."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row

from dougong.base.field_types import Reading
from dougong.engine.access import Access
from dougong.engine.actor import Actor
from dougong.engine.behind import Behind, Write
from dougong.engine.reasons import reason
from dougong.engine.records import Records
from dougong.engine.rights.access import access_for, roles_of
from dougong.engine.runtime import Runtime

if TYPE_CHECKING:
    from dougong.engine.company import Company


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
        first: Row[*tuple[Any, ...]] | None = None,
        people: int | None = None,
        behind: Behind | None = None,
    ) -> None:
        """Act for `actor` on `connection`, whose transaction has begun under `runtime`'s revision.

        `people` is the state of who belongs to what (`Head.people`) in which it has begun; where it is not said, it
        is looked up when access is asked for. `behind` is for who writes so much that some of it may go on behind.
        """
        self.company, self._connection, self.runtime, self._behind = company, connection, runtime, behind
        self.actor, self.now, self.why, self.first, self.people = actor, now, reason(why), first, people
        self.records = Records(self)
        self.memory: dict[Any, Any] = {}

    def acting(self, actor: Actor) -> Unit:
        """A unit of the same transaction and instant in which `actor` acts."""
        return Unit(
            self.company, self._connection, self.runtime, actor, self.now, self.why, None, self.people, self._behind
        )

    @property
    def connection(self) -> Connection:
        """The transaction's connection, when nothing goes on behind it any more."""
        self.catch_up()
        return self._connection

    def catch_up(self) -> None:
        """Wait until nothing goes on behind any more. Raises what any of it raised."""
        if self._behind is not None:
            self._behind.wait()

    @property
    def hurried(self) -> bool:
        """Whether what is begun goes on behind: worth making ready meanwhile what comes after it."""
        return self._behind is not None

    def begin(self, write: Write) -> None:
        """Carry out `write`: behind where the unit may, at once otherwise."""
        if self._behind is not None:
            self._behind.begin(write)
        else:
            write(self._connection)

    def together(self) -> AbstractContextManager[None]:
        """Statements of one round trip: sent as they are made, all answered at the end of the block (or when read).

        For several reads of which none needs what another one finds. See `Records.ask`.
        """
        return self.company.database.together(self.connection)

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
