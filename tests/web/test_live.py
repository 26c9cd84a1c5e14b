"""A form while it is filled in: prices, units and amounts stand in it as saving would make them."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from typing import Any

import pytest

from dougong.engine.saving.batch import Create, Update
from tests.web.conftest import Person, fields

SCRIPTED = {"HX_Request": "true", "HX_Request_Type": "partial"}
LINE = "quote_line-0."


@pytest.fixture
def priced(person: Person) -> Person:
    """A quote of a customer with a price book, in which one product costs less from ten on."""
    pump, other, book = person.save(
        Create("product", {"name": "Pump", "list_price": "120", "unit": "set", "tax_rate": "0.06"}),
        Create("product", {"name": "Valve", "list_price": "30", "unit": "piece"}),
        Create("price_book", {"name": "Standard"}),
    )
    for quantity, price in (("1", "100"), ("10", "90")):
        entry = {"price_book": book, "product": pump, "min_quantity": quantity, "unit_price": price}
        person.save(Create("price_entry", entry))
    person.save(Update("account", person.ids["account1"], {"price_book": book}))
    (quote,) = person.save(Create("quote", {"account": person.ids["account1"], "quote_date": "2026-03-01"}))
    person.ids |= {"pump": pump, "valve": other, "book": book, "quote": quote}
    return person


def path(person: Person) -> str:
    return f"/o/quote/{person.ids['quote']}/edit"


def redrawn(person: Person, form: dict[str, Any], url: str = "") -> str:
    """The form as it comes back when something that decides has changed."""
    answer = person.post(f"{url or path(person)}?refresh=form", form, **SCRIPTED)
    assert answer.status_code == 200
    return str(answer.text)


def reason(page: str, name: str) -> str:
    """What the form says of where the value of the input `name` comes from."""
    found = re.search(rf'name="{re.escape(name)}".*?<p class="from"( hidden)?>(.*?)</p>', page, re.DOTALL)
    assert found
    return "" if found[1] else html.unescape(found[2])


def lines(person: Person) -> list[tuple[Any, ...]]:
    from dougong.engine.actor import SYSTEM
    from dougong.engine.query import Condition, Query, Sort

    where = Condition("quote", "is", person.ids["quote"])
    columns = ("name", "quantity", "unit", "unit_price", "tax_rate")
    with person.company.read(SYSTEM) as unit:
        query = Query(object="quote_line", columns=columns, where=where, sort=(Sort("id"),))
        return [tuple(row.values) for row in unit.records.query(query).rows]


def test_a_product_brings_its_price_its_unit_and_its_tax(priced: Person) -> None:
    """With where the price comes from; the amount and the total follow, and nothing is stored."""
    page = redrawn(priced, priced.form(path(priced), {f"{LINE}product": priced.ids["pump"]}))
    form = fields(page)
    assert (form[f"{LINE}unit_price"], form[f"{LINE}unit"], form[f"{LINE}tax_rate.percent"]) == ("100.00", "set", "6")
    assert form[f"{LINE}name"] == "Pump"
    assert reason(page, f"{LINE}unit_price") == "Standard, from 1"
    assert re.search(r'data-shown="quote_line-0.net_amount"[^>]*>[^<]*100\.00', page)
    assert re.search(r'data-total="net_amount"[^>]*>[^<]*100\.00', page)
    assert lines(priced) == []


def test_what_was_filled_follows_and_what_is_typed_stays(priced: Person) -> None:
    form = fields(redrawn(priced, priced.form(path(priced), {f"{LINE}product": priced.ids["pump"]})))
    form = fields(redrawn(priced, form | {f"{LINE}quantity": "12"}))
    assert form[f"{LINE}unit_price"] == "90.00"
    page = redrawn(priced, form | {f"{LINE}unit_price": "88"})
    assert reason(page, f"{LINE}unit_price") == ""
    form = fields(redrawn(priced, fields(page) | {f"{LINE}quantity": "3", f"{LINE}notes": "agreed"}))
    assert (form[f"{LINE}unit_price"], form[f"{LINE}notes"]) == ("88", "agreed")
    assert priced.post(path(priced), form).status_code == 303
    assert lines(priced) == [("Pump", Decimal(3), "set", Decimal(88), Decimal("0.06"))]


def test_another_product_brings_all_of_its_own(priced: Person) -> None:
    form = fields(redrawn(priced, priced.form(path(priced), {f"{LINE}product": priced.ids["pump"]})))
    chosen = {f"{LINE}product": priced.ids["valve"], f"{LINE}product.text": "", f"{LINE}product.was": " "}
    page = redrawn(priced, form | chosen)
    form = fields(page)
    assert (form[f"{LINE}unit_price"], form[f"{LINE}unit"], form[f"{LINE}name"]) == ("30.00", "piece", "Valve")
    assert reason(page, f"{LINE}unit_price") == "List price"
    assert priced.post(path(priced), form).status_code == 303
    assert lines(priced)[0][:4] == ("Valve", Decimal(1), "piece", Decimal(30))


def test_saving_at_once_takes_the_price_of_what_was_typed_last(priced: Person) -> None:
    """The quantity was changed and the form sent before it was drawn again."""
    form = fields(redrawn(priced, priced.form(path(priced), {f"{LINE}product": priced.ids["pump"]})))
    assert priced.post(path(priced), form | {f"{LINE}quantity": "20"}).status_code == 303
    assert lines(priced)[0][3] == Decimal(90)


def test_without_a_script_saving_fills(priced: Person) -> None:
    """What the form began with is no reason to keep the product's own out."""
    assert (
        priced.post(path(priced), priced.form(path(priced), {f"{LINE}product": priced.ids["pump"]})).status_code == 303
    )
    assert lines(priced) == [("Pump", Decimal(1), "set", Decimal(100), Decimal("0.06"))]


