"""Buttons that a rule stands against: what it is said where the person is, and a reason settles a warning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from dougong.engine.saving.batch import Create, Delete, Update
from dougong.metadata.component import Component
from tests.engine.test_publish import change
from tests.web.conftest import Person, fields

MESSAGE = {"en": "The board must know", "zh-CN": "需董事会知晓"}


def rule(name: str, when: str, severity: str, **keys: Any) -> Component:
    """A rule of sales."""
    body = {"kind": "validation_rule", "name": name, "object": name.partition(".")[0], "when": when,
            "severity": severity, "message": MESSAGE, **keys}  # fmt: skip
    return Component("validation_rule", name, body)


@dataclass(frozen=True)
class Case:
    """A button: what it sends where, and how to see that it did what it says."""

    name: str
    press: Callable[[Person], tuple[str, dict[str, Any]]]
    done: Callable[..., bool]


RULES = (
    ("quote.effect", 'ISCHANGED(life_status) && ISPICKVAL(life_status, "effective")'),
    ("quote.small", "total < 60"),
    ("quote.large", "total > 150"),
    ("activity.done", 'ISPICKVAL(status, "done")'),
    ("opportunity.large", "amount >= 1000"),
)


def quote(person: Person, *prices: int) -> list[str]:
    """A quote and its lines."""
    values = {"account": person.ids["account1"], "owner": person.user_id}
    found = person.save(Create("quote", values))
    lines = [Create("quote_line", {"quote": found[0], "name": "Pump", "unit_price": price}) for price in prices]
    return [*found, *(person.save(*lines) if lines else ())]


def life(person: Person) -> tuple[str, dict[str, Any]]:
    (person.ids["quote"],) = quote(person)
    return f"/o/quote/{person.ids['quote']}/life", {"to": "effective"}


def delete(person: Person) -> tuple[str, dict[str, Any]]:
    person.ids["line"] = quote(person, 100)[1]
    return f"/o/quote_line/{person.ids['line']}/delete", {}


def delete_many(person: Person) -> tuple[str, dict[str, Any]]:
    person.ids["line"] = quote(person, 100)[1]
    return "/o/quote_line/delete", {"id": [person.ids["line"]], "back": "/o/quote_line"}


def restore(person: Person) -> tuple[str, dict[str, Any]]:
    _, first, _ = quote(person, 70, 100)
    person.save(Delete("quote_line", first))
    person.ids["line"] = first
    return f"/o/quote_line/{first}/restore", {"back": "/bin"}


def done(person: Person) -> tuple[str, dict[str, Any]]:
    person.ids["task"] = person.save(Create("activity", {"subject": "Ring", "kind": "call", "status": "planned"}))[0]
    return f"/o/activity/{person.ids['task']}/done", {"back": "/"}


def version(person: Person) -> tuple[str, dict[str, Any]]:
    person.save(Update("opportunity", person.ids["deal1"], {"amount": "1"}))
    return f"/o/opportunity/{person.ids['deal1']}/history/version", {"version": "1"}


def is_deleted(person: Person) -> bool:
    return person.value("quote_line", person.ids["line"], "deleted_at") is not None


CASES = (
    Case("life", life, lambda person: bool(person.value("quote", person.ids["quote"], "life_status") == "effective")),
    Case("delete", delete, is_deleted),
    Case("delete many", delete_many, is_deleted),
    Case("restore", restore, lambda person: not is_deleted(person)),
    Case("done", done, lambda person: bool(person.value("activity", person.ids["task"], "status") == "done")),
    Case("version", version, lambda person: bool(person.value("opportunity", person.ids["deal1"], "amount") == 1000)),
)


def pressed(person: Person, severity: str) -> list[tuple[Case, str, dict[str, Any]]]:
    """Every button, ready to be pressed, and then the rules."""
    ready = []
    for case in CASES:
        url, sent = case.press(person)
        ready.append((replace(case, done=partial(case.done, replace(person, ids=dict(person.ids)))), url, sent))
    change(person.company, *(rule(name, when, severity) for name, when in RULES))
    return ready


def test_a_warning_asks_why_and_the_answer_does_it(person: Person) -> None:
    for case, url, sent in pressed(person, "warning"):
        answer = person.post(url, sent)
        assert answer.status_code == 422, case.name
        assert MESSAGE["en"] in answer.text, case.name
        assert not case.done(), case.name
        form = fields(answer.text, 'id="refused-form"')
        assert form.pop("csrf")
        assert form == {**{key: each[0] if isinstance(each, list) else each for key, each in sent.items()}, "why": ""}
        assert person.post(url, form | {"why": "They know"}).status_code == 303, case.name
        assert case.done(), case.name


def test_what_refuses_is_said_in_the_sheet(person: Person) -> None:
    """Without a button that would only be refused again."""
    for case, url, sent in pressed(person, "error"):
        answer = person.post(url, sent, hx_request="true", hx_request_type="partial")
        assert (answer.status_code, answer.headers["hx-retarget"]) == (422, "#sheet"), case.name
        assert MESSAGE["en"] in answer.text, case.name
        for sign in ("<html", 'name="why"', "<button"):
            assert sign not in answer.text, (case.name, sign)
        assert not case.done(), case.name


def test_a_field_that_stands_against_it_opens_in_the_form(person: Person) -> None:
    """The link leads to the input, which is in the form."""
    url, sent = life(person)
    change(person.company, rule("quote.effect", RULES[0][1], "error", at=["valid_until"]))
    page = person.post(url, sent).text
    edit = f"/o/quote/{person.ids['quote']}/edit"
    assert f'href="{edit}#i-valid_until"' in page
    assert 'id="i-valid_until"' in person.get(edit).text
