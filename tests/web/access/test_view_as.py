"""Looking on as another user: what they see, nothing written, in the log, and never more than one's own rights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dougong.base.errors import Forbidden
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.audit.reading import Asked, search
from dougong.engine.publish import Publication, publish
from dougong.engine.saving.batch import Create, Delete, Update
from dougong.metadata.trees import Tree
from tests.web.access.conftest import colleague, sign_in
from tests.web.conftest import Person, fields

BANNER = "You see the pages as "


def send(person: Person, path: str, **data: Any) -> Any:
    """Send a form with the token of the session, as its pages would."""
    token = fields(person.get("/search").text, 'name="csrf"')["csrf"]
    return person.post(path, {"csrf": token, **data})


def logged(person: Person) -> list[tuple[str, str, str | None]]:
    """What the log says of rights, the newest first."""
    with person.company.read(SYSTEM) as unit:
        found = search(unit, Asked(kinds=["view_as_began", "view_as_ended"]))[0]
        return [(each.kind, each.target, each.actor_id) for each in found]


def test_one_sees_what_they_see_until_one_goes_back(person: Person) -> None:
    """Their list, their menus, a banner on every page; then one's own again; begin and end in the log."""
    ann = colleague(person, "ann", "sales")
    hers = person.save(Create("account", {"name": "Hers", "record_type": "enterprise", "owner": ann}))[0]
    assert f"/access/view-as/{ann}" in person.get(f"/o/user/{ann}").text
    assert send(person, f"/access/view-as/{ann}").status_code == 303
    page = person.get("/o/account").text
    assert BANNER + "Ann. Nothing can be changed." in page
    assert "Hers" in page and "Aldgate Tools" not in page
    assert person.get(f"/o/account/{person.ids['account1']}").status_code == 404
    assert BANNER in person.get(f"/o/account/{hers}").text
    assert person.get("/audit").status_code == 403
    assert logged(person) == [("view_as_began", f"user:{ann}", person.user_id)]
    answer = send(person, "/access/view-as/end")
    assert answer.headers["location"] == f"/o/user/{ann}"
    page = person.get("/o/account").text
    assert BANNER not in page and "Aldgate Tools" in page
    assert logged(person)[0] == ("view_as_ended", f"user:{ann}", person.user_id)


def test_every_form_is_refused_while_looking_on(person: Person) -> None:
    """Whatever is sent changes nothing and is told why; what was refused is logged of the one who looks on."""
    ann = colleague(person, "ann", "sales")
    hers = person.save(Create("account", {"name": "Hers", "record_type": "enterprise", "owner": ann}))[0]
    send(person, f"/access/view-as/{ann}")
    for path in (
        f"/o/account/{hers}/edit", f"/o/account/{hers}/delete", f"/o/account/{hers}/comment", "/o/account/new",
        "/preferences", "/account/tokens", "/password", f"/access/view-as/{person.user_id}", "/formulas",
    ):  # fmt: skip
        answer = send(person, path, name="Taken", text="Taken", label="Taken", theme="dark")
        assert answer.status_code == 403, path
        if not path.startswith(("/access", "/formulas")):  # Ann lacks the right to these anyway
            assert "You are looking on as Ann: nothing can be changed." in answer.text, path
    assert person.value("account", hers, "name") == "Hers"
    with person.company.read(SYSTEM) as unit:
        refused = search(unit, Asked(kinds=["refused"]))[0][0]
    assert (refused.actor_id, refused.data["viewed_as"]) == (person.user_id, ann)


@pytest.mark.parametrize("path", ["/account/security", "/account/tokens", "/preferences", "/password"])
def test_their_own_account_is_not_shown(person: Person, path: str) -> None:
    """Sessions, tokens and settings are theirs alone; the page that says so leads back too."""
    send(person, f"/access/view-as/{colleague(person, 'ann', 'sales')}")
    refused = person.get(path)
    assert refused.status_code == 403
    assert "Back to my own view" in refused.text and 'name="csrf"' in refused.text


def test_engine_lets_no_viewer_write(person: Person) -> None:
    """Whichever way in: a unit of the viewer's, the records of any unit, a publish. Not even where Ann may."""
    ann = colleague(person, "ann", "system_administrator")
    own = Actor(user_id=person.user_id, name="Li Lei")
    looking = Actor(user_id=ann, name="Ann", viewer=own)
    account = person.ids["account1"]
    changes = [Create("account", {"name": "x", "record_type": "enterprise"}), Update("account", account, {"name": "x"}),
               Delete("account", account)]  # fmt: skip
    for change in changes:
        for actor in (looking, replace(looking, channel="api"), replace(looking, channel="import")):
            with pytest.raises(Forbidden, match="nothing can be changed"):
                person.company.write(actor, lambda unit, change=change: unit.records.save([change]))
            with pytest.raises(Forbidden, match="nothing can be changed"):
                person.company.write(
                    SYSTEM, lambda unit, actor=actor, change=change: unit.acting(actor).records.save([change])
                )
    with pytest.raises(Forbidden, match="nothing can be changed"):
        publish(person.company, Publication(tree=Tree.of([]), author=looking))
    assert person.value("account", account, "name") == "Aldgate Tools"


