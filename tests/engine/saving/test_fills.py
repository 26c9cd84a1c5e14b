"""Values that a record takes from another one: prices by product, level, quantity and day; tiers from a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dougong.base.errors import Rejected
from dougong.engine.saving import past
from dougong.engine.saving.batch import Create, Made, Update
from tests.companies import Copies
from tests.engine.saving.conftest import Studio

SHOP = Path(__file__).parent / "shop"


class Shop(Studio):
    """A shop with two products in a price book, and a customer of each level."""

    def stock(self) -> Shop:
        self.bolt = self.create("product", name="Bolt", unit="piece", list_price="12.00", group="iron")
        self.nut = self.create("product", name="Nut", unit="box", list_price="3.00", group="steel")
        self.odd = self.create("product", name="Odd")
        self.book = self.create("book", name="Standard")
        self.gold = self.create("customer", name="Gold", level="gold")
        self.plain = self.create("customer", name="Plain", level="plain")
        self.price(self.bolt, "10.00")
        self.price(self.bolt, "9.00", quantity="10")
        self.price(self.bolt, "8.00", level="gold")
        return self

    def price(self, product: str, amount: str, **values: Any) -> str:
        return self.create("price", book=self.book, product=product, amount=amount, **values)

    def deal(self, **values: Any) -> str:
        return self.create("deal", **{"name": "A", "book": self.book, "customer": self.plain, **values})

    def line(self, deal: str, **values: Any) -> str:
        return self.create("line", deal=deal, **{"product": self.bolt, **values})

    def amount(self, line: str) -> Decimal | None:
        found: Decimal | None = self.get("line", line)["price"]
        return found


@pytest.fixture
def shop(company_copy: Copies, database_kind: str) -> Iterator[Shop]:
    """A shop on each kind of database."""
    with company_copy(database_kind, "shop", (SHOP,)) as company:
        yield Shop(company).stock()


# -- what is chosen ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("deal", "line", "price"),
    [
        ({}, {}, "10"),
        ({}, {"quantity": "9.99"}, "10"),
        ({}, {"quantity": "10"}, "9"),
        ({"customer": "gold"}, {}, "8"),
        ({"customer": "gold"}, {"quantity": "10"}, "8"),
        ({"customer": None}, {}, "10"),
        ({}, {"product": "nut"}, "3"),
        ({"book": None}, {}, "12"),
        ({}, {"product": "odd"}, None),
        ({}, {"product": None}, None),
        ({}, {"price": "7.77"}, "7.77"),
        ({}, {"quantity": "0.5"}, "12"),
    ],
)
def test_a_price_is_found_by_product_level_and_quantity(
    shop: Shop, deal: Mapping[str, Any], line: Mapping[str, Any], price: str | None
) -> None:
    """A level's own price comes before the one for all; without one in the book the list price stands in."""
    named = {name: getattr(shop, str(value), value) for name, value in {**deal, **line}.items()}
    made = shop.deal(**{name: named[name] for name in deal})
    found = shop.amount(shop.line(made, **{name: named[name] for name in line}))
    assert found == (None if price is None else Decimal(price))


@pytest.mark.parametrize(("on", "price"), [("2026-03-31", "3"), ("2026-04-01", "2"), ("2026-04-30", "2"), (None, "1")])
def test_a_price_is_that_of_the_day(shop: Shop, on: str | None, price: str) -> None:
    """The last day belongs to the range; without a day of its own the document counts as of today."""
    shop.price(shop.nut, "2.00", valid_from="2026-04-01", valid_to="2026-04-30")
    shop.price(shop.nut, "1.00", valid_from="2026-05-01")
    assert shop.amount(shop.line(shop.deal(on=on), product=shop.nut)) == Decimal(price)


