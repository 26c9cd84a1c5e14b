"""Problems with the place in a formula's text worked out."""

from __future__ import annotations

from typing import Literal

from dougong.base.errors import Place, Problem
from dougong.base.language import Message
from dougong.formulas.tree import Span

Severity = Literal["error", "warning"]


def problem(
    text: str, span: Span, code: str, reason: Message, fix: Message | None = None, severity: Severity = "error"
) -> Problem:
    """A `Problem` at `span` of `text`: line and column count from 1, in characters."""
    before = text[: span.start]
    line = before.count("\n") + 1
    column = span.start - (before.rfind("\n") + 1) + 1
    return Problem(code=code, reason=reason, fix=fix, place=Place(line=line, column=column), severity=severity)
