"""Many values as one parameter of PostgreSQL: the text of an array.

The driver makes an array element by element, asking for each how it is written; for the thousand ids of a batch that
takes longer than finding the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from types import NoneType
from typing import Any

_PLAIN = frozenset({NoneType, str, bool, int, Decimal, date, datetime})
"""Values whose text in Python is what PostgreSQL reads."""


def array_of(values: Sequence[Any]) -> str | list[Any]:
    """`values` as PostgreSQL takes them where the type is said (``%s::uuid[]``); numbers of several kinds are alike."""
    if not _PLAIN.issuperset(map(type, values)):
        return list(values)
    return "{" + ",".join(["NULL" if value is None else _quoted(str(value)) for value in values]) + "}"


def _quoted(text: str) -> str:
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
