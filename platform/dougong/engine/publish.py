"""Publishing: a tree becomes the metadata in force, its tables and its place in the log, in one transaction.

    merge with what others published → check → prepare (make and fill new tables and columns) → announce → switch

Only two moments can be felt, and only as a short wait: making what is new, and the switch. Each takes the company's
lock alone. The switch writes the revision, moves the head and writes the rows that travel with the metadata, or does
nothing. Whatever a killed or refused publish leaves behind is invisible (a column that no revision names) and is used
or cleared by the next. New tables and columns are there before the announcement, so that those who compile what is
announced can try it.
"""

from __future__ import annotations

import functools
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from dougong.base.errors import Conflict, Place, Problem
from dougong.base.ids import component_id
from dougong.base.language import msg
from dougong.engine import (
    announcements,
    audit,
    changes_of_metadata,
    jobs,
    metadata_rows,
    preparation,
    queue_accounts,
    revisions,
    standing,
)
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.aftermath import Aftermath, ask_for_work, work_after
from dougong.engine.audit import Entry
from dougong.engine.backfill import fillings
from dougong.engine.beside import beside_requests
from dougong.engine.company import Company
from dougong.engine.dialects import Busy
from dougong.engine.preparation import Coming
from dougong.engine.rights import membership
from dougong.engine.runtime import Runtime
from dougong.engine.schema_steps import drop_index, schema_steps
from dougong.engine.storage import Storage
from dougong.engine.unit import Unit
from dougong.engine.viewing import refuse_viewing
from dougong.metadata.check import check
from dougong.metadata.component import COMPANY, Component
from dougong.metadata.packages import identified as with_id
from dougong.metadata.trees import MergeConflict, Tree, merge

T = TypeVar("T")

PATIENCE_SECONDS = 30
"""How long a publish keeps asking for its moment alone before it gives up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What is to be published: `tree`, made from revision `base` (None: it replaces the head, whatever that is).

    `origins`: for each package that this installs, the tree of its files; a later upgrade merges against it.
    """

    tree: Tree
    author: Actor = SYSTEM
    message: str = ""
    base: int | None = None
    kind: str = "publish"
    tested: bool = False
    """Whether the tests of the configuration have passed on just this tree, on top of `base` and of nothing else."""
    origins: Mapping[str, Tree] = field(default_factory=dict)


class MovedOn(Conflict):
    """Somebody else published after the tests of what is to be published were carried out."""


def publish(company: Company, wanted: Publication) -> int:
    """Make `wanted` the revision in force; its number. Nothing happens where it is in force already.

    Raises:
        MetadataError: the tree does not pass its check.
        Conflict: somebody else's publish stands against it or is under way, live records stand against a new
            constraint, rows against the rules of their object, or others never let go of the tables.
        Forbidden: somebody only looks on as the author.
    """
    refuse_viewing(wanted.author)
    with turn(company) as connection:
        with connection.begin():
            parent = revisions.head(connection)
            if wanted.tested and parent != wanted.base:
                raise MovedOn(_being_published())
            tree = merged(company, connection, wanted, parent)
            before = company.tree_of(connection, parent)
            if not wanted.origins and tree.content_hash == before.content_hash:
                return parent
            with beside_requests():
                coming = come(company, connection, tree)
        entry = changes_of_metadata.entry(wanted, before, tree, parent)
        try:
            number, tasks = _carry_out(company, connection, wanted, tree, coming, entry)
        except IntegrityError as error:
            alone(company, lambda own: preparation.abandon(company, own, coming))
            raise Conflict(_not_unique(error)) from error
        except (metadata_rows.RowsRefused, queue_accounts.QueuesRefused, standing.RecordsRefuse):
            alone(company, lambda own: preparation.abandon(company, own, coming))
            raise
    for task in tasks:
        jobs.perform(company, task)  # where this process dies, a worker does it
    return number


