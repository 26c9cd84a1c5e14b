"""What is known of one running approval: plain frozen values, stored as JSON with the instance.

`machine.advance(approval, state, act, world)` gives the next state and the effects that the caller carries out in the
same transaction. Nothing here reads a clock, a database or a model: what the machine has to know of the world it asks
the `World` that it is given, so that every transition can be tested by a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal, Protocol

from dougong.formulas import Formula
from dougong.metadata.approval import Approvers
from dougong.metadata.steps import Step

InstanceStatus = Literal["open", "returned", "approved", "rejected", "recalled", "cancelled"]
"""`returned`: sent back to the initiator, who changes the record and submits again, or recalls."""

EntryStatus = Literal[
    "waiting", "open", "approved", "rejected", "sent_back", "handed_over", "delegated", "taken_back", "skipped",
    "removed", "void",
]  # fmt: skip
"""Of one person's part. `waiting`: their turn has not come. `delegated`: until the delegate gives it back.
`taken_back`: they undid it, and decide anew in the entry whose `parent` this is. `void`: the node ended, or was left,
without them."""

EntryKind = Literal[
    "approver", "added_before", "added_after", "added_parallel", "handed_over", "delegate", "escalated", "retaken"
]
"""`escalated`: asked because `parent` was late; whichever of the two decides first decides for both. `retaken`: the
same person anew, who took a decision back."""

Why = Literal[
    "", "initiator", "merged", "approved_before", "timed_out_approved", "timed_out_rejected", "timed_out", "inactive",
    "absent", "rescued", "moved",
]  # fmt: skip
"""Why an entry has its status, where no person brought it about. Skipped: "initiator" (nobody approves their own) and
"merged" (asked already in another part of the node) count for nothing, "approved_before" counts as approved,
"timed_out_…" as it says. Handed over or removed: "timed_out", "inactive", "absent", "rescued", "moved" (to a
definition whose rules find them no more)."""

VisitStatus = Literal["open", "passed", "rejected", "sent_back", "void"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One person's part at one visit of a node. `id` is unique in the instance ("3.2": second of visit 3).

    `source` is the key of the approvers' rule that found the person, "nobody" for a stand-in found by `people.nobody`.
    `parent` is the entry whose person added, handed over or delegated. `stands_for` is the absent person whose
    delegate this is.
    """

    id: str
    person: str
    source: str
    status: EntryStatus
    kind: EntryKind = "approver"
    parent: str | None = None
    stands_for: str | None = None
    opened_at: datetime | None = None
    decided_at: datetime | None = None
    opinion: str = ""
    why: Why = ""
    reminded_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A node that was reached. `number` counts from 1; `before` is the visit that it was reached from.

    `within` are the splits that it stands in, the outermost first: (number of the split's visit, key of the branch).
    `round` counts how often the record was submitted. `due_at` is when the node's time runs out.
    """

    number: int
    node: str
    status: VisitStatus
    round: int
    before: int | None
    within: tuple[tuple[int, str], ...] = ()
    entries: tuple[Entry, ...] = ()
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    due_at: datetime | None = None
    timed_out_at: datetime | None = None
    child: str | None = None
    """Of a sub-process: the id of the instance that runs it."""
    split: int | None = None
    """Of a join: the visit of the split whose branches it joins."""
    arrived: tuple[int, ...] = ()
    """Of a join: the visits from which it was reached."""
    left: tuple[int, ...] = ()
    """Of a join that waits for any: the visits that were open in the other branches when it was passed."""
    resume: tuple[int, ...] = ()
    """Once this is passed, these visits are opened again, instead of what comes next: it was sent back to here."""
    reopens: int | None = None
    """The visit that this one goes on with: whoever had approved there is not asked again."""
    opened_by: int | None = None
    """Of one that was opened again by another's `resume`: that one."""
    undone: bool = False
    """Whether it was gone back behind: what was decided here counts for nothing further on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """Somebody who was sent a copy, and when they read it."""

    person: str
    node: str
    at: datetime
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All of one instance. `resume` are the visits to which a resubmission may go straight back."""

    status: InstanceStatus
    initiator: str
    round: int = 1
    visits: tuple[Visit, ...] = ()
    copies: tuple[Copied, ...] = ()
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """People chosen, by ``node.key`` of the approvers' rule with `chosen_by`."""
    resume: tuple[int, ...] = ()
    resume_said: Literal["choose", "resume", "again"] | None = None
    """What who sent it back asked for; None where the definition decides."""
    gone: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Nodes that were passed under an earlier definition and that the present one has no more, with their type."""


# -- what people and the clock do -------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """The initiator, `by`, starts; `chosen` as in `State`."""

    by: str
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """`chosen`: whom this approver picks for a later node whose approvers are chosen by the previous one."""

    entry: str
    by: str
    opinion: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """One person's no."""

    entry: str
    by: str
    opinion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendBack:
    """退回. `to`: "initiator", "previous", or the key of a node that was visited. `then` is what follows there."""

    entry: str
    by: str
    to: str = "initiator"
    then: Literal["choose", "resume", "again"] | None = None
    opinion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """加签. Before: they decide, then `entry`; after: they decide once `entry` approved; parallel: beside it."""

    entry: str
    by: str
    people: tuple[str, ...]
    where: Literal["before", "after", "parallel"]
    opinion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """减签: somebody whom the person of `entry` had added, and who has not decided."""

    entry: str
    by: str
    removed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """转办: somebody else decides in one's place; or `comes_back` (委派): they give an opinion, then one decides."""

    entry: str
    by: str
    to: str
    comes_back: bool = False
    opinion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBack:
    """取回: an approver undoes their decision while nobody after them has acted."""

    entry: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """撤回 by the initiator."""

    by: str
    opinion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resubmit:
    """The initiator submits again after it was sent back: straight to who sent it back ("resume"), or all again.

    None takes what is stated by the definition or by who sent it back, and "again" where neither says.
    """

    by: str
    then: Literal["resume", "again"] | None = None
    opinion: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Remind:
    """催办 by `by`: all whose turn it is, at most once in `machine.REMINDED_EVERY`. By the clock: "" and the visit."""

    by: str
    visit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A person to whom a copy went opened it."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOut:
    """The time of a visit has run out: what its node says then is done. Nothing where it is closed already."""

    visit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalidate:
    """The record was changed behind the approval's back where that ends it (`binds.on_later_edit`), or is gone."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """The steps of an action node were carried out: it goes on, with the record as they left it."""

    visit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildStarted:
    """The instance of a sub-process was started: its id."""

    visit: int
    child: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildEnded:
    """The instance of a sub-process ended."""

    visit: int
    outcome: Literal["approved", "rejected", "recalled", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Whoever cannot act any more is replaced (`World.active`), and who went on leave meanwhile, by their delegate.

    Sent when a user was deactivated or a leave began. Nothing where all can act.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue:
    """An administrator's way out: another person for an entry, or the end of the instance."""

    by: str
    entry: str | None = None
    to: str | None = None
    end: Literal["cancelled"] | None = None
    opinion: str = ""


Act = (
    Submit | Approve | Reject | SendBack | Add | Remove | HandOver | TakeBack | Recall | Resubmit | Remind | Read
    | TimeOut | Invalidate | Did | ChildStarted | ChildEnded | Sweep | Rescue
)  # fmt: skip


# -- what the caller does about it, in the same transaction -----------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Opened:
    """It is this person's turn: a task appears in their approval centre, and they are told."""

    visit: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Closed:
    """A task of this person is no longer theirs to do."""

    visit: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class CopySent:
    """This person gets a copy to read."""

    copied: Copied


@dataclass(frozen=True, slots=True)
class Reminded:
    """This person is reminded of a task."""

    visit: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Timer:
    """At `at` a `TimeOut` is wanted for this visit, or a `Remind`. A visit that is closed by then ignores it."""

    visit: int
    kind: Literal["due", "remind"]
    at: datetime


@dataclass(frozen=True, slots=True)
class Do:
    """These steps are carried out on the record: those of an action node, or of an outcome.

    `place` is where they stand in the document ("/nodes/mark", "/outcomes/approved"). With `visit`, the machine waits
    for a `Did` of it, so that what comes next sees what they did.
    """

    place: str
    steps: tuple[Step, ...]
    visit: int | None = None


@dataclass(frozen=True, slots=True)
class StartChild:
    """An instance of another approval is started for the visit of a sub-process."""

    visit: int
    approval: str


@dataclass(frozen=True, slots=True)
class CancelChild:
    """The instance of a sub-process is not wanted any more: it is cancelled, and no `ChildEnded` follows."""

    visit: int
    child: str


@dataclass(frozen=True, slots=True)
class Stranded:
    """This person cannot act any more and nobody was found in their place: administrators are told, who `Rescue`."""

    visit: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Ended:
    """The instance has this status from now on; "returned" waits for the initiator."""

    status: InstanceStatus


Effect = Opened | Closed | CopySent | Reminded | Timer | Do | StartChild | CancelChild | Stranded | Ended


@dataclass(frozen=True, slots=True)
class Advanced:
    """What an act led to."""

    state: State
    effects: tuple[Effect, ...]


class World(Protocol):
    """What the machine asks of the company, all at one instant, in one transaction."""

    @property
    def now(self) -> datetime: ...

    def people(self, approvers: Approvers, state: State, of: str | None = None) -> Sequence[str]:
        """The active users whom a rule finds, in order, the same one once; empty where there is none.

        `of` is whose manager or department head is meant, the initiator where None: when an approver's time has run
        out, theirs is. Not asked for `chosen_by`: these stand in `State.chosen`.
        """
        ...

    def named(self, address: str) -> Sequence[str]:
        """The active users of ``role:…``, ``position:…``, ``queue:…``, ``user:…`` (`PeopleRules.nobody`)."""
        ...

    def holds(self, condition: Formula) -> bool:
        """Whether a formula holds for the record as it is now."""
        ...

    def changed_since(self, at: datetime) -> bool:
        """Whether something that the approval is bound to was changed after `at`."""
        ...

    def later(self, duration: str) -> datetime:
        """When a duration of the metadata ("8 working hours", "3d") that begins now is over."""
        ...

    def active(self, person: str) -> bool:
        """Whether somebody can act at all."""
        ...

    def delegate(self, person: str) -> str | None:
        """Who acts for somebody who is absent now, for approvals of this object; None where they are not absent.

        A chain of delegates is followed to its end; one who is absent without a delegate stands for themselves.
        """
        ...

    def manager(self, person: str) -> str | None:
        """Somebody's manager, an active one."""
        ...

    def department_head(self, person: str) -> str | None:
        """The head of somebody's department, an active one."""
        ...
