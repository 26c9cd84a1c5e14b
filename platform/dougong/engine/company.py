"""A company: its database, open, and the units of work in it."""

from __future__ import annotations

import math
import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from dougong.base.channel_types import CHANNEL_TYPES
from dougong.base.errors import Conflict, Problem
from dougong.base.field_types import FIELD_TYPES
from dougong.base.hooks import Hooks, plugin_manager
from dougong.base.ids import record_id
from dougong.base.language import LANGUAGES, msg
from dougong.base.settings import Secret
from dougong.base.step_types import STEP_TYPES
from dougong.engine import fields as _fields  # noqa: F401  fills the registry of field types
from dougong.engine import outbox, revisions
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.audit import Entry
from dougong.engine.audit import log as audit_log
from dougong.engine.behind import Behind
from dougong.engine.beside import beside_requests
from dougong.engine.dialects import Database, Head, open_database
from dougong.engine.dialects.asking import ask
from dougong.engine.directory import Directory, Listed, folder_of, public_address, require_name
from dougong.engine.first import First
from dougong.engine.foresight import Foreseen
from dougong.engine.jobs import JOBS
from dougong.engine.lately import Lately
from dougong.engine.mail import MailSettings, Outgoing, outgoing
from dougong.engine.runtime import Expected, Runtime
from dougong.engine.saving.undoable import Taken
from dougong.engine.storage import Storage
from dougong.engine.unit import Unit
from dougong.engine.viewing import refuse_viewing
from dougong.metadata.compile import compile_tree
from dougong.metadata.tree import Tree

T = TypeVar("T")

LIST_SECONDS = 5.0
"""How long a process goes by what it read of the list of companies."""

REMEMBERED = 4
"""How many revisions a process keeps compiled: the head, those just before it, what is being previewed."""

ATTEMPTS = 5
"""How often a write begins anew because a publish came while its model was being compiled."""


