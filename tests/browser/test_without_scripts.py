"""What must work where no script runs: signing in, making, changing, deleting, restoring, searching, filtering."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from dougong.engine.saving.batch import Update
from tests.browser.conftest import Open
from tests.browser.demo import PASSWORD, Demo


def test_a_record_is_made_changed_deleted_and_restored(site: Demo, open_page: Open) -> None:
    """One customer's life, from sign-in on."""
    site.save(Update("user", site.administrator(), {"language": "en"}))
    page = open_page(site, signed_in=False, java_script_enabled=False)
    page.goto("/o/account/new?type=enterprise")
    page.locator("[name=login]").fill("admin")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name=re.compile("Sign in")).click()
    expect(page).to_have_url(re.compile(r"/o/account/new\?type=enterprise$"))
    save = page.locator(".stick .primary")
    save.click()
    expect(page.locator(".errs")).to_be_visible()

    page.locator("[name=name]").fill("Aldgate Tools Ltd")
    page.locator("[name=website]").fill("aldgate.example")
    save.click()
    expect(page.locator("h1")).to_have_text("Aldgate Tools Ltd")
    expect(page).to_have_url(re.compile("/o/account/[0-9a-f-]{36}$"))
    made = page.url.rsplit("/", 1)[1]

    page.goto(f"/o/account/{made}/edit")
    page.locator("[name=name]").fill("Aldgate Tools and Dies Ltd")
    save.click()
    expect(page.locator("h1")).to_have_text("Aldgate Tools and Dies Ltd")

    page.goto("/search?q=aldgate+dies")
    page.locator("main").get_by_role("link", name=re.compile("Aldgate Tools and Dies")).click()
    page.locator("[popovertarget=record-menu]").click()
    page.locator("#record-menu").get_by_role("button", name="Delete").click()
    expect(page).to_have_url(re.compile("/o/account$"))
    assert site.record("account", made).deleted
    page.goto("/bin?object=account")
    page.locator("tr", has_text="Aldgate").get_by_role("button").click()
    expect(page.locator("#toasts")).to_contain_text("Restored")
    assert not site.record("account", made).deleted


def test_lookups_lines_and_stages_need_no_script(site: Demo, open_page: Open) -> None:
    """A lookup takes a typed name; a button adds a line; a stage that asks is a page of its own."""
    customer = site.first("account").values["name"]
    page = open_page(site, java_script_enabled=False)
    page.goto("/o/opportunity/new?type=standard")
    page.locator("[name=name]").fill("Test stand")
    page.locator("[name='account.text']").fill(customer)
    lines = page.locator("[data-lines] tbody tr")
    before = lines.count()
    page.locator("[name=add_line]").click()
    expect(lines).to_have_count(before + 1)
    expect(page.locator("[name=name]")).to_have_value("Test stand")
    for at, price in enumerate(("100", "250")):
        lines.nth(at).locator("[name$='.name']").fill(f"Part {at}")
        lines.nth(at).locator("[name$='.unit_price']").fill(price)
    page.locator(".stick .primary").click()
    expect(page).to_have_url(re.compile("/o/opportunity/[0-9a-f-]{36}$"))
    deal = page.url.rsplit("/", 1)[1]
    stored = site.record("opportunity", deal).values
    assert (stored["account"].title or site.first("account").values["name"]) == customer
    assert stored["amount"] == 350

    page.locator(".path button[value=lost]").click()
    page.locator("[name=lost_reason]").select_option(index=1)
    page.locator("main .primary").click()
    expect(page.locator(".path [aria-current=step]")).to_contain_text("Lost")
    assert site.record("opportunity", deal).values["stage"] == "lost"


def test_a_list_is_filtered_sorted_and_paged(shown: Demo, open_page: Open) -> None:
    """Every control of a list is a link or a form."""
    page = open_page(shown, java_script_enabled=False)
    page.goto("/o/opportunity?plain=1")
    names = page.locator("tbody .name a:not(.act)")
    first = names.first.inner_text()
    page.locator("footer [rel=next]").click()
    expect(names.first).not_to_have_text(first)
    page.goto("/o/opportunity?plain=1")
    page.locator("#toolbar a", has_text="Add condition").click()
    page.locator("#cond-field").select_option("stage")
    page.locator("#condition .primary").click()
    page.locator("#condition input[value=won]").or_(page.locator("#cond-value")).first.wait_for()
    box = page.locator("#condition input[value=won]")
    if box.count():
        box.check()
    else:
        page.locator("#cond-value").select_option("won")
    page.locator("#condition .primary").click()
    expect(page.locator("#toolbar .filter")).to_contain_text("Won")
    page.locator("thead a", has_text="Amount").first.click()
    expect(page.locator("th[aria-sort]")).to_contain_text("mount")
