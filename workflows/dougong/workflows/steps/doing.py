"""What a step is given when it is carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dougong.metadata.steps import Step

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """One step over the records of one run: many where one event changed many (an import, a mass edit).

    A step does the same for each of `ids`, in as few statements as it can. `unit` is the open transaction, acting as
    the run acts; the step's note is written in it, so that what it does in the database happens exactly once.
    `values` are the outputs of earlier steps by key; `people` names those of the run ("initiator", "approvers").
    `key` is the same each time this step of this run is tried: what leaves the database carries it. `trigger` is what
    ``$Trigger`` means.
    """

    unit: Unit
    step: Step
    object: str
    ids: Sequence[str]
    key: str
    values: Mapping[str, Any]
    people: Mapping[str, tuple[str, ...]]
    name: str
    """Whole address of what runs ("automation:deal.won"), for history and errors."""
    trigger: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    around: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """Inside a loop: by id, the record around it, which is ``$Record``; `around_object` says of which object."""
    around_object: str | None = None


@dataclass(frozen=True, slots=True)
class Ways:
    """What a branch answers: the records by the key of the way that they take; "" is otherwise."""

    taken: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Each:
    """What a loop answers: by record, the records of `object` that its steps are done for."""

    object: str
    members: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Until:
    """What a wait answers: the moment (ISO, in UTC) at which the run goes on."""

    moment: str


BY_RECORD = "by_record"
"""In the output of a step: by id of a record, the id of the record that ``$Steps.<key>`` means for it."""
