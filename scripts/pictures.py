"""Takes the pictures of docs/pictures: every page kind, at two widths, in both languages, light and dark.

`python -m scripts.pictures list record` takes those whose names begin so. The pages show the demo company, and each
run shows it afresh; nothing in it is changed but what a picture needs (a bare record, something in the bin).
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Browser, Page

from dougong.engine.actor import NOBODY, SYSTEM, Actor
from dougong.engine.audit import Event, record_alone
from dougong.engine.query import Condition
from dougong.engine.saving.batch import Create, Delete, Update
from dougong.web import credentials
from tests import chromium
from tests.browser import at_work, demo
from tests.browser.demo import Demo
from tests.browser.places import PLACES

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
WIDTHS = {"1440": {"width": 1440, "height": 900}, "390": {"width": 390, "height": 844}}
LOOKS = (("en", "light"), ("zh-CN", "light"), ("zh-CN", "dark"), ("en", "dark"))
COLOURS = 96
TIMEOUT = 20_000
OF_README = "record-deal"
"""The picture that stands in the README, as record.png."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A page to show: `open` brings a page there; `signed_in` says whether anybody is."""

    name: str
    open: Callable[[Page, Demo], object]
    signed_in: bool = True
    widths: tuple[str, ...] = tuple(WIDTHS)


def at(path: str) -> Callable[[Page, Demo], object]:
    """Go to an address of the site."""
    return lambda page, site: page.goto(site.url + path)


def _record(object: str, where: Condition | None, more: str = "") -> Callable[[Page, Demo], object]:
    return lambda page, site: page.goto(f"{site.url}/o/{object}/{site.first(object, where).id}{more}")


def _place(name: str) -> Callable[[Page, Demo], object]:
    return lambda page, site: page.goto(site.url + PLACES[name](site))


def _selected(page: Page, site: Demo) -> None:
    page.goto(f"{site.url}/o/opportunity")
    if page.locator("label:has(#selecting)").is_visible():
        page.locator("label:has(#selecting)").click()
    for row in (1, 2, 4):
        page.locator("tbody tr").nth(row).locator("input[name=id]").check()


def _errors(page: Page, site: Demo) -> None:
    page.goto(f"{site.url}/o/account/new?type=enterprise")
    page.locator("[name='v.credit_code'], [name=credit_code]").first.fill("91320594MA1X")
    page.locator(".stick .primary").click()
    page.wait_for_selector(".errs")


def _lookup(page: Page, site: Demo) -> None:
    page.goto(f"{site.url}/o/opportunity/new?type=standard")
    page.locator("[data-lookup] [role=combobox]").first.fill("科")
    page.wait_for_selector("[role=option] mark")


def _lines(page: Page, site: Demo) -> None:
    page.goto(f"{site.url}/o/quote/{site.first('quote').id}/edit")
    page.locator("[data-lines]").scroll_into_view_if_needed()


def _filled(page: Page, site: Demo) -> None:
    """A quote of a dealer: a product was chosen, then a quantity from which on it costs less was typed."""
    dealer = site.first("account", Condition("channel_role", "is", "dealer"))
    page.goto(f"{site.url}/o/quote/new?v.account={dealer.id}")
    line = page.locator("[data-lines] tbody tr").first
    line.locator("[role=combobox]").fill("EG-200")
    page.locator("[role=listbox]:not([aria-busy=true]) [role=option]").first.click()
    line.locator(".from", has_text=re.compile(r"\b1\b")).first.wait_for()
    line.locator("[name$='.quantity']").fill("60")
    line.locator("[name$='.quantity']").blur()
    line.locator(".from", has_text="50").first.wait_for()
    page.locator("[data-lines]").scroll_into_view_if_needed()


def _path(page: Page, site: Demo) -> None:
    deal = site.first("opportunity", Condition("stage", "is", "prospecting"))
    page.goto(f"{site.url}/o/opportunity/{deal.id}")
    page.locator(".path button[value=lost]").click()
    page.wait_for_selector("dialog[open]")


