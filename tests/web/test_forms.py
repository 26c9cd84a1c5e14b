"""Forms: what they begin with, what they send, errors, lines, lookups, two people at once. None needs a script."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from dougong.base.errors import FormulaError, Problem, Rejected
from dougong.base.field_types import Reading
from dougong.base.language import msg
from dougong.engine.saving.batch import Create, Update
from dougong.formulas import Formula
from dougong.web import lookup_filter
from dougong.web.inputs import Typed, changed
from tests.engine.fields.case import Case
from tests.web.conftest import Person, fields

NEW = "/o/opportunity/new?type=standard"


def test_the_record_type_is_asked_first(person: Person) -> None:
    page = person.get("/o/opportunity/new").text
    assert "/o/opportunity/new?type=standard" in page
    assert "/o/opportunity/new?type=tender" in page


def test_a_new_form_begins_with_the_defaults(person: Person) -> None:
    form = person.form(NEW)
    assert form["stage"] == "prospecting"
    assert form["close_date"]
    assert form["owner"] == person.user_id


def test_a_record_is_made(person: Person) -> None:
    form = person.form(NEW, {"name": "Two presses", "account": person.ids["account2"], "amount": "1,250.5"})
    answer = person.post(NEW, form)
    assert answer.status_code == 303
    made = answer.headers["location"].rpartition("/")[2]
    assert person.value("opportunity", made, "amount") == 1250.5
    assert person.value("opportunity", made, "account").id == person.ids["account2"]
    assert person.value("opportunity", made, "record_type") == "standard"


def test_what_computes_itself_is_not_asked_for(person: Person) -> None:
    """A required field that fills itself when it is left empty carries no star, and saves."""
    page = person.get("/o/activity/new").text
    field = page[page.index('for="i-subject"') :][:300]
    assert "req" not in field.partition("</label>")[0]
    form = person.form("/o/activity/new", {"kind": "call", "notes": "They want two presses", "subject": ""})
    made = person.post("/o/activity/new", form).headers["location"].partition("?")[0].rpartition("/")[2]
    assert person.value("activity", made, "subject") == "They want two presses"


def test_save_and_new_offers_the_next(person: Person) -> None:
    answer = person.post(NEW, person.form(NEW, {"name": "One of many", "then": "new"}))
    assert answer.headers["location"] == NEW


def test_everything_wrong_is_said_at_once_and_kept(person: Person) -> None:
    """A summary on top leads to each field; the message stands there too; what was typed is still in the page."""
    answer = person.post(NEW, person.form(NEW, {"name": "", "amount": "a lot", "close_date": "someday"}))
    assert answer.status_code == 422
    page = answer.text
    assert "3 things to mend" in page
    for name in ("name", "amount", "close_date"):
        assert f'href="#i-{name}"' in page
        assert f'id="e-i-{name}"' in page
    assert 'value="a lot"' in page
    assert "Traceback" not in page


def test_a_lookup_is_typed_without_a_script(person: Person) -> None:
    form = person.form(NEW, {"name": "By name", "account.text": "Bramley Pumps"})
    made = person.post(NEW, form).headers["location"].rpartition("/")[2]
    assert person.value("opportunity", made, "account").id == person.ids["account2"]


@pytest.mark.parametrize("typed", ["Nobody Ltd", "01900000-0000-7000-8000-000000000000"])
def test_a_lookup_to_nothing_is_refused(person: Person, typed: str) -> None:
    answer = person.post(NEW, person.form(NEW, {"name": "Astray", "account": typed}))
    assert answer.status_code == 422
    assert 'id="e-i-account"' in answer.text


def test_a_lookup_is_emptied_by_emptying_its_text(person: Person) -> None:
    path = f"/o/opportunity/{person.ids['deal1']}/edit"
    person.post(path, person.form(path, {"account.text": ""}))
    assert person.value("opportunity", person.ids["deal1"], "account") is None


def test_the_list_under_a_lookup_finds_as_one_types(person: Person) -> None:
    page = person.get("/lookup/opportunity/account?q=bram").text
    assert person.ids["account2"] in page
    assert person.ids["account1"] not in page
    assert "<mark>Bram</mark>ley Pumps" in page
    assert "/o/account/new?v.name=bram" in html.unescape(page)


def test_people_who_are_out_are_given_nothing_new(person: Person) -> None:
    """The frozen and the switched off are not offered as owners; a record of theirs stays theirs in its form."""
    names = {"Frost": {"frozen": True}, "Gone": {"active": False}, "Here": {}}
    made = person.save(*(Create("user", {"name": name, "login": name.lower(), **more}) for name, more in names.items()))
    offered = person.get("/lookup/account/owner?q=").text
    assert "Here" in offered and "Frost" not in offered and "Gone" not in offered
    account = person.ids["account1"]
    person.save(Update("account", account, {"owner": made[0]}))
    page = person.get(f"/o/account/{account}/edit").text
    assert "Frost" in page
    person.post(f"/o/account/{account}/edit", {**fields(page), "name": "Renamed"})
    assert person.value("account", account, "name") == "Renamed"
    assert person.value("account", account, "owner").id == made[0]


def test_a_filtered_lookup_offers_what_fits_the_record(person: Person) -> None:
    """Only contacts of the customer that the form names."""
    mine = person.save(Create("contact", {"name": "Wang Min", "account": person.ids["account1"]}))[0]
    other = person.save(Create("contact", {"name": "Wang Li", "account": person.ids["account2"]}))[0]
    page = person.get(f"/lookup/opportunity/primary_contact?q=&v.account={person.ids['account1']}").text
    assert mine in page
    assert other not in page


def test_a_filtered_lookup_finds_what_lies_behind_many_others(person: Person) -> None:
    mine = person.save(Create("contact", {"name": "Wang Min", "account": person.ids["account1"]}))[0]
    person.save(*(Create("contact", {"name": f"C{n}", "account": person.ids["account2"]}) for n in range(201)))
    page = person.get(f"/lookup/opportunity/primary_contact?q=&v.account={person.ids['account1']}").text
    assert mine in page


def test_only_what_changed_is_saved(person: Person) -> None:
    """Two people at different fields of one record both keep what they wrote."""
    path = f"/o/opportunity/{person.ids['deal1']}/edit"
    mine = person.form(path, {"next_step": "Call back"})
    person.save(Update("opportunity", person.ids["deal1"], {"amount": "4321"}))
    assert person.post(path, mine).status_code == 303
    assert person.value("opportunity", person.ids["deal1"], "amount") == 4321
    assert person.value("opportunity", person.ids["deal1"], "next_step") == "Call back"


@pytest.mark.parametrize(("choice", "kept"), [("mine", "Mine"), ("theirs", "Theirs")])
def test_two_at_one_field_are_asked(person: Person, choice: str, kept: str) -> None:
    path = f"/o/opportunity/{person.ids['deal1']}/edit"
    mine = person.form(path, {"name": "Mine", "next_step": "Call back"})
    person.save(Update("opportunity", person.ids["deal1"], {"name": "Theirs"}))
    asked = person.post(path, mine)
    assert asked.status_code == 409
    for word in ("Mine", "Theirs", "Deal 1"):
        assert word in asked.text
    decided = fields(asked.text) | {"decide.name": choice}
    assert person.post(path, decided).status_code == 303
    assert person.value("opportunity", person.ids["deal1"], "name") == kept
    assert person.value("opportunity", person.ids["deal1"], "next_step") == "Call back"


def lines(person: Person, record_id: str) -> list[tuple[Any, ...]]:
    """Name and quantity of the lines of a deal."""
    from dougong.engine.actor import SYSTEM
    from dougong.engine.query import Condition, Query, Sort

    query = Query(
        object="opportunity_line",
        columns=("name", "quantity"),
        where=Condition("opportunity", "is", record_id),
        sort=(Sort("id"),),
    )
    with person.company.read(SYSTEM) as unit:
        return [(row.values[0], int(row.values[1])) for row in unit.records.query(query).rows]


def test_lines_are_added_changed_and_removed(person: Person) -> None:
    path = f"/o/opportunity/{person.ids['deal1']}/edit"
    line = {
        "opportunity_line-0.name": "Gateway",
        "opportunity_line-0.quantity": "2",
        "opportunity_line-0.unit_price": "100",
    }
    more = {
        "opportunity_line-1.name": "Sensor",
        "opportunity_line-1.quantity": "3",
        "opportunity_line-1.unit_price": "10",
    }
    assert person.post(path, person.form(path, line | more)).status_code == 303
    assert lines(person, person.ids["deal1"]) == [("Gateway", 2), ("Sensor", 3)]
    assert person.value("opportunity", person.ids["deal1"], "amount") == 230
    changed = {"opportunity_line-0.quantity": "5", "opportunity_line-1.remove": "1"}
    assert person.post(path, person.form(path, changed)).status_code == 303
    assert lines(person, person.ids["deal1"]) == [("Gateway", 5)]
    assert person.value("opportunity", person.ids["deal1"], "amount") == 500


def test_a_row_is_added_without_a_script(person: Person) -> None:
    path = f"/o/opportunity/{person.ids['deal1']}/edit"
    form = person.form(path, {"opportunity_line-0.name": "Gateway", "add_line": "opportunity_line"})
    page = person.post(path, form)
    assert page.status_code == 200
    assert 'value="Gateway"' in page.text
    assert 'name="opportunity_line-1.name"' in page.text
    assert lines(person, person.ids["deal1"]) == []


def test_what_is_wrong_in_a_line_stands_in_that_line(person: Person) -> None:
    path = f"/o/opportunity/{person.ids['deal1']}/edit"
    bad = {
        "opportunity_line-0.name": "Gateway",
        "opportunity_line-0.quantity": "two",
        "opportunity_line-0.unit_price": "1",
    }
    page = person.post(path, person.form(path, bad))
    assert page.status_code == 422
    assert 'href="#i-opportunity_line-0-quantity"' in page.text
    assert lines(person, person.ids["deal1"]) == []


def test_a_new_record_is_made_with_its_lines(person: Person) -> None:
    line = {
        "opportunity_line-0.name": "Gateway",
        "opportunity_line-0.quantity": "2",
        "opportunity_line-0.unit_price": "100",
    }
    made = person.post(NEW, person.form(NEW, {"name": "With lines"} | line)).headers["location"].rpartition("/")[2]
    assert lines(person, made) == [("Gateway", 2)]


def test_choices_depend_on_the_record_type(person: Person) -> None:
    standard, tender = person.get(NEW).text, person.get("/o/opportunity/new?type=tender").text
    assert 'value="propose"' in standard and 'value="tender_out"' not in standard
    assert 'value="tender_out"' in tender and 'value="propose"' not in tender


def test_a_record_made_in_place_is_handed_to_the_form(person: Person) -> None:
    """In the sheet of another form the answer is an event that names the new record."""
    path = "/o/competitor/new?v.name=Rival&sheet=i-lost_to"
    part = {"hx_request": "true", "hx_request_type": "partial"}
    form = person.form(path, **part)
    assert form["name"] == "Rival"
    answer = person.post(path, form, **part)
    assert answer.status_code == 204
    assert '"title": "Rival"' in answer.headers["hx-trigger"]
    assert '"input": "i-lost_to"' in answer.headers["hx-trigger"]


def test_a_form_too_large_is_refused_whole(person: Person) -> None:
    answer = person.post(NEW, person.form(NEW, {"name": "x", "need": "y" * (33 << 20)}))
    assert answer.status_code == 413
    assert re.search(r"<h1>Too large</h1>", answer.text)


def test_a_clone_begins_with_what_the_record_says(person: Person) -> None:
    """All but what identifies one record."""
    form = person.form(f"/o/account/new?clone={person.ids['account1']}")
    assert form["name"] == "Aldgate Tools"
    person.save(Update("account", person.ids["account1"], {"credit_code": "91310115MAN5191Q2E"}))
    assert person.form(f"/o/account/new?clone={person.ids['account1']}").get("credit_code") == ""


def test_a_clone_brings_its_lines_along(person: Person) -> None:
    """Copied into the form, where they are changed, removed and added to; the original keeps its own."""
    deal = person.ids["deal1"]
    for name, price in (("Gateway", "100"), ("Sensor", "20"), ("Cable", "3")):
        line = {"opportunity": deal, "name": name, "quantity": "2", "unit_price": price, "discount": "0.1"}
        person.save(Create("opportunity_line", line))
    path = f"/o/opportunity/new?clone={deal}"
    sent = person.form(path)
    assert [sent[f"opportunity_line-{at}.name"] for at in range(3)] == ["Gateway", "Sensor", "Cable"]
    assert not any(sent[f"opportunity_line-{at}.id"] for at in range(3))
    wrong = person.post(
        path, {**sent, "name": "", "opportunity_line-1.remove": "1", "opportunity_line-2.quantity": "7"}
    )
    assert wrong.status_code == 422
    saved = person.post(path, fields(wrong.text) | {"name": "Again", "opportunity_line-1.remove": "1"})
    assert saved.status_code == 303
    made = saved.headers["location"].rpartition("/")[2]
    assert made != deal and lines(person, made) == [("Gateway", 2), ("Cable", 7)]
    assert lines(person, deal) == [("Gateway", 2), ("Sensor", 2), ("Cable", 2)]


def test_no_line_is_cloned_by_naming_it(person: Person) -> None:
    """A line of another record under the name of a copy is none; what is typed stays."""
    deal = person.ids["deal1"]
    line = {"name": "Gateway", "quantity": "2", "unit_price": "100"}
    own, stranger = person.save(
        *(Create("opportunity_line", {**line, "opportunity": each}) for each in (deal, person.ids["deal3"]))
    )
    path = f"/o/opportunity/new?clone={deal}"
    sent = person.form(path)
    assert sent["opportunity_line-0.source"] == own
    blank = {key: "" for key in sent if key.startswith("opportunity_line-0.")}
    for at, source in enumerate((stranger, "x")):
        forged = {"name": f"Forged {at}", "opportunity_line-0.source": source, "opportunity_line-0.base": "{}"}
        made = person.post(path, sent | blank | forged).headers["location"].rpartition("/")[2]
        assert lines(person, made) == []


def test_two_at_one_record_with_lines_are_asked_too(person: Person) -> None:
    """The lines that were typed are kept through the question and saved with the decision."""
    path = f"/o/opportunity/{person.ids['deal1']}/edit"
    line = {
        "opportunity_line-0.name": "Gateway",
        "opportunity_line-0.quantity": "2",
        "opportunity_line-0.unit_price": "100",
    }
    mine = person.form(path, {"name": "Mine"} | line)
    person.save(Update("opportunity", person.ids["deal1"], {"name": "Theirs"}))
    asked = person.post(path, mine)
    assert asked.status_code == 409
    assert person.post(path, fields(asked.text) | {"decide.name": "theirs"}).status_code == 303
    assert person.value("opportunity", person.ids["deal1"], "name") == "Theirs"
    assert lines(person, person.ids["deal1"]) == [("Gateway", 2)]


def test_several_records_are_chosen_by_typing_their_names(person: Person) -> None:
    """Names with semicolons between them are added; one that no record has is said, and the others are kept."""
    north, south = (
        person.save(
            Create("user", {"login": each.lower(), "name": each, "language": "en", "roles": ["system_administrator"]})
        )[0]
        for each in ("North", "South")
    )
    (call,) = person.save(Create("activity", {"kind": "call", "subject": "Two presses", "owner": person.user_id}))
    url = f"/o/activity/{call}/edit"
    answer = person.post(url, person.form(url, {"participants.text": "North；East"}))
    assert answer.status_code == 422
    assert 'id="e-i-participants"' in answer.text
    assert re.search(rf'value="{north}" checked', answer.text)
    form = fields(answer.text)
    assert form["participants.text"] == "East"
    answer = person.post(url, form | {"participants.text": "South"})
    assert answer.status_code == 303
    assert {each.id for each in person.value("activity", call, "participants")} == {north, south}


def test_what_follows_from_records_of_its_own_is_not_offered(person: Person) -> None:
    """The competitors of a deal are records with more to say than a name: no input pretends otherwise."""
    (north,) = person.save(Create("competitor", {"name": "North"}))
    assert "competitors" not in person.form(f"/o/opportunity/{person.ids['deal1']}/edit")
    with pytest.raises(Rejected, match="follows from records of Competitor in a deal"):
        person.save(Update("opportunity", person.ids["deal1"], {"competitors": [north]}))


def test_a_filter_of_a_lookup_is_asked_of_the_database(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """No record is tried one by one, behind lookups of the record either; a filter without SQL is, and says so."""
    person.save(Create("contact", {"name": "Chen Wei", "account": person.ids["account1"]}))
    url = f"/lookup/opportunity/primary_contact?q=&v.account={person.ids['account1']}"
    with monkeypatch.context() as patched:
        patched.setattr(lookup_filter, "LOOKED_AT", 0)
        assert "Chen Wei" in person.get(url).text
    monkeypatch.setattr(Formula, "condition", no_sql)
    assert "Chen Wei" in person.get(url).text
    monkeypatch.setattr(lookup_filter, "AT_ONCE", 1)
    monkeypatch.setattr(lookup_filter, "LOOKED_AT", 1)
    person.save(Create("contact", {"name": "Stranger", "account": person.ids["account2"]}))
    page = person.get(url).text
    assert "Chen Wei" not in page and "Only the newest" in page


def no_sql(*_: Any, **__: Any) -> Any:
    """What a formula says whose functions the databases lack."""
    raise FormulaError([Problem(code="formula-no-sql", reason=msg("Not in SQL."))])


def test_times_are_typed_to_the_minute(person: Person) -> None:
    """Where the field keeps no seconds the input shows none; seconds that were stored before stay until it is typed."""
    values = {"kind": "call", "subject": "Two presses", "owner": person.user_id, "done_at": "2026-11-20T08:15:42Z"}
    (call,) = person.save(Create("activity", values))
    page = person.get(f"/o/activity/{call}/edit").text
    assert 'value="2026-11-20T08:15"' in page
    assert not re.search(r'type="datetime-local" step', page)


def test_seconds_that_a_form_does_not_show_are_kept() -> None:
    """A point in time that reads as the form showed it has not been changed."""
    field = Case(name="datetime", values=(), operands={}, options={"precision": "minute"}).field
    stored = datetime(2026, 11, 20, 8, 15, 42, tzinfo=UTC)
    for text, changes in (("2026-11-20T08:15", False), ("2026-11-20T08:16", True)):
        reading = Reading(now=stored)
        entered = Typed({field.name: text}, {field.name: field.type.coerce(field, text, reading)})
        assert bool(changed([field], entered, {field.name: stored}, reading)) is changes


def test_a_quantity_has_no_zeros_behind_it(person: Person) -> None:
    """19.000 pieces are 19, in the row, the input and the total; an amount keeps its cents."""
    product = person.save(Create("product", {"name": "Press", "unit": "piece"}))[0]
    line = {"opportunity": person.ids["deal1"], "name": "Press", "product": product, "unit_price": "10"}
    person.save(
        Create("opportunity_line", line | {"quantity": "19"}), Create("opportunity_line", line | {"quantity": "2.5"})
    )
    form = person.form(f"/o/opportunity/{person.ids['deal1']}/edit")
    quantities = sorted(value for name, value in form.items() if re.fullmatch(r"opportunity_line-\d\.quantity", name))
    assert quantities == ["19", "2.5"]
    page = person.get(f"/o/opportunity/{person.ids['deal1']}").text
    assert "19.000" not in page and ">19<" in page and ">2.5<" in page
    assert "190.00" in page
