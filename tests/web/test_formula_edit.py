"""Formulas that stand somewhere, opened and changed over HTTP: rules, fields, defaults, conditions of layouts."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from dougong.base.errors import Rejected
from dougong.base.hooks import plugin_manager
from dougong.engine import revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.saving.batch import Update
from dougong.metadata.component import COMPANY, Component
from dougong.metadata.tree import Tree
from tests.engine.test_publish import change
from tests.web.conftest import Person, fields
from tests.web.test_formula_editor import PART, Plugin, hidden, plain
from tests.web.test_refusals import rule

CLOSES = "/formulas/edit?of=validation_rule%3Aopportunity.closes_before_start&at=%2Fwhen"
MARGIN = "/formulas/edit?of=field%3Aquote.margin&at=%2Fformula"


def act(person: Person, url: str, do: str, **changed: Any) -> Any:
    """Press a button of the editor, on the form as it stands with some inputs changed."""
    return person.post("/formulas/edit", {**_form(person, url), **_named(changed), "do": do})


def _named(changed: dict[str, Any]) -> dict[str, Any]:
    return {key.replace("__", "."): said for key, said in changed.items()}


def _form(person: Person, url: str) -> dict[str, Any]:
    return fields(person.get(url).text, 'name="place"')


def tree(person: Person) -> Tree:
    with person.company.read(SYSTEM) as unit:
        return revisions.tree_of(unit.connection, unit.runtime.revision)


def publish(person: Person, url: str, **changed: Any) -> tuple[Any, Any]:
    """Plan and publish."""
    form = {**_form(person, url), **_named(changed)}
    plan = person.post("/formulas/edit", form | {"do": "plan"})
    assert 'value="publish"' in plan.text, plain(plan)[-3000:]
    sent = {"base": hidden(plan, "base"), "planned": hidden(plan, "planned")}
    return plan, person.post("/formulas/edit", form | sent | {"do": "publish"})


def test_every_formula_of_an_object_can_be_opened(person: Person) -> None:
    """Each of the list opens with its text; kinds and packages are named."""
    page = person.get("/formulas/all?object=opportunity")
    said = plain(page)
    for each in (
        "Validation rule",
        "Closes before it started",
        "Condition of a layout",
        "Computed value",
        "sales-core",
    ):
        assert each in said, each
    links = [
        each.partition('"')[0].replace("&amp;", "&")
        for each in page.text.split('href="')[1:]
        if each.startswith("/formulas/edit?of=")
    ]
    assert len(links) > 15
    for link in links[:: max(1, len(links) // 8)]:
        answer = person.get(link)
        assert answer.status_code == 200, link
        assert _form(person, link)["formula"], link
        assert "mistake" not in plain(answer), link
    assert person.get("/formulas/edit?of=validation_rule%3Aopportunity.none&at=%2Fwhen").status_code == 404
    assert person.get(CLOSES.replace("%2Fwhen", "%2Fmessage")).status_code == 404


def test_no_formula_is_shown_that_reads_what_its_reader_may_not(person: Person) -> None:
    """Neither in the list nor opened nor where a field is used; what reads other fields stays."""
    assert "ISCHANGED(start_date)" in plain(person.get("/formulas/used?object=opportunity&field=close_date"))
    person.company.hooks = plugin_manager([Plugin()]).hook
    said = plain(person.get("/formulas/all?object=opportunity"))
    assert "Closes before it started" not in said
    assert "Condition of a layout" in said
    assert person.get(CLOSES).status_code == 404
    assert "ISCHANGED(start_date)" not in plain(person.get("/formulas/used?object=opportunity&field=close_date"))


def test_a_rule_opens_as_it_stands(person: Person) -> None:
    """Its message in both languages, fields, severity, times, record types, switch, tests that pass."""
    form, said = _form(person, CLOSES), plain(person.get(CLOSES))
    assert form["message.zh-CN"] == "预计签约日早于启动日期"
    assert (form["at"], form["severity"], form["on"], form["active"]) == (
        "close_date",
        "error",
        ["create", "update"],
        "on",
    )
    assert form["test.new"] == "true"
    assert "It comes with the package" in said
    assert "expects the" not in said
    assert plain(act(person, CLOSES, "plan")).count("Nothing was changed.") == 1


def test_a_mistake_is_said_and_mended(person: Person) -> None:
    answer = act(person, CLOSES, "check", formula="close_dat < start_date")
    assert "There is no field close_dat. Did you mean close_date?" in plain(answer)
    answer = act(person, CLOSES, "plan", formula="close_dat < start_date")
    assert "Mend the formula first." in plain(answer)
    answer = act(person, CLOSES, "mend:0:9:close_date", formula="close_dat < start_date")
    assert ">\nclose_date &lt; start_date</textarea>" in answer.text


def test_its_tests_are_run_while_one_types(person: Person) -> None:
    """With what is expected as it is typed now, in the part that scripts ask for too."""
    text = 'close_date < start_date && ISNEW() && stage.outcome = "open"'
    said = plain(person.post("/formulas/edit", {**_form(person, CLOSES), "formula": text, "do": "check"}, **PART))
    assert "The test moved expects true, and the formula gives false." in said
    answer = act(person, CLOSES, "plan", formula=text)
    assert "The test moved expects true" in plain(answer)
    assert 'value="publish"' not in answer.text


def test_a_rule_of_a_package_is_changed_by_an_overlay(person: Person) -> None:
    """Counted on live records, with the records named; what goes back to what the package says leaves no trace."""
    person.save(Update("opportunity", person.ids["deal1"], {"close_date": "2031-01-01", "start_date": "2030-12-31"}))
    sent = {
        "formula": "close_date <= start_date + 1", "message__en": "Too soon", "severity": "warning", "on": ["update"],
        "at": ["close_date", "start_date"], "drop": ["new", "same_day", "closed_elsewhere", "moved", "kept"],
    }  # fmt: skip
    plan, answer = publish(person, CLOSES, **sent)
    assert "would break this rule" in plain(plan)
    assert f"/o/opportunity/{person.ids['deal1']}" in plan.text
    assert answer.status_code == 303
    assert "published and in force" in plain(person.get(answer.headers["location"]))
    kept = person.company.runtime().model.objects["opportunity"].validation_rules["closes_before_start"]
    assert (kept.when.source, kept.severity, kept.on, kept.at) == (
        sent["formula"],
        "warning",
        frozenset({"update"}),
        tuple(sent["at"]),
    )
    assert (kept.message["en"], kept.message["zh-CN"]) == ("Too soon", "预计签约日早于启动日期")
    (overlay,) = (each for each in tree(person).of_kind("overlay") if each.layer == COMPANY)
    assert overlay.body["set"].keys() == {"when", "message", "severity", "on", "at"}
    assert overlay.body["hide"] == ["tests"]
    package = tree(person).components["validation_rule:opportunity.closes_before_start"]
    assert "tests" in package.body
    again = {"formula": package.body["when"], "message__en": package.body["message"]["en"], "severity": "error"}
    publish(person, CLOSES, **again, on=["create", "update"], at=["close_date"])
    (overlay,) = (each for each in tree(person).of_kind("overlay") if each.layer == COMPANY)
    assert overlay.body.keys() >= {"hide"}
    assert not {"when", "message", "severity", "at"} & set(overlay.body.get("set", {}))


def test_a_rule_of_the_company_is_changed_itself(person: Person) -> None:
    change(person.company, rule("opportunity.large", "amount > 5000", "error", at=["amount"]))
    url = CLOSES.replace("closes_before_start", "large")
    assert "It comes with the package" not in plain(person.get(url))
    _, answer = publish(person, url, formula="amount > 700", active="off", record_types=["tender"])
    assert answer.status_code == 303
    body = tree(person).components["validation_rule:opportunity.large"].body
    assert (body["when"], body["active"], body["record_types"]) == ("amount > 700", False, ["tender"])
    assert not [each for each in tree(person).of_kind("overlay") if each.layer == COMPANY]
    assert person.save(Update("opportunity", person.ids["deal1"], {"amount": "9000"}))


def test_a_field_a_default_and_a_condition_are_changed(person: Person) -> None:
    """Each in its place; of a field its labels too."""
    publish(person, MARGIN, formula="IF(total = 0, 0, 1 - cost_total / total)", label__en="Margin with tax",
            drop=["fifth", "below_cost", "without_lines"])  # fmt: skip
    default = "/formulas/edit?of=field%3Aquote.valid_until&at=%2Fdefault"
    publish(person, default, formula="TODAY() + 15")
    model = person.company.runtime().model
    assert model.objects["quote"].fields["margin"].label["en"] == "Margin with tax"
    assert model.objects["quote"].fields["margin"].options["formula"].startswith("IF(total = 0")
    page = person.get("/formulas/all?object=opportunity").text
    links = [each.partition('"')[0].replace("&amp;", "&") for each in page.split('href="')[1:]]
    url = next(each for each in links if "layout" in each and "visible_when" in each)
    publish(person, url, formula='stage.outcome <> "open"')
    laid = (each for each in tree(person).of_kind("overlay") if each.layer == COMPANY)
    (overlay,) = (each for each in laid if each.body["target"].startswith("layout:"))
    assert list(overlay.body["set"].values()) == ['stage.outcome <> "open"']


def test_only_what_was_planned_is_published(person: Person) -> None:
    form = {**_form(person, MARGIN), "label.en": "M"}
    plan = person.post("/formulas/edit", form | {"do": "plan"})
    sent = {"base": hidden(plan, "base"), "planned": hidden(plan, "planned")}
    answer = person.post("/formulas/edit", form | sent | {"label.en": "N", "do": "publish"})
    assert answer.status_code == 409
    assert "changed after its plan was shown" in answer.text


def test_who_may_not_design_is_turned_away(person: Person) -> None:
    form = _form(person, CLOSES)
    person.save(Update("user", person.user_id, {"kind": "partner"}))
    for answer in (
        person.get(CLOSES),
        person.get("/formulas/all"),
        person.post("/formulas/edit", form | {"do": "plan"}),
    ):
        assert answer.status_code == 403


def test_where_a_field_is_used(person: Person) -> None:
    """Each place with what stands there; a formula opens in the editor; who may not design is turned away."""
    page = person.get("/formulas/used?object=opportunity&field=close_date")
    said = plain(page)
    for each in (
        "Validation rule",
        "Closes before it started",
        "Layout",
        "List view",
        "Path",
        "stages#negotiate/required",
    ):
        assert each in said, each
    link = CLOSES.replace("&", "&amp;")
    assert f'href="{link}"' in page.text
    assert "Nothing names it" in plain(person.get("/formulas/used?object=opportunity&field=deleted_at"))
    assert "/formulas/used?object=quote&amp;field=margin" in person.get(MARGIN).text
    person.save(Update("user", person.user_id, {"kind": "partner"}))
    assert person.get("/formulas/used?object=opportunity&field=close_date").status_code == 403


def test_the_formula_of_a_list_view_is_in_force_and_can_be_changed(person: Person) -> None:
    """The view shows the records for which it is true; it opens in the editor and is published from there."""
    body = {
        "kind": "list_view", "name": "opportunity.large", "object": "opportunity", "when": "amount > 2500",
        "label": {"en": "Large", "zh-CN": "大额"}, "columns": [{"field": "name"}],
        "filter": {"field": "name", "op": "not_blank"},
    }  # fmt: skip
    change(person.company, Component("list_view", "opportunity.large", body))
    page = person.get("/o/opportunity?view=large").text
    assert "Deal 3" in page
    assert "Deal 2" not in page
    assert "<b>Amount &gt; 2500</b>" in page
    url = "/formulas/edit?of=list_view%3Aopportunity.large&at=%2Fwhen"
    assert "Condition of a list view" in plain(person.get("/formulas/all?object=opportunity"))
    assert "There is no field amout." in plain(act(person, url, "check", formula="amout > 1"))
    publish(person, url, formula="amount > 1500")
    assert "Deal 2" in person.get("/o/opportunity?view=large").text


NEW = "/formulas/edit?rule_of=opportunity"
RULE = {
    "name": "large_is_called", "label.en": "Large deals are named so", "at": ["amount"],
    "message.en": "Say large in the name", "message.zh-CN": "名称须含“大”",
}  # fmt: skip


def test_a_rule_is_made_from_its_first_mistake_to_its_publish(person: Person) -> None:
    """What it lacks is said at once; the plan counts, lists and exports; the test made of a record goes along."""
    assert "/formulas/edit?rule_of=opportunity" in person.get("/formulas/all?object=opportunity").text
    form = {**_form(person, NEW), "formula": "amout > 1500"}
    assert "There is no field amout." in plain(person.post("/formulas/edit", form | {"do": "check"}))
    form |= {"formula": "amount > 1500 && NOT CONTAINS(name, 'large')"}
    lacking = plain(person.post("/formulas/edit", form | {"do": "plan"}))
    for each in ("The rule needs a name.", "The rule needs a message."):
        assert each in lacking
    taken = plain(person.post("/formulas/edit", form | RULE | {"do": "plan", "name": "closes_before_start"}))
    assert "There is a rule closes_before_start already." in taken

    # A test, with the values of a record.
    form |= RULE | {"record": person.ids["deal2"]}
    filled = person.post("/formulas/edit", form | {"do": "fill"})
    assert fields(filled.text, 'name="place"')["given.name"] == "Deal 2"
    tested = person.post("/formulas/edit", {**fields(filled.text, 'name="place"'), "do": "test"})
    form = fields(tested.text, 'name="place"')
    assert json.loads(form["made_test"])["given"]["amount"] == "2000"
    twice = {**form, "do": "test", "test_key": "case_1"}
    assert "There is a test case_1 already." in plain(person.post("/formulas/edit", twice))
    other = plain(person.post("/formulas/edit", {**form, "do": "check", "test.case_1": "false"}))
    assert "expects false, and the formula gives true" in other

    # What it would refuse.
    plan = person.post("/formulas/edit", form | {"do": "plan"})
    assert "2 of 3 records would break this rule" in plain(plan)
    listed = plain(person.post("/formulas/against", form | {"do": "list"}))
    assert "2 of 3 records would break this rule as they are." in listed
    assert "Deal 2" in listed
    assert "Deal 1" not in listed
    file = person.post("/formulas/against", form | {"do": "export"})
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert {row[1] for row in rows[1:]} == {"Deal 2", "Deal 3"}
    assert file.headers["content-disposition"].startswith("attachment")

    # Published, and held to.
    told = {"base": hidden(plan, "base"), "planned": hidden(plan, "planned"), "do": "publish"}
    published = person.post("/formulas/edit", form | told)
    assert published.status_code == 303, plain(published)
    body = tree(person).components["validation_rule:opportunity.large_is_called"].body
    assert body["tests"] == [{"key": "case_1", "given": {"amount": "2000", "name": "Deal 2"}, "expect": True}] and body[
        "at"
    ] == ["amount"]
    assert body["label"] == {"en": "Large deals are named so"}
    with pytest.raises(Rejected) as raised:
        person.save(Update("opportunity", person.ids["deal2"], {"source": "partner"}))
    assert raised.value.problems[0].place.field == "amount"


def test_of_the_records_against_a_rule_nothing_hidden_is_told(person: Person) -> None:
    """Records and fields that the reader may not see are left out of the page and of the file."""
    person.company.hooks = plugin_manager([Plugin()]).hook
    form = {"rule_of": "account", "place": "/when", "formula": "LEN(name) > 0", "at": ["phone", "name"], "name": "x"}
    listed = plain(person.post("/formulas/against", form))
    assert "Aldgate" not in listed
    assert "Bramley" in listed
    assert "of these records is not shown" in listed
    file = person.post("/formulas/against", form | {"do": "export"}).text
    assert "Aldgate" not in file
    assert "Phone" not in file
    refused = person.post("/formulas/against", form | {"formula": "LEN(phone) > 0"})
    assert refused.status_code == 409
