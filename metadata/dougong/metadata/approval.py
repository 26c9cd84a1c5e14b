"""Approval processes, as the compiled model has them.

A document becomes an `Approval`: plain values, with each formula compiled over the object. What a running instance
does with one is in `dougong.workflows.approvals`; nothing here knows of instances.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from dougong.base.language import Labels
from dougong.formulas import Formula
from dougong.metadata.steps import Step

NodeType = Literal["approve", "condition", "split", "join", "copy_to", "action", "sub_process", "end"]

Mode = Literal["all", "any", "sequence", "vote"]
"""How a node is passed: all approve (会签), any (或签), one after the other (依次), or by votes (票签)."""

Rejection = Literal["first_ends", "when_lost", "all"]
"""When a node is rejected: by the first that rejects, as soon as it cannot be passed any more, when all have."""

Rejected = Literal["end", "initiator", "previous"]
"""What a rejected node does: it ends the approval as rejected, or sends it back."""

Act = Literal["add_before", "add_after", "add_parallel", "remove_added", "hand_over", "delegate", "send_back"]
"""What the approvers of a node may do beside approving, rejecting and commenting."""

ACTS: tuple[Act, ...] = (
    "add_before", "add_after", "add_parallel", "remove_added", "hand_over", "delegate", "send_back",
)  # fmt: skip

WAYS = (
    "user", "role", "position", "department_head", "manager", "queue", "field", "formula", "chosen_by",
)  # fmt: skip
"""By what people may be found; each set of approvers states one."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvers:
    """People by one rule; exactly one of the ways is stated. `key` names it within its node.

    `way` is one of: "user" (a login), "role", "position", "department_head", "manager", "queue", "field" (a path to a
    user), "formula" (a text: a login or an id of a user), "chosen_by". `value` is what stands at that key, by way:
    the name; for "department_head" "$Initiator" or a path to a department; for "manager" which one (1 is the direct
    one), with `up_to` a position at which the line ends; for "chosen_by" "initiator" or "previous".
    """

    key: str
    way: str
    value: Any
    formula: Formula | None = None
    up_to: str | None = None
    source: str | None = None
    """From whom may be chosen: ``role:name``, ``position:name``, ``queue:name``; everybody where not said."""
    most: int = 1
    """How many may be chosen."""
    when: Formula | None = None
    """Whether these approvers are asked at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A way out of a condition or a split. `when` is None at a split."""

    key: str
    next: str
    when: Formula | None = None
    label: Labels = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimit:
    """How long a node may take. `after` and `remind_every` are durations of the metadata ("8 working hours", "3d")."""

    after: str
    remind_every: str | None = None
    then: Literal["remind", "escalate", "pass", "reject", "hand_over"] = "remind"
    to: tuple[Approvers, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node of the chart; which attributes say something depends on `type`."""

    key: str
    type: NodeType
    label: Labels
    next: str | None = None
    formerly: tuple[str, ...] = ()
    """Keys that it had in earlier versions."""
    # approve
    approvers: tuple[Approvers, ...] = ()
    mode: Mode = "all"
    need: int | None = None
    """Votes that a vote needs; with `need_percent` None and None: more than half."""
    need_percent: int | None = None
    reject: Rejection = "first_ends"
    on_reject: Rejected = "end"
    opinion: Literal["free", "required", "required_on_reject"] = "required_on_reject"
    may: frozenset[Act] = frozenset()
    timeout: TimeLimit | None = None
    fields: Mapping[str, Literal["hide", "read", "edit", "require"]] = field(default_factory=lambda: _NOTHING)
    phrases: tuple[Labels, ...] = ()
    # condition, split
    branches: tuple[Branch, ...] = ()
    otherwise: str | None = None
    # join
    wait_for: Literal["all", "any"] = "all"
    # copy_to
    to: tuple[Approvers, ...] = ()
    # action
    steps: tuple[Step, ...] = ()
    # sub_process
    approval: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A start that is refused, with what is said."""

    key: str
    when: Formula
    message: Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Who may start, when it must be started, what it gates.

    `when` holds where a record needs this approval. `by`: "owner", "creator", "team:<role>", "role:<role>", "anyone".
    `gates`: what may not happen before the approval: "create", "delete", "convert", ``stage:<value>``,
    ``update:<field>``.
    """

    when: Formula | None = None
    by: tuple[str, ...] = ("owner",)
    gates: tuple[str, ...] = ()
    refuse: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What an approval is bound to: a later change of `fields` (all but `free` where empty) touches it."""

    fields: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()
    on_later_edit: Literal["reopen", "invalidate", "refuse"] = "invalidate"
    restore: bool = False
    """Whether what stood before is restored where the approval of a change is rejected or recalled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleRules:
    """What happens where an approver is the initiator, occurs twice, is not there, or nobody is found.

    `nobody` is tried in order: addresses ``role:…``, ``position:…``, ``queue:…``, ``user:…``; "refuse" ends it.
    """

    initiator_is_approver: Literal["skip", "next_manager", "department_head"] = "next_manager"
    same_person: Literal["skip", "repeat"] = "skip"
    absent: Literal["delegate", "wait"] = "delegate"
    nobody: tuple[str, ...] = ("refuse",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One approval process. `nodes` are those of the chart by key; it begins at `first`."""

    name: str
    own: str
    """The name without the object."""
    object: str
    label: Labels
    body: Mapping[str, Any]
    """The document, with which a running instance goes on when a later revision has another one."""
    first: str
    nodes: Mapping[str, Node]
    active: Formula | bool = True
    """Whether it may be started; a formula over settings switches it."""
    start: Start = field(default_factory=Start)
    binds: Binding = field(default_factory=Binding)
    lock_except: frozenset[str] = frozenset()
    people: PeopleRules = field(default_factory=PeopleRules)
    recall: Literal["until_next_decision", "until_end", "never"] = "until_next_decision"
    resubmit: Literal["choose", "resume", "again"] = "choose"
    outcomes: Mapping[str, tuple[Step, ...]] = field(default_factory=lambda: _NOTHING)
    """Steps by outcome: "approved", "rejected", "recalled", "returned"."""
