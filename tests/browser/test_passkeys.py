"""Passkeys in a real browser, whose authenticator is a virtual one: made, used alone, named, removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.demo import PASSWORD, Demo

pytestmark = pytest.mark.browser

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def with_authenticator(open_page: Open) -> Callable[[Demo], tuple[Page, Any, str]]:
    """A function that opens a page with an authenticator, by a name instead of an address: passkeys want one."""

    def opened(site: Demo) -> tuple[Page, Any, str]:
        named = Demo(site.url.replace("127.0.0.1", "localhost"), site.company)
        page = open_page(named)
        control = page.context.new_cdp_session(page)
        control.send("WebAuthn.enable")
        made = control.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        return page, control, made["authenticatorId"]

    return opened


def test_a_passkey_from_making_to_removing(
    site: Demo, with_authenticator: Callable[[Demo], tuple[Page, Any, str]]
) -> None:
    """Its owner signs in with nothing else; who has not verified themselves does not; a removed one opens nothing."""
    page, control, authenticator = with_authenticator(site)
    page.goto("/account/security")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("status")).to_contain_text("Passkey added")
    name = page.get_by_label("Name of the passkey")
    expect(name).to_have_value("Chrome · Linux")
    name.fill("Laptop at work")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_label("Name of the passkey")).to_have_value("Laptop at work")
    held = control.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
    assert len(held) == 1
    assert held[0]["isResidentCredential"]

    page.context.clear_cookies()
    page.goto("/sign-in?back=/o/account")
    control.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("The device gave no passkey.")).to_be_visible()
    control.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": True})
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)

    page.goto("/account/security")
    expect(page.get_by_role("main")).to_contain_text("Passkey · 127.0.0.1")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("status")).to_contain_text("Passkey removed")
    page.context.clear_cookies()
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert").filter(has_text="could not be checked")).to_be_visible()
    page.get_by_label("Login name, mobile or e-mail").fill("admin")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
