"""What a case of a field type says, and the operands that types of one kind share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from dougong.base.field_types import Reading
from dougong.engine.fields import FIELD_TYPES
from dougong.metadata.model import Field, Picklist, PicklistValue

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 3, 26, tzinfo=UTC)
ENGLISH = Reading(language="en", zone=ZONE, now=NOW)
CHINESE = Reading(language="zh-CN", zone=ZONE, now=NOW)

A, B, C = (f"01934f2e-0000-7000-8000-00000000000{digit}" for digit in "abc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One type under test.

    `values` are in the order in which a list sorts them. `reads` pairs inputs with what they are read as, `refused`
    inputs with the code of the refusal. `operands` gives for each operator the operands to try.
    """

    name: str
    values: tuple[Any, ...]
    operands: Mapping[str, tuple[Any, ...]]
    reads: tuple[tuple[Any, Any], ...] = ()
    refused: tuple[tuple[Any, str], ...] = ()
    shown: str = ""
    """What the first value looks like in Chinese."""
    options: Mapping[str, Any] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    picklist: Picklist | None = None
    variant: str = ""

    @property
    def id(self) -> str:
        """The name of the case in the test's output and of its table."""
        return f"{self.name}_{self.variant}" if self.variant else self.name

    @property
    def field(self) -> Field:
        """A field of the type, with the defaults of its keys."""
        kind = FIELD_TYPES[self.name]
        defaults = {key: schema["default"] for key, schema in kind.keys.items() if "default" in schema}
        return Field(
            object="thing", name=self.id, id=self.id, type=kind, label={"en": "Thing", "zh-CN": "东西"},
            options=MappingProxyType({**defaults, **self.options}), targets=self.targets, picklist=self.picklist,
        )  # fmt: skip


def picklist(*values: tuple[str, str, str, tuple[str, ...]]) -> Picklist:
    listed = (
        PicklistValue(value=value, label={"en": english, "zh-CN": chinese}, aliases=aliases, colour="green")
        for value, english, chinese, aliases in values
    )
    return Picklist(name="stage", label={"en": "Stage"}, values={each.value: each for each in listed})


STAGES = picklist(
    ("qualify", "Qualify", "需求确认", ()),
    ("won", "Won", "赢单", ("Closed Won",)),
    ("lost", "Lost", "输单", ("Closed Lost", "丢单")),
)

NONE = (None,)
TEXT = {
    "contains": ("a", "新能源", "%", "ZZZ"), "not_contains": ("a", "_"), "is": ("ADA", "远澜新能源", "zzz"),
    "is_not": ("ada", "zzz"), "starts": ("ad", "远"), "ends": ("A", "源"), "in": (["ADA", "zzz"], "ada;_", []),
    "not_in": (["ada"], []), "blank": NONE, "not_blank": NONE,
}  # fmt: skip
WORDS = ("100% sure", "Ada", "_", "a\\b", "ada", "ÉCOLE", "远澜新能源")
CHOICE = {"is": (A, B), "is_not": (A,), "in": ([A, C], []), "not_in": ([B], []), "blank": NONE, "not_blank": NONE}
NUMBER = {
    "is": ("20", "0"), "is_not": ("20",), "gt": ("20", "20.5"), "gte": ("20",), "lt": ("20", "-0.5"), "lte": ("20",),
    "between": (["-1", "20"], "1..5"), "in": (["20", "5"], []), "not_in": (["20"], []),
    "blank": NONE, "not_blank": NONE,
}  # fmt: skip
DATES = {
    "within": ("today", "this_week", "last_month", "next_n_days:7", "last_n_days:30", "this_year", "n_days_ago:1"),
    "is": ("2026-11-22", "yesterday"), "is_not": ("2026-11-22", "this_month"), "before": ("today", "2026-11-01"),
    "after": ("today", "this_week"), "gt": ("2026-11-22",), "gte": ("2026-11-22", "this_month"), "lt": ("2026-11-22",),
    "lte": ("2026-11-22", "this_week"), "between": (["2026-11-01", "today"], "2026-01-01..2026-11-21"),
    "in": (["today", "2026-11-21"], []), "not_in": (["today"], []), "blank": NONE, "not_blank": NONE,
}  # fmt: skip
TIMES = {key: value for key, value in DATES.items() if key not in ("within", "before", "after")} | {
    "is": ("09:30",), "is_not": ("09:30",), "gt": ("09:30",), "gte": ("09:30",), "lt": ("09:30",), "lte": ("09:30",),
    "between": (["08:00", "12:00"],), "in": (["09:30"], []), "not_in": (["09:30"], []),
}  # fmt: skip
PRESENCE = {"blank": NONE, "not_blank": NONE}


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]
