"""Prices that fill themselves while a quote is written."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from dougong.engine.query import All, Condition, Query
from tests.browser.conftest import DESK, PHONE, Open
from tests.browser.demo import Demo


def stored(site: Demo, page: Page) -> list[tuple[object, ...]]:
    """The lines of the quote whose page is shown."""
    from dougong.engine.actor import SYSTEM

    expect(page).to_have_url(re.compile(r"/o/quote/[0-9a-f-]{36}$"))
    where = Condition("quote", "is", page.url.rsplit("/", 1)[1])
    columns = ("product.code", "quantity", "unit_price", "tax_rate", "notes")
    with site.company.read(SYSTEM) as unit:
        rows = unit.records.query(Query(object="quote_line", columns=columns, where=where)).rows
        return [tuple(str(each) if each is not None else None for each in row.values) for row in rows]


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["1440", "390"])
def test_a_price_comes_with_its_reason_and_gives_way_to_what_is_typed(
    site: Demo, open_page: Open, viewport: dict[str, int]
) -> None:
    dealer = site.first("account", All((Condition("channel_role", "is", "dealer"), Condition("level", "is", "b"))))
    page = open_page(site, "zh-CN", viewport=viewport)
    page.goto(f"/o/quote/new?v.account={dealer.id}")
    expect(page.locator("#w-price_book .from")).to_have_text("取自客户")
    line = page.locator("[data-lines] tbody tr").first
    price, quantity = line.locator("[name$='.unit_price']"), line.locator("[name$='.quantity']")
    reason = line.locator(".fld", has=page.locator("[name$='.unit_price']")).locator(".from")
    line.locator("[name$='.notes']").fill("客户指定")
    line.locator("[role=combobox]").fill("EG-200")
    page.locator("[role=listbox]:not([aria-busy=true]) [role=option]", has_text="EG-200").first.click()
    expect(price).to_have_value("2,760.00")
    expect(reason).to_have_text("经销商价格表，1 起")
    expect(line.locator("[data-shown]")).to_contain_text("2,760.00")
    quantity.fill("60")
    quantity.blur()
    expect(price).to_have_value("2,539.20")
    expect(reason).to_have_text("经销商价格表，50 起")
    expect(page.locator("[data-total=net_amount]")).to_have_text("152,352.00")
    price.fill("2500")
    price.blur()
    expect(reason).to_be_hidden()
    expect(page.locator("[data-total=net_amount]")).to_have_text("150,000.00")
    quantity.fill("10")
    quantity.blur()
    expect(page.locator("[data-total=net_amount]")).to_have_text("25,000.00")
    expect(price).to_have_value("2500")
    expect(line.locator("[name$='.notes']")).to_have_value("客户指定")
    page.locator(".stick").get_by_role("button", name="保存", exact=True).click()
    assert stored(site, page) == [("EG-200", "10.000", "2500.00", "0.1300", "客户指定")]
