"""Why somebody changes a record: what he says of it, as history keeps it."""

from __future__ import annotations

from dougong.base.errors import Problem, Rejected
from dougong.base.field_types import ValueRefused
from dougong.engine.fields.text import check_length, clean_text

LONGEST = 2000
"""Characters of a reason."""


def reason(said: str) -> str:
    """`said` as well-formed text, blank where nothing is said. Control characters are dropped.

    Raises:
        Rejected: it is too long, or holds half a character.
    """
    if not said:
        return ""
    try:
        text = clean_text(said, lines=True) or ""
        check_length(text, LONGEST)
    except ValueRefused as refused:
        raise Rejected(Problem(code=refused.code, reason=refused.reason, fix=refused.fix, thing="reason")) from None
    return text
