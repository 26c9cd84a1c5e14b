"""What names mean while one batch of an import runs: stored records, and those that the batch itself makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dougong.engine.saving.batch import Create, Made, Update
from dougong.engine.transfer.keys import Name

SEVERAL = ""
"""Stands for the id where a name fits more than one record."""


NOBODY: frozenset[str] = frozenset()


class Pending(Exception):
    """What is asked for can be told only when the changes so far are saved."""


@dataclass(slots=True)
class Entry:
    """One change. `row` is 0 for a missing record that rows name; `key` is the record's, or of an update its id.

    `names` is what the record may be called by the values that it is given.
    """

    change: Create | Update
    row: int
    key: str
    names: frozenset[Name] = frozenset()


@dataclass(slots=True)
class RowChanges:
    """What one row does. `uses`: the keys of records not saved yet that it names; `names`: those that it makes."""

    number: int
    entries: list[Entry] = field(default_factory=list)
    uses: set[str] = field(default_factory=set)
    names: dict[Name, str] = field(default_factory=dict)
    helpers: dict[str, Entry] = field(default_factory=dict)
    given: dict[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Names:
    """The records that one batch knows.

    `stored` are ids by name, of records that were there or are saved by now; `called` the same by id. `waiting` are
    the keys of the current wave, `made` those of new records among them by name, `moving` the names that the wave
    takes from stored records or gives them. `lost` are the rows that were left out, by key of what they would have
    made, `lost_names` the same by name; `given` is what rows said of each record so far.
    """

    stored: dict[Name, set[str]] = field(default_factory=dict)
    called: dict[str, set[Name]] = field(default_factory=dict)
    made: dict[Name, list[str]] = field(default_factory=dict)
    moving: set[Name] = field(default_factory=set)
    ids: dict[str, str] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    lost_names: dict[Name, int] = field(default_factory=dict)
    helpers: dict[str, Entry] = field(default_factory=dict)
    given: dict[str, dict[str, Any]] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)

    def learn(self, found: Mapping[Name, Iterable[str]]) -> None:
        """Stored records go by these names."""
        for name, ids in found.items():
            self.stored.setdefault(name, set()).update(ids)
            for id in ids:
                self.called.setdefault(id, set()).add(name)

    def add(self, row: RowChanges) -> None:
        """A row joins the current wave."""
        self.helpers.update(row.helpers)
        for name, key in row.names.items():
            keys = self.made.setdefault(name, [])
            if key not in keys:
                keys.append(key)
        for entry in row.entries:
            if isinstance(entry.change, Update):
                new = entry.names - self.called.get(entry.key, set())
                self.moving |= new | self._left(entry.key, new)
        for key, values in row.given.items():
            self.given.setdefault(key, {}).update(values)
            self.lost.pop(key, None)
            self.waiting.add(key)

    def _left(self, id: str, new: Iterable[Name]) -> set[Name]:
        """The names that a record loses by being given `new` ones: those by the same field."""
        fields = {name[:2] for name in new}
        return {name for name in self.called.get(id, ()) if name[:2] in fields}

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
            if id not in self.called:
                self.called[id] = set(entry.names)
                for name in entry.names:
                    self.stored.setdefault(name, set()).add(id)
                continue
            left = self._left(id, entry.names - self.called.get(id, set()))
            for name in left:
                self.stored[name].discard(id)
            self.called[id] = self.called.get(id, set()) - left
            self.learn(dict.fromkeys(entry.names, (id,)))

    def settle(self) -> None:
        """The wave is over: its records are stored or lost. Missing records that nobody needed are made anew."""
        for name, keys in self.made.items():
            self.lost_names.update((name, self.lost[key]) for key in keys if key in self.lost)
        self.made.clear()
        self.waiting.clear()
        self.moving.clear()

    def meaning(self, name: Name, own: Mapping[Name, str]) -> str | Made | None:
        """The record of a name: an id, a record of this wave, `SEVERAL`, or None. `own` names the row's own records.

        Raises:
            Pending: it depends on rows that are not saved yet.
        """
        if name in self.moving:
            raise Pending
        found = self.stored.get(name, NOBODY)
        if name not in self.made and name not in own:
            return SEVERAL if len(found) > 1 else next(iter(found), None)
        pending = {key for key in self.made.get(name, ()) if key not in self.ids and key not in self.lost}
        if name in own:
            pending.add(own[name])
        if pending and len(found) + len(pending) > 1:
            if pending <= set(own.values()):
                return SEVERAL
            raise Pending
        if len(found) > 1:
            return SEVERAL
        return next((Made(key) for key in pending), None) or next(iter(found), None)

    def lost_row(self, name: Name) -> int | None:
        """The row that would have made a record of this name, where it was left out."""
        return self.lost_names.get(name)
