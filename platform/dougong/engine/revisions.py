"""Metadata in the database, kept the way git keeps it: bodies by content hash, trees of hashes, revisions of trees.

A tree is stored as one body, a JSON object of address → [layer, hash of the body]. Nothing here is ever changed or
deleted, so a revision, a draft and the origin of an installed package are each one hash.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from dougong.base.errors import Conflict, NotFound, Problem
from dougong.base.language import msg
from dougong.engine import tables
from dougong.engine.actor import Actor
from dougong.engine.ledger import Ledger, Place
from dougong.metadata.component import Component, content_hash
from dougong.metadata.tree import Tree

CHUNK = 500
"""Bodies read or written by one statement; SQLite takes at most 999 parameters in old versions."""

Bodies = dict[str, Mapping[str, Any]]
"""Documents by content hash; nobody changes them."""

EMPTY = Tree.of(())
"""The tree of revision 0, which every company begins with."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One entry of the log. `kind` is publish, install or rollback; `parent` 0 for the first."""

    id: int
    parent: int
    tree: str
    kind: str
    author_id: str | None
    author: str
    message: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Hashed:
    """A tree ready to be stored: its hash, and by hash its bodies and its listing."""

    digest: str
    bodies: Mapping[str, Any]


def hashed(tree: Tree) -> Hashed:
    """`tree`, ready to be stored: the work of it that needs no database, and so no lock."""
    hashes = {address: each.content_hash for address, each in tree.components.items()}
    bodies: dict[str, Any] = {hashes[address]: each.body for address, each in tree.components.items()}
    listing = {address: [each.layer, hashes[address]] for address, each in tree.components.items()}
    # A hash does not depend on the order of keys; what is stored keeps it, for those who read it in a file or list.
    digest = content_hash(listing)
    return Hashed(digest, {**bodies, digest: listing})


def absent(connection: Connection, made: Hashed) -> Hashed:
    """`made` with the bodies alone that are not stored. Nobody ever deletes one, so this needs no lock."""
    known: set[str] = set()
    for part in _chunks(made.bodies):
        known.update(connection.scalars(select(tables.bodies.c.hash).where(tables.bodies.c.hash.in_(part))))
    return Hashed(made.digest, {key: body for key, body in made.bodies.items() if key not in known})


def put_tree(connection: Connection, tree: Tree | Hashed) -> str:
    """Store `tree` and every body that is not there yet; the hash that `get_tree` finds it by."""
    made = absent(connection, tree if isinstance(tree, Hashed) else hashed(tree))
    rows = [{"hash": key, "body": json.dumps(body, ensure_ascii=False)} for key, body in made.bodies.items()]
    if rows:
        connection.execute(insert(tables.bodies), rows)
    return made.digest


def get_tree(connection: Connection, digest: str, known: Bodies | None = None) -> Tree:
    """The tree stored under `digest`. `known` bodies are not read again; it takes up those that were read.

    Raises:
        NotFound: there is none.
    """
    if digest == content_hash({}):
        return EMPTY
    listing = _bodies(connection, [digest]).get(digest)
    if listing is None:
        raise NotFound(
            Problem(code="tree-unknown", thing=digest, reason=msg("No metadata are stored under this hash."))
        )
    known = {} if known is None else known
    known.update(_bodies(connection, {body for _, body in listing.values() if body not in known}))
    return _tree(listing, known)


def tree_of(connection: Connection, revision: int, known: Bodies | None = None) -> Tree:
    """The tree of a revision (see `get_tree`).

    Raises:
        NotFound: there is no such revision.
    """
    return EMPTY if revision == 0 else get_tree(connection, get(connection, revision).tree, known)


def get(connection: Connection, revision: int) -> Revision:
    """One revision of the log.

    Raises:
        NotFound: there is no such revision.
    """
    row = connection.execute(_LOG.where(tables.revisions.c.id == revision)).one_or_none()
    if row is None:
        raise NotFound(
            Problem(
                code="revision-unknown",
                thing=str(revision),
                reason=msg("There is no revision {number}.", number=revision),
                fix=msg("'dougong metadata log' lists them."),
            )
        )
    return Revision(*row)


def head(connection: Connection) -> int:
    """The revision in force; 0 before the first publish."""
    return int(connection.scalar(select(tables.head.c.revision)) or 0)


