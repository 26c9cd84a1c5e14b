"""What a request runs on: the model and the tables of one revision. Shared by all readers, changed by nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dougong.engine.ledger import Ledger
from dougong.engine.storage import Storage
from dougong.metadata.model import Model


@dataclass(frozen=True, slots=True, eq=False)
class Runtime:
    """One revision, ready to serve.

    `prepared` remembers statements and templates that depend on the revision alone (and on `Access.key`); it dies with
    the runtime, so nothing in it needs invalidating. `draft` is the id of the draft that it previews, or None.
    """

    revision: int
    model: Model
    storage: Storage
    prepared: dict[str, Any] = field(default_factory=dict)
    draft: str | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """A revision compiled before it is in force: from the tree of this hash, on the places that it was to have."""

    tree: str
    ledger: Ledger
    runtime: Runtime