class DatabaseSettings(MailSettings, Protocol):
    """What a company wants to know of the settings."""

    @property
    def database_url(self) -> URL: ...
    @property
    def threads(self) -> int: ...
    @property
    def default_timezone(self) -> ZoneInfo: ...
    @property
    def default_language(self) -> str: ...
    @property
    def near_hosts(self) -> frozenset[str]: ...
    @property
    def data_dir(self) -> Path | None: ...
    @property
    def tests_at_publish(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainSettings:
    """Settings for code that opens a database without a server around it."""

    database_url: URL
    threads: int = 4
    default_timezone: ZoneInfo = ZoneInfo("UTC")
    default_language: str = LANGUAGES[0]
    near_hosts: frozenset[str] = frozenset()
    data_dir: Path | None = None
    smtp_url: Secret | None = None
    mail_from: str | None = None
    public_url: str | None = None
    company_name: str = ""
    tests_at_publish: bool = False


class Companies:
    """Opens companies by name, each once per process."""

    def __init__(self, settings: DatabaseSettings, hooks: Hooks | None = None) -> None:
        """Open the databases that `settings` name; `hooks` are those of `plugin_manager`."""
        self._settings = settings
        self._hooks = hooks or plugin_manager().hook
        for field_type in chain.from_iterable(self._hooks.field_types()):
            FIELD_TYPES.add(field_type)
        for step_type in chain.from_iterable(self._hooks.step_types()):
            STEP_TYPES.add(step_type)
        for channel_type in chain.from_iterable(self._hooks.channel_types()):
            CHANNEL_TYPES.add(channel_type)
        for job in chain.from_iterable(self._hooks.jobs()):
            JOBS.add(job)
        self.directory = Directory(settings.database_url)
        self._open: dict[str, Company] = {}
        self._lock = threading.Lock()
        self._entries: dict[str, Listed | None] = {}
        self._known: tuple[float, Mapping[str, Listed]] = (-math.inf, {})

    def open(self, name: str = "default") -> Company:
        """The company `name`; its database is made, with no metadata, where there is none.

        Raises:
            BadRequest: no name that a company may have.
        """
        require_name(name)
        with self._lock:
            found = self._open.get(name)
            if found is None:
                listed = self.directory.listed().get(name)
                account = listed.account if listed else None
                database = open_database(self._settings.database_url, name, self._settings.threads, account)
                database.create()
                self._entries[name] = listed
                zone = self._settings.default_timezone
                way = outgoing(self._settings, public_address(self._settings.public_url, listed), _title(listed))
                found = self._open[name] = Company(
                    name, database, self._hooks, zone, way, self._settings.default_language, self._settings.near_hosts
                )
                found.tests_at_publish = self._settings.tests_at_publish
                if self._settings.data_dir is not None:
                    found.data_dir = folder_of(self._settings.data_dir, name)
            return found

    def retire(self, name: str) -> None:
        """Close a company that is no longer to be served; opening it again takes what the list says then."""
        with self._lock:
            found = self._open.pop(name, None)
            self._entries.pop(name, None)
        if found is not None:
            found.close()

    def listed(self) -> Mapping[str, Listed]:
        """The companies that were made, as the list said some seconds ago at most; empty where none was.

        One that was switched off meanwhile, or was given an account, hosts or a title of its own, is closed.
        """
        found = self.fresh()
        if found is not None:
            return found
        known = self.directory.listed()
        self._known = time.monotonic(), known
        for name, before in list(self._entries.items()):
            entry = known.get(name)
            if entry is not None and (not entry.active or _served_by(entry) != _served_by(before)):
                self.retire(name)
        return known

    def fresh(self) -> Mapping[str, Listed] | None:
        """What `listed` would answer without asking the database; None where it would have to."""
        read, known = self._known
        return known if time.monotonic() - read < LIST_SECONDS else None

    def holds(self, company: Company) -> bool:
        """Whether `company` is the one that `open` would give for its name."""
        return self._open.get(company.name) is company

    def active(self) -> tuple[str, ...]:
        """The names of the companies to be served: those of the list, or without a list those that are open."""
        found = tuple(each.name for each in self.listed().values() if each.active)
        return found or tuple(each.name for each in self.opened())

    def serves(self, name: str) -> bool:
        """Whether a company is active, or there is no list to say so."""
        known = self.listed()
        return not known or (name in known and known[name].active)

    def opened(self) -> tuple[Company, ...]:
        """The companies that are open in this process."""
        with self._lock:
            return tuple(self._open.values())

    def close(self) -> None:
        """Close every company."""
        with self._lock:
            for company in self._open.values():
                company.close()
            self._open.clear()


def _title(listed: Listed | None) -> str:
    return listed.title if listed is not None else ""


def _served_by(listed: Listed | None) -> tuple[object, ...]:
    """What an open company was opened with: when it changes, the company is opened anew."""
    return (None, (), "") if listed is None else (listed.account, listed.hosts, listed.title)


_CHANGING = Problem(
    code="model-changing",
    thing="revision",
    reason=msg("The application is being changed just now."),
    fix=msg("Try again in a moment."),
)


class Company:
    """One company, open. Safe to share between threads; a unit of work belongs to one.

    `process` is the id by which other processes know that this one serves (see `announcements`). `forgotten` counts
    the revisions that are compiled no more and `asked_at` is when somebody last asked (`time.monotonic`), for who frees
    what these were; `lately` knows what was asked.
    """

    def __init__(
        self,
        name: str,
        database: Database,
        hooks: Hooks,
        zone: ZoneInfo,
        outgoing: Outgoing | None = None,
        language: str = LANGUAGES[0],
        near: frozenset[str] = frozenset(),
    ) -> None:
        """Serve the company in `database`, whose days begin at midnight in `zone`; mail leaves as `outgoing` says.

        `language`: in which what the metadata names goes into records. `near`: hosts of private networks that may be
        called all the same.
        """
        self.name, self.database, self.hooks, self.zone = name, database, hooks, zone
        self.outgoing, self.language, self.near = outgoing, language, near
        self.tests_at_publish = False
        self.data_dir: Path | None = None
        """Where its files stand; None for code that opens a database without a server around it."""
        self._runtimes: OrderedDict[int, Runtime] = OrderedDict()
        self._serving: Runtime | None = None
        self._expected: Expected | None = None
        self.process = record_id()
        self._bodies: revisions.Bodies = {}
        self.previews: dict[tuple[str, int, int], Runtime] = {}
        self._compiling = threading.Lock()
        self.forgotten, self.asked_at = 0, 0.0
        self.lately = Lately()

    # -- units of work ---------------------------------------------------------------------------------------
    @contextmanager
    def read(self, actor: Actor, first: First | None = None, why: str = "") -> Iterator[Unit]:
        """A unit that reads one snapshot, under the revision in force in it; it knows the answer to `first`.

        `why` goes into the audit log with what is recorded of the reading.
        """
        recorded: list[Entry] = []
        try:
            with self.database.readers.connect() as connection:
                head, answer = self._begin(connection, first)
                try:
                    runtime = self._runtimes.get(head.revision) or self._load(connection, head.revision)
                    self._serving = runtime
                    if first is not None and answer is None:
                        answer = ask(connection, first.statement(runtime), first.parameters).one()
                    now = datetime.now(UTC)
                    yield Unit(self, connection, runtime, actor, now, why, first=answer, people=head.people)
                finally:
                    recorded = audit_log.pending(connection)
                    if not connection.invalidated:
                        self.database.end_read(connection)
        finally:
            if recorded:
                self.write(SYSTEM, lambda unit: audit_log.append(unit.connection, recorded))

    def _begin(self, connection: Connection, first: First | None) -> tuple[Head, Any]:
        """Begin a snapshot: its head, and the answer to `first` where it was asked as that head wants it asked."""
        serving = self._serving
        if first is not None:
            self.asked_at = time.monotonic()
        statement = first.known(serving) if first is not None and serving is not None else None
        if first is not None and serving is not None and statement is not None:
            answer = self.database.begin_asking(connection, statement, first.parameters)
            if answer is not None:
                head = Head(answer.revision, answer.people)
                return head, answer if answer.revision == serving.revision else None
        return self.database.begin_read(connection), None

    def write(
        self,
        actor: Actor,
        work: Callable[[Unit], T],
        why: str = "",
        meanwhile: Callable[[], object] | None = None,
        foreseen: Foreseen[Any] | None = None,
    ) -> T:
        """Do `work` in one transaction, committed when it returns and undone when it raises.

        `work` never runs under a model that is no longer in force: where a publish came, the new model is compiled
        first, outside the transaction. Where two writes wait for each other, one of them is begun anew, and so is one
        to which the database refuses a value: so `work` may run more than once, and keeps nothing outside the
        transaction before it returns.

        Where there is something to do `meanwhile`, that is done while the transaction commits: each time that it comes
        so far. What needs nothing of Python while it is written goes on behind as well, and what it meets is raised
        at the end. Where something was `foreseen` that still stands, the first try goes on with its unit.

        Raises:
            Conflict: publishes came faster than their models could be compiled.
            Forbidden: somebody only looks on as the actor.
            Lost: this thread does a task that another worker has taken over.
        """
        refuse_viewing(actor)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.database.writers.connect() as connection, connection.begin() as transaction:
                    head = self.database.begin_write(connection)
                    runtime = self._runtimes.get(head.revision)
                    if runtime is not None:
                        behind = None if meanwhile is None else Behind(connection)
                        known, foreseen = foreseen, None
                        unit = self._unit(connection, head, runtime, actor, why, behind, known)
                        if attempt == 1:
                            unit.trust()
                        return self._done(unit, connection, work, behind, meanwhile)
                    transaction.rollback()
            except Taken:
                continue
            except DBAPIError as error:
                if attempt == ATTEMPTS or not self.database.is_deadlock(error):
                    raise
                time.sleep(random.uniform(0, 0.02 * attempt))
                continue
            self.runtime()
        raise Conflict(_CHANGING)

    def _unit(
        self,
        connection: Connection,
        head: Head,
        runtime: Runtime,
        actor: Actor,
        why: str,
        behind: Behind | None,
        foreseen: Foreseen[Any] | None,
    ) -> Unit:
        """The unit of a transaction that has begun: of what was foreseen where that stands, else a new one."""
        if foreseen is not None and foreseen.stands(connection, head):
            foreseen.unit.go_on(connection, behind)
            return foreseen.unit
        return Unit(self, connection, runtime, actor, datetime.now(UTC), why, people=head.people, behind=behind)

    def _done(
        self,
        unit: Unit,
        connection: Connection,
        work: Callable[[Unit], T],
        behind: Behind | None,
        meanwhile: Callable[[], object] | None,
    ) -> T:
        """`work`, and the end of its transaction: behind, where there is something to do meanwhile."""
        if behind is None or meanwhile is None:
            result = work(unit)
            self._finish(connection)
            return result
        with behind:
            result = work(unit)
            behind.begin(self._finish)
            behind.begin(Connection.commit)
            meanwhile()
        return result

    def _finish(self, connection: Connection) -> None:
        """At the end of a transaction: what it did is recorded, and a task is still this worker's."""
        audit_log.append(connection, audit_log.pending(connection))
        held = outbox.HELD.get()
        if held is not None and held[0] is self:
            outbox.confirm(connection, held[1], datetime.now(UTC))

    # -- runtimes --------------------------------------------------------------------------------------------
    def runtime(self) -> Runtime:
        """What the revision in force runs on."""
        with self.read(SYSTEM) as unit:
            return unit.runtime

    def _load(self, connection: Connection, revision: int) -> Runtime:
        """Compile `revision`, once per process however many threads ask."""
        with self._compiling:
            found = self._runtimes.get(revision) or self._expected_as(connection, revision)
            if found is None:
                with beside_requests():
                    tree = revisions.tree_of(connection, revision, self._bodies)
                    found = self.compile(connection, tree, revision)
            self.remember(found)
            return found

    def expect(self, connection: Connection, revision: int, tree: str) -> Runtime | None:
        """Compile the stored tree of hash `tree`, announced as `revision`, for the first one who needs it.

        None where this process publishes it itself.
        """
        with self._compiling:
            if revision in self._runtimes:
                return None
            with beside_requests():
                model = compile_tree(revisions.get_tree(connection, tree, self._bodies), str(revision))
                ledger = revisions.get_ledger(connection).extended(model)
                found = Runtime(revision, model, Storage.build(model, ledger))
            self._expected = Expected(tree, ledger, found)
            return found

    def _expected_as(self, connection: Connection, revision: int) -> Runtime | None:
        """What was expected, where it is just what `revision` has become: another publish may have come instead."""
        expected = self._expected
        if expected is None or expected.runtime.revision != revision:
            return None
        known = revisions.get(connection, revision).tree, revisions.get_ledger(connection)
        return expected.runtime if known == (expected.tree, expected.ledger) else None

    def tree_of(self, connection: Connection, revision: int) -> Tree:
        """The tree of a revision. Documents that this process has read before are not read again.

        Raises:
            NotFound: there is no such revision.
        """
        return revisions.tree_of(connection, revision, self._bodies)

    def compile(self, connection: Connection, tree: Tree, revision: int, draft: str | None = None) -> Runtime:
        """The runtime of `tree`, on the places that the ledger has for it."""
        model = compile_tree(tree, str(revision))
        ledger = revisions.get_ledger(connection)
        return Runtime(revision, model, Storage.build(model, ledger), draft=draft)

    def remember(self, runtime: Runtime) -> None:
        """Keep a compiled revision; the oldest ones are forgotten."""
        self._runtimes[runtime.revision] = runtime
        while len(self._runtimes) > REMEMBERED:
            self._runtimes.popitem(last=False)
            self.forgotten += 1

    def forget(self, runtime: Runtime) -> None:
        """Take back `remember`, where the revision did not come to be."""
        if self._runtimes.get(runtime.revision) is runtime:
            del self._runtimes[runtime.revision]

    def close(self) -> None:
        """Give back every connection."""
        self.database.close()
