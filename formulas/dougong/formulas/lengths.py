"""How long a text may become: a few functions could make a huge one of a small one."""

from __future__ import annotations

from dougong.formulas.evaluation import EvaluationError, Failure

MOST = 1_000_000
"""Characters that any function or operator may produce."""

FIELD = 100_000
"""Characters that a field may hold."""


def limited(text: str | None) -> str | None:
    """What a function yields as the language has it: blank for empty text.

    Raises:
        EvaluationError: it is longer than any text may become.
    """
    return held(text) if text else None


def held(text: str) -> str:
    """`text` itself.

    Raises:
        EvaluationError: it is longer than any text may become.
    """
    if len(text) > MOST:
        raise EvaluationError(Failure.OUT_OF_RANGE)
    return text


def substituted(text: str, old: str, new: str) -> str:
    """`text` with every `old` replaced, measured before it is made.

    Raises:
        EvaluationError: it would be longer than any text may become.
    """
    if len(text) * len(new) > MOST and len(text) + text.count(old) * (len(new) - len(old)) > MOST:
        raise EvaluationError(Failure.OUT_OF_RANGE)
    return text.replace(old, new)