def _call(page: Page, site: Demo) -> None:
    page.goto(f"{site.url}/o/account/{site.first('account').id}")
    page.locator(".quick a").first.click()
    page.wait_for_selector("dialog[open] form")


def _row_menu(page: Page, site: Demo) -> None:
    page.goto(f"{site.url}/o/opportunity")
    row = page.locator("tbody tr").nth(2)
    row.hover()
    row.locator("[data-menu]").click()
    page.wait_for_selector("#row-menu :is(a, button)")


def _rich(page: Page, site: Demo) -> None:
    page.goto(f"{site.url}/o/product/{site.first('product').id}/edit")
    box = page.locator("#i-description[contenteditable=true]")
    box.scroll_into_view_if_needed()
    box.click()


def _converting(page: Page, site: Demo) -> None:
    page.goto(f"{site.url}/o/lead/{site.first('lead', Condition('person', 'is', LEAD)).id}/convert/convert")
    page.locator("#t-contact summary").click()
    page.locator("#t-account input[value=other]").check()
    page.locator("#o-account").fill("科")
    page.wait_for_selector("[role=option] mark")


def _address(page: Page, site: Demo) -> None:
    page.goto(f"{site.url}/o/account/{site.first('account', Condition('record_type', 'is', 'enterprise')).id}/edit")
    page.locator("[data-address]").scroll_into_view_if_needed()


def _password(page: Page, site: Demo) -> None:
    page.goto(f"{site.url}/sign-in")
    newcomer = site.first("user", Condition("login", "is", NEWCOMER)).id
    password = credentials.one_time_password()
    site.save(Update("user", newcomer, {"language": page.evaluate("navigator.language")}))
    site.company.write(SYSTEM, lambda unit: credentials.set_password(unit, newcomer, password, must_change=True))
    page.locator("[name=login]").fill(NEWCOMER)
    page.locator("[name=password]").fill(password)
    page.locator("main .btn.primary").click()
    page.wait_for_url("**/password**")


def _bin(page: Page, site: Demo) -> None:
    page.goto(f"{site.url}/bin")


def _condition(page: Page, site: Demo) -> None:
    page.goto(f"{site.url}/o/opportunity?adding=1&field=stage")


def _keys(page: Page, site: Demo) -> None:
    page.goto(f"{site.url}/o/account")
    page.keyboard.press("?")


def _formula(page: Page, site: Demo) -> None:
    deal = site.first("opportunity", OPEN)
    formula = 'IF(stage.outcome = "won", amount, amount * probability) / account.employees'
    page.goto(f"{site.url}/formulas?{urlencode({'object': 'opportunity', 'formula': formula, 'record': deal.id})}")
    page.wait_for_selector("#names [data-function]", state="attached")
    page.locator("#formula").focus()
    page.evaluate("document.getElementById('formula').setSelectionRange(4, 4)")
    page.wait_for_selector("#help p")


RULE = f"/formulas/edit?{urlencode({'of': 'validation_rule:opportunity.closes_before_start', 'at': '/when'})}"


def _rule(page: Page, site: Demo) -> None:
    page.goto(site.url + RULE)
    page.wait_for_selector("#names [data-function]", state="attached")


def _planned(page: Page, site: Demo) -> None:
    _rule(page, site)
    page.locator("#formula").fill("close_date < start_date + 30")
    for box in page.locator("[name=drop]").all():
        box.check()
    page.locator("button[value=plan]").click()
    page.wait_for_selector("#plan")
    page.locator("#plan").scroll_into_view_if_needed()


def _refused(page: Page, site: Demo) -> None:
    deal = site.first("opportunity", OPEN)
    page.goto(f"{site.url}/o/account/{deal.values['account'].id}")
    page.locator("[popovertarget=record-menu]").click()
    page.locator("#record-menu form[action$=delete] button").click()
    page.wait_for_selector("dialog[open] form")


def _mistakes(page: Page, site: Demo) -> None:
    page.goto(f"{site.url}/formulas?object=opportunity")
    page.wait_for_selector("#names [data-function]", state="attached")
    page.locator("#formula").press_sequentially("roun(amout * name) + acc")
    page.wait_for_selector("#said .errs")
    page.keyboard.press("Escape")


