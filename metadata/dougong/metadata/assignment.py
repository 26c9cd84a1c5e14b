"""Who gets a record, as the compiled model has it: rules in order, and what is done where none finds anybody.

The step `assign` carries such rules inline, or names a document of the kind `assignment_rule`: both are `Assignment`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dougong.base.language import Labels
from dougong.formulas import Formula

RULES_SCHEMA = "rules"
"""The key of the schema of `assignment_rule` under which rules stand, those of the step as well."""

FALLBACK = "fallback"
"""The key of the choice for records for which no rule finds anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """A table of records that says who: `match` by field of a row, `to` the field that names the user or queue."""

    object: str
    match: Mapping[str, Formula]
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One rule. `fields` are the formulas of those of `to` that read the record; exactly one of the ways is there."""

    key: str
    label: Labels
    when: Formula | None = None
    to: tuple[str, ...] = ()
    fields: tuple[Formula, ...] = ()
    queue: str | None = None
    matrix: Matrix | None = None
    pick: Literal["round_robin", "least_loaded"] = "round_robin"
    counts: str | None = None
    skips_absent: bool = True
    working_hours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Rules in order. `turns` names them in the table of turns: it stays when the document is renamed."""

    name: str
    object: str
    label: Labels
    body: Mapping[str, Any]
    turns: str
    choices: tuple[Choice, ...]
    fallback: Choice | None = None

    def formulas(self) -> tuple[Formula, ...]:
        """Every formula over the record."""
        every = (*self.choices, *((self.fallback,) if self.fallback is not None else ()))
        whens = tuple(each.when for each in every if each.when is not None)
        matched = tuple(of for each in every if each.matrix is not None for of in each.matrix.match.values())
        return (*whens, *(of for each in every for of in each.fields), *matched)
