"""Records that an approval holds, at their pages: what is open stays editable, the rest says who holds it."""

from __future__ import annotations

import re

from dougong.workflows.approvals.state import Recall
from tests.engine.statements import statements_of
from tests.workflows.approvals.conftest import SMALL, office
from tests.workflows.pages.test_approvals import Desk, asked, desk

__all__ = ["desk", "office"]

HOLDS = "This record is being approved (Spending) and waits for Boss"


def held(desk: Desk) -> str:
    """The address of a purchase of the clerk that waits for the boss: its note is open, nothing else of it."""
    purchase = desk.office.make("clerk", amount=SMALL, note="blue")
    desk.office.submit("clerk", purchase)
    return f"/o/purchase/{purchase}"


def pencils(page: str) -> set[str]:
    """The fields that a record page offers to change in their place."""
    return set(re.findall(r'hx-get="/o/purchase/[^/]+/field/([a-z_]+)"', page))


def test_the_record_page_offers_what_is_open(desk: Desk) -> None:
    """Before, everything; held, the open field alone, with who holds it; recalled, everything again."""
    purchase = desk.office.make("clerk", amount=SMALL)
    url = f"/o/purchase/{purchase}"
    before = desk.get("clerk", url).text
    assert {"amount", "note"} <= pencils(before) and "Waits for" not in before
    running = desk.office.submit("clerk", purchase)
    page = desk.get("clerk", url).text
    assert pencils(page) == {"note", "owner"}  # who owns it is no part of what this approval binds
    assert page.count("Waits for Boss since") == 1 and HOLDS not in page  # who is waited for is said once
    assert "what is approved is locked meanwhile" in page and f'href="{url}/edit"' in page
    assert "On to Ordered" in before and "On to Ordered" not in page and 'name="to"' not in page
    desk.office.act("clerk", running, Recall(by=desk.office.id("clerk")))
    after = desk.get("clerk", url).text
    assert pencils(after) == pencils(before) and "Waits for" not in after


def test_the_input_of_a_field_is_there_where_it_is_open(desk: Desk) -> None:
    """On the page and in a list: the input of an open field, and for any other who holds the record."""
    url = held(desk)
    for place in ("", "?place=cell"):
        assert desk.get("clerk", f"{url}/field/note{place}").status_code == 200
        refused = desk.get("clerk", f"{url}/field/amount{place}")
        assert refused.status_code == 422 and HOLDS in refused.text
    scripted = desk.client.get(
        f"{url}/field/amount?place=cell", headers={"hx-request": "true", "hx-request-type": "partial"}
    )
    assert scripted.headers["hx-retarget"] == "#toasts" and HOLDS in scripted.text


def test_the_form_shows_what_is_held_and_changes_what_is_open(desk: Desk) -> None:
    """Held fields cannot be typed in, lines are not shown; the open field is saved."""
    url = held(desk)
    page = desk.get("clerk", f"{url}/edit").text
    assert HOLDS in page
    locked = set(re.findall(r'name="locked" value="([a-z_]+)"', page))
    assert "amount" in locked and "note" not in locked
    answer = desk.post("clerk", f"{url}/edit", note="green", locked=sorted(locked))
    assert answer.status_code == 303
    values = desk.office.values(url.rpartition("/")[2])
    assert values["note"] == "green" and values["amount"] == SMALL


def test_a_list_marks_what_is_held(desk: Desk) -> None:
    """Who holds a row is said beside its title; a row that nobody holds has no mark."""
    held(desk)
    desk.office.make("clerk", "free", amount=SMALL)
    page = desk.get("clerk", "/o/purchase").text
    assert page.count('class="held"') == 1
    assert f'class="held" role="img" title="{HOLDS}' in page
    row = next(each for each in page.split("<tr ") if 'class="held"' in each)
    assert ">paper<" in row


def test_a_list_asks_once_of_locks(desk: Desk) -> None:
    """As many statements for a list of many held records as for one row of it."""
    counts = []
    for number in range(2):
        for _ in range(1 + 3 * number):
            asked(desk)
        desk.get("clerk", "/o/purchase")
        with statements_of(desk.office.company.database.readers) as seen:  # type: ignore[arg-type]
            assert desk.client.get("/o/purchase").status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]
