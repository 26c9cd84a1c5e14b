"""Sums of documents in a parent's currency: exact where all share it, over the company's where they do not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create, Delete, Update


class Books:
    """A contract over 1,000 USD at 7.00, and rates that move."""

    def __init__(self, company: Company) -> None:
        self.company = company
        for day, rate in (("2026-01-01", "7.00"), ("2026-06-01", "7.20")):
            self.make("currency_rate", code="USD", rate=rate, valid_from=day)
        self.account = self.make("account", name="Nova")
        self.contract = self.make(
            "contract", name="C", account=self.account, amount="1000", currency="USD", signed_on="2026-02-01",
            status="running", life_status="effective",
        )  # fmt: skip

    def make(self, object_name: str, **values: Any) -> str:
        return self.company.write(SYSTEM, lambda unit: unit.records.save([Create(object_name, values)])).changes[0].id

    def receive(self, amount: str, currency: str, day: str) -> str:
        return self.make(
            "receipt", account=self.account, contract=self.contract, amount=amount, currency=currency, received_on=day,
            life_status="effective",
        )  # fmt: skip

    def save(self, change: Update | Delete) -> None:
        self.company.write(SYSTEM, lambda unit: unit.records.save([change]))

    @property
    def state(self) -> tuple[Decimal, Decimal]:
        with self.company.read(SYSTEM) as unit:
            values = unit.records.get("contract", self.contract).values
            return values["received_amount"], values["balance"]


@pytest.fixture
def books(sales: Company) -> Books:
    return Books(sales)


def test_a_document_in_foreign_currency_is_paid_exactly(books: Books) -> None:
    """At whatever rates the parts came in: nothing is left over."""
    assert books.state == (0, 1000)
    books.receive("400", "USD", "2026-02-10")
    assert books.state == (400, 600)
    books.receive("600", "USD", "2026-07-10")
    assert books.state == (1000, 0)


def test_mixed_currencies_go_over_the_companys(books: Books) -> None:
    """And back to exact sums when the odd one goes."""
    books.receive("400", "USD", "2026-02-10")
    odd = books.receive("700", "CNY", "2026-02-10")
    assert books.state == (500, 500)
    books.save(Delete("receipt", odd))
    assert books.state == (400, 600)


def test_another_currency_than_the_parents_is_converted(books: Books) -> None:
    books.receive("700", "CNY", "2026-02-10")
    assert books.state == (100, 900)