def _audit_entry(page: Page, site: Demo) -> None:
    page.goto(f"{site.url}/audit?kind=rights_changed")
    page.locator("tbody .name a").first.click()
    page.wait_for_selector(".facts")


def _approval(page: Page, site: Demo) -> None:
    """A discount that two review jointly: one approved and asked the administrator too."""
    page.goto(f"{site.url}/approvals/{at_work.reviewed(site)}")
    page.wait_for_selector(".chart")


def _approvals(page: Page, site: Demo) -> None:
    at_work.reviewed(site)
    page.goto(f"{site.url}/approvals")


BARE = "Bare but for its name"
LEAD = "沈嘉禾"
NEWCOMER = "newcomer"
"""Somebody who has a one-time password still."""
OPEN = Condition("stage", "is", "negotiate")

PICTURES = (
    Picture("sign-in", at("/sign-in"), signed_in=False),
    Picture("list", at("/o/opportunity")),
    Picture("list-filtered", at("/o/opportunity?where=stage:in:propose;negotiate&where=amount:gte:50000&sort=-amount")),
    Picture("list-selected", _selected),
    Picture("list-menu", _row_menu),
    Picture("list-customers", at("/o/account")),
    Picture("list-empty", at("/o/campaign_member?q=nothing-is-called-so")),
    Picture("condition", _condition),
    Picture("record", _record("account", None)),
    Picture("record-deal", _record("opportunity", OPEN)),
    Picture("record-quote", _record("quote", None)),
    Picture("history", _record("opportunity", OPEN, "?tab=history")),
    Picture("record-bare", _record("contact", Condition("name", "is", BARE))),
    Picture("stage", _path),
    Picture("kind", at("/o/opportunity/new")),
    Picture("convert", _record("lead", Condition("person", "is", LEAD), "/convert/convert")),
    Picture("converting", _converting),
    Picture("call", _call),
    Picture("form", at("/o/opportunity/new?type=standard")),
    Picture("form-errors", _errors),
    Picture("lookup", _lookup),
    Picture("lines", _lines),
    Picture("lines-filled", _filled),
    Picture("rich", _rich),
    Picture("address", _address),
    Picture("password", _password, signed_in=False),
    Picture("fault", at("/o/account/01900000-0000-7000-8000-000000000000")),
    Picture("approvals", _approvals),
    Picture("approval", _approval),
    Picture("notices", at("/notices")),
    Picture("search", at("/search?q=%E7%A7%91%E6%8A%80")),
    Picture("bin", _bin),
    Picture("settings", at("/preferences")),
    Picture("security", at("/account/security")),
    Picture("tokens", at("/account/tokens")),
    Picture("audit", at("/audit")),
    Picture("audit-entry", _audit_entry),
    Picture("roles", _place("roles")),
    Picture("rights", _place("rights")),
    Picture("why", _place("why")),
    Picture("compare", _place("compare")),
    Picture("handover", _place("handover")),
    Picture("sharing", _place("sharing")),
    Picture("formula", _formula),
    Picture("formula-mistakes", _mistakes),
    Picture("formula-list", at("/formulas/all?object=opportunity")),
    Picture("formula-rule", _rule),
    Picture("formula-plan", _planned),
    Picture("formula-used", at("/formulas/used?object=opportunity&field=close_date")),
    Picture("refused", _refused),
    Picture("keys", _keys, widths=("1440",)),
)


def furnish(site: Demo) -> None:
    """What the demo company lacks for a picture: a record with a name alone, and something in the bin."""
    site.save(Create("contact", {"name": BARE}))
    site.save(Create("user", {"login": NEWCOMER, "name": "New Person", "language": "en"}))
    company = site.first("account", Condition("record_type", "is", "enterprise")).values["name"]
    site.save(Create("lead", {"company": company, "person": LEAD, "mobile": "13900001234"}))
    task = site.first("task")
    contact = site.first("contact", sort="name")
    site.save(Delete("task", task.id), Delete("contact", contact.id))
    _record_events(site)


