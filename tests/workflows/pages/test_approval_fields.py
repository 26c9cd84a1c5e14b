"""Fields that a node opens, edited in the form of the decision, on both databases."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from dougong.base.errors import Conflict, Forbidden
from dougong.engine.saving.batch import Update
from dougong.workflows.approvals.state import Approve
from tests.web.conftest import settings
from tests.workflows.approvals.conftest import LARGE, office
from tests.workflows.pages.test_approval_moves import republish
from tests.workflows.pages.test_approvals import Desk, desk

__all__ = ["desk", "office", "settings"]


def opening(body: dict[str, Any]) -> None:
    """Finance must say the cost code, may change the discount, sees the note and not the amount."""
    body["nodes"]["joint"]["fields"] = {
        "cost_code": "require", "discount": "edit", "note": "read", "amount": "hide",
    }  # fmt: skip


def finance(desk: Desk) -> tuple[str, str]:
    """A large purchase that its manager approved, with the approval that waits for finance."""
    purchase = desk.office.make("clerk", amount=LARGE, note="by Friday", discount="1")
    running = desk.office.submit("clerk", purchase)
    desk.office.approve("boss", running)
    return purchase, running


def decide(desk: Desk, login: str, running: str, act: str = "approve", **typed: str) -> Any:
    """The form of the decision, with what the page says of the record and what was `typed` over it."""
    path = f"/approvals/{running}"
    page = desk.get(login, path).text
    kept = {
        name: found[1].replace("&#34;", '"')
        for name in ("record.base", "record.version")
        if (found := re.search(rf'name="{name}" value="([^"]*)"', page))
    }
    entry = desk.office.entry(login, running)
    return desk.post(login, path, act=act, entry=entry, **kept, **{f"record.{k}": v for k, v in typed.items()})


def test_fields_are_saved_with_the_decision_or_not_at_all(desk: Desk) -> None:
    """Asked of whose turn it is alone; a refused value, or none, decides nothing; old and new are seen by the next."""
    republish(desk.office, opening)
    purchase, running = finance(desk)
    path = f"/approvals/{running}"
    page = desk.get("fay", path).text
    assert 'name="record.cost_code"' in page and 'name="record.discount"' in page
    assert "by Friday" in page and 'name="record.note"' not in page
    assert "20,000" not in page and "20,000" in desk.get("clerk", path).text
    assert 'name="record.' not in desk.get("clerk", path).text

    answer = decide(desk, "fay", running, cost_code="", discount="3")
    assert answer.status_code == 422 and "Cost code is needed before this can be approved." in answer.text
    assert re.search(r'name="record.discount"[^>]*value="3"|value="3"[^>]*name="record.discount"', answer.text)
    answer = decide(desk, "fay", running, cost_code="A7", discount="lots", opinion="x")
    assert answer.status_code == 422 and "lots" in answer.text and 'value="A7"' in answer.text
    stored = desk.office.values(purchase)
    assert (stored["cost_code"], stored["discount"]) == (None, Decimal(1))
    assert "fay" in desk.office.waiting(running)

    answer = decide(desk, "fay", running, cost_code="A7", discount="3")
    assert answer.status_code == 303, answer.text
    stored = desk.office.values(purchase)
    assert (stored["cost_code"], stored["discount"]) == ("A7", Decimal(3))
    (edited,) = (each for each in desk.office.look("flo", running).acts if each.act == "edited")
    assert {each.field: (each.old, each.new) for each in edited.changes} == {
        "cost_code": (None, "A7"), "discount": ("1.00", "3.00"),
    }  # fmt: skip
    for address in (path, f"{path}/print"):
        page = desk.get("flo", address).text
        assert "changed the record" in page and "A7" in page
    assert decide(desk, "flo", running, cost_code="A7", discount="3").status_code == 303
    assert desk.office.look("admin", running).status == "open"


def test_what_is_not_open_is_not_taken(desk: Desk) -> None:
    """A field that the page did not offer changes nothing; the service refuses it, and an older value is a conflict."""
    purchase, running = finance(desk)
    assert decide(desk, "fay", running, cost_code="A7", amount="1").status_code == 303
    assert (desk.office.values(purchase)["amount"], desk.office.values(purchase)["cost_code"]) == (LARGE, "A7")
    sent = Approve(entry=desk.office.entry("flo", running), by=desk.office.id("flo"))
    with pytest.raises(Forbidden, match="does not open"):
        desk.office.act("flo", running, sent, change=Update("purchase", purchase, {"amount": 1}))
    stale = Update("purchase", purchase, {"cost_code": "B"}, version=1, base={"cost_code": None})
    assert "flo" in desk.office.waiting(running)
    with pytest.raises(Conflict):
        desk.office.act("flo", running, sent, change=stale)
    assert desk.office.values(purchase)["cost_code"] == "A7" and "flo" in desk.office.waiting(running)
