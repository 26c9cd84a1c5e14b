"""The field types that ship, one family per module. Importing this package fills `FIELD_TYPES`."""

from __future__ import annotations

from dougong.base.field_types import FIELD_TYPES
from dougong.engine.fields import (
    address,
    auto_number,
    boolean,
    choices,
    codes,
    contact,
    dates,
    files,
    formula,
    json_field,
    money,
    numbers,
    person_name,
    places,
    references,
    rollup,
    text,
)

FAMILIES = (
    address, auto_number, boolean, choices, codes, contact, dates, files, formula, json_field, money, numbers,
    person_name, places, references, rollup, text,
)  # fmt: skip
"""The modules, each of which registers its types."""

__all__ = ["FAMILIES", "FIELD_TYPES"]
