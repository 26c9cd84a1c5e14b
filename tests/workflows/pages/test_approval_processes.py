"""The pages of approval processes: what there is, drawn, and who would decide, on both databases."""

from __future__ import annotations

import pytest

from tests.web.conftest import settings
from tests.workflows.approvals.conftest import LARGE, office
from tests.workflows.pages.test_approvals import Desk, asked, desk

__all__ = ["desk", "office", "settings"]

LIST, ONE = "/approvals/of", "/approvals/of/purchase.spend"


def test_processes_are_listed_for_who_may_see_their_object(desk: Desk) -> None:
    """How many are open, and what looks after them, is for who may rescue approvals; others see nothing of it."""
    asked(desk)
    assert f'href="{LIST}"' in desk.get("clerk", "/approvals").text
    page = desk.get("admin", LIST).text
    assert f'href="{ONE}"' in page and "Open now" in page
    page = desk.get("clerk", LIST).text
    assert f'href="{ONE}"' in page and "Open now" not in page
    offered = [f'href="{ONE}/move"' in desk.get(login, ONE).text for login in ("admin", "clerk")]
    assert offered == [True, False]


def test_a_process_is_drawn_and_says_who_would_decide(desk: Desk) -> None:
    """About the newest record, or the one that is asked for; nothing is sent by looking."""
    office = desk.office
    large, small = office.make("clerk", "ink", amount=LARGE), office.make("clerk", "pens")
    page = desk.get("clerk", ONE).text
    assert "<svg" in page and "The steps of the approval" in page
    assert all(name in page for name in ("ink", "pens", "Boss"))
    assert "Flo" in desk.get("clerk", f"{ONE}?record={large}").text
    assert "Flo" not in desk.get("clerk", f"{ONE}?record={small}").text.partition("Who would decide")[2]
    assert office.tasks("boss").rows == ()


@pytest.mark.parametrize("path", [f"{LIST}/purchase.nothing", f"{LIST}/x", f"{ONE}?record=x", f"{ONE}?record=x%00"])
def test_what_is_not_there_is_not_found(desk: Desk, path: str) -> None:
    """An unknown process, and a record that nobody has."""
    assert desk.get("admin", path).status_code == 404
