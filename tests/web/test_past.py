"""The past of a record on its page: as of a moment, one field given back, a version restored."""

from __future__ import annotations

import html
import re

import pytest

from dougong.engine.saving.batch import Delete, Update
from tests.web.conftest import Person


@pytest.fixture
def deal(person: Person) -> str:
    """The address of a deal that was worth 1000, then 2000 at another customer, then 3000."""
    record = person.ids["deal1"]
    person.save(Update("opportunity", record, {"amount": "2000", "account": person.ids["account2"]}))
    person.save(Update("opportunity", record, {"amount": "3000"}))
    return f"/o/opportunity/{record}"


def amount(person: Person) -> str:
    return str(person.value("opportunity", person.ids["deal1"], "amount"))


def moments(page: str) -> list[str]:
    """The addresses of the record as it was, the latest first."""
    return [html.unescape(each) for each in re.findall(r'href="([^"]+\?at=[^"]+)"', page)]


def changes_of(page: str, field: str) -> list[str]:
    """The entries whose change of `field` can be taken back, the latest first."""
    return re.findall(rf'name="change" value="([^"]+)"><button [^>]*name="field" value="{field}"', page)


def test_the_record_is_shown_as_it_was_at_each_entry(person: Person, deal: str) -> None:
    links = moments(person.get(f"{deal}?tab=history").text)
    shown = [person.get(link).text for link in links]
    assert len(shown) == 3
    for page, worth, customer in zip(
        shown, ("3,000", "2,000", "1,000"), ("Bramley", "Bramley", "Aldgate"), strict=True
    ):
        assert worth in page
        assert customer in page
        assert "As of " in page


def test_nothing_is_done_to_the_past(person: Person, deal: str) -> None:
    page = person.get(moments(person.get(f"{deal}?tab=history").text)[-1]).text
    main = page[page.index('id="record"') : page.index("</main>")]
    for sign in ('method="post"', "/edit", "/field/", "/stage", 'id="timeline"'):
        assert sign not in main, sign


def test_a_day_means_its_end(person: Person, deal: str) -> None:
    assert "3,000" in person.get(f"{deal}?at=2999-12-31").text
    assert person.get(f"{deal}?at=2001-01-01").status_code == 404
    for nonsense in ("yesterday", "2026-13-01", "9999-12-31", "0001-01-01", "0001-01-01T00:00", "9999-12-31T23:59:59Z"):
        assert person.get(f"{deal}?at={nonsense}").status_code == 400


def test_one_field_is_given_back_and_the_rest_stays(person: Person, deal: str) -> None:
    first = changes_of(person.get(f"{deal}?tab=history").text, "amount")[-1]
    done = person.post(f"{deal}/history/field", {"change": first, "field": "amount"})
    assert done.headers["location"] == f"{deal}?tab=history"
    assert amount(person) == "1000.00"
    assert person.value("opportunity", person.ids["deal1"], "account").id == person.ids["account2"]


def test_a_version_is_restored(person: Person, deal: str) -> None:
    versions = re.findall(r'name="version" value="(\d+)"', person.get(f"{deal}?tab=history").text)
    assert versions == ["2", "1"]
    assert person.post(f"{deal}/history/version", {"version": "1"}).status_code == 303
    assert amount(person) == "1000.00"
    assert person.value("opportunity", person.ids["deal1"], "account").id == person.ids["account1"]


def test_what_cannot_be_given_back_says_so(person: Person, deal: str) -> None:
    entry = changes_of(person.get(f"{deal}?tab=history").text, "amount")[0]
    for path, sent, status in (
        ("field", {"change": entry, "field": "account"}, 400),
        ("field", {"change": entry, "field": "nonsense"}, 400),
        ("field", {"change": "00000000-0000-0000-0000-000000000000", "field": "amount"}, 404),
        ("version", {"version": "x"}, 400),
    ):
        assert person.post(f"{deal}/history/{path}", sent).status_code == status
    assert amount(person) == "3000.00"


def test_a_record_in_the_bin_offers_nothing_to_give_back(person: Person, deal: str) -> None:
    person.save(Delete("opportunity", person.ids["deal1"]))
    page = person.get(f"{deal}?tab=history").text
    assert "/history/" not in page
    assert moments(page)