def test_only_prices_of_the_documents_currency_are_taken(shop: Shop) -> None:
    """Neither an amount of the book nor the list price, which is the company's, becomes one of another currency."""
    shop.create("currency_rate", code="USD", valid_from="2020-01-01", rate="7")
    abroad = shop.create("book", name="Abroad", currency="USD")
    shop.create("price", book=abroad, product=shop.bolt, amount="2.00")
    assert shop.amount(shop.line(shop.deal(currency="USD"))) is None
    assert shop.amount(shop.line(shop.deal(currency="USD", book=abroad))) == Decimal("2")
    assert shop.amount(shop.line(shop.deal(book=abroad))) == Decimal("12")
    deal = shop.deal(currency="USD")
    line = shop.line(deal)
    shop.update("deal", deal, currency="CNY")
    assert shop.amount(line) == Decimal("10")


def test_a_deleted_price_is_none(shop: Shop) -> None:
    shop.delete("price", shop.price(shop.nut, "2.50"))
    assert shop.amount(shop.line(shop.deal(), product=shop.nut)) == Decimal("3")


# -- when again -------------------------------------------------------------------------------------------------
def test_a_filled_price_follows_until_somebody_edits_it(shop: Shop) -> None:
    line = shop.line(shop.deal())
    shop.update("line", line, quantity="10")
    assert shop.amount(line) == Decimal("9")
    shop.update("line", line, price="9.50")
    shop.update("line", line, quantity="2")
    assert shop.amount(line) == Decimal("9.50")
    shop.update("line", line, price=None)
    assert shop.amount(line) is None
    shop.update("line", line, quantity="3")
    assert shop.amount(line) == Decimal("10")


def test_another_product_is_filled_over_what_was_typed(shop: Shop) -> None:
    line = shop.line(shop.deal(), price="9.50")
    shop.update("line", line, product=shop.nut)
    assert shop.amount(line) == Decimal("3")
    shop.update("line", line, product=shop.bolt, price="7.00")
    assert shop.amount(line) == Decimal("7")
    shop.update("line", line, product=shop.odd)
    assert shop.amount(line) is None


def test_what_does_not_decide_fills_nothing(shop: Shop) -> None:
    """A line keeps its price when the price list or the product changes, and when another field of it does."""
    line = shop.line(shop.deal(book=None))
    shop.update("product", shop.bolt, list_price="20.00")
    shop.update("line", line, name="Renamed")
    assert shop.amount(line) == Decimal("12")
    shop.update("customer", shop.plain, level="gold")
    assert shop.amount(line) == Decimal("12")


def test_lines_go_with_their_document(shop: Shop) -> None:
    """Of a document that changes alone: its day, its customer, its book; a typed price stays."""
    shop.price(shop.nut, "2.00", valid_from="2026-04-01", valid_to="2026-04-30")
    deal = shop.deal(on="2026-03-01")
    nut, typed = shop.line(deal, product=shop.nut, quantity="2"), shop.line(deal, price="5.00")
    shop.update("deal", deal, on="2026-04-02")
    assert (shop.amount(nut), shop.amount(typed)) == (Decimal("2"), Decimal("5"))
    assert shop.get("deal", deal)["total"] == Decimal("9")
    bolt = shop.line(deal)
    shop.update("deal", deal, customer=shop.gold)
    assert shop.amount(bolt) == Decimal("8")
    shop.update("deal", deal, book=None)
    assert (shop.amount(bolt), shop.amount(nut), shop.amount(typed)) == (Decimal("12"), Decimal("3"), Decimal("5"))


def test_once_fills_what_is_blank_and_when_changed_fills_over_everything(shop: Shop) -> None:
    line = shop.line(shop.deal(), group="mine")
    shop.update("line", line, product=shop.nut)
    found = shop.get("line", line)
    assert (found["unit"], found["group"]) == ("piece", "steel")
    shop.update("line", line, unit=None)
    shop.update("line", line, product=shop.bolt)
    assert shop.get("line", line)["unit"] == "piece"


def test_a_table_is_read_by_what_is_counted(shop: Shop) -> None:
    """A tier goes with the sum of the customer's deals, as soon as a line changes it; history tells it."""
    deal = shop.deal()
    line = shop.line(deal, quantity="99", price="10.00")
    assert shop.get("customer", shop.plain)["rate"] == Decimal("0")
    shop.update("line", line, quantity="100")
    assert shop.get("customer", shop.plain)["rate"] == Decimal("0.05")
    shop.update("line", line, price="50.00")
    assert shop.get("customer", shop.plain)["rate"] == Decimal("0.1")