def _carry_out(
    company: Company, connection: Connection, wanted: Publication, tree: Tree, coming: Coming, entry: Entry
) -> tuple[int, list[str]]:
    make_room(company, coming)
    if coming.fillings or coming.places:
        alone(company, lambda own: preparation.begin(company, own, coming))
    preparation.fill(company, connection, coming)
    before = company.runtime().model
    work = work_after(before, coming)
    places = membership.moves(before, coming.runtime.model)
    company.remember(coming.runtime)  # there before anybody asks for it, a moment after the switch
    try:
        digests = _stored(company, connection, tree, wanted, coming.runtime.revision)
        company.lately.rehearse(company, coming.runtime)
        announcements.wait(company, digests[""])
        return alone(company, lambda own: _switch(company, own, wanted, digests, coming, work, entry, places))
    except BaseException:
        company.forget(coming.runtime)
        raise


def _stored(
    company: Company, connection: Connection, tree: Tree, wanted: Publication, number: int
) -> Mapping[str, str]:
    """Store the trees before the switch, which then writes hashes alone: the tree's under "", packages' by name.

    The tree is announced as revision `number`.
    """
    made = {name: revisions.hashed(each) for name, each in {"": tree, **wanted.origins}.items()}
    with connection.begin():
        made = {name: revisions.absent(connection, each) for name, each in made.items()}
    with connection.begin():
        company.database.begin_write(connection)
        found = {name: revisions.put_tree(connection, each) for name, each in made.items()}
        announcements.announce(connection, number, found[""])
        return found


@contextmanager
def turn(company: Company) -> Iterator[Connection]:
    """The publisher's connection, as soon as no other publish is under way.

    Raises:
        Conflict: another one was, for half a minute.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    with ExitStack() as stack:
        while True:
            try:
                connection = stack.enter_context(company.database.preparing())
                break
            except Busy as busy:
                if time.monotonic() > until:
                    raise Conflict(_being_published()) from busy
                time.sleep(0.05)
        yield connection


def merged(company: Company, connection: Connection, wanted: Publication, parent: int) -> Tree:
    """What is wanted together with what others published since its base, every component with an id.

    Raises:
        Conflict: both changed the same; every such place is named.
    """
    head = company.tree_of(connection, parent)
    tree = wanted.tree
    if wanted.base is not None and wanted.base != parent:
        found = merge(company.tree_of(connection, wanted.base), tree, head)
        if found.conflicts:
            raise Conflict(map(conflict_problem, found.conflicts))
        tree = found.tree
    return identified(tree, head)


def identified(tree: Tree, head: Tree) -> Tree:
    """`tree` with an id in each of the company's own components: the one it has in `head`, else a new one.

    Those of packages have theirs from their files, and without one go by their name.
    """
    found = []
    for address, each in tree.components.items():
        if each.layer == COMPANY and "id" not in each.body:
            known = head.components.get(address)
            each = with_id(each, functools.partial(_same_or_new, known))
        found.append(each)
    return Tree.of(found)


def _same_or_new(known: Component | None) -> str:
    return str(known.body["id"]) if known and "id" in known.body else component_id()


def conflict_problem(conflict: MergeConflict) -> Problem:
    """A conflict of a merge, as people read it."""
    reasons = {
        "changed": msg("Both sides changed this, each in its own way."),
        "deleted": msg("One side removed what the other changed."),
        "moved": msg("Both sides moved elements of this list."),
        "named": msg("Both sides gave this name to different things."),
    }
    return Problem(
        code="publish-conflict",
        thing=conflict.address,
        place=Place(pointer=conflict.place or None),
        reason=reasons[conflict.why],
        fix=msg(
            "Decide which of the two shall stand: {ours} or {theirs}.",
            ours=_short(conflict.ours),
            theirs=_short(conflict.theirs),
        ),
    )


def _short(value: object) -> str:
    text = "–" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"


def come(company: Company, connection: Connection, tree: Tree) -> Coming:
    """What it takes for `tree` to follow the head. Reads alone.

    Raises:
        MetadataError: the tree does not pass its check.
    """
    parent = revisions.head(connection)
    known = revisions.get_ledger(connection)
    before = company.runtime()
    model = check(tree).model(str(parent + 1))
    ledger = known.extended(model)
    runtime = Runtime(parent + 1, model, Storage.build(model, ledger))
    return Coming(
        parent=parent,
        runtime=runtime,
        known=known,
        ledger=ledger,
        steps=schema_steps(known, ledger, before.storage, runtime.storage),
        fillings=fillings(before, runtime, known),
        rows=metadata_rows.row_changes(before.model, model),
        queues=queue_accounts.queue_changes(before.model, model),
        arrivals=standing.arrivals(before, runtime),
    )


def make_room(company: Company, coming: Coming) -> None:
    """Make the tables and columns that are new, a few at a time where each is felt; whoever writes comes in between.

    Raises:
        Conflict: no moment for it was to be had.
    """
    for piece in filter(lambda each: each.places, preparation.pieces(company, coming)):
        alone(company, functools.partial(preparation.make, company, coming, piece))
        time.sleep(company.database.pause)


def alone(company: Company, work: Callable[[Connection], T]) -> T:
    """Do `work` in a transaction alone with the company, as soon as a moment is to be had.

    Raises:
        Conflict: none was, for half a minute.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with company.database.switch() as connection:
                return work(connection)
        except Busy as busy:
            if time.monotonic() > until:
                raise Conflict(_busy()) from busy
            time.sleep(random.uniform(0.02, 0.1))


