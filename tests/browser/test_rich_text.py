"""The editor of formatted text: buttons, keys, paste, what is stored; the textarea where no script runs."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from dougong.engine.saving.batch import Update
from tests.browser.conftest import Open
from tests.browser.demo import Demo
from tests.browser.test_weight import FIRST, transferred

FIELD = "#i-description"
HOSTILE = (
    '<p style="color:red">Sturdy<script>alert(1)</script> <b onclick="alert(2)">and</b> '
    '<a href="javascript:x">mild</a></p>'
)


def editor(page: Page, address: str) -> Locator:
    """The editor of a product's description, ready."""
    page.goto(address)
    found = page.locator(f"{FIELD}[contenteditable=true]")
    expect(found).to_be_visible()
    return found


def saved(page: Page, site: Demo, product: str) -> str:
    """Save, and what is stored then."""
    page.locator(".stick .primary").click()
    expect(page.locator("#toasts")).to_contain_text("saved")
    return str(site.record("product", product).values["description"])


def test_words_are_formatted_by_keys_and_buttons(site: Demo, open_page: Open) -> None:
    """Bold by key, a list by button, a link by Ctrl+K; the toolbar says what is on; Tab leaves."""
    product = site.first("product").id
    page = open_page(site)
    box = editor(page, f"/o/product/{product}/edit")
    box.focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    page.keyboard.press("ControlOrMeta+b")
    page.keyboard.type("Strong")
    bold = page.get_by_role("button", name="Bold")
    expect(bold).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ControlOrMeta+b")
    expect(bold).to_have_attribute("aria-pressed", "false")
    page.keyboard.type(" words")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Bulleted list").click()
    page.keyboard.type("first")
    page.keyboard.press("Enter")
    page.keyboard.press("ControlOrMeta+k")
    page.get_by_label("Address of the link").fill("pumps.example/eg")
    page.keyboard.press("Enter")
    expect(box.locator("li a")).to_have_attribute("href", "https://pumps.example/eg")
    page.keyboard.press("Tab")
    expect(box).not_to_be_focused()
    stored = saved(page, site, product)
    assert "<p><b>Strong</b> words</p>" in stored
    assert '<ul><li>first</li><li><a href="https://pumps.example/eg"' in stored


def test_the_toolbar_is_walked_by_arrows(shown: Demo, open_page: Open) -> None:
    """One stop of Tab before the editor; arrows go on and round."""
    page = open_page(shown)
    box = editor(page, f"/o/product/{shown.first('product').id}/edit")
    box.focus()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Bold")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Italic")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="Remove formatting")).to_be_focused()


def test_what_is_pasted_keeps_harmless_tags(site: Demo, open_page: Open) -> None:
    """Scripts, handlers, styles and other schemes stay behind, in the editor already."""
    product = site.first("product").id
    site.save(Update("product", product, {"description": None}))
    page = open_page(site)
    box = editor(page, f"/o/product/{product}/edit")
    box.focus()
    box.evaluate(
        """(root, html) => {
            const data = new DataTransfer();
            data.setData("text/html", html);
            root.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        HOSTILE,
    )
    expect(box).to_have_text("Sturdy and mild")
    assert box.locator("script, [style], [onclick], [href]").count() == 0
    assert saved(page, site, product) == "<p>Sturdy <b>and</b> mild</p>"


def test_nothing_typed_is_nothing_changed(site: Demo, open_page: Open) -> None:
    """A form that is only looked at keeps the description to the letter, whatever the editor makes of it."""
    product = site.first("product").id
    site.save(Update("product", product, {"description": "<div>As <em>imported</em><br>long ago</div>"}))
    before = site.record("product", product)
    page = open_page(site)
    editor(page, f"/o/product/{product}/edit")
    saved(page, site, product)
    assert site.record("product", product).values["description"] == before.values["description"]


def test_a_field_in_place_gets_the_editor_too(site: Demo, open_page: Open) -> None:
    """The pencil beside a description opens the editor, with labels in Chinese."""
    product = site.first("product").id
    page = open_page(site, "zh-CN")
    page.goto(f"/o/product/{product}")
    page.locator("#f-description").hover()
    page.locator("#f-description .pen a").click()
    box = page.locator(f"{FIELD}[contenteditable=true]")
    box.fill("结构紧凑")
    page.get_by_role("button", name="加粗").wait_for()
    page.get_by_role("button", name="保存", exact=True).click()
    expect(box).to_have_count(0)
    expect(page.locator("#f-description dd .prose")).to_have_text("结构紧凑")
    assert site.record("product", product).values["description"] == "<p>结构紧凑</p>"


def test_without_scripts_a_textarea_takes_plain_words(site: Demo, open_page: Open) -> None:
    """Paragraphs of plain text become paragraphs."""
    product = site.first("product").id
    page = open_page(site, java_script_enabled=False)
    page.goto(f"/o/product/{product}/edit")
    page.locator("textarea[name=description]").fill("One\n\nTwo")
    page.locator(".stick .primary").click()
    expect(page.locator("h1")).to_be_visible()
    assert site.record("product", product).values["description"] == "<p>One</p><p>Two</p>"


@pytest.mark.parametrize(("object", "loads"), [("product", True), ("contact", False)])
def test_the_editor_comes_only_where_it_is_used(shown: Demo, open_page: Open, object: str, loads: bool) -> None:
    """A form without formatted text loads no editor; one with it stays within the weight of a first visit."""
    page = open_page(shown)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    assert transferred(page, f"/o/{object}/{shown.first(object).id}/edit") <= FIRST
    assert any("squire" in each for each in asked) is loads
