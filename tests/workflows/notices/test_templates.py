"""Templates of messages: each reader's language, rights and zone; markup that nothing can break out of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from dougong.base.settings import Secret
from dougong.engine import revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.mail import Outgoing
from dougong.engine.saving.batch import Create
from dougong.metadata.building.message_templates import build_message_templates
from dougong.metadata.component import Component
from dougong.metadata.index import Index
from dougong.metadata.layers import effective
from dougong.workflows.notices import templates
from dougong.workflows.notices.inbox import inbox
from dougong.workflows.notices.tables import deliveries
from dougong.workflows.notices.telling import Notice
from tests.companies import ADMINISTRATOR, person

NAME = "lead.assigned"


def with_template(company: Company, **texts: Any) -> None:
    """Let the template say other texts."""
    with company.read(SYSTEM) as unit:
        tree = revisions.tree_of(unit.connection, unit.runtime.revision)
    body = {"kind": "message_template", "name": NAME, "object": "lead", "label": {"en": "T"}, **texts}
    made = Component("message_template", NAME, body, "company")
    found = build_message_templates(Index(effective(tree.without(f"message_template:{NAME}").put(made))))
    model = company.runtime().model
    workflows = replace(model.workflows, templates={NAME: found[NAME]})
    company.remember(replace(company.runtime(), model=replace(model, workflows=workflows), prepared={}))


@pytest.fixture
def lead(sales: Company) -> str:
    """A lead with values of many types."""
    values = {
        "name": "Pumps <b>", "company": "Wu & Co", "person": "Wu", "mobile": "13800000001", "industry": "finance",
        "budget": "1234.5", "expected_on": "2026-03-05", "need_detail": "one\ntwo",
    }  # fmt: skip
    return sales.write(SYSTEM, lambda unit: unit.records.save([Create("lead", values)])).changes[0].id


def said(company: Company, lead: str, reader: str) -> templates.Said:
    with company.read(SYSTEM) as unit:
        found = templates.said(unit, templates.named(unit, NAME), lead, reader)
    assert found is not None
    return found


def test_each_reads_their_language_and_what_they_may(sales: Company, lead: str) -> None:
    """Values as the language writes them; who does not see the record sees none of its values."""
    ann = str(person(sales, "ann", ADMINISTRATOR, language="en").user_id)
    bo = str(person(sales, "bo", ADMINISTRATOR, language="zh-CN").user_id)
    nobody = str(person(sales, "cai", language="en").user_id)
    found = said(sales, lead, ann)
    assert found.title == {"en": "A new lead: Pumps <b>"}
    assert found.body["en"].splitlines()[0] == "Wu & Co, Finance"
    assert "Budget: CNY 1,234.50, wanted by 5 Mar 2026" in found.body["en"]
    assert "<b>Wu &amp; Co</b>" in found.ways["mail"]["html"]
    assert "Wu & Co, Finance" in found.ways["mail"]["text"]
    assert said(sales, lead, bo).title == {"zh-CN": "新线索：Pumps <b>"}
    assert "期望日期：2026-03-05" in said(sales, lead, bo).body["zh-CN"]
    assert said(sales, lead, nobody).title == {"en": "A new lead: –"}
    assert "Wu" not in str(said(sales, lead, nobody))


CASES: Mapping[str, tuple[str, str]] = {
    "a number": ("{= budget * 2}", "2,469"),
    "the reader": ("{= $User.name}", "Ann"),
    "a truth": ("{= budget > 1}", "Yes"),
    "a date": ("{= expected_on + 1}", "6 Mar 2026"),
    "a code": ("{budget.currency}", "CNY"),
    "no value": ("[{website}]", "[–]"),
    "an error": ("{= budget / 0}", "–"),
    "a related record": ("{created_by.name}", "–"),
}


def test_formulas_give_what_people_can_read(sales: Company, lead: str) -> None:
    """Numbers, truths, dates as the reader's language writes them; a blank or an error is a dash."""
    ann = str(person(sales, "ann", ADMINISTRATOR, language="en").user_id)
    with_template(sales, subject={"en": " | ".join(text for text, _ in CASES.values())})
    assert said(sales, lead, ann).title["en"].split(" | ") == [expected for _, expected in CASES.values()]


def test_formulas_over_a_record_that_is_not_seen_say_nothing(sales: Company, lead: str) -> None:
    """A formula is no way around the rights of who reads it."""
    with_template(sales, subject={"en": '{= company & "!"}'})
    nobody = str(person(sales, "cai", language="en").user_id)
    assert said(sales, lead, nobody).title["en"] == "–"


def test_markup_is_harmless_and_values_stay_text(sales: Company, lead: str) -> None:
    """Scripts and handlers of the document go; what a value holds is shown as it is, line by line."""
    ann = str(person(sales, "ann", ADMINISTRATOR, language="en").user_id)
    markup = '<p onclick="x()">{name}</p><script>alert(1)</script><p>{need_detail}</p><a href="javascript:x()">go</a>'
    with_template(sales, subject={"en": "S"}, mail={"body": {"en": markup}})
    html = said(sales, lead, ann).ways["mail"]["html"]
    assert "<p>Pumps &lt;b&gt;</p>" in html
    assert "one<br>two" in html
    assert not any(each in html for each in ("script", "onclick", "alert"))


def test_a_notice_by_template_goes_out_as_each_way_says(sales: Company, lead: str) -> None:
    """The inbox has the template's text, the mail its own; whoever may not sign in is told nothing."""
    sales.outgoing = Outgoing(
        server=Secret("smtp://127.0.0.1:1"), sender="a@example.com", site="https://crm.example.com", site_name="S"
    )
    with_template(sales, subject={"en": "S {name}"}, body={"en": "plain"}, mail={"subject": {"en": "M {company}"}})
    ann = person(sales, "ann", ADMINISTRATOR, language="en", email="ann@example.com")
    gone = str(person(sales, "gone", ADMINISTRATOR, active=False).user_id)
    notice = Notice(kind="automation", title="", object="lead", record=lead, key="k", channels=("mail",))
    sales.write(SYSTEM, lambda unit: templates.tell(unit, [str(ann.user_id), gone], NAME, notice))
    with sales.read(ann) as unit:
        (told,) = inbox(unit, str(ann.user_id)).told
        (content,) = unit.connection.scalars(select(deliveries.c.content)).all()
    assert (told.title, told.body) == (
        dict.fromkeys(("en", "zh-CN"), "S Pumps <b>"),
        dict.fromkeys(("en", "zh-CN"), "plain"),
    )
    assert content == {"subject": "M Wu & Co", "text": "plain"}
