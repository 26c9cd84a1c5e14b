"""Roll-ups by the viewer's right: in the query, by the day of who asks, stored nowhere; hidden where they would tell.

That each counts what the viewer sees, and nothing else, is compared with the rules in `tests.engine.rights.test_equal`.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from dougong.base.errors import BadRequest, NotFound
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Condition, Measure, Query, Row, Sort, Summary, Written
from dougong.engine.saving.batch import Update
from dougong.engine.transfer.exporting import write_csv
from dougong.engine.unit import Unit
from dougong.metadata.component import Component
from tests.engine.formula_fields.conftest import fill
from tests.engine.formula_fields.test_access import LI, discreet  # noqa: F401
from tests.engine.statements import statements_of
from tests.engine.test_publish import change, columns_of, head_tree


def rows(unit: Unit, name: str, *columns: str, **keys: Any) -> tuple[Row, ...]:
    return unit.records.query(Query(object=name, columns=columns, limit=1000, **keys)).rows


def values(unit: Unit, name: str, column: str) -> dict[str, Any]:
    return {row.id: row.values[0] for row in rows(unit, name, column)}


def later(unit: Unit, days: int) -> Unit:
    """The same transaction some days on."""
    now = unit.now + timedelta(days=days)
    return Unit(unit.company, unit.connection, unit.runtime, unit.actor, now, people=unit.people)


def fill_in_force(company: Company) -> None:
    """The records of the garage, two of three repairs in force: others do not count."""
    fill(company)

    def work(unit: Unit) -> None:
        some = [row.id for at, row in enumerate(rows(unit, "repair")) if at % 3]
        unit.records.save([Update("repair", each, {"life_status": "effective"}) for each in some])

    company.write(SYSTEM, work)


def by_hand(unit: Unit, holds: Callable[[date, date], bool]) -> dict[str, int]:
    """How many repairs of each customer are due on a day of which `holds` is true, today's date beside it."""
    found: Counter[str] = Counter({row.id: 0 for row in rows(unit, "customer")})
    for row in rows(unit, "repair", "customer", "due_on", "life_status"):
        customer, due, status = row.values
        if status == "effective" and customer is not None and due is not None and holds(due, unit.reading.today):
            found[customer.id] += 1
    return dict(found)


def test_periods_and_conditions_on_the_day_follow_the_clock(garage: Company) -> None:
    """A statement of one day does not serve the next one."""
    fill_in_force(garage)
    with garage.read(SYSTEM) as unit:
        seen = set()
        for days in (0, 1, 4):
            at = later(unit, days)
            lately = by_hand(at, lambda due, today: today - timedelta(days=3) <= due <= today)
            assert values(at, "customer", "due_lately") == lately
            assert values(at, "customer", "overdue") == by_hand(at, lambda due, today: due < today)
            seen.add(tuple(sorted(lately.items())))
        assert len(seen) > 1


def test_formulas_and_amounts_of_children_are_added_up(garage: Company) -> None:
    """As the system adds them up; of lines of a document in its currency."""
    fill_in_force(garage)
    with garage.read(SYSTEM) as unit:
        units: Counter[str] = Counter({row.id: 0 for row in rows(unit, "customer")})
        margins: dict[str, Decimal] = {row.id: Decimal(0) for row in rows(unit, "repair")}
        for row in rows(unit, "repair_line", "repair", "repair.customer", "repair.life_status", "units", "margin"):
            repair, customer, status, number, margin = row.values
            units[customer.id if customer and status == "effective" else ""] += number or 0
            margins[repair.id] += margin or 0
        del units[""]
        assert values(unit, "customer", "lines_seen") == dict(units) and sum(units.values())
        assert values(unit, "repair", "margin_seen") == margins and any(margins.values())
        first = rows(unit, "repair", "customer.lines_seen", sort=(Sort("customer.lines_seen", True),))[0]
        assert first.values[0] == max(units.values())


HIDDEN = ("branches_in_town", "towns")


def test_a_hidden_field_of_the_children_hides_what_counts_by_it(
    discreet: Company,  # noqa: F811
) -> None:
    """As column, sort, filter, group and measure, on the record and in its description; others stay."""
    with discreet.read(LI) as unit:
        for name in HIDDEN:
            uses: tuple[Query | Summary, ...] = (
                Query(object="customer", columns=(name,)),
                Query(object="repair", columns=(f"customer.{name}",)),
                Query(object="customer", sort=(Sort(name),)),
                Query(object="customer", where=Condition(name, "is", "1")),
                Summary(object="customer", by=(name,)),
                Summary(object="customer", measures=(Measure("max", name),)),
            )
            for use in uses:
                with pytest.raises(BadRequest) as refused:
                    (unit.records.query if isinstance(use, Query) else unit.records.summarise)(use)  # type: ignore[arg-type, operator]
                assert [each.code for each in refused.value.problems] == ["field-unknown"], use
        shown = unit.records.get("customer", rows(unit, "customer")[0].id).values
        assert not set(HIDDEN) & set(shown) and {"branches", "lines_seen"} <= set(shown)


def test_hidden_children_do_not_count(discreet: Company) -> None:  # noqa: F811
    """Nor do those that a hidden record leads from."""
    with discreet.read(SYSTEM) as unit:
        hidden = next(row.id for row in rows(unit, "customer", "name") if row.values[0] == "Wheel Club")
        assert values(unit, "customer", "branches")[hidden] == 1
        rest = [value for id, value in values(unit, "customer", "lines_seen").items() if id != hidden]
        parents = Query(object="customer", where=Written("branches > 0 && NOT(ISBLANK(name))"))
        assert [row.id for row in unit.records.query(parents).rows] == [hidden]
    with discreet.read(LI) as unit:
        assert set(values(unit, "customer", "branches").values()) == {0}
        assert unit.records.count(parents).number == 0
        assert sorted(values(unit, "customer", "lines_seen").values()) == sorted(rest)
        with pytest.raises(NotFound):
            unit.records.get("customer", hidden)
        file = io.BytesIO()
        write_csv(unit, Query(object="customer", columns=("name", "branches")), file)
    lines = file.getvalue().decode("utf-8-sig").splitlines()
    assert len(lines) == 3 and all(line.split(",")[1] == "0" for line in lines[1:])


def test_a_page_is_one_statement_however_many_are_counted(garage: Company) -> None:
    """With one roll-up or all of them, with one row or many."""
    fill(garage)
    names = ("branches", "towns", "due_lately", "overdue", "first_reminder", "lines_seen")
    with garage.read(LI) as unit:
        for columns in (names[:1], names):
            for limit in (1, 100):
                with statements_of(unit.connection) as statements:
                    unit.records.query(Query(object="customer", columns=columns, limit=limit))
                assert len(statements) == 1


def test_changing_whose_right_counts_stores_the_value_and_drops_it(garage: Company) -> None:
    """By the right of the system there is a column, filled from what is there; by the viewer's there is none."""
    fill(garage)
    component = head_tree(garage).components["field:customer.branches"]
    with garage.read(SYSTEM) as unit:
        wanted = values(unit, "customer", "branches")
    for rights in ("viewer", "system", "viewer", "system"):
        change(garage, Component("field", "customer.branches", {**component.body, "rights": rights}))
        with garage.read(SYSTEM) as unit:
            table = unit.runtime.storage.tables["customer"].table
            assert ("branches" in table.c) is (rights == "system")
            assert set(table.c.keys()) <= columns_of(unit.connection, table.name)
            assert values(unit, "customer", "branches") == wanted, rights
