"""What a step is given when it is carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dougong.metadata.steps import Step

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """One step over the records of one run: many where one event changed many (an import, a mass edit).

    A step does the same for each of `ids`, in as few statements as it can. `unit` is the open transaction, acting as
    the run acts; the step's note is written in it, so that what it does in the database happens exactly once.
    `values` are the outputs of earlier steps by key; `people` names those of the run ("initiator", "approvers").
    `key` is the same each time this step of this run is tried: what leaves the database carries it.
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
