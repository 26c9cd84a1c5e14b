"""Locks on records: who holds one and until when. A lock is no flag; it is asked for where a record is changed.

Rooms and plugins answer through the hook `locks`. What they do themselves with a record that they hold, they do within
`unlocked`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dougong.base.language import Message

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

_UNLOCKED = "record_locks.unlocked"


@dataclass(frozen=True, slots=True)
class RecordLock:
    """A record that may not be changed now, or deleted: `reason` says who holds it and until when.

    `except_fields` may be changed by the actor of the unit all the same.
    """

    reason: Message
    except_fields: frozenset[str] = frozenset()


def locks_on(unit: Unit, object_name: str, ids: Sequence[str]) -> Mapping[str, RecordLock]:
    """The locks on those of `ids` that are locked, whoever holds them; of several on one record what all leave open.

    For the pages as well, which offer no change that would be refused.
    """
    if not ids:
        return {}
    found: dict[str, RecordLock] = {}
    for answer in unit.company.hooks.locks(unit=unit, object_name=object_name, ids=ids):
        for id, lock in answer.items():
            known = found.get(id)
            open_fields = lock.except_fields if known is None else known.except_fields & lock.except_fields
            found[id] = RecordLock(lock.reason if known is None else known.reason, open_fields)
    freed = unit.memory.get(_UNLOCKED, ())
    return {id: lock for id, lock in found.items() if (object_name, id) not in freed} if freed else found


def is_unlocked(unit: Unit, object_name: str, id: str) -> bool:
    """Whether whoever holds the record is at work on it in this unit."""
    return (object_name, id) in unit.memory.get(_UNLOCKED, ())


@contextmanager
def unlocked(unit: Unit, object_name: str, ids: Iterable[str]) -> Iterator[None]:
    """Within, the unit changes these records whoever holds them: for the holder itself."""
    before = unit.memory.get(_UNLOCKED, frozenset())
    unit.memory[_UNLOCKED] = before | {(object_name, id) for id in ids}
    try:
        yield
    finally:
        unit.memory[_UNLOCKED] = before