def log(connection: Connection, limit: int = 50, before: int | None = None) -> list[Revision]:
    """The newest revisions first, those older than `before` where it is given."""
    found = _LOG.order_by(tables.revisions.c.id.desc()).limit(limit)
    if before is not None:
        found = found.where(tables.revisions.c.id < before)
    return [Revision(*row) for row in connection.execute(found)]


def append(
    connection: Connection,
    *,
    number: int,
    parent: int,
    digest: str,
    kind: str,
    author: Actor,
    message: str,
    at: datetime,
) -> int:
    """Write revision `number` after `parent` and make it the head; `number`. The caller holds the company alone.

    Raises:
        Conflict: `parent` is not the head any more.
    """
    moved = connection.execute(update(tables.head).where(tables.head.c.revision == parent).values(revision=number))
    if not moved.rowcount:
        raise Conflict(
            Problem(
                code="publish-overtaken",
                thing="revision",
                reason=msg("Somebody else published a moment ago."),
                fix=msg("Publish again; what they changed is merged in."),
            )
        )
    connection.execute(
        insert(tables.revisions).values(
            id=number, parent=parent, tree=digest, kind=kind,
            author_id=author.user_id, author=author.name, message=message, at=at,
        )
    )  # fmt: skip
    return number


_LOG = select(*(tables.revisions.c[name] for name in Revision.__slots__))


# -- packages ------------------------------------------------------------------------------------------------
def installed(connection: Connection) -> Mapping[str, tuple[str, str]]:
    """Every installed package: its version and the hash of the tree that it was installed from."""
    columns = tables.installed.c
    rows = connection.execute(select(columns.name, columns.version, columns.tree).order_by(columns.name))
    return {name: (version, digest) for name, version, digest in rows}


def put_package(connection: Connection, name: str, version: str, digest: str, revision: int) -> None:
    """Remember the tree that a package was installed from."""
    connection.execute(delete(tables.installed).where(tables.installed.c.name == name))
    connection.execute(insert(tables.installed).values(name=name, version=version, tree=digest, revision=revision))


# -- the ledger ---------------------------------------------------------------------------------------------
def get_ledger(connection: Connection) -> Ledger:
    """Every place that the company's ledger has given."""
    columns = tables.storage.c
    found = select(columns.kind, columns.component, columns.shape, columns.table_name, columns.name)
    return Ledger(Place(*row) for row in connection.execute(found))


def put_places(connection: Connection, places: Iterable[Place], since: int, state: str) -> None:
    """Enter `places` into the ledger. `state` is live, or preparing while a publish fills them."""
    rows = [
        {
            "kind": place.kind, "component": place.component, "shape": place.shape,
            "table_name": place.table, "name": place.name, "state": state, "since": since,
        }
        for place in places
    ]  # fmt: skip
    if rows:
        connection.execute(insert(tables.storage), rows)


def places_live(connection: Connection) -> None:
    """Every place that was being prepared is in use now, or kept for a revision that will want it."""
    connection.execute(update(tables.storage).where(tables.storage.c.state == "preparing").values(state="live"))


def drop_places(connection: Connection, places: Iterable[Place]) -> None:
    """Take places that were dropped out of the ledger; their names are free again."""
    columns = tables.storage.c
    for place in places:
        key = columns.kind == place.kind, columns.component == place.component, columns.shape == place.shape
        connection.execute(delete(tables.storage).where(*key))


# -- inside -------------------------------------------------------------------------------------------------
def _tree(listing: Mapping[str, tuple[str, str]], bodies: Bodies) -> Tree:
    components = []
    for address, (layer, digest) in listing.items():
        body = bodies[digest]  # the name is said there: the address of an overlay has its layer in front
        components.append(Component.stored(address.partition(":")[0], str(body["name"]), body, layer, digest))
    return Tree.of(components)


def _bodies(connection: Connection, hashes: Iterable[str]) -> Bodies:
    found: Bodies = {}
    for part in _chunks(hashes):
        rows = connection.execute(
            select(tables.bodies.c.hash, tables.bodies.c.body).where(tables.bodies.c.hash.in_(part))
        )
        found.update((digest, json.loads(body)) for digest, body in rows)
    return found


def _chunks(keys: Iterable[str]) -> Iterator[list[str]]:
    every = list(keys)
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]
