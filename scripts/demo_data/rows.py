"""Rows of the demo: made one by one, referred to by key, written one file an object."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

ORDER = (
    "currency_rate", "department", "position", "user", "product", "price_book", "price_entry", "competitor", "campaign",
    "account", "contact", "account_contact_role", "lead_dispatch", "lead", "campaign_member", "opportunity",
    "opportunity_line", "opportunity_competitor", "quote", "quote_line", "order", "order_line", "contract",
    "payment_plan", "receipt", "invoice", "activity", "expense", "task",
)  # fmt: skip
"""The objects, each after those that it refers to: the order of loading."""


def day(number: int, clock: str = "") -> str:
    """A date `number` days from the day of installing, or a time of that day: ``{-30d}``, ``{-30d 14:30}``."""
    return f"{{{number:+d}d{' ' + clock if clock else ''}}}"


def money(amount: Decimal | int | float | str, places: str = "0.01") -> str:
    """`amount` rounded half up to a step such as 0.01 or 1E3, as text."""
    return f"{Decimal(str(amount)).quantize(Decimal(places), ROUND_HALF_UP):f}"


@dataclass(slots=True)
class Row:
    """One record: what it is made with on day `created`, and what happens to it later."""

    object: str
    key: str
    created: int
    values: dict[str, Any]
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ref(self) -> str:
        """How other rows refer to this one."""
        return f"@{self.key}"

    def change(self, at: int, reason: str = "", **values: Any) -> None:
        """Set `values` on day `at`."""
        self.history.append({"at": at, "set": values} | ({"reason": reason} if reason else {}))

    def become(self, at: int, life_status: str, reason: str = "") -> None:
        """Pass into another life status on day `at`."""
        self.history.append({"at": at, "life_status": life_status} | ({"reason": reason} if reason else {}))

    def document(self) -> dict[str, Any]:
        """The row as it stands in the file."""
        body: dict[str, Any] = {"key": self.key, "created": self.created, "values": self.values}
        if self.history:
            body["history"] = sorted(self.history, key=lambda entry: entry["at"])
        return body


class Rows:
    """All rows by object. A value of None or "" is left out."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Row]] = {name: [] for name in ORDER}
        self._keys: set[str] = set()

    def add(self, name: str, key: str, created: int, /, **values: Any) -> Row:
        """A new row of object `name`; every key is used once."""
        if key in self._keys:
            raise ValueError(f"the key {key} is used twice")
        self._keys.add(key)
        row = Row(name, key, created, {k: v for k, v in values.items() if v not in (None, "")})
        self._rows[name].append(row)
        return row

    def of(self, name: str) -> list[Row]:
        """The rows of object `name`, in order of making."""
        return self._rows[name]

    def write(self, folder: Path) -> list[str]:
        """Write one file an object, one row a line; the names of the files in order of loading."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ORDER:
            (folder / f"{name}.json").write_text(_document(name, self._rows[name]), encoding="utf-8")
        return [f"{name}.json" for name in ORDER]


def _document(name: str, rows: Iterable[Row]) -> str:
    lines = ",\n".join(json.dumps(row.document(), ensure_ascii=False) for row in rows)
    return f'{{"object": "{name}", "rows": [\n{lines}\n]}}\n'
