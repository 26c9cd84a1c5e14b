"""The formula editor over HTTP: what is wrong and where, what a formula means, a field planned and published."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from sqlalchemy import ColumnElement, FromClause

from dougong.base.hooks import hook, plugin_manager
from dougong.engine.access import Access, Right
from dougong.engine.actor import Actor
from dougong.engine.saving.batch import Update
from dougong.metadata.model import Field, Model, Object
from tests.web.conftest import Person

HERE = "/formulas?object=opportunity"
PART = {"hx_request": "true", "hx_request_type": "partial"}
FIELD = {
    "object": "opportunity",
    "formula": "amount*0.13",
    "name": "tax",
    "label.en": "Tax",
    "label.zh-CN": "税额",
    "returns": "money",
}


def act(person: Person, do: str, **changed: str) -> Any:
    """Press a button of the editor."""
    names = {
        key.replace("label_zh", "label.zh-CN").replace("label_en", "label.en"): said for key, said in changed.items()
    }
    return person.post("/formulas", FIELD | names | {"do": do})


def plain(answer: Any) -> str:
    """What people read of an answer."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def hidden(answer: Any, name: str) -> str:
    """A hidden field of the page."""
    found = re.search(rf'type="hidden" name="{name}" value="([^"]*)"', answer.text)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["2 mistakes", "Line 1, column 1", "There is no field amout. Did you mean amount?", "Line 2, column 3",
                "There is no function roun. Did you mean ROUND?"]),
        ("zh-CN", ["2 处错误", "第 1 行第 1 列", "amount", "第 2 行第 3 列", "ROUND"]),
    ],
)  # fmt: skip
def test_every_mistake_is_said_at_its_place(person: Person, language: str, said: list[str]) -> None:
    person.save(Update("user", person.user_id, {"language": language}))
    answer = act(person, "check", formula="amout +\r\n  roun(probability, 1)")
    assert answer.status_code == 200
    assert [each for each in said if each not in plain(answer)] == []
    assert re.findall(r'data-start="(\d+)" data-end="(\d+)"', answer.text) == [("0", "5"), ("10", "14")]


def test_a_mistake_of_type_names_the_types(person: Person) -> None:
    assert "* cannot join number and text" in plain(act(person, "check", formula="amount * name"))
    assert "The formula yields text, but number is needed." in plain(act(person, "check", formula="name"))


def test_what_was_meant_takes_the_place_of_a_mistake(person: Person) -> None:
    """Counted in UTF-16 as browsers do, and without scripts too."""
    answer = act(person, "check", formula='"😀" & nam')
    button = re.search(r'name="do" value="(mend:[^"]*)"', answer.text)
    assert button
    answer = person.post("/formulas", FIELD | {"formula": '"😀" & nam', "do": button[1]})
    assert '"😀" & name<' in html.unescape(answer.text)


def test_a_sound_formula_says_what_it_is(person: Person) -> None:
    answer = act(person, "check", formula="IF(close_date < TODAY(), account.name, name)", returns="text")
    said = plain(answer)
    for each in (
        "Yields text",
        "account.name",
        "Customer › Name",
        "sorts, filters and groups",
        "cannot be stored",
    ):
        assert each in said, each
    assert "ISCHANGED" not in said
    assert "only while a record is saved" in plain(act(person, "check", formula="ISCHANGED(name)", returns="boolean"))
    refused = act(person, "check", formula="REGEX(name, account.name)", returns="boolean")
    assert "Its pattern must not depend on the record." in plain(refused)
    assert "sorts, filters and groups" not in plain(refused)


def test_formatting_is_canonical_and_keeps_comments(person: Person) -> None:
    assert ">\namount * 0.13</textarea>" in act(person, "format", formula="amount*0.13").text
    answer = act(person, "format", formula="amount*0.13 /* VAT */")
    assert "/* VAT */</textarea>" in answer.text
    assert "Formatting would lose the comments." in answer.text


def test_the_part_alone_is_what_scripts_ask_for(person: Person) -> None:
    answer = person.post("/formulas", FIELD | {"do": "check"}, **PART)
    assert 'data-canonical="amount * 0.13"' in answer.text
    assert "<html" not in answer.text


def test_a_record_shows_the_result_and_how_it_comes_about(person: Person) -> None:
    said = plain(act(person, "check", record=person.ids["deal2"]))
    assert "260 Deal 2" in said
    assert "amount*0.13 260 amount 2,000" in said
    said = plain(act(person, "check", record=person.ids["deal2"], formula="amount / (amount - 2000)"))
    assert "#Error! Division by zero. Deal 2" in said
    assert "amount - 2000 0" in said
    assert "Deal 3" in plain(act(person, "check", record_text="Deal 3"))
    assert "260" not in plain(act(person, "check", record="01900000-0000-7000-8000-000000000000"))


