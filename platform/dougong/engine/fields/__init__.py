"""The field types that ship, one family per module. Importing this package fills `FIELD_TYPES`."""

from __future__ import annotations

from dougong.base.field_types import FIELD_TYPES
from dougong.engine.fields import (
    boolean,
    choices,
    dates,
    money,
    numbers,
    references,
    text,
)

__all__ = ["FIELD_TYPES", "boolean", "choices", "dates", "money", "numbers", "references", "text"]
