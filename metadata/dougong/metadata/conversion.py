"""Conversions as the compiled model has them: which records a record becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from dougong.base.language import Labels
from dougong.formulas import Formula

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def _nothing() -> Any:
    return field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionTarget:
    """One record that a conversion finds or makes.

    `map` holds formulas over the source record; `copy` names the source fields taken over as they are, because no
    formula can hold them (an address). Both by field of the target; so in `children` (``from``, ``into``).
    """

    key: str
    object: str
    optional: bool = False
    find: Mapping[str, Any] = _nothing()
    map: Mapping[str, Formula] = _nothing()
    copy: Mapping[str, str] = _nothing()
    link: Mapping[str, str] = _nothing()
    children: tuple[Mapping[str, Any], ...] = ()
    record_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """How a record becomes others: lead to customer, quote to order."""

    object: str
    name: str
    label: Labels
    when: Formula | None
    into: tuple[ConversionTarget, ...]
    carry: tuple[str, ...]
    after_set: Mapping[str, Formula] = _nothing()
    after_lock: bool = False
    after_open: str | None = None
    undo_days: int = 0