def test_names_for_completion(person: Person) -> None:
    """Fields one lookup on, variables, and functions with signature and help."""
    answer = person.get("/formulas/names?object=opportunity", **PART)
    assert answer.status_code == 200
    for name in ("amount", "account.name", "$User.id"):
        assert f'data-field="{name}"' in answer.text, name
    assert "IF(condition, then, otherwise)" in answer.text
    assert "<html" in person.get("/formulas/names?object=opportunity").text
    again = {**PART, "if_none_match": answer.headers["etag"]}
    same = person.get("/formulas/names?object=opportunity", **again)
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", answer.headers["etag"])
    assert person.get("/formulas/names?object=account", **again).status_code == 200


def test_planned_then_published_then_in_the_list(person: Person) -> None:
    plan = act(person, "plan")
    assert "gets the field tax" in plain(plan)
    assert 'value="publish"' in plan.text
    assert "tax" not in person.company.runtime().model.objects["opportunity"].fields
    answer = act(person, "publish", base=hidden(plan, "base"), planned=hidden(plan, "planned"))
    assert answer.status_code == 303
    page = person.get(answer.headers["location"])
    link = re.search(r'href="(/o/opportunity\?columns=[^"]*tax)"', page.text)
    assert link
    listed = person.get(html.unescape(link[1]) + "&sort=-tax").text
    assert listed.index("Deal 3") < listed.index("Deal 2") < listed.index("Deal 1")
    assert "390.00" in listed
    field = person.company.runtime().model.objects["opportunity"].fields["tax"]
    assert (field.label["zh-CN"], field.options["formula"]) == ("税额", "amount * 0.13")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": ""}, "The field needs a name."),
        ({"name": "amount"}, "There is a field amount already."),
        ({"name": "Not A Name"}, "Not A Name"),
        ({"label_en": "", "label_zh": ""}, "The field needs a label."),
        ({"formula": "amount *"}, "Mend the formula first."),
        ({"formula": "ISCHANGED(amount)", "returns": "boolean"}, "cannot look at what changed"),
    ],
)  # fmt: skip
def test_what_cannot_be_published_is_not_offered(person: Person, changed: dict[str, str], said: str) -> None:
    answer = act(person, "plan", **changed)
    assert said in plain(answer)
    assert 'value="publish"' not in answer.text


def test_only_what_was_planned_is_published(person: Person) -> None:
    plan = act(person, "plan")
    sent = {"base": hidden(plan, "base"), "planned": hidden(plan, "planned")}
    answer = act(person, "publish", formula="amount * 0.5", **sent)
    assert answer.status_code == 409
    assert "changed after its plan was shown" in answer.text
    assert "tax" not in person.company.runtime().model.objects["opportunity"].fields


def test_who_may_not_design_is_turned_away(person: Person) -> None:
    """Partners and customers neither see the editor nor act in it; the settings do not name it to them."""
    assert "/formulas" in person.get("/preferences").text
    person.save(Update("user", person.user_id, {"kind": "partner"}))
    assert person.get(HERE).status_code == 403
    assert person.get("/formulas/names?object=opportunity").status_code == 403
    assert act(person, "plan").status_code == 403
    assert "/formulas" not in person.get("/preferences").text


class Discretion(Access):
    """Hides the phone of every customer, and one customer."""

    key = "discretion"

    def may_field(self, right: Any, obj: Object, field: Field) -> bool:
        return (obj.name, field.name) not in (("account", "phone"), ("opportunity", "start_date"))

    def visible(self, right: Right, obj: Object, table: FromClause) -> ColumnElement[bool] | None:
        return table.c.name != "Aldgate Tools" if obj.name == "account" else None


class Plugin:
    @hook
    def access(self, actor: Actor, model: Model) -> Access | None:
        return None if actor.is_system else Discretion()


def test_nothing_is_told_that_its_author_may_not_read(person: Person) -> None:
    """Neither offered nor suggested nor compiled nor published; a parent that they may not see is blank."""
    assert 'data-field="account.phone"' in person.get("/formulas/names?object=opportunity", **PART).text
    person.company.hooks = plugin_manager([Plugin()]).hook
    assert 'data-field="account.phone"' not in person.get("/formulas/names?object=opportunity", **PART).text
    assert "There is no field account.phone." in plain(act(person, "check", formula="account.phone", returns="text"))
    assert "account.phone?" not in plain(act(person, "check", formula="account.phon", returns="text"))
    assert "Mend the formula first." in plain(act(person, "plan", formula="account.phone", returns="text"))
    hidden_parent = plain(act(person, "check", formula="account.name", returns="text", record=person.ids["deal1"]))
    assert "Aldgate" not in hidden_parent
    assert "blank Deal 1" in hidden_parent
    seen = plain(act(person, "check", formula="account.name", returns="text", record=person.ids["deal2"]))
    assert "Bramley Pumps Deal 2" in seen
