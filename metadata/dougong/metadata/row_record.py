"""A row of the metadata as the record that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRecord:
    """A record that travels with the metadata: its own `id`, and its `values` by field as the API takes them."""

    object: str
    name: str
    id: str
    values: Mapping[str, Any]

    @property
    def address(self) -> str:
        """``row:object.name``."""
        return f"row:{self.object}.{self.name}"