def test_nobody_looks_on_as_one_with_more_rights(person: Person) -> None:
    """The desk sees customers alone: not as sales, who see deals, nor as an administrator; as another of the desk."""
    ann, other = colleague(person, "ann", "sales"), colleague(person, "other", "desk")
    desk = sign_in(person, colleague(person, "desk", "desk"))
    for refused in (ann, person.user_id):
        answer = send(desk, f"/access/view-as/{refused}")
        assert answer.status_code == 403
        assert "has a right that you do not have" in answer.text
    assert send(desk, f"/access/view-as/{other}").status_code == 303
    assert BANNER + "Other" in desk.get("/search").text
    # As soon as the other one gets more, the view is one's own again.
    person.save(Update("user", other, {"roles": ["desk", "sales"]}))
    assert BANNER not in desk.get("/search").text


def test_who_has_left_or_is_oneself_is_not_viewed(person: Person) -> None:
    gone = colleague(person, "gone", "sales", active=False)
    assert send(person, f"/access/view-as/{gone}").status_code == 409
    assert send(person, f"/access/view-as/{person.user_id}").status_code == 409
    assert send(person, "/access/view-as/01890000-0000-7000-8000-00000000dead").status_code == 404
    assert logged(person) == []


def test_it_takes_the_right(person: Person) -> None:
    ann, ben = colleague(person, "ann", "sales"), colleague(person, "ben", "sales")
    other = sign_in(person, ann)
    assert send(other, f"/access/view-as/{ben}").status_code == 403
    assert "view-as" not in other.get(f"/o/user/{ben}").text


def test_it_ends_when_the_person_leaves_and_with_the_session(person: Person) -> None:
    """Switched off while looked at; signed out: the next session is one's own."""
    ann = colleague(person, "ann", "sales")
    send(person, f"/access/view-as/{ann}")
    shown = person.get("/search").text
    assert 'href="/preferences"' not in shown, "one's own account is not looked at in another one's place"
    person.save(Update("user", ann, {"active": False}))
    typed = person.post("/preferences", {"csrf": fields(shown, 'name="csrf"')["csrf"], "theme": "dark"})
    assert typed.status_code == 403 and "nothing was changed" in typed.text, "the form was of somebody else's page"
    page = person.get("/search").text
    assert BANNER not in page and "You no longer see the pages as Ann" in page
    assert logged(person)[0] == ("view_as_ended", f"user:{ann}", person.user_id)
    assert "You no longer see" not in person.get("/search").text, "it is said once"
    person.save(Update("user", ann, {"active": True}))
    assert BANNER not in person.get("/search").text, "what has ended does not begin again by itself"
    send(person, f"/access/view-as/{ann}")
    assert send(person, "/sign-out").status_code == 303
    assert logged(person)[0] == ("view_as_ended", f"user:{ann}", person.user_id)
    assert BANNER not in sign_in(person, person.user_id).get("/search").text


def test_two_people_are_compared_with_where_it_comes_from(person: Person) -> None:
    """Rights, fields, scopes that one has and the other has not, each with its permission set and role."""
    ann, boss = colleague(person, "ann", "sales"), colleague(person, "boss", "sales_manager")
    page = person.get(f"/access/compare?left={boss}&right={ann}").text
    assert "<b>Delete, Hand over, Import, Export, Change many</b>" in page
    assert "Leading a sales team (role Sales manager)" in page
    assert "Product: Unit cost" in page
    assert "Their own and those of their subordinates" in page
    assert "They have the same rights" in person.get(f"/access/compare?left={ann}&right={ann}").text
    assert sign_in(person, ann).get(f"/access/compare?left={boss}&right={ann}").status_code == 403


def test_comparing_names_nothing_hidden_from_who_asks(person: Person) -> None:
    """The desk reads of customers, not of deals, nor of a field that it does not see."""
    ann, boss = colleague(person, "ann", "sales"), colleague(person, "boss", "sales_manager")
    desk = sign_in(person, colleague(person, "desk", "desk"))
    page = desk.get(f"/access/compare?left={boss}&right={ann}").text
    assert "Customer" in page and "Deal" not in page and "Unit cost" not in page
