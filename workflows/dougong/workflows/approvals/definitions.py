"""Definitions that running approvals are pinned to: each its own document, read in the application as it is now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import select

from dougong.base.errors import DougongError
from dougong.engine import revisions
from dougong.engine.tables import bodies
from dougong.metadata.approval import Approval
from dougong.metadata.building.approvals import build_approval
from dougong.metadata.component import content_hash
from dougong.metadata.index import Index
from dougong.metadata.layers import effective

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

_KEY = "approvals.pinned"


def current(unit: Unit, name: str) -> Approval | None:
    """The approval of this name in the application as it is now."""
    return unit.runtime.model.workflows.approvals.get(name)


def pinned(unit: Unit, name: str, digest: str) -> Approval | None:
    """The approval whose document has the hash `digest`; None where it names what is no longer there.

    Each is read once a revision.
    """
    known: dict[str, Approval | None] = unit.runtime.prepared.setdefault(_KEY, {})
    if digest not in known:
        now = current(unit, name)
        same = now is not None and content_hash(now.body) == digest
        known[digest] = now if same else _compiled(unit, name, digest)
    return known[digest]


def _compiled(unit: Unit, name: str, digest: str) -> Approval | None:
    text = unit.connection.scalar(select(bodies.c.body).where(bodies.c.hash == digest))
    if text is None:
        return None
    try:
        return build_approval(_index(unit), name, json.loads(text))
    except (DougongError, LookupError):
        return None  # a field, an object or a kind of step that it needs is gone


def _index(unit: Unit) -> Index:
    found: Index | None = unit.runtime.prepared.get("approvals.index")
    if found is None:
        tree = revisions.tree_of(unit.connection, unit.runtime.revision)
        found = unit.runtime.prepared["approvals.index"] = Index(effective(tree))
    return found
