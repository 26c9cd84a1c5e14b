"""The audit log: who did what that is no ordinary work with records, when, from where and why.

Sign-ins, exports, imports, publishes, rights, refused attempts. Changes of records are in their history, not here. The
log is append-only and each entry is chained to the one before it by SHA-256 (`chain`), so that `verify` finds what was
altered, removed or moved. Entries hold codes and data, never sentences: those are made when somebody reads (`kinds`).

    record(unit, Event("exported", target="object:account", data={"records": 312}))
    record_alone(company, actor, Event("refused", target="/r/account/…"))
"""

from __future__ import annotations

from dougong.engine.audit.events import Entry, Event
from dougong.engine.audit.log import append, record, record_alone

__all__ = ["Entry", "Event", "append", "record", "record_alone"]
