"""Documents that running work is pinned to: kept by their hash, read in the application as it is now."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import select

from dougong.base.errors import DougongError
from dougong.engine import revisions
from dougong.engine.dialects.statements import upsert
from dougong.engine.tables import bodies
from dougong.metadata.component import content_hash
from dougong.metadata.index import Index
from dougong.metadata.layers import effective

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

T = TypeVar("T")

Document = Mapping[str, Any]


def pin(unit: Unit, body: Document) -> str:
    """Keep a document that work begins with; the hash that it is found by."""
    digest = content_hash(body)
    statement = upsert(unit.connection.dialect.name, bodies).values(
        hash=digest, body=json.dumps(dict(body), ensure_ascii=False)
    )
    unit.connection.execute(statement.on_conflict_do_nothing(index_elements=["hash"]))
    return digest


def pinned(unit: Unit, key: str, digest: str, now: T | None, body: Document | None,
           build: Callable[[Index, Document], T]) -> T | None:  # fmt: skip
    """What the document of the hash `digest` says; None where it names what is no longer there.

    `now` is what is in force, with its `body`: taken where it is the same document. Each is built once a revision and
    kept under `key`.
    """
    known: dict[str, T | None] = unit.runtime.prepared.setdefault(key, {})
    if digest not in known:
        same = body is not None and content_hash(body) == digest
        known[digest] = now if same else _built(unit, digest, build)
    return known[digest]


def _built(unit: Unit, digest: str, build: Callable[[Index, Document], T]) -> T | None:
    text = unit.connection.scalar(select(bodies.c.body).where(bodies.c.hash == digest))
    if text is None:
        return None
    try:
        return build(_index(unit), json.loads(text))
    except (DougongError, LookupError):
        return None  # a field, an object or a kind of step that it needs is gone


def _index(unit: Unit) -> Index:
    found: Index | None = unit.runtime.prepared.get("pinning.index")
    if found is None:
        tree = revisions.tree_of(unit.connection, unit.runtime.revision)
        found = unit.runtime.prepared["pinning.index"] = Index(effective(tree))
    return found
