"""What the service tells of approvals: plain frozen values, for pages, the API and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from dougong.base.errors import Problem
from dougong.base.language import Labels, Message
from dougong.metadata.approval import Approval, Mode
from dougong.workflows.approvals.machine import Possible
from dougong.workflows.approvals.state import InstanceStatus, State

_NOTHING: Mapping[str, Any] = MappingProxyType({})

Which = Literal["todo", "done", "mine", "copied"]
"""The lists of somebody's approval centre."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody by id and name. `active` is False for who can no longer act."""

    id: str
    name: str
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """People whom the initiator (or the approver before) has to choose: `key` is ``node.key`` of the rule.

    `candidates` are those among whom; None where anybody may be chosen.
    """

    key: str
    label: Labels
    most: int
    candidates: tuple[Person, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Startable:
    """An approval that the asker may start on a record now.

    `needed`: its condition holds, so that what it gates waits for it. `refused` says why it cannot be started all the
    same (`start.refuse`, nobody found); `choices` who has to be chosen.
    """

    approval: str
    label: Labels
    needed: bool
    refused: tuple[Problem, ...] = ()
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One node on the way that a record would take: who would be asked there, each of them or how many.

    `open_people` says why the people are not known yet (chosen on the way).
    """

    node: str
    label: Labels
    type: str
    mode: Mode = "all"
    people: tuple[Person, ...] = ()
    open_people: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Who would approve a record if it was sent now; nothing was written. `refused`: why it could not be sent."""

    approval: str
    label: Labels
    stops: tuple[Stop, ...]
    refused: tuple[Problem, ...] = ()
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A field that an approval is about: what it was and what it is, or would become, as its field keeps values."""

    field: str
    label: Labels
    old: Any
    new: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChange:
    """A line that was added (`what`), changed or removed; `title` names it as its field keeps values, None: unnamed.

    `changes` are old → new of its fields; of a line that was added or removed all that it has or had.
    """

    object: str
    record: str
    what: Literal["added", "changed", "removed"]
    title: Any
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedFile:
    """A file of an opinion. `content` is the id under which its bytes stand; None where it was erased."""

    id: str
    name: str
    content: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActEntry:
    """One line of the log: `act` is the name of the act ("approve", "send_back", "comment", …).

    `stands_for` is the absent person in whose place `person` acted; `number` that of the state that the act led to.
    `changes` are old → new of what an approver edited as they decided.
    """

    at: datetime
    act: str
    person: Person | None
    stands_for: Person | None = None
    node: str | None = None
    entry: str | None = None
    opinion: str = ""
    files: tuple[AttachedFile, ...] = ()
    details: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    number: int = 0
    changes: tuple[Change, ...] = ()


Can = Literal[
    "approve", "reject", "send_back", "add_before", "add_after", "add_parallel", "remove_added", "hand_over",
    "delegate", "take_back", "recall", "resubmit", "remind", "read", "comment", "rescue",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One approval of one record, as the asker may see it.

    `approval` is the definition that it goes on with, None where that can no longer be read in the application as it is
    now (only recalling and rescuing are possible then). `entry` is the asker's own open part, `can` what they may do,
    `taken_back` the entry that they may take back. `lines` are those that it is bound to, as if added. `changes` are
    old → new: of the change that waits for the approval, or since the round before; `line_changes` the same of its
    lines. `people` names everybody in the state and the log.
    """

    id: str
    approval: Approval | None
    name: str
    label: Labels
    object: str
    record: str
    title: str
    initiator: Person
    status: InstanceStatus
    state: State
    round: int
    started_at: datetime
    ended_at: datetime | None
    acts: tuple[ActEntry, ...]
    people: Mapping[str, Person]
    snapshot: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    changes: tuple[Change, ...] = ()
    lines: tuple[LineChange, ...] = ()
    line_changes: tuple[LineChange, ...] = ()
    changes_of: Literal["gated", "round", "none"] = "none"
    entry: str | None = None
    can: frozenset[Can] = frozenset()
    possible: tuple[Possible, ...] = ()
    taken_back: str | None = None
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """One row of a list of the approval centre. `status` is of the part for "todo" and "done", of the whole else."""

    instance: str
    approval: str
    label: Labels
    object: str
    record: str
    title: str
    initiator: Person
    status: str
    at: datetime
    entry: str | None = None
    node: str | None = None
    node_label: Labels = field(default_factory=lambda: _NOTHING)
    due_at: datetime | None = None
    closed_at: datetime | None = None
    read_at: datetime | None = None
    stands_for: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPage:
    """Rows in order, the newest first; `next` is the cursor of the page after, None at the end."""

    rows: tuple[TaskRow, ...]
    next: str | None = None
