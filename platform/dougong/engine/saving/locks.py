"""Locks on keys of constraints: two transactions that take from one key come one after the other.

A database that lets writers work side by side would show neither the other's uncommitted record. Each locks the keys
that its batch takes from, then reads, then writes; the locks go with the transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

BUCKETS = 256
"""How many locks the keys of one constraint share: a batch of any size holds no more, and two writers of different keys
wait for each other once in so many times."""


@dataclass(frozen=True, slots=True)
class Lock:
    """One key of a constraint; `name` is that of the constraint, stable and unique in the company."""

    name: str
    key: str

    @property
    def bucket(self) -> str:
        """The name that is locked for the key."""
        digest = hashlib.blake2b(self.key.encode(), digest_size=4).digest()
        return f"{self.name}:{int.from_bytes(digest) % BUCKETS}"


def take(unit: Unit, locks: Iterable[Lock]) -> None:
    """Hold `locks` until the transaction ends: one statement, none where there is nothing to lock."""
    names = sorted({each.bucket for each in locks})
    if names:
        unit.company.database.lock(unit.connection, names)
