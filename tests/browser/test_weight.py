"""Pages are light, and hold nothing that the content security policy would have to forbid."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Request

from tests.browser.conftest import Open
from tests.browser.demo import Demo
from tests.browser.places import PLACES

FIRST, AFTER = 100 * 1024, 20 * 1024
"""Bytes over the wire of a first visit, and of every later one."""

INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE)


def transferred(page: Page, address: str) -> int:
    """Bytes of the bodies and headers that came over the wire for a page and all it asks for."""
    requests: list[Request] = []

    def note(request: Request) -> None:
        requests.append(request)

    page.on("requestfinished", note)
    page.goto(address, wait_until="networkidle")
    page.remove_listener("requestfinished", note)
    sizes = [request.sizes() for request in requests]
    return sum(each["responseBodySize"] + each["responseHeadersSize"] for each in sizes)


@pytest.mark.parametrize(
    "name", ["list", "deal", "customer", "form", "edit", "rich", "formula", "approval", "notices", "runs"]
)
def test_pages_are_light(shown: Demo, open_page: Open, name: str) -> None:
    """A first visit brings style, scripts and icons; the next one the page alone."""
    page = open_page(shown, "zh-CN")
    address = PLACES[name](shown)
    first = transferred(page, address)
    after = transferred(page, address)
    assert 0 < after <= AFTER
    assert after < first <= FIRST


def test_nothing_stands_inline(shown: Demo, open_page: Open) -> None:
    """No page of any kind holds a script, a handler or a style of its own."""
    page = open_page(shown)
    found = {}
    for name, place in PLACES.items():
        answer = page.request.get(place(shown))
        if answer.status < 400:
            assert "script-src 'self';" in answer.headers["content-security-policy"], name
        found[name] = INLINE.findall(answer.text())
    assert {name: said for name, said in found.items() if said} == {}
