"""The company's calendar in formulas of records: in queries, in defaults and in rules, and changed by a publish."""

from __future__ import annotations

from typing import Any

import pytest

from dougong.base.errors import DougongError
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Condition, Query, Sort
from dougong.engine.saving.batch import Create
from dougong.metadata.component import Component
from tests.engine.formula_fields.conftest import by_python, fill
from tests.engine.test_publish import change, field

NAMES = ("worked", "ready_on", "work_left", "booked_in")


def computed(name: str, text: str, returns: str) -> Component:
    return field(
        f"repair.{name}", type="formula", returns=returns, formula=text, id=name.replace("_", "").ljust(12, "0")
    )


FIELDS = (
    computed("worked", "ISWORKDAY(due_on)", "boolean"),
    computed("ready_on", "ADDWORKDAYS(due_on, LEN(number))", "date"),
    computed("work_left", "WORKDAYS(TODAY(), due_on)", "integer"),
    computed("booked_in", "FISCALYEAR(due_on) * 10 + FISCALQUARTER(due_on)", "integer"),
)


def calendar(**keys: Any) -> Component:
    label = {"en": "Garage", "zh-CN": "车行"}
    return Component("calendar", "garage", {"kind": "calendar", "name": "garage", "label": label, **keys})


WEEKENDS = calendar(default=True, days=["saturday", "sunday"], fiscal_year={"month": 7})


@pytest.fixture
def open_garage(garage: Company) -> Company:
    """The garage with repairs and formulas over the calendar, which is the plain week yet."""
    fill(garage)
    change(garage, *FIELDS)
    return garage


def read(company: Company, name: str) -> dict[str, Any]:
    with company.read(SYSTEM) as unit:
        rows = unit.records.query(Query(object="repair", columns=(name,), limit=100)).rows
        found = {row.id: row.values[0] for row in rows}
        assert found == by_python(unit, unit.runtime.model.objects["repair"].fields[name])
        return found


def test_queries_follow_the_calendar_from_its_publish_on(open_garage: Company) -> None:
    """Every value as Python gives it, and another one once other days are worked."""
    before = {name: read(open_garage, name) for name in NAMES}
    change(open_garage, WEEKENDS)
    after = {name: read(open_garage, name) for name in NAMES}
    assert all(before[name] != after[name] for name in NAMES)
    assert all(before["worked"][id] is not worked for id, worked in after["worked"].items() if before["ready_on"][id])


def test_lists_filter_and_sort_by_it(open_garage: Company) -> None:
    change(open_garage, WEEKENDS)
    with open_garage.read(SYSTEM) as unit:
        query = Query(
            object="repair",
            columns=("worked", "work_left"),
            where=Condition("worked", "is", True),
            sort=(Sort("work_left"),),
            limit=100,
        )
        rows = [row.values for row in unit.records.query(query).rows]
    assert rows
    assert all(worked for worked, _ in rows)
    assert [left for _, left in rows] == sorted(left for _, left in rows)


def test_defaults_and_rules_follow_it(open_garage: Company) -> None:
    """A rule refuses a holiday, and takes it once the calendar says that it is worked."""
    rule = {
        "kind": "validation_rule", "name": "repair.not_worked", "object": "repair", "when": "NOT(ISWORKDAY(due_on))",
        "at": ["due_on"], "message": {"en": "A day off", "zh-CN": "休息日"},
    }  # fmt: skip
    change(open_garage, Component("validation_rule", "repair.not_worked", rule))
    holiday = calendar(default=True, holidays=[{"key": "may", "from": "2026-05-01", "to": "2026-05-05"}])
    made = Create("repair", {"due_on": "2026-05-04"})
    open_garage.write(SYSTEM, lambda unit: unit.records.save([made]))
    change(open_garage, holiday)
    with pytest.raises(DougongError) as refused:
        open_garage.write(SYSTEM, lambda unit: unit.records.save([made]))
    assert [each.place.field for each in refused.value.problems] == ["due_on"]
