"""axe-core finds nothing serious on any page kind, in either language, light and dark."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
from playwright.sync_api import Page

from dougong.cli.run import ADMINISTRATOR
from tests.browser.conftest import DESK, PHONE, Open
from tests.browser.demo import Demo
from tests.browser.places import OF_OTHERS, PLACES

AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
GRAVE = ("serious", "critical")
LOOKS = (("en", "light"), ("zh-CN", "dark"))
"""Each language once and each theme once; the colours do not depend on the language."""


def grave(page: Page) -> list[str]:
    """The serious and critical violations of WCAG 2.2 AA on a page as it stands, a line for each."""
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(
        "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})",
        ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    )
    return [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for each in found["violations"]
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


def see_in_full(page: Page, width: int) -> None:
    """Make the window as high as the page: a bar at its foot stands before whatever is there at the moment."""
    page.set_viewport_size({"width": width, "height": page.evaluate("() => document.documentElement.scrollHeight")})


@pytest.mark.parametrize(
    ("language", "theme", "viewport"),
    [("en", "light", DESK), ("zh-CN", "dark", PHONE)],
    ids=["en-light-1440", "zh-dark-390"],
)
def test_pages_can_be_used_by_everybody(
    shown: Demo, open_page: Open, language: str, theme: str, viewport: dict[str, int]
) -> None:
    """Every page kind loads without a word on the console (the fixture looks), says its language and has a title.

    Colours do not depend on the width, nor words on the theme: each is seen once.
    """
    everywhere = {name: (ADMINISTRATOR, place) for name, place in PLACES.items()} | OF_OTHERS
    pages = {
        who: open_page(shown, language, theme, login=who, viewport=viewport)
        for who in {who for who, _ in everywhere.values()}
    }
    found = {}
    for name, (who, place) in everywhere.items():
        page = pages[who]
        page.set_viewport_size({"width": viewport["width"], "height": viewport["height"]})
        page.goto(place(shown))
        page.wait_for_function("() => !document.querySelector('.htmx-request')")
        assert page.locator("html").get_attribute("lang") == language, name
        assert page.title(), name
        see_in_full(page, viewport["width"])
        found[name] = grave(page)
    assert {name: said for name, said in found.items() if said} == {}


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_the_door_can_be_used_by_everybody(shown: Demo, open_page: Open, language: str, theme: str) -> None:
    """The sign-in page, as it is and refusing."""
    page = open_page(shown, language, theme, signed_in=False)
    page.goto("/sign-in")
    assert grave(page) == []
    page.locator("[name=login]").fill("nobody")
    page.locator("[name=password]").fill("not this one")
    page.locator("main .btn.primary").click()
    page.wait_for_selector("[role=alert]")
    assert grave(page) == []


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_the_choice_of_a_password_can_be_used_by_everybody(
    site: Demo, open_page: Open, language: str, theme: str
) -> None:
    """The page after a one-time password, as it is and refusing."""
    page = open_page(site, language, theme, signed_in=False)
    page.goto("/sign-in")
    page.locator("[name=login]").fill("admin")
    page.locator("[name=password]").fill(site.one_time_password())
    page.locator("main .btn.primary").click()
    page.wait_for_url("**/password**")
    assert grave(page) == []
    page.locator("[name=new]").fill("several words together")
    page.locator("[name=again]").fill("other words altogether")
    page.locator("main .primary").click()
    page.wait_for_selector("[role=alert]")
    assert grave(page) == []


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_what_opens_can_be_used_by_everybody(shown: Demo, open_page: Open, language: str, theme: str) -> None:
    """A form that is refused, an open lookup, selected rows, menus, a sheet."""
    page = open_page(shown, language, theme)
    page.goto("/o/account/new?type=enterprise")
    page.locator(".stick .primary").click()
    page.wait_for_selector(".errs")
    assert grave(page) == []
    page.goto("/o/opportunity/new?type=standard")
    page.locator("[data-lookup] [role=combobox]").first.click()
    page.wait_for_selector("[role=option]")
    assert grave(page) == []
    page.goto("/o/opportunity")
    page.locator("tbody input[name=id]").nth(1).check()
    page.locator("[popovertarget=person]").click()
    assert grave(page) == []
    page.goto("/o/opportunity")
    page.locator("tbody [data-menu]").first.click()
    page.wait_for_selector("#row-menu :is(a, button)")
    assert grave(page) == []
    page.goto(PLACES["deal"](shown))
    page.locator("[popovertarget=record-menu]").click()
    assert grave(page) == []
    page.goto(PLACES["convert"](shown))
    page.locator("#t-account input[value=other]").check()
    page.locator("#o-account").click()
    page.wait_for_selector("[role=option]")
    page.locator("#t-deal summary").click()
    assert grave(page) == []
