"""A discount above the limit, from the quote to its approval, by everybody in it; the chart says each time how it is.

The head of the department approves on a phone. Of the two who review jointly one is on leave, so that a delegate acts;
the other asks a third, who sends it back; the initiator takes some of the discount back, and all agree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from playwright.sync_api import FilePayload, Page, expect

from dougong.engine.actor import SYSTEM
from dougong.engine.query import Condition
from dougong.engine.saving.batch import Update
from dougong.web import credentials
from dougong.workflows.approvals import service
from tests.browser.conftest import PHONE, Open
from tests.browser.demo import PASSWORD, Demo

SELLER, HEAD, DIRECTOR = "lin.zhihao", "huang.jiaxin", "zhou.xiaolan"
AWAY, DELEGATE, THIRD = "xu.jingyi", "he.liqun", "guo.min"

EN = {
    "submit": "Submit for approval", "show": "Show the approval", "approve": "Approve", "door": "Sign in",
    "name": "Login name, mobile or e-mail", "password": "Password", "add": "Add approvers", "who": "Who is added",
    "do add": "Add", "back": "Send back", "after": "Afterwards", "opinion": "Opinion", "all": "all again",
    "change": "Change the record", "save": "Save", "again": "Submit again", "line": "Discount",
    "round": "What changed since the last round", "head": "Head of department", "size": "Amount and margin",
    "joint": "Joint review", "end": "Done", "at work": ", at work", "done": ", done", "refused": ", refused",
    "files": "Files",
    "me": "your turn", "open": "to decide", "yes": "approved", "back to": "sent back", "void": "not needed any more",
    "for": "何立群 for 许静怡", "added": "郭敏 (added)", "now": "The steps of the approval; at work: {}",
    "over": "The steps of the approval, which has ended or waits for who asked",
}  # fmt: skip
ZH = {
    "submit": "提交审批", "show": "查看审批", "approve": "同意", "door": "登录",
    "name": "登录名、手机号或邮箱", "password": "密码", "add": "加签", "who": "加签给",
    "do add": "添加", "back": "退回", "after": "之后", "opinion": "意见", "all": "从头再审",
    "change": "修改记录", "save": "保存", "again": "重新提交", "line": "折扣率",
    "round": "上一轮之后的修改", "head": "部门负责人", "size": "金额与毛利",
    "joint": "联合会签", "end": "结束", "at work": "，进行中", "done": "，已完成", "refused": "，未通过",
    "files": "文件",
    "me": "轮到你", "open": "待审批", "yes": "同意", "back to": "退回", "void": "无需处理",
    "for": "何立群 代 许静怡", "added": "郭敏（加签）", "now": "审批流程的各个环节；正在进行：{}",
    "over": "审批流程的各个环节：已结束，或待发起人处理",
}  # fmt: skip

OFFER: FilePayload = {"name": "询价单.txt", "mimeType": "text/plain", "buffer": "四十二个点".encode()}
"""What the dealer asked for, which goes with the submission."""


def arranged(site: Demo) -> str:
    """A quote with far too large a discount, two who would review it jointly, one of them on leave; its id."""
    today, quote = date.today(), site.first("quote", Condition("owner.login", "is", SELLER)).id
    line = site.first("quote_line", Condition("quote", "is", quote)).id
    leave = {"absent_from": today - timedelta(days=1), "absent_until": today + timedelta(days=9)}
    site.save(
        Update("user", site.user(THIRD), {"roles": ["sales_reader"]}),
        Update("user", site.user(AWAY), {**leave, "delegate": site.user(DELEGATE)}),
        Update("quote", quote, {"valid_until": today + timedelta(days=30)}),
        Update("quote_line", line, {"quantity": "400", "discount": "0.42"}),
    )
    return quote


@dataclass(frozen=True)
class Stage:
    """Everybody at their own browser. `url` is the page of the approval."""

    site: Demo
    open_page: Open
    language: str
    url: str = ""

    @property
    def said(self) -> Mapping[str, str]:
        """The words of the language."""
        return ZH if self.language == "zh-CN" else EN

    def enter(self, login: str) -> Page:
        """Somebody who is signed in, at the approval."""
        page = self.open_page(self.site, self.language, login=login)
        page.goto(self.url)
        return page

    def stands(self, page: Page, head: str, size: str, joint: str, *now: str, past: int, over: bool = False) -> None:
        """The chart says of each step what is given, to those who hear it and those who see it."""
        said, end = self.said, self.said["end"] + (self.said["done"] if over else "")
        steps = [said["head"] + head, said["size"] + size, said["joint"] + joint, end]
        expect(page.locator(".chart + ol > li")).to_have_text(steps)
        name = said["now"].format(*(said[each] for each in now)) if now else said["over"]
        expect(page.get_by_role("img", name=name, exact=True)).to_be_visible()
        for svg in ("wide", "tall"):
            expect(page.locator(f"svg.{svg} g.now .t")).to_have_text([said[each] for each in now])
            expect(page.locator(f"svg.{svg} path.edge.past")).to_have_count(past)

    def people(self, *pairs: tuple[str, str]) -> str:
        """What is said behind the name of a step: each person with what became of them."""
        between, colon = ("；", "：") if self.language == "zh-CN" else ("; ", ": ")
        return "".join(f"{between}{name}{colon}{self.said[what]}" if what else between + name for name, what in pairs)

    def approve(self, page: Page) -> None:
        """With the button beside the chart."""
        page.get_by_role("button", name=self.said["approve"], exact=True).first.click()
        expect(page).to_have_url(f"{self.site.url}/approvals")


def standing(site: Demo, quote: str) -> list[str]:
    """How the approvals of the quote stand."""
    with site.company.read(SYSTEM) as unit:
        return [each.status for each in service.of_record(unit, "quote", quote)]


def opens_the_file(page: Page) -> None:
    """The file of the submission, from the trail."""
    link = page.locator(".tl").get_by_role("link", name=OFFER["name"], exact=True)
    answer = page.request.get(str(link.get_attribute("href")))
    assert (answer.status, answer.body()) == (200, OFFER["buffer"])


def submit(stage: Stage, page: Page, quote: str) -> str:
    """From the page of the quote; the address of the approval."""
    page.goto(f"/o/quote/{quote}")
    page.get_by_role("link", name=stage.said["submit"], exact=True).click()
    expect(page).to_have_url(re.compile("/approvals/start/"))
    expect(page.locator(".standing li li")).to_have_text(["黄嘉欣", "周晓岚", "何立群"])
    page.get_by_label(stage.said["files"], exact=True).set_input_files(OFFER)
    page.get_by_role("button", name=stage.said["submit"], exact=True).click()
    expect(page).to_have_url(f"{stage.site.url}/o/quote/{quote}")
    page.get_by_role("link", name=stage.said["show"], exact=True).click()
    expect(page).to_have_url(re.compile("/approvals/[0-9a-f-]{36}$"))
    opens_the_file(page)
    return page.url


def decide_on_a_phone(stage: Stage) -> None:
    """The head of the department signs in and approves with three taps from the page on which that leads them."""
    site, said = stage.site, stage.said
    head = site.user(HEAD)
    site.company.write(SYSTEM, lambda unit: credentials.set_password(unit, head, PASSWORD))
    site.save(Update("user", head, {"language": stage.language}))
    phone = stage.open_page(site, stage.language, signed_in=False, viewport=PHONE, has_touch=True)
    phone.goto("/sign-in")
    phone.get_by_label(said["name"]).fill(HEAD)
    phone.get_by_label(said["password"], exact=True).fill(PASSWORD)
    phone.get_by_role("button", name=said["door"], exact=True).tap()
    expect(phone.locator("#stamp .n")).to_have_text("1")
    phone.locator("#stamp").tap()
    phone.get_by_role("row").get_by_role("link").tap()
    expect(phone).to_have_url(stage.url)
    stage.stands(phone, said["at work"] + stage.people(("黄嘉欣", "me")), "",
                 stage.people(("周晓岚", ""), ("何立群", "")), "head", past=0)  # fmt: skip
    assert phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    phone.locator(".stick").get_by_role("button", name=said["approve"], exact=True).tap()
    expect(phone).to_have_url(f"{site.url}/approvals")
    expect(phone.locator("#stamp .n")).to_have_count(0)


def ask_a_third(stage: Stage, page: Page) -> None:
    """Beside the director, by name."""
    said = stage.said
    page.locator("summary").get_by_text(said["add"], exact=True).click()
    page.get_by_role("combobox", name=said["who"], exact=True).fill("郭敏")
    page.locator("[role=listbox]:not([aria-busy=true]) [role=option]", has_text="郭敏").click()
    expect(page.get_by_role("checkbox", name="郭敏")).to_be_checked()
    page.locator("select[name=where]").select_option("parallel")
    page.get_by_role("button", name=said["do add"], exact=True).click()


def send_back(stage: Stage, page: Page) -> None:
    """To the initiator; all of it is to be asked again."""
    said = stage.said
    page.locator("summary").get_by_text(said["back"], exact=True).click()
    form = page.locator("details[open] form", has=page.locator("select[name=to]"))
    form.get_by_label(said["after"]).select_option(label=said["all"])
    form.get_by_label(said["opinion"]).fill("四成二太多")
    form.get_by_role("button", name=said["back"], exact=True).click()
    expect(page).to_have_url(f"{stage.site.url}/approvals")
    page.goto(stage.url)


def change_and_submit_again(stage: Stage, page: Page, quote: str) -> None:
    """Less discount, at the quote itself."""
    said = stage.said
    page.goto(stage.url)
    page.get_by_role("link", name=said["change"], exact=True).click()
    expect(page).to_have_url(f"{stage.site.url}/o/quote/{quote}/edit")
    page.locator("[name='quote_line-0.discount.percent']").fill("38")
    page.get_by_role("button", name=said["save"], exact=True).click()
    expect(page).to_have_url(f"{stage.site.url}/o/quote/{quote}")
    page.goto(stage.url)
    page.get_by_role("button", name=said["again"], exact=True).click()


def sees_the_change(stage: Stage, page: Page) -> None:
    """The discount of the line, before and now; what follows from it stands below."""
    table = page.locator("section", has=page.get_by_role("heading", name=stage.said["round"], exact=True))
    row = table.get_by_role("row").filter(has_text="38%")
    expect(row.get_by_role("cell")).to_have_text([re.compile(stage.said["line"] + "$"), "42%", "38%"])


@pytest.mark.parametrize(
    ("database_kind", "language"), [("sqlite", "en"), ("postgresql", "zh-CN")], ids=["sqlite-en", "postgresql-zh"]
)
def test_a_discount_is_reviewed_jointly(site_of_kind: Demo, open_page: Open, language: str) -> None:
    """Submitted, approved on a phone, somebody added, sent back, changed, seen again by all, passed."""
    site, quote = site_of_kind, arranged(site_of_kind)
    stage = Stage(site, open_page, language)
    said, people = stage.said, stage.people
    seller = open_page(site, language, login=SELLER)
    stage = Stage(site, open_page, language, submit(stage, seller, quote))
    ahead = people(("周晓岚", ""), ("何立群", ""))
    stage.stands(seller, said["at work"] + people(("黄嘉欣", "open")), "", ahead, "head", past=0)

    decide_on_a_phone(stage)
    head, size = said["done"] + people(("黄嘉欣", "yes")), said["done"]
    director = stage.enter(DIRECTOR)
    asked = people(("周晓岚", "me"), (said["for"], "open"))
    stage.stands(director, head, size, said["at work"] + asked, "joint", past=2)
    ask_a_third(stage, director)
    three = people(("周晓岚", "me"), (said["for"], "open"), (said["added"], "open"))
    stage.stands(director, head, size, said["at work"] + three, "joint", past=2)

    delegate = stage.enter(DELEGATE)
    stage.approve(delegate)
    third = stage.enter(THIRD)
    one = people(("周晓岚", "open"), (said["for"], "yes"), (said["added"], "me"))
    stage.stands(third, head, size, said["at work"] + one, "joint", past=2)
    send_back(stage, third)
    none = people(("周晓岚", "void"), (said["for"], "yes"), (said["added"], "back to"))
    stage.stands(third, head, size, said["refused"] + none, past=2)

    change_and_submit_again(stage, seller, quote)
    stage.stands(seller, said["at work"] + people(("黄嘉欣", "open")), "", ahead, "head", past=0)
    second = stage.enter(HEAD)
    sees_the_change(stage, second)
    stage.approve(second)
    director.goto(stage.url)
    sees_the_change(stage, director)
    asked = people(("周晓岚", "me"), (said["for"], "open"))
    stage.stands(director, head, size, said["at work"] + asked, "joint", past=2)
    stage.approve(director)
    delegate.goto(stage.url)
    sees_the_change(stage, delegate)
    stage.approve(delegate)
    seller.goto(stage.url)
    both = people(("周晓岚", "yes"), (said["for"], "yes"))
    stage.stands(seller, head, size, said["done"] + both, past=3, over=True)
    assert standing(site, quote) == ["approved"]
