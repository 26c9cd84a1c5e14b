"""A garage whose objects have formula fields of every type, and what Python makes of each of their records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.fields.formula import ERROR
from dougong.engine.saving.batch import Create, Made
from dougong.engine.saving.expressions import accessor, formula_needs
from dougong.engine.saving.plan import plan_of
from dougong.engine.saving.related import Related
from dougong.engine.unit import Unit
from dougong.engine.variables import formula_context
from dougong.formulas import EvaluationError, Formula
from dougong.metadata.model import Field
from tests.companies import WORKSHOP, Copies

GARAGE = Path(__file__).parent / "garage"


@pytest.fixture
def garage(company_copy: Copies, database_kind: str) -> Iterator[Company]:
    """The workshop with formula fields and without records."""
    with company_copy(database_kind, "garage", (WORKSHOP, GARAGE)) as found:
        yield found


def fill(company: Company) -> None:
    """Records of every kind: with parents, without, blank, and such as formulas fail for."""

    def work(unit: Unit) -> None:
        today = unit.now.date()
        customers = [
            Create("customer", {"name": "Wheel Club", "city": "Berlin", "level": "a"}, key="c0"),
            Create("customer", {"name": "远航车行", "city": "上海", "level": "b", "parent": Made("c0")}, key="c1"),
            Create("customer", {"name": "no city"}, key="c2"),
        ]
        parts = [Create("part", {"name": "Chain", "sku": "C1", "price": "10.00"}, key="p0")]
        repairs = [
            Create(
                "repair",
                {
                    "customer": Made(f"c{at % 3}") if at % 4 else None,
                    "discount": ("0.1", None, "0.25", "0")[at % 4],
                    "due_on": today + timedelta(days=at - 5) if at % 3 else None,
                    "received_at": unit.now - timedelta(hours=at) if at % 5 else None,
                },
                key=f"r{at}",
            )
            for at in range(12)
        ]
        lines = [
            Create(
                "repair_line",
                {
                    "repair": Made(f"r{at % 11}"),
                    "description": f"Line {at}",
                    "quantity": str(at % 4 + 1),
                    "unit_price": ("5.00", "19.99", "25.10", "0.00", None)[at % 5],
                    "part": Made("p0") if at % 2 else None,
                },
            )
            for at in range(25)
            if at % 11 != 7
        ]
        unit.records.save([*customers, *parts, *repairs, *lines])

    company.write(SYSTEM, work)


def by_python(unit: Unit, field: Field) -> dict[str, Any]:
    """The value of a formula field for every live record, as the Python meaning of its formula gives it."""
    assert field.formula is not None
    return computed(unit, field.object, field.formula, field)


def computed(unit: Unit, object_name: str, formula: Formula, field: Field) -> dict[str, Any]:
    """The value of `formula`, rounded as in `field`, for every live record of an object."""
    plan = plan_of(unit.runtime, object_name)
    related, needs = Related(unit), formula_needs(plan, [formula])
    stored = unit.connection.execute(select(*plan.columns).where(plan.table.c.deleted_at.is_(None)))
    rows = [plan.read(each) for each in stored]
    related.follow(rows, needs)
    context, found = formula_context(unit), {}
    for values in rows:
        try:
            value = formula.evaluate(lambda path, values=values: accessor(plan, path)(values, related), context)
        except EvaluationError:
            found[str(values["id"])] = ERROR
            continue
        found[str(values["id"])] = None if value is None else _kept(field, value)
    return found


def _kept(field: Field, value: Any) -> Any:
    rounded = field.type.computed(field, value)
    return int(rounded) if field.options["returns"] == "integer" else rounded
