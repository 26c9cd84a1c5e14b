"""Where links in mails lead: to the company that sends them, never to another one of the installation."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from dougong.base.settings import Secret
from dougong.engine.company import Companies, PlainSettings
from dougong.engine.directory import Listed, public_address

ENTRY = Listed(name="east", title="East", hosts=(), active=True, account=None, changed_at=datetime.now(UTC))


@pytest.mark.parametrize(
    ("public_url", "listed", "address"),
    [
        (None, None, None),
        (None, replace(ENTRY, hosts=("east.example.com",)), None),
        ("https://crm.example.com", None, "https://crm.example.com"),
        ("https://crm.example.com", replace(ENTRY, hosts=("a.example.com", "b.example.com")), "https://a.example.com"),
        ("https://crm.example.com:8443", replace(ENTRY, hosts=("a.example.com",)), "https://a.example.com:8443"),
        ("https://crm.example.com", ENTRY, None),
        ("https://crm.example.com", replace(ENTRY, name="default"), "https://crm.example.com"),
    ],
)
def test_each_company_has_its_own_address(public_url: str | None, listed: Listed | None, address: str | None) -> None:
    assert public_address(public_url, listed) == address


def test_mail_leads_to_the_company_that_sends_it(tmp_path: Path) -> None:
    """Also after its hosts changed while it was open; without a host it sends none."""
    settings = PlainSettings(
        database_url=make_url(f"sqlite:///{tmp_path}/a.sqlite3"),
        smtp_url=Secret("smtp+plain://127.0.0.1:25"),
        mail_from="crm@example.com",
        public_url="https://crm.example.com",
        company_name="CRM",
    )
    with closing(Companies(settings)) as companies:
        companies.directory.create("east", "East", ["east.example.com"])
        companies.directory.create("lone", "", [])
        ways = {name: companies.open(name).outgoing for name in ("default", "east", "lone")}
        sites = {name: (way.site, way.site_name) for name, way in ways.items() if way is not None}
        assert sites == {"default": ("https://crm.example.com", "CRM"), "east": ("https://east.example.com", "East")}
        companies.directory.change("east", hosts=["new.example.com"])
        companies._known = (-1e9, {})
        companies.listed()
        way = companies.open("east").outgoing
        assert way is not None and way.site == "https://new.example.com"
