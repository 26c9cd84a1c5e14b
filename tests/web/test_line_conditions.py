"""Columns of lines that depend on the line, as forms show them and take them."""

from __future__ import annotations

import re

import pytest

from dougong.engine.actor import SYSTEM
from dougong.engine.publish import Publication, publish
from dougong.engine.query import Condition, Query
from dougong.engine.revisions import tree_of
from dougong.engine.saving.batch import Create
from dougong.metadata.component import Component
from tests.web.conftest import Person, fields

SCRIPTED = {"HX_Request": "true", "HX_Request_Type": "partial"}
CONDITIONS = {
    "notes": {"visible_when": "discount > 0.1", "required_when": "discount > 0.3"},
    "unit_price": {"read_only_when": "quantity >= 100"},
}
LINE = {"quote_line-0.name": "Pump", "quote_line-0.quantity": "1", "quote_line-0.unit_price": "50"}


@pytest.fixture
def bound(person: Person) -> Person:
    """A quote whose lines ask for a note where much is taken off, and have a fixed price from a hundred on."""
    with person.company.read(SYSTEM) as unit:
        tree = tree_of(unit.connection, unit.runtime.revision)
    layout = tree.components["layout:quote.default"].body
    (tab, *rest) = layout["tabs"]
    sections = [
        {**each, "columns": [{**column, **CONDITIONS.get(column["field"], {})} for column in each["columns"]]}
        if each.get("lines")
        else each
        for each in tab["sections"]
    ]
    body = {**layout, "tabs": [{**tab, "sections": sections}, *rest]}
    publish(person.company, Publication(tree=tree.put(Component("layout", "quote.default", body))))
    (person.ids["quote"],) = person.save(Create("quote", {"account": person.ids["account1"]}))
    return person


def path(person: Person) -> str:
    return f"/o/quote/{person.ids['quote']}/edit"


def state(page: str, name: str, line: int = 0) -> str:
    """What the form says of a column of a line."""
    found = re.search(rf'id="w-i-quote_line-{line}-{name}" data-when="(\w*)"', page)
    assert found
    return found[1]


def test_columns_come_and_go_with_their_line(bound: Person) -> None:
    """Those of a line that nobody has begun too; what was typed stays."""
    page = bound.get(path(bound)).text
    assert state(page, "notes") == "hidden"
    assert 'id="w-i-quote_line-__n__-notes" data-when="hidden"' in page
    form = bound.form(path(bound), LINE | {"quote_line-0.discount.percent": "20", "quote_line-0.notes": "because"})
    again = bound.post(f"{path(bound)}?refresh=form", form, **SCRIPTED).text
    assert state(again, "notes") == ""
    assert fields(again)["quote_line-0.notes"] == "because"
    more = bound.post(f"{path(bound)}?refresh=form", form | {"quote_line-0.discount.percent": "40"}, **SCRIPTED).text
    assert state(more, "notes") == "required"


def test_what_a_line_lacks_is_said_in_it(bound: Person) -> None:
    form = bound.form(path(bound), LINE | {"quote_line-0.discount.percent": "40"})
    answer = bound.post(path(bound), form)
    assert answer.status_code == 422
    assert 'href="#i-quote_line-0-notes"' in answer.text
    assert bound.post(path(bound), fields(answer.text) | {"quote_line-0.notes": "because"}).status_code == 303


def test_what_is_typed_where_nothing_is_shown_is_not_meant(bound: Person) -> None:
    form = bound.form(path(bound), LINE | {"quote_line-0.notes": "typed before the discount was taken back"})
    assert bound.post(path(bound), form).status_code == 303
    with bound.company.read(SYSTEM) as unit:
        where = Condition("quote", "is", bound.ids["quote"])
        (row,) = unit.records.query(Query(object="quote_line", columns=("name", "notes"), where=where)).rows
    assert tuple(row.values) == ("Pump", None)


def test_a_locked_column_of_a_line_is_kept(bound: Person) -> None:
    line = {"quote": bound.ids["quote"], "name": "Pump", "quantity": "100", "unit_price": "50"}
    (made,) = bound.save(Create("quote_line", line))
    page = bound.get(path(bound)).text
    assert state(page, "unit_price") == "locked"
    form = fields(page)
    assert form["quote_line-0.locked"] == "unit_price"
    assert bound.post(path(bound), form | {"quote_line-0.quantity": "120"}).status_code == 303
    assert bound.value("quote_line", made, "unit_price") == 50
    assert bound.value("quote_line", made, "quantity") == 120
