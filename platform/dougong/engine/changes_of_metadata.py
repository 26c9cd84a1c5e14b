"""What a publish puts into the audit log: which components came, changed and went."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dougong.engine.audit import Entry, Event
from dougong.metadata.trees import Tree

if TYPE_CHECKING:
    from dougong.engine.publish import Publication

NAMED = 100
"""How many components of each sort an entry names; the revision itself has them all."""

RIGHTS = frozenset({"role", "permission_set", "sharing_rule", "queue", "territory"})
"""The kinds of components that say who may do what."""

KINDS = {"install": "installed", "rollback": "rolled_back"}


def entry(wanted: Publication, before: Tree, after: Tree, parent: int) -> Entry:
    """The entry for the publish that makes `after` of `before`, which is revision `parent`."""
    changes = _changes(before, after)
    rights = any(address.partition(":")[0] in RIGHTS for names in changes.values() for address in names)
    data = {
        "parent": parent,
        "packages": sorted(wanted.origins),
        **{sort: names[:NAMED] for sort, names in changes.items()},
        **{f"{sort}_count": len(names) for sort, names in changes.items()},
    }
    usual = "rights_published" if rights else "published"
    event = Event(KINDS.get(wanted.kind, usual), target=f"revision:{parent + 1}", data=data, why=wanted.message)
    return Entry.of(wanted.author, datetime.now(UTC), event)


def _changes(before: Tree, after: Tree) -> dict[str, list[str]]:
    old, new = before.components, after.components
    return {
        "added": sorted(new.keys() - old.keys()),
        "changed": sorted(each for each in new.keys() & old.keys() if new[each].content_hash != old[each].content_hash),
        "removed": sorted(old.keys() - new.keys()),
    }
