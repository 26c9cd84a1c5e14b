"""Roles, permission sets and sharing rules changed in pages: planned with counts, published, in force at once."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from dougong.engine import revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.audit.reading import Asked, search
from dougong.engine.saving.batch import Update
from tests.web.access.conftest import colleague, sign_in
from tests.web.conftest import Person, fields


def form(person: Person, path: str) -> dict[str, Any]:
    """The form of a page as it stands."""
    return fields(person.get(path).text, 'name="of"')


def publish(person: Person, path: str, sent: dict[str, Any]) -> tuple[str, str]:
    """What the plan says, and where publishing it leads."""
    planned = person.post(path, {**sent, "do": "plan"})
    assert planned.status_code == 200, planned.text
    page = html.unescape(planned.text)
    shown = fields(planned.text, 'name="planned"')
    done = person.post(path, {**shown, "do": "publish"})
    assert done.status_code == 303, html.unescape(done.text)
    return page.partition('id="plan"')[2].partition("</section>")[0], done.headers["location"]


def document(person: Person, address: str) -> dict[str, Any]:
    """A component of the revision in force, as its layer wrote it."""
    with person.company.read(SYSTEM) as unit:
        tree = revisions.tree_of(unit.connection, unit.runtime.revision)
        found = [each for each in tree.components.values() if address in (each.address, each.body.get("target"))]
        return {key: value for key, value in found[-1].body.items() if key != "id"}


def test_a_role_is_made_given_and_narrowed(person: Person) -> None:
    """Made with scopes, by reach and by formula; whoever gets it sees so; changed, it says what people lose."""
    sent = form(person, "/access/role") | {
        "name": "reviewer", "label.en": "Reviewer", "label.zh-CN": "复核",
        "permission_sets": ["sales_work", "work_basics"],
        "scope.0.read": "none", "scope.1.object": "account", "scope.1.read": "formula",
        "scope.1.read.when": 'name = "Bramley Pumps"', "app": "sales", "layout.account": "account.person",
    }  # fmt: skip
    plan, there = publish(person, "/access/role", sent)
    assert "Nobody gains or loses" in plan
    assert document(person, "role:reviewer") == {
        "kind": "role", "name": "reviewer", "label": {"en": "Reviewer", "zh-CN": "复核"},
        "permission_sets": ["sales_work", "work_basics"],
        "scope": {"*": {"read": "none"}, "account": {"read": {"when": 'name = "Bramley Pumps"'}}},
        "app": "sales", "layouts": {"account": "account.person"},
    }  # fmt: skip
    assert "It is published and in force." in person.get(there).text
    ann = colleague(person, "ann", "reviewer")
    page = sign_in(person, ann).get("/o/account").text
    assert "Bramley Pumps" in page and "Aldgate Tools" not in page
    person = sign_in(person, person.user_id)
    changed = form(person, "/access/role?of=reviewer") | {"permission_sets": ["work_basics"]}
    plan, _ = publish(person, "/access/role", changed)
    assert "People lose" in plan and "Customer: See" in plan and "1 person" in plan
    with person.company.read(SYSTEM) as unit:
        assert [each.kind for each in search(unit, Asked(limit=2))[0]].count("rights_published") == 1
    wider = form(person, "/access/role?of=reviewer") | {"scope.0.read": "department"}
    plan, _ = publish(person, "/access/role", wider)
    assert "Every object: See – Those of their department" in plan and "Every object: See – Nothing" in plan


def removed(person: Person, address: str) -> tuple[str, Any]:
    """The page that asks whether to delete something, and the answer to its button."""
    page = html.unescape(person.get(f"/access/remove?of={address}").text)
    return page, person.post("/access/remove", fields(page, 'name="of"'))


def test_what_nobody_has_is_deleted(person: Person) -> None:
    """Refused while people have it, with the way to them; a package's is not deleted; a rule goes with its plan."""
    sent = form(person, "/access/role") | {"name": "reviewer", "label.en": "Reviewer", "label.zh-CN": "复核"}
    publish(person, "/access/role", sent | {"permission_sets": ["work_basics"]})
    assert "/access/remove?of=role%3Areviewer" in person.get("/access/role?of=reviewer").text
    assert "/access/remove" not in person.get("/access/role?of=sales").text
    ann = colleague(person, "ann", "reviewer")
    page, answer = removed(person, "role:reviewer")
    assert "1 person has it." in page and answer.status_code in (409, 422)
    assert document(person, "role:reviewer")
    people = html.unescape(re.search(r'href="(/o/user[^"]+)"', page)[1])  # type: ignore[index]
    assert "Ann" in person.get(people).text and "Reviewer" in person.get(people).text
    person.save(Update("user", ann, {"roles": ["sales"]}))
    page, answer = removed(person, "role:reviewer")
    assert "Nobody loses a right by it." in page
    assert (answer.status_code, answer.headers["location"]) == (303, "/access/roles")
    assert person.get("/access/role?of=reviewer").status_code == 404
    page, answer = removed(person, "role:sales")
    assert "comes with the package" in page and answer.status_code == 422
    for wrong in ("", "role:", "role:zz", "field:account.name", "role:sales.x:y"):
        assert person.get(f"/access/remove?of={wrong}").status_code == 404, wrong


