"""A leaver's customers are handed over, as an administrator would: from their page, looked at first, and taken back."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from dougong.engine.query import Condition
from tests.browser.conftest import Open
from tests.browser.demo import Demo


def test_hand_over_a_leavers_customers(site_of_kind: Demo, open_page: Open) -> None:
    """Customers go to one person, the rest stays; the account is frozen; taking back gives the customers back."""
    site = site_of_kind
    leaver = site.first("user", Condition("login", "is", "sun.yajing")).id
    heir = site.first("user", Condition("login", "is", "lin.zhihao")).id
    theirs = site.first("account", Condition("owner", "is", leaver)).id
    page = open_page(site)
    page.goto(f"/o/user/{leaver}")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("link", name="Hand over their work").click()
    page.get_by_role("combobox", name="People", exact=True).fill("林志豪")
    page.locator("[role=listbox]:not([aria-busy=true]) [role=option]", has_text="林志豪").first.click()
    expect(page.get_by_role("checkbox", name="林志豪")).to_be_checked()
    page.get_by_text("Contacts", exact=True).last.click()
    contacts = page.locator("details.part", has_text="Contacts")
    contacts.get_by_label("What becomes of them").select_option("leave")
    page.get_by_label("Freeze it").check()
    page.get_by_label("Reason").fill("leaves the company")
    page.get_by_role("button", name="Preview").click()
    customers = page.get_by_role("row").filter(has=page.get_by_role("cell", name="Customers", exact=True))
    expect(customers).to_contain_text(re.compile(r"林志豪 \d+"))
    expect(page.locator("main")).to_contain_text("Then the account is frozen.")
    assert site.record("account", theirs).values["owner"].id == leaver, "nothing has moved"

    page.get_by_role("button", name=re.compile("Hand over [0-9]+ records")).click()
    expect(page.locator("h1")).to_contain_text("was handed over")
    assert site.record("account", theirs).values["owner"].id == heir
    assert site.record("user", leaver).values["frozen"] is True
    page.goto(f"/o/account/{theirs}?tab=history")
    expect(page.locator("main")).to_contain_text("leaves the company")

    page.goto(f"/handover/{leaver}")
    page.get_by_role("link", name="Show").click()
    page.get_by_role("button", name="Take the handover back").click()
    expect(page.get_by_role("status").first).to_contain_text("back where they were")
    assert site.record("account", theirs).values["owner"].id == leaver
