"""Amounts in the company's currency: at the rate of the day, along with the document, fixed when it closes."""

from __future__ import annotations

from decimal import Decimal

from dougong.engine.saving.batch import Create, Made, Update
from tests.engine.saving.conftest import Studio


def company_amount(studio: Studio, object_name: str, id: str, column: str) -> Decimal | None:
    with studio.company.read(studio.actor) as unit:
        table = unit.runtime.storage.tables[object_name].table
        statement = table.select().with_only_columns(table.c[column + "_company"]).where(table.c.id == id)
        found: Decimal | None = unit.connection.execute(statement).scalar_one()
        return found


def rates(studio: Studio) -> None:
    for day, rate in (("2026-01-01", "7.00"), ("2026-06-01", "7.20")):
        studio.create("currency_rate", code="USD", rate=rate, valid_from=day)


def test_an_amount_has_its_company_amount_at_the_dated_rate(studio: Studio) -> None:
    rates(studio)
    job = studio.create("job", name="J", value="100.10", currency="USD", due_on="2026-03-01")
    assert company_amount(studio, "job", job, "value") == Decimal("700.70")
    studio.update("job", job, due_on="2026-07-01")
    assert company_amount(studio, "job", job, "value") == Decimal("720.72")
    studio.update("job", job, currency="CNY")
    assert company_amount(studio, "job", job, "value") == Decimal("100.10")


def test_lines_inherit_the_currency_and_follow_it(studio: Studio) -> None:
    rates(studio)
    saved = studio.save(
        Create("job", {"name": "J", "currency": "USD", "due_on": "2026-03-01"}, key="j"),
        Create("job_line", {"job": Made("j"), "description": "a", "price": 10, "quantity": 2}),
    )
    job, line = (each.id for each in saved.changes)
    assert company_amount(studio, "job_line", line, "amount") == 140
    assert studio.get("job", job)["value"] == 20
    assert company_amount(studio, "job", job, "value") == company_amount(studio, "job", job, "line_total") == 140
    studio.update("job", job, due_on="2026-08-01")
    assert company_amount(studio, "job_line", line, "amount") == 144
    assert company_amount(studio, "job", job, "line_total") == 144


def test_sums_over_currencies_are_in_the_companys(studio: Studio) -> None:
    rates(studio)
    client = studio.create("client", name="A")
    studio.create("job", name="J", client=client, value=100, currency="USD", due_on="2026-03-01")
    studio.create("job", name="K", client=client, value=50)
    assert studio.get("client", client)["open_value"] == 750


def test_a_closed_document_keeps_its_rate(studio: Studio) -> None:
    rates(studio)
    job = studio.create("job", name="J", value=100, currency="USD", due_on="2026-03-01")
    studio.update("job", job, stage="lost", lost_because="x")
    studio.create("currency_rate", code="USD", rate="9", valid_from="2026-02-01")
    studio.update("job", job, lost_because="y", due_on="2026-07-01")
    assert company_amount(studio, "job", job, "value") == 700
    other = studio.create("job", name="K", value=100, currency="USD", due_on="2026-03-01")
    assert company_amount(studio, "job", other, "value") == 900


def test_a_missing_rate_is_a_warning_and_counts_for_nothing(studio: Studio) -> None:
    saved = studio.save(Create("job", {"name": "J", "value": 5, "currency": "EUR"}))
    assert [(each.code, each.severity) for each in saved.warnings] == [("rate-missing", "warning")]
    assert "EUR" in saved.warnings[0].text("zh-CN")
    assert company_amount(studio, "job", saved.changes[0].id, "value") is None
    saved = studio.save(Update("job", saved.changes[0].id, {"currency": "CNY"}))
    assert not saved.warnings


def test_amounts_are_exact(studio: Studio) -> None:
    job = studio.create("job", name="J")
    for price in ("0.10", "0.20", "0.30"):
        studio.create("job_line", job=job, description=price, price=price, quantity=3)
    assert studio.get("job", job)["line_total"] == Decimal("1.80")