def _switch(
    company: Company,
    connection: Connection,
    wanted: Publication,
    digests: Mapping[str, str],
    coming: Coming,
    work: Aftermath,
    entry: Entry,
    places: bool,
) -> tuple[int, list[str]]:
    """What is written comes first, then what changes tables: from there on those who read them wait."""
    preparation.finish(company, connection, coming)
    _check_references(company, connection, coming)
    revisions.places_live(connection)
    for name, origin in wanted.origins.items():
        version = str(origin.components[f"package:{name}"].body.get("version", ""))
        revisions.put_package(connection, name, version, digests[name], coming.runtime.revision)
    number = revisions.append(
        connection,
        number=coming.runtime.revision,
        parent=coming.parent,
        digest=digests[""],
        kind=wanted.kind,
        author=wanted.author,
        message=wanted.message,
        at=datetime.now(UTC),
    )
    tasks = ask_for_work(company, connection, work)
    audit.append(connection, [entry])
    _change_tables(company, connection, coming)
    standing.ensure(company, connection, coming.runtime, coming.arrivals)
    writer = metadata_rows.publisher(wanted.author)
    unit = Unit(company, connection, coming.runtime, writer, datetime.now(UTC), wanted.message)
    metadata_rows.write(unit, coming.rows)
    queue_accounts.write(unit, coming.queues)
    if places:
        membership.rebuild(Unit(company, connection, coming.runtime, SYSTEM, datetime.now(UTC)))
    return number, tasks


def _change_tables(company: Company, connection: Connection, coming: Coming) -> None:
    preparation.clear(company, connection, [filling.after.table.name for filling in coming.fillings])
    for name in coming.steps.obsolete:
        drop_index(connection, name)
    for index in coming.late_uniques:
        index.create(connection, checkfirst=True)


def _check_references(company: Company, connection: Connection, coming: Coming) -> None:
    """Lookups that were filled must lead to records: the switch of SQLite runs without foreign keys."""
    filled = [
        filling.after.table.name for filling in coming.fillings if any(each.new.type.refers for each in filling.retypes)
    ]
    broken = company.database.check_references(connection, filled)
    if broken:
        named = ", ".join(sorted({f"{table} → {target}" for table, target in broken}))
        reason = msg("Records would lead to others that are not there: {tables}.", tables=named)
        raise Conflict(Problem(code="publish-references", thing="revision", reason=reason))


def _being_published() -> Problem:
    return Problem(
        code="publish-busy",
        thing="revision",
        reason=msg("Somebody else is publishing just now."),
        fix=msg("Try again in a moment."),
    )


def _busy() -> Problem:
    return Problem(
        code="publish-locked",
        thing="revision",
        reason=msg("The tables are in use without a pause; nothing was changed."),
        fix=msg("Try again when a long import or report has ended."),
    )


def _not_unique(error: IntegrityError) -> Problem:
    return Problem(
        code="publish-not-unique",
        thing="revision",
        reason=msg("Records stand against a new unique rule: {reason}", reason=str(error.orig).splitlines()[0]),
        fix=msg("The plan lists them. Change them, then publish again."),
    )
