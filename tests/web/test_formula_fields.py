"""Formula fields on pages: shown wherever fields are, sorted and filtered by, never entered; an error says so."""

from __future__ import annotations

import html
import re

import pytest

from dougong.engine.saving.batch import Create, Update
from dougong.web.layouts import plain_layout
from tests.engine.test_publish import change, field
from tests.web.conftest import Person
from tests.web.test_formula_editor import plain
from tests.web.test_lists import names


@pytest.fixture
def failing(person: Person) -> Person:
    """Deals with a formula that has a value for one of them alone: the others have no lines to divide by."""
    change(
        person.company, field("opportunity.per_line", type="formula", returns="money", formula="amount / line_count")
    )
    line = {"opportunity": person.ids["deal2"], "name": "Pump", "quantity": "2", "unit_price": "300"}
    product = person.save(Create("product", {"name": "Pump", "list_price": "300"}))[0]
    person.save(Create("opportunity_line", {**line, "product": product}))
    return person


def test_a_list_sorts_filters_and_totals_by_formulas(failing: Person) -> None:
    address = "/o/opportunity?view=all&columns=name,per_line,weighted,age_of_stage"
    page = failing.get(f"{address}&sort=-per_line")
    assert page.status_code == 200
    assert names(page.text)[0] == "Deal 2"
    assert page.text.count("#Error!") == 2
    assert "600.00" in page.text
    assert names(failing.get(f"{address}&sort=weighted&where=weighted:gte:100").text) == ["Deal 1", "Deal 3"]
    assert names(failing.get(f"{address}&sort=name&where=per_line:error").text) == ["Deal 1", "Deal 3"]


def test_a_record_shows_them_and_its_form_does_not_ask(failing: Person) -> None:
    record = failing.get(f"/o/opportunity/{failing.ids['deal1']}")
    assert record.status_code == 200
    form = failing.get(f"/o/opportunity/{failing.ids['deal1']}/edit").text
    assert not re.search(r'name="(per_line|weighted|is_closed|age_of_stage)"', form)


def test_the_panel_of_conditions_offers_them(failing: Person) -> None:
    """The field is among the choices, and being in error among what may be asked of it."""
    page = failing.get("/o/opportunity/condition?field=per_line")
    assert page.status_code == 200
    assert "is in error" in page.text


def test_a_failing_formula_shows_its_cause_on_the_record(failing: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Why, to everybody who is shown the field; the part that fails, to who may change it."""
    page = plain(failing.get(f"/o/opportunity/{failing.ids['deal1']}"))
    assert "Division by zero." in page
    assert "amount / line_count" in page
    assert "/formulas?object=opportunity" in failing.get(f"/o/opportunity/{failing.ids['deal1']}").text
    sound = plain(failing.get(f"/o/opportunity/{failing.ids['deal2']}"))
    assert "Division by zero." not in sound
    monkeypatch.setattr("dougong.web.pages.records.may_design", lambda visit: False)
    address = f"/o/opportunity/{failing.ids['deal1']}"
    assert "Division by zero." not in plain(failing.get(address)), "their page does not show the field"
    monkeypatch.setattr("dougong.web.formula_failures.layout_for", lambda visit, obj, *_: plain_layout(obj))
    shown = plain(failing.get(address))
    assert "Division by zero." in shown
    assert "amount / line_count" not in shown


def test_formulas_in_error_are_listed_with_how_many_records(failing: Person) -> None:
    page = failing.get("/formulas/errors?object=opportunity")
    assert "2 records in error" in plain(page)
    assert "amount / line_count" in plain(page)
    (address,) = re.findall(r'href="(/o/opportunity\?[^"]*per_line[^"]*)"', page.text)
    assert sorted(names(failing.get(html.unescape(address)).text)) == ["Deal 1", "Deal 3"]
    assert "No formula is in error" in plain(failing.get("/formulas/errors?object=account"))
    failing.save(Update("user", failing.user_id, {"kind": "partner"}))
    assert failing.get("/formulas/errors?object=opportunity").status_code == 403
