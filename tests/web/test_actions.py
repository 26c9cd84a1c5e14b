"""Actions of a record: what they ask, what they set, and when they are offered."""

from __future__ import annotations

import html
import re
from typing import Any

from dougong.engine.actor import SYSTEM
from dougong.engine.publish import Publication, publish
from dougong.engine.revisions import tree_of
from dougong.engine.saving.batch import Create
from dougong.metadata.documents import from_bodies
from tests.web.conftest import Person


def open_task(person: Person) -> str:
    values = {"subject": "Send the offer", "owner": person.user_id}
    return person.save(Create("task", values))[0]


def planned_call(person: Person) -> str:
    values = {"subject": "Call Aldgate", "kind": "call", "status": "planned", "owner": person.user_id}
    return person.save(Create("activity", values))[0]


def buttons(page: str) -> list[str]:
    """The addresses of forms, and of links, that lead to actions."""
    return re.findall(r'(?:<form method="post" action|<a class="btn[^"]*" href)="([^"]*/action/[^"]*)"', page)


def test_an_action_that_asks_nothing_is_a_button_that_does_it(person: Person) -> None:
    url = f"/o/task/{open_task(person)}"
    action = f"{url}/action/complete_task"
    page = person.get(url).text
    assert action in buttons(page)
    assert f'href="{action}"' not in page
    done = person.post(action, {})
    assert (done.status_code, done.headers["location"]) == (303, url)
    assert person.value("task", url.rpartition("/")[2], "status") == "done"
    assert person.value("task", url.rpartition("/")[2], "done_at") is not None


def test_an_action_is_held_to_our_own_pages(person: Person) -> None:
    task = open_task(person)
    refused = person.post(f"/o/task/{task}/action/complete_task", {}, sec_fetch_site="cross-site")
    assert refused.status_code == 403
    assert person.value("task", task, "status") != "done"


def test_an_action_asks_for_its_fields_and_sets_the_others(person: Person) -> None:
    activity = planned_call(person)
    url = f"/o/activity/{activity}"
    action = f"{url}/action/complete_activity"
    assert f'href="{action}"' in person.get(url).text
    page = person.get(action)
    assert page.status_code == 200
    assert 'name="notes"' in page.text
    assert 'name="status"' not in page.text
    done = person.post(action, person.form(action, {"notes": "They want two presses."}))
    assert (done.status_code, done.headers["location"]) == (303, url)
    assert person.value("activity", activity, "notes") == "They want two presses."
    assert person.value("activity", activity, "status") == "done"


def test_an_action_opens_in_the_sheet_of_the_page(person: Person) -> None:
    action = f"/o/activity/{planned_call(person)}/action/complete_activity"
    sheet = person.get(action, hx_request="true", hx_request_type="partial").text
    assert "<html" not in sheet
    assert f'hx-post="{action}"' in sheet


def test_what_an_action_cannot_save_comes_back_with_what_was_typed(person: Person) -> None:
    activity = planned_call(person)
    action = f"/o/activity/{activity}/action/complete_activity"
    sent = person.form(action, {"outcome": "no such outcome", "notes": "Kept"})
    refused = person.post(action, sent)
    assert refused.status_code == 422
    assert "Kept" in refused.text
    assert person.value("activity", activity, "status") == "planned"


PARTIAL = {"hx_request": "true", "hx_request_type": "partial", "hx_current_url": "http://testserver/o/task?q=a"}


def placed(person: Person, name: str, places: list[str], **does: Any) -> None:
    """Publish an action of tasks that stands in `places`."""
    said = {"en": name, "zh-CN": name}
    body = {"kind": "action", "name": f"task.{name}", "object": "task", "label": said, "place": places, "does": does}
    with person.company.read(SYSTEM) as unit:
        tree = tree_of(unit.connection, unit.runtime.revision)
    publish(person.company, Publication(tree=tree.put(*from_bodies([body]))))


def test_the_menu_of_a_row_has_what_stands_on_rows(person: Person) -> None:
    """Each row leads to its menu; doing something there comes back to the list; without a script it is a page."""
    task = open_task(person)
    assert f'href="/o/task/{task}/actions"' in person.get("/o/task").text
    menu = person.get(f"/o/task/{task}/actions", **PARTIAL).text
    assert "<html" not in menu
    action = re.search(rf'action="(/o/task/{task}/action/complete_task[^"]*)"', menu)
    assert action
    done = person.post(html.unescape(action[1]), {})
    assert done.headers["location"] == "/o/task?q=a"
    assert person.value("task", task, "status") == "done"
    assert "complete_task" in person.get(f"/o/task/{task}/actions").text


def test_an_action_stands_where_it_says_and_nowhere_else(person: Person) -> None:
    """On rows alone, on the record alone, above the list alone."""
    task = open_task(person)
    placed(person, "postpone", ["row"], edit={"set": {"due": "TODAY() + 7"}})
    placed(person, "follow_up", ["list"], create={"object": "task", "prefill": {"subject": '"Call " & subject'}})
    row, above = person.get(f"/o/task/{task}/actions", **PARTIAL).text, person.get("/o/task").text
    assert "postpone" in row and "follow_up" not in row
    assert "follow_up" in above and "postpone" not in above
    assert "postpone" not in person.get(f"/o/task/{task}").text
    url = re.search(r'href="(/o/task/new\?action=follow_up[^"]*)"', above)
    assert url
    assert person.form(html.unescape(url[1]))["subject"] == "Call"


def test_an_unknown_action_is_none(person: Person) -> None:
    task = open_task(person)
    for name in ("nonsense", "log_call"):
        assert person.get(f"/o/task/{task}/action/{name}").status_code == 404
        assert person.post(f"/o/task/{task}/action/{name}", {}).status_code == 404


def test_a_conversion_is_offered_where_it_is_open(person: Person) -> None:
    values = {"person": "Wang Min", "company": "Tools", "need": "Presses", "owner": person.user_id}
    ids = person.save(
        Create("lead", {**values, "status": "new"}),
        Create("lead", {**values, "status": "unqualified", "unqualified_reason": "wrong_contact"}),
    )
    shown = ['/convert/convert"' in person.get(f"/o/lead/{each}").text for each in ids]
    assert shown == [True, False]
