"""Why somebody may or may not, in the pages: told to those who may ask, of what they may see themselves."""

from __future__ import annotations

import html
import re

import pytest

from dougong.engine.saving.batch import Update
from tests.web.access.conftest import colleague, sign_in
from tests.web.conftest import Person

MISSING = "01890000-0000-7000-8000-00000000dead"


def told(page: str) -> list[tuple[str, str]]:
    """Each sentence of the explanation with its mark."""
    found = re.findall(r'data-s="(yes|no|untold)"><svg.*?</span></span>(?:<div>)?<(?:b|span)>(.*?)</(?:b|span)>', page)
    return [(mark, html.unescape(said)) for mark, said in found]


def why(person: Person, user: str, **more: str) -> str:
    """The page about the first customer."""
    asked = {"object": "account", "record": person.ids["account1"], "user": user, **more}
    answer = person.get("/access/why?" + "&".join(f"{key}={value}" for key, value in asked.items()))
    assert answer.status_code == 200
    return str(answer.text)


def test_each_reason_says_whether_it_holds(person: Person) -> None:
    """What fails is a sentence that says so, with its mark; what holds likewise."""
    ann = colleague(person, "ann", "sales")
    page = why(person, ann, right="edit")
    assert "Ann may not change Aldgate Tools." in page
    assert "They hold the role Sales." in page
    assert told(page) == [
        ("yes", "They have the right to change Customer records."),
        ("yes", "The permission set Sales work lets them change Customer records."),
        ("no", "Nothing gives them the right to see this record."),
        ("no", "They do not own it."),
        ("no", "It waits in no queue that they take from."),
        ("no", "The sharing rule Important customers is for them, but not for this record."),
        ("no", "It was not shared with them, and they are not in its team."),
        ("no", "They have nothing to decide about it, and were sent no copy."),
        ("no", "Nothing gives them the right to change this record."),
        ("no", "They do not own it."),
        ("no", "It was not shared with them, and they are not in its team."),
        ("no", "They have nothing to decide about it, and were sent no copy."),
        ("no", "The sharing rule Important customers lets them see, not change."),
    ]
    person.save(Update("account", person.ids["account1"], {"owner": ann}))
    page = why(person, ann, right="edit", field="name")
    assert "Ann may change Name of Aldgate Tools." in page
    assert ("yes", "They own it.") in told(page)
    assert ("no", "They do not own it.") not in told(page)


def test_page_of_a_record_lists_who_may_what(person: Person) -> None:
    """Everybody with a mark for each right, as their own pages would decide."""
    colleague(person, "ann", "sales")
    person.save(Update("account", person.ids["account1"], {"short_name": "VIP"}))
    page = person.get(f"/access/why?object=account&record={person.ids['account1']}").text
    marks = {
        name: re.findall(r'class="tick-h">(?:<span class="mark" data-s="(yes)"|<span class="(mute)")', row)
        for name, row in re.findall(r'title="Why">([^<]*)</a></td>(.*?)</tr>', page)
    }
    assert marks["Ann"] == [("yes", ""), ("", "mute"), ("", "mute"), ("", "mute")]
    assert marks["Li Lei"] == [("yes", "")] * 4


def test_menu_of_a_record_leads_there_for_who_may_ask(person: Person) -> None:
    """The administrator's menu has the way; a colleague's has not."""
    ann, url = colleague(person, "ann", "sales"), f"/o/account/{person.ids['account1']}"
    person.save(Update("account", person.ids["account1"], {"owner": ann}))
    assert "/access/why" in person.get(url).text
    assert "/access/why" in person.get(f"/o/user/{ann}").text
    other = sign_in(person, ann)
    assert "/access/why" not in other.get(url).text
    assert other.get(f"/access/why?object=account&record={person.ids['account1']}").status_code == 403


def test_who_asks_learns_nothing_hidden(person: Person) -> None:
    """A rule over a field that the desk does not see is not told; the field cannot be asked about."""
    ann, desk = colleague(person, "ann", "sales"), colleague(person, "desk", "desk")
    asker = sign_in(person, desk)
    person.save(Update("account", person.ids["account1"], {"short_name": "VIP"}))
    page = why(asker, ann)
    assert ("untold", "A condition that reads fields which you may not see was asked as well.") in told(page)
    assert "VIP" not in page
    assert "The sharing rule Important customers" not in page
    assert "short_name" not in page
    assert "Aldgate Tools</b>" not in page
    assert "Ann may see Aldgate Tools." in why(asker, ann, field="short_name")


@pytest.mark.parametrize("asked", ["object=opportunity", "record=" + MISSING, "user=" + MISSING, "object=nothing"])
def test_what_is_not_there_to_see_is_not_found(person: Person, asked: str) -> None:
    """An object, a record, a person that the desk may not see: as if there were none."""
    desk = sign_in(person, colleague(person, "desk", "desk"))
    assert desk.get(f"/access/why?{asked}").status_code == 404


def test_hidden_record_is_answered_like_a_missing_one(person: Person) -> None:
    """A deal's id tells nothing to the desk, which sees no deals."""
    desk = sign_in(person, colleague(person, "desk", "desk"))
    answers = [desk.get(f"/access/why?object=opportunity&record={each}") for each in (person.ids["deal1"], MISSING)]
    assert answers[0].status_code == answers[1].status_code == 404


def test_choosing_another_object_drops_the_record(person: Person) -> None:
    """The id of a customer is not taken for that of a contact."""
    page = person.get(f"/access/why?object=contact&of=account&record={person.ids['account1']}&field=short_name")
    assert page.status_code == 200
    assert "Choose a record" in page.text


def test_switched_off_people_are_said_to_hold_nothing(person: Person) -> None:
    ann = colleague(person, "ann", "sales", active=False)
    assert "Their account is switched off or frozen, so they hold nothing." in why(person, ann)


def test_what_is_computed_is_said_to_be_changed_by_nobody(person: Person) -> None:
    """Even an administrator does not change it."""
    asked = f"object=opportunity&record={person.ids['deal1']}&user={person.user_id}&right=edit&field=weighted"
    page = person.get(f"/access/why?{asked}").text
    assert ("yes", "They may do everything.") in told(page)
    assert "the platform sets it." in page and "Li Lei may not change" in page
