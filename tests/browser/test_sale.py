"""A sale from first call to order, in Chinese, at a desk and on a phone: what the platform is for."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from dougong.engine.query import All, Condition
from dougong.engine.saving.batch import Create, Update
from tests.browser.conftest import DESK, PHONE, Open
from tests.browser.demo import Demo

NEW_PASSWORD = "几个词组成的足够长的密码"
CASES = pytest.mark.parametrize(
    ("database_kind", "viewport"),
    [("sqlite", DESK), ("sqlite", PHONE), ("postgresql", PHONE)],
    ids=["sqlite-1440", "sqlite-390", "postgresql-390"],
)


@pytest.fixture
def site(site_of_kind: Demo) -> Demo:
    """The demo company, on both kinds of database."""
    return site_of_kind


def sign_in(page: Page, site: Demo) -> None:
    """With the one-time password, which is changed on the way."""
    page.goto("/o/lead")
    page.get_by_label("登录名").fill("admin")
    page.get_by_label("密码").fill(site.one_time_password())
    page.get_by_role("button", name="登录", exact=True).click()
    page.get_by_label("新密码", exact=True).fill(NEW_PASSWORD)
    page.get_by_label("再输入一次新密码").fill(NEW_PASSWORD)
    page.get_by_role("button", name="保存密码").click()
    expect(page).to_have_url(re.compile("/o/lead$"))


def choose(box: Locator, text: str) -> None:
    """Type into a lookup and take the first record that it offers for what is typed."""
    box.fill(text)
    box.page.locator("[role=listbox]:not([aria-busy=true]) [role=option]", has_text=text).first.click()
    expect(box).to_have_value(re.compile(re.escape(text)))
    expect(box).to_have_attribute("aria-expanded", "false")


def id_of(page: Page, object: str) -> str:
    """The id of the record whose page is shown."""
    expect(page).to_have_url(re.compile(rf"/o/{object}/[0-9a-f-]{{36}}$"))
    return page.url.rsplit("/", 1)[1]


def take_lead(page: Page, name: str) -> None:
    """Find the lead by searching and take it out of the queue in which it waits."""
    page.goto("/search")
    page.locator("main [name=q]").fill(name)
    page.keyboard.press("Enter")
    page.locator("main").get_by_role("link", name=name).first.click()
    take = page.get_by_role("button", name="领取", exact=True)
    take.click()
    expect(page.locator("#toasts")).to_contain_text("已领取")
    expect(take).to_have_count(0)


def log_call(page: Page, subject: str) -> None:
    """Two clicks: the button, and save."""
    page.get_by_role("link", name="记电话").first.click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("主题").fill(subject)
    sheet.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator(".tl")).to_contain_text(subject)


def convert(page: Page, action: str, object: str) -> str:
    """Take a conversion as it is proposed; the id of the record that opens."""
    page.locator(".rhead").get_by_role("link", name=action).click()
    expect(page.locator("h1")).to_contain_text(action)
    page.locator("main form").get_by_role("button", name=action).click()
    return id_of(page, object)


def add_lines(page: Page, products: list[str]) -> None:
    """Lines with a product, a quantity and a price each."""
    page.get_by_role("link", name="编辑明细").click()
    lines = page.locator("[data-lines]")
    for at, product in enumerate(products):
        if at:
            lines.get_by_role("button", name="添加一行").click()
        row = lines.locator("tbody tr").nth(at)
        choose(row.get_by_role("combobox", name="产品"), product)
        expect(row.get_by_label("含税单价", exact=True)).not_to_have_value("")  # the price of the list has come
        for label, value in (("品名", product), ("数量", str(at + 1)), ("含税单价", "6000")):
            row.get_by_label(label, exact=True).fill(value)
    page.locator(".stick").get_by_role("button", name="保存", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("已保存")


def move(page: Page, stage: str) -> Locator:
    """Ask for a stage; the sheet that says what is missing."""
    page.locator(".path").get_by_role("button", name=stage).click()
    sheet = page.get_by_role("dialog")
    expect(sheet).to_be_visible()
    return sheet


def _product(site: Demo, series: str) -> str:
    return str(site.first("product", Condition("name", "contains", series)).values["name"])


@CASES
def test_a_sale(site: Demo, open_page: Open, viewport: dict[str, int]) -> None:
    """Sign in, take a lead, log a call, convert it, add lines, be stopped and mend, quote, order."""
    customer = site.first("account", Condition("record_type", "is", "enterprise"))
    products = [
        site.first("product", Condition("name", "contains", each)).values["name"] for each in ("EG-", "FM-", "PM-")
    ]
    company = customer.values["name"]
    site.save(Update("user", site.administrator(), {"language": "zh-CN", "time_zone": "Asia/Shanghai"}))
    queue = site.first("user", Condition("queue", "is", "new_leads")).id
    site.save(Update("user", queue, {"queue_members": [site.administrator()]}))
    waiting = {"company": company, "person": "沈嘉禾", "mobile": "13900001234", "owner": queue}
    (lead,) = site.save(Create("lead", waiting))
    page = open_page(site, "zh-CN", signed_in=False, viewport=viewport, locale="zh-CN")

    sign_in(page, site)
    take_lead(page, "沈嘉禾")
    assert site.record("lead", lead).values["owner"].id == site.administrator()
    log_call(page, "确认预算和时间")

    deal = convert(page, "转换", "opportunity")
    assert site.record("opportunity", deal).values["account"].id == customer.id
    assert site.record("lead", lead).values["status"] == "converted"

    add_lines(page, products)
    assert site.record("opportunity", deal).values["amount"] == 36000

    sheet = move(page, "方案报价")
    assert site.record("opportunity", deal).values["stage"] != "propose"
    sheet.get_by_label("客户需求").fill("两条产线接入监测,年底前验收。")
    sheet.get_by_role("button", name="保存并推进").click()
    expect(page.locator(".path [aria-current=step]")).to_contain_text("方案报价")
    assert site.record("opportunity", deal).values["stage"] == "propose"

    quote = convert(page, "生成报价单", "quote")
    order = convert(page, "生成订单", "order")
    assert site.record("order", order).values["quote"].id == quote
    page.goto(f"/o/order/{order}")
    for product in products:
        expect(page.locator("main")).to_contain_text(product)


@CASES
def test_a_deal_is_lost_and_one_deleted_and_restored(site: Demo, open_page: Open, viewport: dict[str, int]) -> None:
    """A lost deal says why; a deleted one comes back whole."""
    early = Condition("stage", "is", "prospecting")
    standard = Condition("record_type", "is", "standard")
    lost = site.first("opportunity", All((early, standard)))
    other = site.first("opportunity", Condition("stage", "is", "won"))
    page = open_page(site, "zh-CN", viewport=viewport)

    page.goto(f"/o/opportunity/{lost.id}")
    sheet = move(page, "输单")
    sheet.get_by_role("button", name="保存并推进").click()
    expect(sheet.get_by_role("alert")).to_contain_text("需要填写输单原因")
    sheet.get_by_label("输单原因").select_option(index=1)
    sheet.get_by_role("button", name="保存并推进").click()
    expect(page.locator(".path [aria-current=step]")).to_contain_text("输单")
    assert site.record("opportunity", lost.id).values["lost_reason"]

    page.goto(f"/o/opportunity/{other.id}")
    page.get_by_role("button", name="更多操作").click()
    page.locator("#record-menu").get_by_role("button", name="删除").click()
    expect(page.locator("#toasts")).to_contain_text("回收站")
    assert site.record("opportunity", other.id).deleted
    page.goto("/bin?object=opportunity")
    page.get_by_role("button", name=f"恢复 {other.values['name']}").or_(
        page.get_by_role("button", name=f"恢复{other.values['name']}")
    ).click()
    expect(page.locator("#toasts")).to_contain_text("恢复")
    assert not site.record("opportunity", other.id).deleted
