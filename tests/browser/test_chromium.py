"""The test harness itself: a real browser that lays out Chinese text and reports script errors."""

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_a_page_runs_in_chromium(page: Page) -> None:
    page.set_content("<title>斗拱</title><button onclick=\"this.textContent = '开'\">关</button>")
    page.get_by_role("button").click()
    assert page.title() == "斗拱"
    assert page.get_by_role("button").inner_text() == "开"
