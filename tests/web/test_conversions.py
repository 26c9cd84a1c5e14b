"""Turning a lead into customer, contact and deal from its page, and taking it back."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dougong.engine.saving.batch import Create
from tests.web.conftest import Person, fields


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


def shown(person: Person, path: str) -> dict[str, Any]:
    """What a browser sends of the page untouched."""
    return fields(person.get(path).text, 'name="base.')


def test_values_are_changed_before_they_are_saved(person: Person, lead: str) -> None:
    """What the deal is called, and what the contact's mailbox is; what was not touched is as the mapping says."""
    path = f"/o/lead/{lead}/convert/convert"
    sent = shown(person, path)
    assert sent["new.contact.name"] == "Wang Min"
    changed = {"new.deal.name": "Presses, second try", "new.contact.email": "wang@aldgate.example"}
    done = person.post(path, sent | changed)
    assert done.status_code == 303, done.text
    deal = done.headers["location"].rpartition("/")[2]
    assert person.value("opportunity", deal, "name") == "Presses, second try"
    contact = person.value("opportunity", deal, "primary_contact").id
    assert person.value("contact", contact, "email") == "wang@aldgate.example"
    assert person.value("contact", contact, "name") == "Wang Min"


def test_what_is_wrong_is_said_at_its_input(person: Person, lead: str) -> None:
    path = f"/o/lead/{lead}/convert/convert"
    refused = person.post(path, shown(person, path) | {"new.contact.email": "nowhere", "new.contact.name": "Min Wang"})
    assert refused.status_code == 422
    assert 'id="e-i-new-contact-email"' in refused.text
    assert 'value="nowhere"' in refused.text and 'value="Min Wang"' in refused.text
    assert person.value("lead", lead, "status") == "qualified"


@pytest.mark.parametrize("typed", [True, False], ids=["name", "id"])
def test_another_existing_record_is_taken(person: Person, lead: str, typed: bool) -> None:
    """Chosen from the list, or typed where no script runs."""
    path = f"/o/lead/{lead}/convert/convert"
    other = {"other.account.text": "Bramley Pumps"} if typed else {"other.account": person.ids["account2"]}
    done = person.post(path, shown(person, path) | {"target.account": "other", "target.contact": "new"} | other)
    deal = done.headers["location"].rpartition("/")[2]
    assert person.value("opportunity", deal, "account").id == person.ids["account2"]


def test_another_that_nobody_has_is_said(person: Person, lead: str) -> None:
    path = f"/o/lead/{lead}/convert/convert"
    refused = person.post(path, shown(person, path) | {"target.account": "other", "other.account.text": "Nobody"})
    assert refused.status_code == 400
    assert "There is no one Customer called" in refused.text
    assert 'value="Nobody"' in refused.text


def test_any_record_of_the_object_is_found(person: Person, lead: str) -> None:
    found = person.get("/lookup/account?q=Bramley").text
    assert person.ids["account2"] in found and person.ids["account1"] not in found


def test_an_unknown_conversion_is_none(person: Person, lead: str) -> None:
    assert person.get(f"/o/lead/{lead}/convert/nonsense").status_code == 404
