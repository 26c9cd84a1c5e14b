"""Choices that follow others: picklists over two levels, province to district, names typed to be added."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dougong.engine.actor import SYSTEM
from dougong.engine.publish import Publication, publish
from dougong.engine.query import Condition
from dougong.engine.revisions import tree_of
from dougong.engine.saving.batch import Create, Update
from dougong.metadata.documents import from_bodies
from tests.browser.conftest import DESK, PHONE, Open
from tests.browser.demo import Demo


def _label(text: str) -> dict[str, str]:
    return {"en": text, "zh-CN": text}


def _picklist(label: str, values: str, **more: Any) -> dict[str, Any]:
    listed = [{"value": each.lower(), "label": _label(each)} for each in values.split()]
    return {"type": "picklist", "label": _label(label), "values": listed, **more}


CLAIM = {
    "kind": "object",
    "name": "claim",
    "label": _label("Claim"),
    "title": {"field": "name"},
    "fields": {
        "name": {"type": "text", "label": _label("Name"), "required": True},
        "kind": _picklist("Kind", "Pump Motor"),
        "part": _picklist(
            "Part",
            "Seal Impeller Rotor Coil",
            depends_on={"field": "kind", "allow": {"pump": ["seal", "impeller"], "motor": ["rotor", "coil"]}},
        ),
        "cause": _picklist(
            "Cause",
            "Wear Heat Cut",
            depends_on={"field": "part", "allow": {"seal": ["wear", "cut"], "coil": ["heat", "wear"]}},
        ),
        "notes": {"type": "rich_text", "label": _label("Notes")},
    },
}


@pytest.fixture
def claims(site: Demo) -> Demo:
    """The demo company with an object whose picklists depend on each other over two levels."""
    with site.company.read(SYSTEM) as unit:
        tree = tree_of(unit.connection, unit.runtime.revision)
    publish(site.company, Publication(tree=tree.put(*from_bodies([CLAIM]))))
    return site


def offered(page: Page, name: str) -> list[str]:
    """The values that a select offers, without the blank one."""
    return [each for each in page.locator(f"[name={name}] option").evaluate_all("all => all.map(o => o.value)") if each]


def test_choices_follow_over_two_levels(claims: Demo, open_page: Open) -> None:
    """Each choice brings those below it; what no longer fits goes; what was typed and the focus stay."""
    page = open_page(claims)
    page.goto("/o/claim/new")
    page.locator("[name=name]").fill("Half-typed")
    page.locator("#i-notes[contenteditable=true]").fill("Leaks since May")
    assert offered(page, "part") == []
    page.locator("[name=kind]").select_option("pump")
    page.locator("[name=part]").focus()
    expect(page.locator("[name=part] option")).to_have_text(["Choose", "Seal", "Impeller"])
    expect(page.locator("[name=part]")).to_be_focused()
    page.locator("[name=part]").select_option("seal")
    expect(page.locator("[name=cause] option")).to_have_text(["Choose", "Wear", "Cut"])
    page.locator("[name=cause]").select_option("cut")
    expect(page.locator("[name=name]")).to_have_value("Half-typed")
    expect(page.locator("#i-notes[contenteditable=true]")).to_have_text("Leaks since May")

    page.locator("[name=kind]").select_option("motor")
    expect(page.locator("[name=part] option")).to_have_text(["Choose", "Rotor", "Coil"])
    expect(page.locator("[name=part]")).to_have_value("")
    expect(page.locator("[name=cause]")).to_have_value("")
    page.locator("[name=part]").select_option("coil")
    expect(page.locator("[name=cause] option")).to_have_text(["Choose", "Wear", "Heat"])
    page.locator("[name=cause]").select_option("heat")
    page.locator(".stick .primary").click()
    expect(page.locator("#toasts")).to_contain_text("saved")
    stored = claims.first("claim").values
    assert [stored[each] for each in ("name", "kind", "part", "cause")] == ["Half-typed", "motor", "coil", "heat"]
    assert stored["notes"] == "<p>Leaks since May</p>"


def test_choices_that_do_not_fit_are_refused(claims: Demo, open_page: Open) -> None:
    """A browser that sends what was never offered gets the form back with the message at the field."""
    page = open_page(claims)
    page.goto("/o/claim/new")
    page.locator("[name=name]").fill("Forged")
    page.locator("form#form").evaluate("form => delete form.dataset.refresh")
    page.locator("[name=kind]").select_option("pump")
    page.locator("[name=part]").evaluate("s => { s.append(new Option('Coil', 'coil')); s.value = 'coil'; }")
    page.locator(".stick .primary").click()
    expect(page.locator("#w-part .err")).to_be_visible()
    expect(page.locator("[name=name]")).to_have_value("Forged")


def test_choices_need_no_script(claims: Demo, open_page: Open) -> None:
    """A button beside the field asks for the choices that fit."""
    page = open_page(claims, java_script_enabled=False)
    page.goto("/o/claim/new")
    page.locator("[name=name]").fill("By button")
    page.locator("[name=kind]").select_option("motor")
    page.locator("#w-part").get_by_role("button").click()
    expect(page.locator("[name=part] option")).to_have_text(["Choose", "Rotor", "Coil"])
    page.locator("[name=part]").select_option("rotor")
    expect(page.locator("[name=name]")).to_have_value("By button")
    page.locator(".stick .primary").click()
    expect(page.locator(".rhead h1")).to_have_text("By button")
    assert claims.first("claim").values["part"] == "rotor"


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["1440", "390"])
def test_an_address_step_by_step(site: Demo, open_page: Open, viewport: dict[str, int]) -> None:
    """Province, city, district; another province empties the rest; a municipality has districts at once."""
    customer = site.first("account", Condition("record_type", "is", "enterprise")).id
    page = open_page(site, "zh-CN", viewport=viewport)
    page.goto(f"/o/account/{customer}/edit")
    province, city, district = (page.locator(f"[name='address.{each}']") for each in ("province", "city", "district"))
    province.select_option(label="浙江省")
    expect(city.locator("option", has_text="杭州市")).to_have_count(1)
    city.select_option(label="杭州市")
    expect(district.locator("option", has_text="西湖区")).to_have_count(1)
    district.select_option(label="西湖区")
    province.select_option(label="北京市")
    expect(district).to_be_disabled()
    expect(city.locator("option", has_text="海淀区")).to_have_count(1)
    expect(city).to_have_value("")
    city.select_option(label="海淀区")
    page.locator("[name='address.street']").fill("中关村大街 1 号")
    page.locator(".stick .primary").click()
    expect(page.locator("#toasts")).to_contain_text("已保存")
    stored = site.record("account", customer).values["address"]
    assert (stored.region, stored.street) == ("110108", "中关村大街 1 号")

    page.goto(f"/o/account/{customer}/edit")
    expect(city).to_have_value("110108")
    page.locator("[name='address.country']").select_option("DE")
    expect(province).to_be_disabled()
    page.locator(".stick .primary").click()
    expect(page.locator("#toasts")).to_contain_text("已保存")
    stored = site.record("account", customer).values["address"]
    assert (stored.region, stored.country) == ("", "DE")


def test_an_address_needs_no_script(site: Demo, open_page: Open) -> None:
    """A button brings the cities of the province and the districts of the city; steps that disagree are refused."""
    customer = site.first("account", Condition("record_type", "is", "enterprise")).id
    page = open_page(site, java_script_enabled=False)
    page.goto(f"/o/account/{customer}/edit")
    more = page.locator("#w-address").get_by_role("button")
    for part, code in (("province", "330000"), ("city", "330100")):
        page.locator(f"[name='address.{part}']").select_option(code)
        more.click()
        expect(page.locator(f"[name='address.{part}']")).to_have_value(code)
    page.locator("[name='address.district']").select_option("330106")
    page.locator("[name='address.province']").select_option("320000")
    page.locator(".stick .primary").click()
    expect(page.locator("#w-address .err")).to_contain_text("do not belong together")
    page.locator("[name='address.province']").select_option("330000")
    more.click()
    page.locator("[name='address.city']").select_option("330100")
    page.locator(".stick .primary").click()
    expect(page).to_have_url(re.compile(f"/o/account/{customer}$"))
    assert site.record("account", customer).values["address"].region == "330100"


def test_names_are_added_without_a_script(site: Demo, open_page: Open) -> None:
    """A field of several records takes names with semicolons; one that nobody has is said, the others are kept."""
    site.save(
        *(
            Create(
                "user", {"login": each, "name": f"{each} Wells", "language": "en", "roles": ["system_administrator"]}
            )
            for each in ("ann", "ben")
        )
    )
    call = site.first("activity").id
    site.save(Update("activity", call, {"participants": []}))
    page = open_page(site, java_script_enabled=False)
    page.goto(f"/o/activity/{call}/edit")
    box = page.locator("[name='participants.text']")
    box.fill("ann Wells; cyd Wells")
    page.locator(".stick .primary").click()
    expect(page.locator("#w-participants .err")).to_be_visible()
    expect(box).to_have_value("cyd Wells")
    expect(page.get_by_role("checkbox", name="ann Wells")).to_be_checked()
    box.fill("ben Wells")
    page.locator(".stick .primary").click()
    expect(page).to_have_url(re.compile(f"/o/activity/{call}$"))
    names = {each.title for each in site.record("activity", call).values["participants"]}
    assert names == {"ann Wells", "ben Wells"}
