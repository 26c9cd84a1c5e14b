"""Publishing stored formula fields: filled before they are seen, filled anew with another formula, indexed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from dougong.engine import preparation
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.plan import plan
from dougong.engine.publish import Publication
from dougong.engine.query import Query
from dougong.engine.saving.batch import Create, Update
from dougong.engine.unit import Unit
from dougong.metadata.component import Component
from tests.engine.formula_fields.conftest import by_python, fill
from tests.engine.test_publish import change, columns_of, field, head_tree


def formula(name: str, text: str, returns: str = "text", **keys: Any) -> Component:
    id = name.replace(".", "").replace("_", "")[:12].ljust(12, "0")
    return field(name, type="formula", returns=returns, formula=text, stored=True, id=id, **keys)


def values(unit: Unit, object_name: str, name: str) -> dict[str, Any]:
    rows = unit.records.query(Query(object=object_name, columns=(name,), limit=1000)).rows
    return {row.id: row.values[0] for row in rows}


def assert_right(company: Company, *addresses: str) -> None:
    with company.read(SYSTEM) as unit:
        for address in addresses:
            object_name, _, name = address.partition(".")
            found = unit.runtime.model.objects[object_name].fields[name]
            assert values(unit, object_name, name) == by_python(unit, found), address


def test_new_formulas_are_there_at_once(garage: Company) -> None:
    """Of records from before, over their own fields and over those of parents, one formula upon the other."""
    fill(garage)
    change(
        garage,
        formula("customer.tag_line", 'name & "/" & TEXT(level)'),
        formula("repair.of_whom", "customer.tag_line"),
        formula("repair_line.worth", "amount * 2 + repair.line_count", "money"),
    )
    assert_right(garage, "customer.tag_line", "repair.of_whom", "repair_line.worth")


def test_another_formula_gives_other_values(garage: Company) -> None:
    """To every record, in a column of its own; so does a change in what the formula uses; a new name does not."""
    fill(garage)
    first = formula("repair.mark", "IF(is_big, customer.name, number)")
    change(garage, first)
    change(garage, formula("repair.mark", "IF(is_big, number, customer.name)"))
    assert_right(garage, "repair.mark")
    change(garage, field("repair.is_big", type="formula", returns="boolean", formula="net < 100"))
    assert_right(garage, "repair.mark")
    with garage.read(SYSTEM) as unit:
        columns = columns_of(unit.connection, "repair")
    assert {"mark", "mark_2", "mark_3"} <= columns
    with garage.read(SYSTEM) as unit:
        body = dict(unit.runtime.model.components["field:repair.mark"])
    change(garage, Component("field", "repair.mark", {**body, "label": {"en": "Sign", "zh-CN": "标记"}}))
    with garage.read(SYSTEM) as unit:
        assert columns_of(unit.connection, "repair") == columns
    assert_right(garage, "repair.mark")


def test_what_changed_meanwhile_is_gone_over(garage: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """A parent and a record of its own that change while a formula is filled are caught up with."""
    fill(garage)
    with garage.read(SYSTEM) as unit:
        customers = list(values(unit, "customer", "name"))
        repair = next(iter(values(unit, "repair", "number")))
    filled = preparation.fill

    def meanwhile(company: Company, connection: Connection, coming: preparation.Coming) -> None:
        filled(company, connection, coming)
        moved = [Update("customer", id, {"city": "Paris"}) for id in customers]
        company.write(SYSTEM, lambda unit: unit.records.save([*moved, Update("repair", repair, {"discount": "0.5"})]))

    monkeypatch.setattr(preparation, "fill", meanwhile)
    change(garage, formula("repair.town_name", "customer.city & TEXT(discount)"))
    assert_right(garage, "repair.town_name")
    with garage.read(SYSTEM) as unit:
        assert any("Paris" in (value or "") for value in values(unit, "repair", "town_name").values())


def test_the_plan_says_what_is_computed(garage: Company) -> None:
    """How many records get a value, counted before anything is done."""
    fill(garage)
    with garage.read(SYSTEM) as unit:
        total = len(values(unit, "repair", "number"))
    found = plan(garage, Publication(tree=head_tree(garage).put(formula("repair.mark", "number"))))
    effects = {each.thing: (each.code, each.count) for each in found.effects}
    assert effects["field:repair.mark"] == ("formula-computed", total)


def test_new_records_have_new_formulas(garage: Company) -> None:
    """A record made under the new revision is computed like those from before."""
    change(garage, formula("customer.tag_line", 'name & "/" & city'))
    garage.write(SYSTEM, lambda unit: unit.records.save([Create("customer", {"name": "Ada", "city": "Rom"})]))
    with garage.read(SYSTEM) as unit:
        ((id, value),) = values(unit, "customer", "tag_line").items()
    assert value == "Ada/Rom"
    garage.write(SYSTEM, lambda unit: unit.records.save([Update("customer", id, {"city": None})]))
    assert_right(garage, "customer.tag_line")
