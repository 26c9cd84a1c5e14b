"""Values that a record takes from another one that is found for it: a price from a price book, a tier from a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dougong.base.language import Labels
from dougong.formulas import Formula

if TYPE_CHECKING:
    from dougong.metadata.model import Range

Again = Literal["until_edited", "when_changed", "once"]
"""When a field is filled again: until somebody edits it, whenever what decides changes, only while it is blank."""

Path = tuple[str, ...]

PLACE = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)\}")
"""What stands for a field of the chosen record in a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One record of `source` is chosen for a record of `object`, and `set` says what is taken from it.

    It is the record behind `lookup`, or the first in `order` of those that equal `match` (fields of the source,
    formulas over the record), that `where` admits and that are valid on `day` between `dates`. `where` and `set` are
    formulas over the chosen record; ``$Record`` in them is the record being filled. `copy` takes fields over as they
    are that no formula can hold. Where nothing is found, the fill named `otherwise` is asked, and then `none` says what
    happens.
    """

    object: str
    name: str
    label: Labels
    source: str
    set: Mapping[str, Formula]
    copy: Mapping[str, str]
    lookup: str | None = None
    match: Mapping[str, Formula]
    where: Formula | None = None
    day: Formula | None = None
    dates: Range | None = None
    order: tuple[tuple[Path, bool], ...] = ()
    """Paths from the chosen record, and whether the greatest comes first."""
    again: Again = "until_edited"
    watch: tuple[str, ...] = ()
    none: Literal["leave", "blank", "refuse"] = "leave"
    message: Labels
    otherwise: str | None = None
    reason: Labels

    @property
    def address(self) -> str:
        """``fill:object.name``."""
        return f"fill:{self.object}.{self.name}"

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that are filled."""
        return (*self.set, *self.copy)

    def asked(self) -> Iterator[Formula]:
        """The formulas over the record that is filled."""
        yield from self.match.values()
        if self.day is not None:
            yield self.day

    def chosen(self) -> Iterator[Formula]:
        """The formulas over the chosen record."""
        if self.where is not None:
            yield self.where
        yield from self.set.values()

    def reads(self) -> tuple[Path, ...]:
        """What of the record that is filled decides which record is chosen and what is taken from it."""
        own = [path for each in self.asked() for path in each.references]
        own += [path[1:] for each in self.chosen() for path in each.variables if path[0] == "$Record"]
        return tuple(dict.fromkeys([(self.lookup,), *own] if self.lookup else own))
