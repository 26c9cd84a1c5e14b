"""An administrator writes a formula, is led to mend it, tries it, publishes it, and sorts a list by it."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from dougong.engine.actor import SYSTEM
from dougong.engine.query import All, Condition, Query
from tests.browser.conftest import PHONE, Open
from tests.browser.demo import Demo
from tests.browser.test_accessibility import grave


def said(page: Page) -> str:
    """What stands selected in the text."""
    return str(page.evaluate("() => { const t = document.getElementById('formula'); "
                             "return t.value.slice(t.selectionStart, t.selectionEnd); }"))  # fmt: skip


def test_from_two_mistakes_to_a_sorted_list_and_a_rule(site: Demo, open_page: Open) -> None:
    deal = site.first("opportunity", Condition("amount", "not_blank"))
    page = open_page(site, "zh-CN")
    page.goto("/preferences")
    page.get_by_role("link", name="公式编辑器").click()
    page.locator("#object").select_option("opportunity")
    expect(page.locator("[data-lookup='/lookup/opportunity']")).to_be_visible()

    # Two mistakes, each led to and mended.
    page.locator("#formula").fill("amout *\n  (1 - roun(probability, 2))")
    mistakes = page.locator("#said .errs li")
    expect(mistakes).to_have_count(2)
    expect(mistakes.nth(0)).to_contain_text("第 1 行第 1 列")
    expect(mistakes.nth(1)).to_contain_text("第 2 行第 8 列")
    mistakes.nth(1).get_by_role("link").click()
    assert said(page) == "roun"
    mistakes.nth(1).get_by_role("button", name="改为 ROUND").click()
    expect(mistakes).to_have_count(1)
    mistakes.nth(0).get_by_role("button", name="改为 amount").click()
    expect(mistakes).to_have_count(0)
    expect(page.locator("#said")).to_contain_text("数字")
    page.get_by_role("button", name="整理格式").click()
    expect(page.locator("#formula")).to_have_value("amount * (1 - ROUND(probability, 2))")

    # Tried on a record.
    page.locator("#record").fill(str(deal.values["name"])[:6])
    page.locator("[role=option]").first.click()
    expect(page.locator("#shown .outcome b")).not_to_have_text("")
    expect(page.locator("#shown .steps li")).not_to_have_count(0)

    # Planned, then published.
    page.locator("#name").fill("amount_left")
    page.locator("#label-zh").fill("剩余金额")
    page.locator("#label-en").fill("Amount left")
    page.locator("#returns").select_option("money")
    page.get_by_role("button", name="查看发布内容").click()
    expect(page.locator("#plan")).to_contain_text("amount_left")
    page.get_by_role("button", name="发布字段").click()
    page.get_by_role("link", name="在列表中查看").click()

    # A list sorted by it.
    page.get_by_role("columnheader").get_by_role("link", name="剩余金额").click()
    expect(page.get_by_role("columnheader", name="剩余金额")).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("columnheader").get_by_role("link", name="剩余金额").click()
    expect(page.get_by_role("columnheader", name="剩余金额")).to_have_attribute("aria-sort", "descending")

    # A rule over it is made, with a mistake that is mended; what it would reject is said before it is published.
    page.goto("/formulas/all?object=opportunity")
    page.get_by_role("link", name="新建验证规则").click()
    expect(page.locator("#name")).to_be_visible()
    page.locator("#formula").fill("amount_lef > 100000")
    expect(mistakes).to_have_count(1)
    mistakes.nth(0).get_by_role("button", name="改为 amount_left").click()
    expect(mistakes).to_have_count(0)
    page.locator("#name").fill("dear")
    page.locator("#label-zh-CN").fill("大额商机")
    page.locator("#message-en").fill("Deals of this size need an offer first")
    page.locator("#message-zh-CN").fill("金额过大，需先报价")
    page.get_by_text("提示所在的字段").click()
    page.locator("input[name=at][value=amount]").check()
    assert grave(page) == []
    page.get_by_role("button", name="查看发布内容").click()
    expect(page.locator("#plan")).to_contain_text("不符合该规则")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="查看这些记录").click()
    expect(opened.value.locator("pre.said")).to_have_text("amount_left > 100000")
    expect(opened.value.locator("tbody tr")).not_to_have_count(0)
    opened.value.close()
    page.get_by_role("button", name="发布", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("已发布并生效")

    # It refuses a save, in Chinese, at its field.
    early = site.first(
        "opportunity", All((Condition("stage", "is", "prospecting"), Condition("record_type", "is", "standard")))
    )
    page.goto(f"/o/opportunity/{early.id}/edit")
    page.locator("[name='amount'], [name='amount.amount']").first.fill("99000000")
    page.locator(".stick").get_by_role("button", name="保存", exact=True).click()
    expect(page.locator("#w-amount .err")).to_have_text("金额过大，需先报价")
    assert site.record("opportunity", early.id).values["amount"] == early.values["amount"]

    # A list gets a condition that compares fields, is told what was meant, and is kept as a view.
    page.goto("/o/opportunity?view=all&plain=1")
    page.get_by_role("link", name="添加条件").click()
    page.locator("#cond-field").select_option("=")
    page.locator("#cond-formula").fill("amount_left * 2 < amout")
    page.locator("#cond-said").get_by_role("button", name="改为 amount").click()
    expect(page.locator("#cond-formula")).to_have_value("amount_left * 2 < amount")
    expect(page.locator("#cond-said")).to_contain_text("条记录满足")
    page.get_by_role("dialog").get_by_role("button", name="添加条件").click()
    expect(page.locator("#toolbar .filter b")).to_have_text("剩余金额 * 2 < 商机金额")
    page.get_by_role("button", name="保存视图").click()
    page.locator("#view-name").fill("多半已定")
    page.locator("#save-view").get_by_role("button", name="保存视图").click()
    expect(page.get_by_role("link", name="多半已定")).to_have_attribute("aria-current", "page")
    with site.company.read(SYSTEM) as unit:
        query = Query(object="opportunity", columns=("amount", "amount_left"), limit=1000)
        rows = [row.values for row in unit.records.query(query).rows]
    met = [amount for amount, left in rows if amount is not None and left * 2 < amount]
    expect(page.locator(".head .sub")).to_have_text(re.compile(rf"^{len(met)} "))


def test_what_fits_is_offered_and_taken_by_keyboard(shown: Demo, open_page: Open) -> None:
    """Arrows, Enter, Tab and Escape; the help of the function stands beside; nothing of it bars anybody."""
    page = open_page(shown)
    page.goto("/formulas?object=opportunity")
    page.locator("#names [data-function=ROUND]").wait_for(state="attached")
    text, options = page.locator("#formula"), page.locator("#offered [role=option]")
    text.click()
    page.keyboard.type("rou")
    expect(options.first).to_contain_text("ROUND")
    assert grave(page) == []
    page.keyboard.press("Enter")
    expect(text).to_have_value("ROUND()")
    expect(page.locator("#help")).to_contain_text("ROUND(number, places)")
    page.keyboard.type("account.na")
    expect(options.first).to_contain_text("account.name")
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    for _ in range(10):
        page.keyboard.press("Backspace")
    page.keyboard.type("amoun")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    expect(text).to_have_value("ROUND(amount)")
    page.keyboard.type(", 2")
    expect(text).to_have_value("ROUND(amount, 2)")
    expect(page.locator("#said")).to_contain_text("number")
    page.keyboard.type(" + ")
    page.keyboard.press("Control+Space")
    expect(options).not_to_have_count(0)


def test_it_works_without_scripts(shown: Demo, open_page: Open) -> None:
    """Check, mend, try: each a form that comes back."""
    page = open_page(shown, java_script_enabled=False)
    page.goto("/formulas?object=opportunity")
    page.locator("#formula").fill("amout * 2")
    page.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="Write amount").click()
    assert page.locator("#formula").input_value() == "amount * 2"
    assert "number" in page.locator("#said").inner_text()
    name = str(shown.first("opportunity", Condition("amount", "not_blank")).values["name"])
    page.locator("#record").fill(name)
    page.get_by_role("button", name="Check").click()
    assert page.locator("#shown .steps").is_visible()


def test_it_fits_a_phone(shown: Demo, open_page: Open) -> None:
    """Nothing is wider than the screen, whatever is written."""
    page = open_page(shown, "zh-CN", viewport=PHONE)
    page.goto("/formulas?object=opportunity&formula=" + "amout+%2B+" * 20 + "account.name")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_rule_that_stands_is_opened_broken_mended_and_published(site: Demo, open_page: Open) -> None:
    """In Chinese: led to the mistake, told which records it would stand against, and then held to what it says."""
    page = open_page(site, "zh-CN")
    page.goto("/formulas?object=opportunity")
    page.get_by_role("link", name="打开已有公式").click()
    page.get_by_role("link", name="签约日早于启动日").click()
    text, mistakes = page.locator("#formula"), page.locator("#said .errs li")
    expect(text).to_have_value(re.compile("^close_date < start_date"))
    assert grave(page) == []

    # Broken, and mended where it is said.
    text.fill("close_dat < start_date + 30")
    expect(mistakes).to_have_count(1)
    expect(mistakes.nth(0)).to_contain_text("第 1 行第 1 列")
    mistakes.nth(0).get_by_role("button", name="改为 close_date").click()
    expect(mistakes).to_have_count(0)

    # Its tests no longer say what it does, and are taken out; the message says the new rule.
    expect(page.locator("#tested .neg").first).to_be_visible()
    for box in page.locator("[name=drop]").all():
        box.check()
    page.get_by_label("中文提示").fill("签约日应晚于启动日一个月以上")
    page.get_by_role("button", name="查看发布内容").click()
    expect(page.locator("#plan")).to_contain_text("不符合该规则")
    expect(page.locator("#plan a").first).to_be_visible()
    page.get_by_role("button", name="发布", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("已发布并生效")

    # It holds.
    deal = site.first("opportunity", Condition("stage", "is", "prospecting"))
    page.goto(f"/o/opportunity/{deal.id}/edit")
    page.locator("[name=start_date]").fill("2026-03-01")
    page.locator("[name=close_date]").fill("2026-03-09")
    page.locator(".stick").get_by_role("button", name="保存", exact=True).click()
    expect(page.locator("#w-close_date .err").last).to_have_text("签约日应晚于启动日一个月以上")
