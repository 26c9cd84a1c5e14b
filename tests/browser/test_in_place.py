"""What happens without leaving the page: a record made for a lookup, a file chosen, an action that asks first."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.demo import Demo


def test_a_customer_is_made_where_a_deal_asks_for_one(site: Demo, open_page: Open) -> None:
    page = open_page(site)
    page.goto("/o/opportunity/new?type=standard")
    box = page.locator('[data-lookup="/lookup/opportunity/account"] [role=combobox]')
    box.fill("Brand new customer")
    page.locator("[data-make]").first.click()
    sheet = page.locator("#sheet")
    expect(sheet.locator("[name=name]")).to_have_value("Brand new customer")
    sheet.get_by_role("button", name="Save", exact=True).click()
    expect(sheet).not_to_be_visible()
    expect(box).to_have_value("Brand new customer")
    chosen = page.locator('[data-lookup="/lookup/opportunity/account"] input[type=hidden]').first
    expect(chosen).to_have_value(re.compile("[0-9a-f-]{36}"))


def test_a_file_is_chosen_in_one_field(site: Demo, open_page: Open) -> None:
    page = open_page(site)
    page.goto(f"/o/product/{site.first('product').id}/field/image")
    page.locator("input[type=file]").set_input_files(
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"}
    )
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".err").first).to_contain_text("not of a type")
