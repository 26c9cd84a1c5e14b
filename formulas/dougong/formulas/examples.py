"""The record that the examples of functions are about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from dougong.formulas.evaluation import Context
from dougong.formulas.scopes import NamedFields
from dougong.formulas.types import FieldInfo, Path, Type, Value
from dougong.formulas.working_days import WorkingCalendar

FIELDS: dict[Path, FieldInfo] = {
    ("amount",): FieldInfo(Type.NUMBER, precision=18, scale=2),
    ("name",): FieldInfo(Type.TEXT),
    ("stage",): FieldInfo(Type.PICKLIST, values=("open", "won", "lost")),
    ("colours",): FieldInfo(Type.MULTI_PICKLIST, values=("red", "green", "blue")),
    ("$ObjectType", "city", "fields", "code"): FieldInfo(Type.TEXT),
    ("$ObjectType", "city", "fields", "name"): FieldInfo(Type.TEXT),
}

_RATES: dict[str, Value] = {"USD": Decimal("7.1")}

VALUES: dict[Path, Value] = {
    ("amount",): Decimal("120.50"),
    ("name",): "Ada Lovelace",
    ("stage",): "won",
    ("colours",): frozenset({"red", "blue"}),
}

CONTEXT = Context(
    now=datetime(2024, 2, 9, 8, 5, tzinfo=UTC),
    prior={**VALUES, ("amount",): Decimal(100), ("stage",): "open"},
    lookup=lambda returned, matched, value: "CN-31" if value == "Shanghai" else None,
    currency_rate=_RATES.get,
    calendar=WorkingCalendar(
        holidays=frozenset(date(2024, 2, day) for day in range(10, 18)),
        workdays=frozenset({date(2024, 2, 4), date(2024, 2, 18)}),
    ),
)
"""The record is being saved: its amount was 100 and its stage "open". The holiday is the Spring Festival of 2024."""

SCOPE = NamedFields(FIELDS)
"""The names that examples may use."""
