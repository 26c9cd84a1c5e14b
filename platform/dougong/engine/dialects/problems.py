"""What people are told about the database."""

from __future__ import annotations

from dougong.base.errors import Problem
from dougong.base.language import msg


def being_published() -> Problem:
    """A second publisher came while the first prepares."""
    return Problem(
        code="publish-busy",
        thing="revision",
        reason=msg("Somebody else is publishing just now."),
        fix=msg("Try again in a moment."),
    )