def test_a_stored_line_says_where_its_price_comes_from(priced: Person) -> None:
    line = {"quote": priced.ids["quote"], "product": priced.ids["pump"], "quantity": "10"}
    (made,) = priced.save(Create("quote_line", line))
    assert reason(priced.get(path(priced)).text, f"{LINE}unit_price") == "Standard, from 10"
    priced.save(Update("quote_line", made, {"unit_price": "95"}))
    assert reason(priced.get(path(priced)).text, f"{LINE}unit_price") == ""


def test_the_document_decides_for_its_lines(priced: Person) -> None:
    """Without its price book the lines take the list price, in the form as in the store."""
    line = {"quote": priced.ids["quote"], "product": priced.ids["pump"]}
    priced.save(Create("quote_line", line))
    form = priced.form(path(priced), {"price_book": "", "price_book.text": "", "price_book.was": " "})
    shown = fields(redrawn(priced, form))
    assert shown[f"{LINE}unit_price"] == "120.00"
    assert priced.post(path(priced), shown).status_code == 303
    assert lines(priced)[0][3] == Decimal(120)


def test_a_customer_brings_its_price_book(priced: Person) -> None:
    new = "/o/quote/new"
    page = redrawn(priced, priced.form(new, {"account": priced.ids["account1"]}), new)
    assert fields(page)["price_book"] == priced.ids["book"]
    assert reason(page, "price_book") == "From the customer"


def test_an_amount_is_locked_as_soon_as_there_are_lines(priced: Person) -> None:
    """It is the total of the lines as they stand in the form; without lines it is typed again."""
    url, line = f"/o/opportunity/{priced.ids['deal1']}/edit", "opportunity_line-0."
    begun = priced.form(url, {"amount": "77"})
    assert 'id="w-amount" data-follows data-when=""' in priced.get(url).text
    with_line = begun | {f"{line}name": "Pump", f"{line}quantity": "2", f"{line}unit_price": "50"}
    page = redrawn(priced, with_line, url)
    assert 'id="w-amount" data-follows data-when="locked"' in page
    assert fields(page)["amount"] == "100.00"
    page = redrawn(priced, with_line | {f"{line}remove": "1"}, url)
    assert 'data-when="locked"' not in page
    assert fields(page)["amount"] == "77"
    assert priced.post(url, with_line).status_code == 303
    assert priced.value("opportunity", priced.ids["deal1"], "amount") == 100
    assert 'id="w-amount" data-follows data-when="locked"' in priced.get(url).text
