"""The pages by keyboard alone."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.demo import Demo
from tests.browser.places import PLACES


def focused(page: Page) -> str:
    """What has the focus: its tag and its text or name."""
    return str(
        page.evaluate(
            "(e => e.tagName.toLowerCase() + ' ' + (e.name || e.innerText || e.id || ''))(document.activeElement)"
        )
    )


def test_keys_lead_everywhere(shown: Demo, open_page: Open) -> None:
    """`/` searches, `c` makes, `?` lists the keys, Esc closes."""
    page = open_page(shown)
    page.goto("/o/account")
    page.keyboard.press("/")
    expect(page.locator(".find input")).to_be_focused()
    page.keyboard.press("c")
    expect(page.locator(".find input"), "while typing, a letter is a letter").to_have_value("c")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page.locator("#create")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#create")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def test_rows_are_walked_selected_and_opened(shown: Demo, open_page: Open) -> None:
    """`j`, `k`, `x`, Esc and Enter on a list."""
    page = open_page(shown)
    page.goto("/o/account")
    names = page.locator("tbody .name a:not(.act)").all_inner_texts()
    for key in "jjk":
        page.keyboard.press(key)
    expect(page.locator("tbody .name a:not(.act)").first).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("tbody tr").nth(1).locator("input[name=id]")).to_be_checked()
    expect(page.locator("#bulk")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("tbody tr").nth(1).locator("input[name=id]")).not_to_be_checked()
    expect(page.locator("#bulk")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(names[1])


def test_a_record_is_edited_by_a_letter(shown: Demo, open_page: Open) -> None:
    """`e` opens the form."""
    page = open_page(shown)
    place = PLACES["customer"](shown)
    page.goto(place)
    page.keyboard.press("e")
    page.wait_for_url(f"**{place}/edit")


def test_the_focus_is_seen_and_the_content_comes_first(shown: Demo, open_page: Open) -> None:
    """The first Tab offers to skip the navigation; wherever the focus stands, it is drawn."""
    page = open_page(shown)
    page.goto("/o/account")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    for _ in range(8):
        page.keyboard.press("Tab")
        drawn = page.evaluate("""() => {
            let e = document.activeElement;
            for (let at = 0; at < 3 && e; at++, e = e.parentElement) {
              const style = getComputedStyle(e);
              if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) return true;
            }
            return false;
        }""")
        assert drawn, focused(page)


def test_a_dialog_keeps_the_focus_and_gives_it_back(site: Demo, open_page: Open) -> None:
    """The sheet takes the focus when it opens; Esc closes it and the focus is where it was."""
    page = open_page(site)
    page.goto("/o/opportunity")
    button = page.locator("[data-sheet]")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog#sheet")).to_be_visible()
    page.wait_for_function("document.querySelector('dialog').contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(page.locator("dialog#sheet")).to_be_hidden()
    expect(button).to_be_focused()


def test_a_lookup_by_keyboard(shown: Demo, open_page: Open) -> None:
    """Typing searches, arrows mark, Enter chooses; the form is not sent."""
    page = open_page(shown)
    page.goto("/o/opportunity/new?type=standard")
    box = page.locator("[data-lookup='/lookup/opportunity/account'] [role=combobox]")
    box.focus()
    page.keyboard.type("有限")
    page.wait_for_selector("[role=listbox]:not([aria-busy=true]) [role=option]:nth-child(2) mark")
    second = page.locator("[role=option]").nth(1).get_attribute("data-title")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(box).to_have_value(second or "")
    expect(page.locator("input[type=hidden][name=account]")).to_have_value(re.compile("^[0-9a-f-]{36}$"))
    assert page.url.endswith("type=standard")
