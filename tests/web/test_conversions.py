"""Turning a lead into customer, contact and deal from its page, and taking it back."""

from __future__ import annotations

import re

import pytest

from dougong.engine.saving.batch import Create
from tests.web.conftest import Person


@pytest.fixture
def lead(person: Person) -> str:
    """A lead of a company that is a customer already."""
    values = {"person": "Wang Min", "company": "Aldgate Tools", "mobile": "13800138000", "status": "qualified",
              "need": "Two presses", "owner": person.user_id}  # fmt: skip
    return person.save(Create("lead", values))[0]


def choices(page: str) -> dict[str, str]:
    """What is ticked for each target."""
    return dict(re.findall(r'name="(target\.\w+)" value="([^"]+)" checked', page))


def test_the_existing_customer_is_offered_first(person: Person, lead: str) -> None:
    page = person.get(f"/o/lead/{lead}/convert/convert").text
    assert choices(page)["target.account"] == person.ids["account1"]
    assert choices(page)["target.deal"] == "new"


def test_a_lead_is_converted_and_taken_back(person: Person, lead: str) -> None:
    path = f"/o/lead/{lead}/convert/convert"
    done = person.post(path, choices(person.get(path).text))
    assert done.status_code == 303
    assert re.fullmatch(r"/o/opportunity/[0-9a-f-]{36}", done.headers["location"])
    assert person.value("lead", lead, "status") == "converted"
    deal = done.headers["location"].rpartition("/")[2]
    assert person.value("opportunity", deal, "account").id == person.ids["account1"]
    shown = person.get(done.headers["location"]).text
    undo = re.search(r'action="(/conversion/[^"]+/undo)"', shown)
    assert undo
    assert person.post(undo[1], {}).status_code == 303
    assert person.value("lead", lead, "status") == "qualified"
    assert "recycle bin" in person.get(done.headers["location"]).text


def test_a_conversion_without_what_it_needs_says_so(person: Person, lead: str) -> None:
    refused = person.post(f"/o/lead/{lead}/convert/convert", {"target.account": "no such choice"})
    assert refused.status_code >= 400
    assert person.value("lead", lead, "status") == "qualified"


def test_an_unknown_conversion_is_none(person: Person, lead: str) -> None:
    assert person.get(f"/o/lead/{lead}/convert/nonsense").status_code == 404
