"""Keys that several kinds of steps have under ``with``, as JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAME: Mapping[str, Any] = {"type": "string", "pattern": "^[a-z][a-z0-9]*(_{1,2}[a-z0-9]+)*$"}

FORMULA: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": 20000}

FORMULAS: Mapping[str, Any] = {
    "type": "object", "propertyNames": NAME, "additionalProperties": FORMULA, "minProperties": 1, "maxProperties": 100,
}  # fmt: skip

RELATION: Mapping[str, Any] = {"type": "string", "pattern": "^[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*$"}
"""A child object and the field of it that leads here: ``opportunity_line.opportunity``."""
