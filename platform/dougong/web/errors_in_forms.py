"""Problems of a save, sorted to where a form says them: at each field, at each line, on top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dougong.base.errors import DougongError, Problem
from dougong.metadata.model import Object


@dataclass(frozen=True, slots=True)
class Said:
    """One entry of the summary on top: the field's label, what to do, and the anchor of the field."""

    label: str
    text: str
    anchor: str


ASK_WHY = frozenset({"reason-missing", "rule-warning"})
"""Codes of problems that a reason settles."""


def ask_why(error: DougongError) -> bool:
    """Whether a reason would settle some of what is wrong."""
    return any(each.code in ASK_WHY for each in error.problems)


@dataclass(frozen=True, slots=True)
class FormErrors:
    """`fields` by name, `lines` by (number of the change, name), `rest` of no field of this form.

    `ask_why` tells that a reason is asked for.
    """

    fields: Mapping[str, tuple[str, ...]]
    lines: Mapping[tuple[int, str], tuple[str, ...]]
    rest: tuple[str, ...]
    ask_why: bool = False

    @property
    def any(self) -> bool:
        """True when something is wrong."""
        return bool(self.fields or self.lines or self.rest)


NONE = FormErrors({}, {}, ())


def sort_out(
    error: DougongError, obj: Object, shown: Mapping[str, object], language: str, first_line: int = 2
) -> FormErrors:
    """Place the problems of a save whose first change is the record itself and whose others are its lines."""
    fields: dict[str, tuple[str, ...]] = {}
    lines: dict[tuple[int, str], tuple[str, ...]] = {}
    rest: list[str] = []
    for problem in error.problems:
        said, row, name = problem.text(language), problem.place.row or 1, problem.place.field or ""
        if row >= first_line:
            lines[row, name] = (*lines.get((row, name), ()), said)
        elif name in shown:
            fields[name] = (*fields.get(name, ()), said)
        else:
            rest.append(_named(problem, obj, said, language))
    return FormErrors(fields, lines, tuple(rest), ask_why(error))


def _named(problem: Problem, obj: Object, said: str, language: str) -> str:
    """A problem at a field that this form does not show says which."""
    field = obj.fields.get(problem.place.field or "")
    name = field.label.get(language) if field else None
    return f"{name}: {said}" if name and name not in said else said