def test_a_field_of_a_packages_set_is_hidden_by_an_overlay(person: Person) -> None:
    """The package's document stays; what the company says lies over it, and goes when it is taken back."""
    ann = colleague(person, "ann", "sales")
    person.save(Update("account", person.ids["account1"], {"owner": ann, "phone": "010 6500 0001"}))
    url, path = f"/o/account/{person.ids['account1']}", "/access/set/fields?of=sales_work&object=account"
    assert "6500" in sign_in(person, ann).get(url).text
    person = sign_in(person, person.user_id)
    plan, _ = publish(person, "/access/set/fields", form(person, path) | {"read.phone": "no"})
    assert "People lose" in plan and "Phone of Customer: See" in plan and "1 person" in plan
    assert document(person, "permission_set:sales_work")["set"] == {"fields/account.phone": {"read": False}}
    assert "6500" not in sign_in(person, ann).get(url).text
    person = sign_in(person, person.user_id)
    assert "changed by you" in person.get("/access/roles").text
    publish(person, "/access/set/fields", form(person, path) | {"read.phone": ""})
    assert document(person, "permission_set:sales_work")["kind"] == "permission_set"
    assert "6500" in sign_in(person, ann).get(url).text


def test_the_table_of_a_set_changes_what_was_ticked_alone(person: Person) -> None:
    """One box more, one less: two places of the overlay; all others stay the package's."""
    sent = form(person, "/access/set?of=sales_work")
    accounts, tasks = sent["o.account"], sent.get("o.task", [])
    assert set(accounts) == {"create", "read", "edit", "print", "copy"} and not tasks and sent["system"] == "api"
    changed = sent | {"o.account": [*accounts, "export"], "o.competitor": ["read"], "system": ["api", "view_audit"]}
    colleague(person, "ann", "sales")
    plan, _ = publish(person, "/access/set", changed)
    assert "Customer: Export" in plan and "Competitor: Create" in plan and "Read the audit log" in plan
    assert document(person, "permission_set:sales_work")["set"] == {
        "objects/account": {"create": True, "read": True, "edit": True, "export": True},
        "objects/competitor": {"read": True, "print": False},
        "system": {"view_audit": True},
    }


def test_a_set_is_made(person: Person) -> None:
    """What follows by itself and was not ticked, it says not to give."""
    sent = form(person, "/access/set") | {
        "name": "clerks", "label.en": "Clerks", "o.account": ["read", "view_all"], "apps": ["sales"], "system": [],
        "tab.account": "on", "tab.*": "hidden",
    }  # fmt: skip
    publish(person, "/access/set", sent)
    assert document(person, "permission_set:clerks") == {
        "kind": "permission_set", "name": "clerks", "label": {"en": "Clerks"},
        "objects": {"account": {"read": True, "view_all": True, "print": False}}, "apps": {"sales": True},
        "system": {"api": False}, "tabs": {"*": "hidden", "account": "on"},
    }  # fmt: skip


