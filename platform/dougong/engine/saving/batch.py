"""What may be asked of `Records.save`, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from dougong.base.errors import Conflict, Problem

Action = Literal["create", "update", "delete", "restore", "unchanged"]


@dataclass(slots=True)  # not frozen: one is made for every row, and a frozen one takes thrice as long
class Create:
    """Make a record. `values` are by API name, as a form, the API or code gives them.

    `key` names the record within its batch: another change refers to it by `Made(key)`. `id` is the record's, where
    it is known beforehand (records that travel with metadata). With `read`, values are as their fields keep them
    already, but for what names other records.
    """

    object: str
    values: Mapping[str, Any]
    key: str | None = None
    id: str | None = None
    read: bool = False


@dataclass(slots=True)  # not frozen: one is made for every row, and a frozen one takes thrice as long
class Update:
    """Change fields of a record.

    With `version`, a record that has moved on is a conflict; with `base` as well (the values that the person
    began from), the change is merged field by field and only fields that both sides changed conflict.
    `why` is the reason that history keeps, where it is this record's own and not the whole batch's; `read` is as in
    `Create`.
    """

    object: str
    id: str
    values: Mapping[str, Any]
    version: int | None = None
    base: Mapping[str, Any] | None = None
    why: str = ""
    read: bool = False


@dataclass(frozen=True, slots=True)
class Take:
    """Take a record out of a queue that the actor takes from: they own it from now on.

    It needs no right to hand records over, nor that the actor may change the record where it waits. Of two who take at
    once, one has it and the other is told who.
    """

    object: str
    id: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Put a record, and what belongs to it, into the recycle bin.

    `alone`: nothing else is touched, and what names the record goes on naming it (records that left the metadata).
    """

    object: str
    id: str
    version: int | None = None
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Restore:
    """Take a record, and what was deleted with it, out of the recycle bin."""

    object: str
    id: str


@dataclass(frozen=True, slots=True)
class Upsert:
    """Update the live record whose unique field `key_field` has the value given for it in `values`, else make one."""

    object: str
    key_field: str
    values: Mapping[str, Any]
    key: str | None = None


Change = Create | Update | Take | Delete | Restore | Upsert


@dataclass(frozen=True, slots=True)
class Made:
    """As a lookup's value: the record that the `Create` or `Upsert` with this `key` makes in the same batch."""

    key: str


class ToldLater(Mapping[str, Any]):
    """Values that are worked out when somebody asks for one of them: who imports a file asks for none."""

    def __init__(self, work: Callable[[], dict[str, Any]]) -> None:
        """Let `work` make them."""
        self._work = work

    @cached_property
    def _made(self) -> dict[str, Any]:
        return self._work()

    def __getitem__(self, name: str) -> Any:
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    def __repr__(self) -> str:
        return repr(self._made)


@dataclass(slots=True, kw_only=True)  # not frozen: one is made for every row, and a frozen one takes thrice as long
class SavedRecord:
    """One change as it was carried out. `values` are the fields that changed, by API name, with their new values.

    `row` counts from 1 in the batch. Records that a deletion takes along are not listed.
    """

    object: str
    id: str
    version: int
    action: Action
    row: int
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What a batch did. `problems` is empty unless the batch was `partial`; `operation` groups its history rows."""

    changes: tuple[SavedRecord, ...]
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    operation: str = ""


@dataclass(frozen=True, slots=True)
class Overlap:
    """A field that two people changed: `mine` is refused for now, `theirs` is stored, `base` is where both began."""

    field: str
    mine: Any
    theirs: Any
    base: Any


class StaleRecord(Conflict):
    """The record has moved on. `overlaps` are the fields to decide on, `version` the one to save against next."""

    def __init__(self, problems: list[Problem], record: str, version: int, overlaps: tuple[Overlap, ...]) -> None:
        """Carry the problems for all edges, and the values for the page that asks which to keep."""
        super().__init__(problems)
        self.record, self.version, self.overlaps = record, version, overlaps
