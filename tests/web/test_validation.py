"""Validation rules as people meet them: the message at its field in their language, a reason where one is asked."""

from __future__ import annotations

from typing import Any

import pytest

from dougong.engine.saving.batch import Update
from dougong.metadata.component import Component
from tests.engine.test_publish import change
from tests.web.conftest import Person, fields

MESSAGE = {"en": "Who decides on a deal of this size?", "zh-CN": "金额较大，需确认决策人"}


def rule(severity: str) -> Component:
    """A rule for large deals."""
    body: dict[str, Any] = {
        "kind": "validation_rule",
        "name": "opportunity.large",
        "object": "opportunity",
        "when": "amount > 5000",
        "at": ["amount"],
        "severity": severity,
        "message": MESSAGE,
    }
    return Component("validation_rule", body["name"], body)


def edit(person: Person) -> str:
    return f"/o/opportunity/{person.ids['deal1']}/edit"


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_rule_refuses_at_its_field(person: Person, language: str) -> None:
    change(person.company, rule("error"))
    person.save(Update("user", person.user_id, {"language": language}))
    answer = person.post(edit(person), person.form(edit(person), {"amount": "6000"}))
    assert answer.status_code == 422
    field = answer.text[answer.text.index('id="w-amount"') :][:3000]
    assert MESSAGE[language] in field.partition('id="w-')[2]
    assert 'name="why"' not in answer.text
    assert person.value("opportunity", person.ids["deal1"], "amount") == 1000


def test_a_warning_asks_why_and_keeps_the_answer(person: Person) -> None:
    """In the large form, and where one field is edited in its place."""
    change(person.company, rule("warning"))
    answer = person.post(edit(person), person.form(edit(person), {"amount": "6000"}))
    assert answer.status_code == 422
    form = fields(answer.text)
    assert form["why"] == ""
    assert person.post(edit(person), form | {"why": "The board agreed"}).status_code == 303
    url = f"/o/opportunity/{person.ids['deal1']}"
    assert person.value("opportunity", person.ids["deal1"], "amount") == 6000
    assert "The board agreed" in person.get(f"{url}?tab=history").text
    form = person.form(f"{url}/field/amount", {"amount": "7000"})
    answer = person.post(f"{url}/field/amount", form, hx_request="true")
    assert answer.status_code == 422
    assert person.post(f"{url}/field/amount", fields(answer.text) | {"why": "More yet"}).status_code in (200, 303)
    assert person.value("opportunity", person.ids["deal1"], "amount") == 7000
