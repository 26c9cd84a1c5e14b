"""What names mean while one batch of an import runs: stored records, and those that the batch itself makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dougong.engine.saving.batch import Create, Made, Update
from dougong.engine.transfer.keys import Name

SEVERAL = ""
"""Stands for the id where a name fits more than one record."""


class Pending(Exception):
    """What is asked for can be told only when the changes so far are saved."""


@dataclass(slots=True)
class Entry:
    """One change. `row` is 0 for a missing record that rows name; `key` is the record's, or of an update its id."""

    change: Create | Update
    row: int
    key: str


@dataclass(slots=True)
class RowChanges:
    """What one row does. `uses`: the keys of records not saved yet that it names; `names`: what it may be called."""

    number: int
    entries: list[Entry] = field(default_factory=list)
    uses: set[str] = field(default_factory=set)
    names: dict[Name, str] = field(default_factory=dict)
    helpers: dict[str, Entry] = field(default_factory=dict)
    given: dict[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Names:
    """The records that one batch knows.

    `ids` are those of its records that are saved, by key; `lost` the rows that were left out, by key of the record
    that they would have made; `given` what rows said of each record so far.
    """

    stored: dict[Name, set[str]] = field(default_factory=dict)
    made: dict[Name, list[str]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    helpers: dict[str, Entry] = field(default_factory=dict)
    given: dict[str, dict[str, Any]] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)

    def learn(self, found: Mapping[Name, Iterable[str]]) -> None:
        """Stored records go by these names."""
        for name, ids in found.items():
            self.stored.setdefault(name, set()).update(ids)

    def add(self, row: RowChanges) -> None:
        """A row joins the current wave."""
        self.helpers.update(row.helpers)
        for name, key in row.names.items():
            keys = self.made.setdefault(name, [])
            if key not in keys:
                keys.append(key)
        for key, values in row.given.items():
            self.given.setdefault(key, {}).update(values)
            self.lost.pop(key, None)
            self.waiting.add(key)

    def lose(self, row: RowChanges) -> None:
        """A row is left out, and with it what it would have made and said."""
        for key in row.given:
            self.lost[key] = row.number
            self.given.pop(key, None)

    def saved(self, entries: Iterable[tuple[Entry, str]]) -> None:
        """These are stored now, under these ids."""
        for entry, id in entries:
            if entry.key != id:
                self.ids[entry.key] = id
                self.given[id] = self.given.get(entry.key, {})

    def meaning(self, name: Name, own: Mapping[Name, str]) -> str | Made | None:
        """The record of a name: an id, a record of this wave, `SEVERAL`, or None. `own` names the row's own records.

        Raises:
            Pending: it depends on rows that are not saved yet.
        """
        found: set[str] = set(self.stored.get(name, ()))
        pending: set[str] = {own[name]} if name in own else set()
        for key in self.made.get(name, ()):
            if key in self.ids:
                found.add(self.ids[key])
            elif key not in self.lost:
                pending.add(key)
        if pending and len(found) + len(pending) > 1:
            if pending <= set(own.values()):
                return SEVERAL
            raise Pending
        if len(found) > 1:
            return SEVERAL
        return next((Made(key) for key in pending), None) or next(iter(found), None)

    def lost_row(self, name: Name) -> int | None:
        """The row that would have made a record of this name, where it was left out."""
        return next((self.lost[key] for key in self.made.get(name, ()) if key in self.lost), None)
