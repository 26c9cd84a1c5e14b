"""A form whose places come and go as one types."""

from __future__ import annotations

from playwright.sync_api import expect

from dougong.engine.query import All, Condition
from tests.browser.conftest import Open
from tests.browser.demo import Demo


def test_places_come_and_go_and_what_was_typed_stays(site: Demo, open_page: Open) -> None:
    early = All((Condition("stage", "is", "prospecting"), Condition("record_type", "is", "standard")))
    deal = site.first("opportunity", early)
    page = open_page(site, "zh-CN")
    page.goto(f"/o/opportunity/{deal.id}/edit")
    lost, reason = page.locator("#s-lost"), page.locator("[name=lost_reason]")
    expect(lost).to_be_hidden()
    page.locator("[name=name]").fill("改过的名称")
    page.locator("[name=stage]").select_option("lost")
    expect(lost).to_be_visible()
    expect(page.locator("nav a[href='#s-lost']")).to_be_visible()
    reason.select_option(index=1)
    page.locator("[name=stage]").select_option("prospecting")
    expect(lost).to_be_hidden()
    page.locator("[name=stage]").select_option("lost")
    expect(lost).to_be_visible()
    expect(reason).not_to_have_value("")
    expect(page.locator("[name=name]")).to_have_value("改过的名称")
    page.locator(".stick").get_by_role("button", name="保存", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("已保存")
    stored = site.record("opportunity", deal.id).values
    assert (stored["stage"], stored["name"]) == ("lost", "改过的名称")
    assert stored["lost_reason"]