def _record_events(site: Demo) -> None:
    """A day of the audit log."""
    administrator = site.administrator()
    person = Actor(user_id=administrator, name="Administrator", login="admin", address="10.20.3.17")
    someone = site.first("user", Condition("login", "is", NEWCOMER)).id
    changes = {"active": [True, False], "role": ["sales_rep", "sales_lead"], "segments": ["机电", "机电, 新能源"]}
    events = (
        (person, Event("signed_in", f"user:{administrator}")),
        (replace(NOBODY, address="203.0.113.9"), Event("sign_in_failed", "", personal={"typed": "root"})),
        (person, Event("exported", "object:opportunity", {"records": 312, "columns": ["name", "amount", "stage"]})),
        (person, Event("refused", f"/o/account/{someone}", {"method": "GET", "status": 404, "code": "record-unknown"})),
        (person, Event("token_created", f"user:{someone}", {"days": 90}, {"label": "ERP"})),
        (person, Event("rights_changed", f"user:{someone}", personal={"changes": changes}, why="调岗至华东大区")),
    )
    for actor, event in events:
        record_alone(site.company, actor, event)


ALIAS = """<match target="pattern"><test name="family"><string>{}</string></test><edit name="family" mode="prepend"
binding="strong"><string>Inter</string><string>Noto Sans CJK SC</string></edit></match>"""
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><include>/etc/fonts/fonts.conf</include>{}</fontconfig>""".format(
    "".join(map(ALIAS.format, ("system-ui", "sans", "sans-serif")))
)
"""A server has no interface and so no font of its own for one: Inter and Noto Sans stand in."""


def interface_font(folder: Path) -> None:
    """Let Chromium on Linux draw `system-ui` as desktops do."""
    (folder / "fonts.conf").write_text(FONTS, encoding="utf-8")
    os.environ["FONTCONFIG_FILE"] = str(folder / "fonts.conf")


@contextmanager
def company() -> Iterator[Demo]:
    """The demo company, made and served for these pictures."""
    with tempfile.TemporaryDirectory(prefix="dougong-") as folder:
        place = Path(folder)
        (place / "served").mkdir()
        interface_font(place)
        with demo.served(demo.made(place), place / "served") as site:
            furnish(site)
            yield site


def take(browser: Browser, site: Demo, wanted: list[Picture], folder: Path) -> None:
    """Take each picture in each width, language and theme."""
    for language, theme in LOOKS:
        cookie = site.cookie(language, theme)
        for width, size in WIDTHS.items():
            context = browser.new_context(
                viewport=size,  # type: ignore[arg-type]
                color_scheme=theme,  # type: ignore[arg-type]
                locale=language,
                device_scale_factor=1,
                timezone_id="Asia/Shanghai",
            )
            for each in (one for one in wanted if width in one.widths):
                context.clear_cookies()
                if each.signed_in:
                    context.add_cookies([cookie])
                page = context.new_page()
                page.set_default_timeout(TIMEOUT)
                each.open(page, site)
                page.wait_for_load_state("load")
                _keep(page, folder / f"{each.name}-{language[:2]}-{theme}-{width}.png")
                page.close()
            context.close()


def _keep(page: Page, file: Path) -> None:
    """A picture in few colours: a page has few."""
    page.screenshot(path=file, animations="disabled", caret="hide")
    with Image.open(file) as image:
        small = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(file, optimize=True)


def main(names: list[str]) -> None:
    """Take the pictures whose names begin with one of `names`; all when there are none."""
    chosen = [each for each in PICTURES if not names or any(re.match(name, each.name) for name in names)]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with company() as site, chromium.running() as browser:
        take(browser, site, chosen, FOLDER)
    if any(each.name == OF_README for each in chosen):
        shutil.copy(FOLDER / f"{OF_README}-en-light-1440.png", FOLDER / "record.png")


if __name__ == "__main__":
    main(sys.argv[1:])
