"""A change that needs an approval: from where it was refused to the approval that carries it, on both databases."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from dougong.base.errors import Rejected
from dougong.engine.saving.batch import Create, Update
from dougong.engine.unit import Unit
from dougong.workflows.pages import approval_ways
from tests.web.conftest import fields
from tests.workflows.approvals.conftest import SMALL, office
from tests.workflows.pages.test_approvals import Desk, desk

__all__ = ["desk", "office"]

Sent = Mapping[str, str]


def ways(text: str) -> list[tuple[str, Sent]]:
    """Where the buttons of a refusal lead, and what they send."""
    found = []
    for action, inside in re.findall(r'<form id="way-[^>]*action="([^"]+)" hidden>(.*?)</form>', text, re.DOTALL):
        pairs = re.findall(r'name="(do|values|why)" value="([^"]*)"', inside)
        found.append((action, {name: html.unescape(value) for name, value in pairs}))
    return found


def edited(desk: Desk, login: str, id: str, **typed: str) -> Any:
    """The edit form of a purchase, sent with what was typed."""
    path = f"/o/purchase/{id}/edit"
    return desk.post(login, path, **{**fields(desk.get(login, path).text), **typed})


def press(desk: Desk, login: str, path: str, sent: Sent, **more: str) -> Any:
    """A button whose form stands on another page."""
    found = re.search(r'name="csrf" value="([^"]+)"', desk.get(login, "/approvals").text)
    assert found is not None
    data, headers = {"csrf": found[1], **sent, **more}, {"sec-fetch-site": "same-origin"}
    return desk.client.post(path, data=data, headers=headers, follow_redirects=False)


def test_a_change_goes_from_its_form_to_its_approval(desk: Desk) -> None:
    """The button, the page with old and new, the submission; approved, all of it is made, and not before."""
    office = desk.office
    purchase = office.make("clerk", amount=10, note="before")
    refused = edited(desk, "clerk", purchase, reviewer=office.id("aud"), note="after")
    assert refused.status_code == 422
    assert "Submit for approval: Change of the reviewer" in refused.text
    ((path, sent),) = ways(refused.text)
    assert path == f"/approvals/start/purchase.change/{purchase}/change"
    page = press(desk, "clerk", path, sent)
    assert page.status_code == 200
    assert re.search(r"<td>Note</td><td><del>before</del></td><td class=\"to\">after</td>", page.text)
    assert re.search(r"<td>Reviewer</td><td>blank</td><td class=\"to\">Aud</td>", page.text)
    (action,) = re.findall(r'<form method="post" action="(/approvals/start/[^"]+)"', page.text)
    assert press(desk, "clerk", action, sent, comment="please").status_code == 303
    assert office.values(purchase)["note"] == "before"
    (row,) = office.tasks("clerk", "mine").rows
    assert sorted(each.field for each in office.look("fay", row.instance).changes) == ["note", "reviewer"]
    office.approve("fay", row.instance)
    assert (office.values(purchase)["note"], office.values(purchase)["reviewer"].id) == ("after", office.id("aud"))


@pytest.mark.parametrize("place", ["", "cell"])
def test_a_field_changed_in_its_place_has_the_button_too(desk: Desk, place: str) -> None:
    """On the page of the record and in a list."""
    purchase = desk.office.make("clerk", amount=10)
    path = f"/o/purchase/{purchase}/field/reviewer"
    sent = fields(desk.get("clerk", f"{path}?place={place}").text) | {"reviewer": desk.office.id("aud")}
    headers = {"sec-fetch-site": "same-origin", "hx-request": "true", "hx-request-type": "partial"}
    answer = desk.client.post(path, data=sent, headers=headers)
    assert answer.status_code == 422
    ((way, carried),) = ways(answer.text)
    assert way == f"/approvals/start/purchase.change/{purchase}/change"
    assert json.loads(carried["values"])["reviewer"] == desk.office.id("aud")


def test_a_stage_and_a_deletion_have_the_button_too(desk: Desk) -> None:
    """In their sheets; the carried stage is reached, the carried deletion done, once they are approved."""
    office = desk.office
    purchase = office.make("clerk", amount=SMALL)
    moved = press(desk, "clerk", f"/o/purchase/{purchase}/stage", {"to": "ordered"})
    ((path, sent),) = ways(moved.text)
    assert path == f"/approvals/start/purchase.spend/{purchase}/change"
    assert '<td class="to">Ordered</td>' in press(desk, "clerk", path, sent).text
    assert press(desk, "clerk", path.removesuffix("/change"), sent).status_code == 303
    (row,) = office.tasks("clerk", "mine").rows
    office.approve("boss", row.instance)
    assert office.values(purchase)["stage"] == "ordered"
    other = office.make("clerk", "old", amount=10)
    refused = press(desk, "clerk", f"/o/purchase/{other}/delete", {})
    ((path, sent),) = ways(refused.text)
    assert "old goes to the recycle bin once that is approved." in press(desk, "clerk", path, sent).text
    assert press(desk, "clerk", path.removesuffix("/change"), sent).status_code == 303
    assert office.values(other)["deleted_at"] is None


def test_no_button_where_it_would_not_help(desk: Desk) -> None:
    """Something else is wrong as well; the approval is started by others, which is said."""
    office = desk.office
    purchase = office.make("clerk", amount=10)
    assert ways(edited(desk, "clerk", purchase, reviewer=office.id("aud"), name="").text) == []
    dear = office.make("clerk", amount=SMALL)
    page = press(desk, "admin", f"/o/purchase/{dear}/stage", {"to": "ordered"}).text
    assert ways(page) == []
    assert "You are not one of those who start this approval." in page


def test_lines_are_not_taken_along(desk: Desk) -> None:
    """It is said what to do in place of a button that would leave them behind."""
    office = desk.office
    purchase = office.make("clerk", amount=10)
    wanted = [
        Update("purchase", purchase, {"reviewer": office.id("aud")}),
        Create("purchase_line", {"purchase": purchase, "item": "ink"}),
    ]

    def offered(unit: Unit) -> Any:
        visit: Any = SimpleNamespace(unit=unit, model=unit.runtime.model, say=str)
        obj = unit.runtime.model.objects["purchase"]
        with pytest.raises(Rejected) as refused:
            unit.records.save(wanted)
        return approval_ways.ways(visit, obj, wanted, refused.value.problems)

    (way,) = office.write("clerk", offered)
    assert way.url == ""
    assert way.label.startswith("An approval takes no lines with it")


def test_nothing_that_is_sent_is_trusted(desk: Desk) -> None:
    """Broken fields are no request; values are held to the fields, the rights, the rules and the other approvals."""
    office = desk.office
    purchase = office.make("clerk", amount=10)
    path = f"/approvals/start/purchase.change/{purchase}"
    broken: list[Sent] = [
        {"do": "create"}, {"do": "update"}, {"do": "update", "values": "{"}, {"do": "update", "values": "[1]"},
        {"do": "update", "values": "{}"},
    ]  # fmt: skip
    for sent in broken:
        assert press(desk, "clerk", f"{path}/change", sent).status_code == 400, sent
        assert press(desk, "clerk", path, sent).status_code in (400, 422), sent
    refused = {
        "no such field": {"rumour": 1},
        "no such value": {"reviewer": office.id("aud"), "discount": "much"},
        "computed": {"reviewer": office.id("aud"), "created_by": office.id("aud")},
        "no approval needed": {"note": "free"},
        "too long": {"reviewer": office.id("aud"), "cost_code": "x" * 21},
        "another approval too": {"reviewer": office.id("aud"), "stage": "ordered", "amount": "5000"},
    }
    for what, values in refused.items():
        answer = press(desk, "clerk", path, {"do": "update", "values": json.dumps(values)})
        assert answer.status_code == 422, what
    assert desk.office.tasks("clerk", "mine").rows == ()


def test_an_approval_carries_only_what_it_gates(desk: Desk) -> None:
    """A change that is another approval's to hold is not taken up by a lighter one, whoever calls."""
    office = desk.office
    purchase = office.make("clerk", amount=SMALL)
    wanted = Update("purchase", purchase, {"reviewer": office.id("aud")})
    with pytest.raises(Rejected) as refused:
        office.submit("clerk", purchase, "purchase.spend", change=wanted)
    assert [each.thing for each in refused.value.problems] == ["approval:purchase.change"]
    free = Update("purchase", purchase, {"note": "free"})
    with pytest.raises(Rejected) as refused:
        office.submit("clerk", purchase, "purchase.spend", change=free)
    assert [each.code for each in refused.value.problems] == ["approval-not-needed"]
    assert office.values(purchase)["note"] is None
