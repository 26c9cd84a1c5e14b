"""How long records are kept: rules of an object, by which they go into the bin, lose what is personal, or are gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dougong.formulas import Formula

Doing = Literal["bin", "erase", "delete"]
"""Into the recycle bin; personal fields erased, the record stays; out of the bin, for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Records are due when the field `since` is more than `days` ago and `when` holds, where there is one."""

    key: str
    days: int
    do: Doing
    since: str
    when: Formula | None = None

    @property
    def in_bin(self) -> bool:
        """Whether it is about records in the recycle bin."""
        return self.do == "delete"