def test_a_record_for_which_nothing_fits_may_be_refused(shop: Shop) -> None:
    line = shop.line(shop.deal())
    with pytest.raises(Rejected) as refused:
        shop.update("line", line, price="-5.00")
    assert [(each.code, each.place.row) for each in refused.value.problems] == [("fill-none", 1)]
    assert refused.value.problems[0].text("en") == "Customer Plain: No tier for this customer"


# -- every way in -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("channel", ["form", "inline", "bulk", "api", "import", "conversion", "workflow", "cli"])
def test_every_way_in_fills(shop: Shop, channel: str) -> None:
    """What is given stands; a blank is filled, also one that is said."""
    actor = replace(shop.actor, channel=channel)
    deal = Create("deal", {"name": "A", "book": shop.book}, key="deal")
    lines = [{"quantity": "10"}, {"price": "6.00"}, {"price": None}]
    changes = [Create("line", {"deal": Made("deal"), "product": shop.bolt, **each}) for each in lines]
    saved = shop.save(deal, *changes, actor=actor)
    assert [shop.amount(each.id) for each in saved.changes[1:]] == [Decimal("9"), Decimal("6"), Decimal("10")]
    assert shop.get("deal", saved.changes[0].id)["total"] == Decimal("106")


def test_restoring_and_taking_back_bring_back_what_was(shop: Shop) -> None:
    line = shop.line(shop.deal(), quantity="10")
    shop.update("line", line, quantity="1", price="4.00")
    version = shop.get("line", line)["version"]
    shop.update("line", line, product=shop.nut)
    shop.delete("line", line)
    shop.restore("line", line)
    assert shop.amount(line) == Decimal("3")
    shop.company.write(shop.actor, lambda unit: past.restore_version(unit, "line", line, int(version)))
    assert shop.amount(line) == Decimal("4")


def test_one_statement_for_a_fill_and_a_batch(shop: Shop) -> None:
    def statements(count: int) -> int:
        deal = Create("deal", {"name": "A", "book": shop.book, "customer": shop.gold}, key="deal")
        products = [shop.create("product", name=f"P{at}") for at in range(count)]
        lines = [Create("line", {"deal": Made("deal"), "product": each, "quantity": "1"}) for each in products]
        with shop.counting() as found:
            shop.save(deal, *lines)
        assert sum("FROM price" in each for each in found) == 1
        return len(found)

    assert statements(2) == statements(40)


def test_what_is_changed_again_takes_one_statement_too(shop: Shop) -> None:
    deal = shop.deal()
    lines = [shop.line(deal) for _ in range(20)]
    with shop.counting() as found:
        shop.save(*(Update("line", each, {"quantity": "10"}) for each in lines))
    assert sum("FROM price" in each for each in found) == 1
    assert {shop.amount(each) for each in lines} == {Decimal("9")}


# -- typed or computed ------------------------------------------------------------------------------------------
def test_an_amount_is_typed_without_lines_and_computed_with_them(shop: Shop) -> None:
    """On lines alone, without the document: what follows from the amount follows, and history tells both."""
    deal = shop.deal(value="500.00")
    assert shop.get("deal", deal)["share"] == Decimal("50")
    line = shop.line(deal, quantity="10")
    found = shop.get("deal", deal)
    assert (found["value"], found["share"]) == (Decimal("90"), Decimal("9"))
    shop.update("line", line, quantity="20")
    assert shop.get("deal", deal)["value"] == Decimal("180")
    with pytest.raises(Rejected) as refused:
        shop.update("deal", deal, value="1.00")
    assert [(each.code, each.place.field) for each in refused.value.problems] == [("field-computed", "value")]
    shop.update("deal", deal, value="180.00", name="B")
    shop.delete("line", line)
    assert shop.get("deal", deal)["value"] == Decimal("180")
    shop.update("deal", deal, value="200.00")
    assert shop.get("deal", deal)["share"] == Decimal("20")
