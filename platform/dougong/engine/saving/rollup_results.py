"""How the results of roll-ups stand side by side in a row of their grouped statement, and what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dougong.engine.fields.derived import innermost
from dougong.engine.fields.numbers import IntegerType
from dougong.engine.saving.money import currency_of, in_own_currency
from dougong.engine.saving.plan import COMPANY
from dougong.engine.saving.row import Batch, Row
from dougong.metadata.model import Field


@dataclass(frozen=True, slots=True)
class Shape:
    """One roll-up: `width` columns of `parts` values.

    Of money there are two, the second in the company's currency; where children may differ in currency, the first
    and the last code follow. `mixed` tells that their own amounts may not add up to one in the parent's currency.
    `nothing` is what it comes to without children.
    """

    field: Field
    parts: int
    width: int
    average: bool
    mixed: bool
    nothing: tuple[Any, ...]

    def read(self, stored: Sequence[Any]) -> Sequence[Any]:
        """What was found for one parent: the values, then the codes."""
        if self.average:
            values = [self._average(*stored[2 * part : 2 * part + 2]) for part in range(self.parts)]
            return [*values, *stored[2 * self.parts :]]
        values = [
            self.nothing[at] if each is None else self._fitting(each) for at, each in enumerate(stored[: self.parts])
        ]
        return [*values, *stored[self.parts :]]

    def _fitting(self, value: Any) -> Any:
        """An aggregate over a formula as the field keeps it: to its decimals, a whole number as such."""
        if not isinstance(value, Decimal):
            return value
        exact = self.field.type.computed(self.field, value)
        return int(exact) if isinstance(innermost(self.field.type), IntegerType) else exact

    def _average(self, total: Any, count: int) -> Any:
        return self.field.type.computed(self.field, Decimal(total) / Decimal(count)) if count else None

    def give(self, batch: Batch, row: Row, results: Sequence[Any]) -> None:
        """Set the roll-up of the parent `row`."""
        name = self.field.name
        row.values[name] = results[0]
        if self.parts == 1:
            return
        company = row.values[name + COMPANY] = results[1]
        if self.mixed and set(results[2:]) != {currency_of(batch, row)}:
            row.values[name] = in_own_currency(batch, row, self.field, company)