def test_a_sharing_rule_is_made_by_formula(person: Person) -> None:
    """It counts what it would open, to how many; then it is open."""
    ann = colleague(person, "ann", "sales")
    sent = form(person, "/access/rule?object=account") | {
        "name": "pumps", "label.en": "Pumps", "formula": 'CONTAINS(name, "Pumps")', "to": ["role:sales"], "active": "on"
    }  # fmt: skip
    plan, there = publish(person, "/access/rule", sent)
    assert "It opens 1 of 3 records to 1 people." in plan
    assert document(person, "sharing_rule:account.pumps") == {
        "kind": "sharing_rule", "name": "account.pumps", "object": "account", "label": {"en": "Pumps"},
        "when": 'CONTAINS(name, "Pumps")', "to": ["role:sales"],
    }  # fmt: skip
    assert there.startswith("/access/rule?of=account.pumps")
    assert "Bramley Pumps" in sign_in(person, ann).get("/o/account").text
    person = sign_in(person, person.user_id)
    off = form(person, "/access/rule?of=account.pumps")
    off.pop("active")
    plan, _ = publish(person, "/access/rule", off)
    assert "it opens nothing" in plan
    assert "Bramley Pumps" not in sign_in(person, ann).get("/o/account").text


@pytest.mark.parametrize(
    ("path", "sent", "said"),
    [
        ("/access/role", {"label.en": "x"}, "It needs a name."),
        ("/access/role", {"name": "sales", "label.en": "x"}, "The name sales is taken."),
        ("/access/role", {"name": "fresh"}, "It needs a label."),
        ("/access/set?of=desk", {}, "Nothing was changed."),
        (
            "/access/rule?object=account",
            {"name": "x", "label.en": "x", "formula": "naem = 1"},
            "Mend the formula first.",
        ),
    ],
)
def test_what_is_lacking_is_said_and_nothing_is_published(
    person: Person, path: str, sent: dict[str, Any], said: str
) -> None:
    """In the form, which stays as it was sent."""
    with person.company.read(SYSTEM) as unit:
        before = unit.runtime.revision
    answer = person.post(path.partition("?")[0], form(person, path) | sent | {"do": "plan"})
    assert said in html.unescape(answer.text)
    with person.company.read(SYSTEM) as unit:
        assert unit.runtime.revision == before


def test_a_plan_is_of_what_is_published(person: Person) -> None:
    """What was changed after the plan was shown is not published."""
    sent = form(person, "/access/set?of=desk") | {"o.contact": ["read"]}
    shown = fields(person.post("/access/set", {**sent, "do": "plan"}).text, 'name="planned"')
    answer = person.post("/access/set", {**shown, "o.contact": ["read", "export"], "do": "publish"})
    assert answer.status_code == 409
    assert "The form was changed after its plan was shown." in answer.text


@pytest.mark.parametrize("path", ["/access/roles", "/access/role", "/access/set?of=desk", "/access/rule?object=account",
                                  "/access/set/fields?of=desk&object=account"])  # fmt: skip
def test_it_takes_the_right_to_design(person: Person, path: str) -> None:
    assert person.get(path).status_code == 200
    desk = sign_in(person, colleague(person, "desk", "desk"))
    assert desk.get(path).status_code == 403


STRANGE = ("", "a:b", "x" * 3000, "2026-99-99")


def test_strange_input_is_no_fault(person: Person) -> None:
    """Whatever stands in an address or is sent in a form: an answer that says what is wrong, and nothing published."""
    pages = ("/access/role", "/access/set", "/access/set/fields", "/access/rule", "/access/remove")
    with person.company.read(SYSTEM) as unit:
        before = unit.runtime.revision
    token = fields(person.get("/search").text, 'name="csrf"')["csrf"]
    places = (
        "of",
        "object",
        "name",
        "label.en",
        "to",
        "until",
        "level",
        "with",
        "owned_by",
        "parent",
        "scope.0.object",
    )
    for path in pages:
        for text in STRANGE:
            asked = person.client.get(path, params={"of": text, "object": text})
            assert asked.status_code < 500, (path, text, asked.text)
            sent = {"csrf": token, **dict.fromkeys(places, text), "base": text, "planned": text, "formula": text}
            for more in ({"do": "publish"}, {"do": f"mend:{text}", "of": "", "object": "account"}):
                answer = person.post(path, {**sent, **more})
                assert answer.status_code < 500, (path, text, more, answer.text)
    with person.company.read(SYSTEM) as unit:
        assert unit.runtime.revision == before
