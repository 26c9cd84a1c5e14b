"""An administrator makes a role, hides a field, shares by formula, looks on as a colleague, and asks why."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from dougong.engine.actor import SYSTEM
from dougong.engine.query import All, Condition
from dougong.engine.saving.batch import Update
from dougong.web import sessions
from tests.browser.conftest import PHONE, Open
from tests.browser.demo import Demo
from tests.browser.test_accessibility import grave


def publish(page: Page) -> None:
    """See the plan, then publish."""
    page.get_by_role("button", name="See what publishing would do").click()
    expect(page.locator("#plan")).to_be_visible()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("It is published and in force.")).to_be_visible()


def test_from_a_new_role_to_the_reason(site_of_kind: Demo, open_page: Open) -> None:
    site = site_of_kind
    lin = site.first("user", Condition("login", "is", "lin.zhihao"))
    foreign = site.first("account", Condition("owner.login", "is_not", "lin.zhihao"))
    own = site.first("account", Condition("owner.login", "is", "lin.zhihao"))
    name, its_name = str(foreign.values["name"]), str(own.values["name"])
    page = open_page(site)

    # A role with a scope.
    page.goto("/access/roles")
    page.get_by_role("link", name="New role").click()
    page.get_by_label("Label in English").fill("Field sales")
    page.get_by_label("Label in Chinese").fill("外勤销售")
    page.get_by_label("Name in metadata and the API").fill("field_sales")
    page.get_by_label("Sales work").check()
    page.get_by_label("Everyday work").check()
    page.locator("[name='scope.0.read']").select_option("own")
    publish(page)
    expect(page.get_by_role("heading", name="Field sales")).to_be_visible()

    # It is given on the user's page.
    page.goto(f"/o/user/{lin.id}/edit")
    page.locator("input[name=roles][value=field_sales]").check()
    page.locator("input[name=roles][value=sales]").uncheck()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(f"{site.url}/o/user/{lin.id}")
    expect(page.locator("#f-roles").get_by_text("Field sales")).to_be_visible()

    # A field is hidden.
    page.goto("/access/roles")
    page.locator("a[href='/access/set?of=sales_work']").click()
    page.get_by_role("link", name="Fields: Customers").click()
    page.get_by_label("Industry: See").select_option("no")
    page.get_by_role("button", name="See what publishing would do").click()
    expect(page.locator("#plan")).to_contain_text("Industry of Customer: See")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("It is published and in force.")).to_be_visible()

    # One customer is shared by a formula.
    page.goto("/access/rule?object=account")
    page.get_by_label("Label in English").fill("One for the field")
    page.get_by_label("Name in metadata and the API").fill("one")
    page.locator("#formula").fill(f'name = "{name}"')
    expect(page.locator("#said")).to_contain_text("Yields")
    page.get_by_label("Field sales").last.check()
    page.get_by_role("button", name="See what publishing would do").click()
    expect(page.locator("#plan")).to_contain_text("It opens 1 of")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("It is published and in force.")).to_be_visible()

    # Looked at as the colleague: what is theirs and what was shared, without the field, and nothing to change.
    page.goto(f"/o/user/{lin.id}")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("button", name="See the pages as they do").click()
    banner = page.locator(".viewing")
    expect(banner).to_contain_text("林志豪")
    page.goto(f"/o/account/{foreign.id}")
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.get_by_text("Industry", exact=True)).to_have_count(0)
    page.goto(f"/o/account/{own.id}/edit")
    page.locator("[name=name]").fill("Taken")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("You are looking on as")).to_be_visible()
    assert site.record("account", own.id).values["name"] == its_name
    page.goto("/o/account")
    expect(banner).to_be_visible()
    assert grave(page) == []
    page.get_by_role("button", name="Back to my own view").click()
    expect(banner).to_have_count(0)

    # Why: the rule opens it; the field is held back.
    page.goto(f"/o/account/{foreign.id}")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("link", name="Who sees this, and why").click()
    page.get_by_role("link", name="林志豪").click()
    expect(page.locator("#verdict")).to_have_text(f"林志豪 may see {name}.")
    expect(page.get_by_text("The sharing rule One for the field opens it.")).to_be_visible()
    expect(page.get_by_text("They do not own it.")).to_be_visible()
    page.locator("[name=field]").select_option("industry")
    expect(page.locator("#verdict")).to_have_text(f"林志豪 may not see Industry of {name}.")
    expect(page.get_by_text("The permission set Sales work holds Industry back.")).to_be_visible()
    assert grave(page) == []


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_the_table_of_rights_fits_a_phone(site_of_kind: Demo, open_page: Open) -> None:
    """Nothing scrolls sideways, every box has its name, and a box is ticked and published."""
    page = open_page(site_of_kind, viewport=PHONE)
    page.goto("/access/set?of=sales_work")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.get_by_label("Tasks: Export").check()
    page.get_by_label("See masked values whole").check()
    publish(page)
    expect(page.get_by_label("Tasks: Export")).to_be_checked()
    assert grave(page) == []

    # A field is masked; whoever sees it so reveals a value for a reason, which the audit log keeps.
    page.goto("/access/set/fields?of=sales_work&object=account")
    page.get_by_label("Phone: See", exact=True).select_option("masked")
    publish(page)
    reveal_a_phone(site_of_kind, open_page)
    page.goto("/audit")
    page.get_by_role("link", name="Masked value looked at").first.click()
    expect(page).to_have_url(re.compile(r"/audit/\d+$"))
    expect(page.locator("main")).to_contain_text("The number was asked for")


def reveal_a_phone(site: Demo, open_page: Open) -> None:
    """As a seller, at one of their customers: masked, asked why, refused without a reason, then whole."""
    own = All((Condition("owner.login", "is", "lin.zhihao"), Condition("phone", "not_blank")))
    customer, lin = site.first("account", own), site.first("user", Condition("login", "is", "lin.zhihao"))
    whole = str(customer.values["phone"])
    page = open_page(site, viewport=PHONE, signed_in=False)
    token = site.company.write(SYSTEM, lambda unit: sessions.begin(unit, lin.id, "Chrome/140 Android", "127.0.0.1"))
    page.context.add_cookies([{"name": sessions.cookie_name(False), "value": token, "url": site.url}])
    site.save(Update("user", lin.id, {"language": "en"}))
    page.goto(f"/o/account/{customer.id}")
    place = page.locator("#f-phone")
    expect(place).to_contain_text("****")
    place.get_by_role("link", name="Reveal Phone").click()
    why = place.get_by_label("Why do you need Phone whole?")
    expect(why).to_be_focused()
    place.get_by_role("button", name="Reveal", exact=True).click()
    expect(place).to_contain_text("Say why you look at it.")
    assert grave(page) == []
    why.fill("The number was asked for")
    page.keyboard.press("Enter")
    expect(place).to_contain_text("Shown this once.")
    digits = re.sub(r"\D", "", place.inner_text())
    assert re.sub(r"\D", "", whole)[-8:] in digits, "the mask leaves the last four"
    page.reload()
    expect(place).to_contain_text("****")


def test_rights_are_looked_at_on_a_phone(shown: Demo, open_page: Open) -> None:
    """The list, a role, a rule, the comparison."""
    page = open_page(shown, "zh-CN", "dark", viewport=PHONE)
    lin = shown.first("user", Condition("login", "is", "lin.zhihao"))
    compared = f"/access/compare?left={shown.administrator()}&right={lin.id}"
    role, rule = "/access/role?of=sales_manager", "/access/rule?object=account"
    for path in ("/access/roles", role, rule, compared, f"/access/why?user={lin.id}"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], path
        assert grave(page) == [], path
