"""Approvals that run on an earlier version, looked at and moved: service, page and log, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dougong.base.errors import Conflict, Forbidden, Rejected
from dougong.engine import revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.publish import Publication, publish
from dougong.engine.unit import Unit
from dougong.workflows.approvals import moving, running
from dougong.workflows.approvals.state import Recall
from tests.web.conftest import settings
from tests.workflows.approvals.conftest import LARGE, Office, office
from tests.workflows.pages.test_approvals import Desk, asked, desk

__all__ = ["desk", "office", "settings"]

NAME = "purchase.spend"


def republish(office: Office, change: Callable[[dict[str, Any]], None]) -> None:
    """Publish another version of the approval of purchases."""
    with office.company.read(SYSTEM) as unit:
        tree = revisions.tree_of(unit.connection, unit.runtime.revision)
    old = next(each for each in tree.of_kind("approval") if each.name == NAME)
    body = json.loads(json.dumps(dict(old.body)))
    change(body)
    publish(office.company, Publication(tree=tree.put(replace(old, body=body))))


def second(body: dict[str, Any]) -> None:
    """The manager is asked no more, finance is one person, and more is bound."""
    body["first"] = "size"
    del body["nodes"]["boss"]
    body["nodes"]["finance"] = body["nodes"].pop("joint") | {"approvers": [{"key": "flo", "user": "flo"}]}
    body["nodes"]["size"]["branches"][0]["next"] = "finance"
    body["binds"]["fields"].append("cost_code")


def test_all_finish_on_their_version_and_those_chosen_are_moved(desk: Desk) -> None:
    """Three run on the first version; one is moved, which says who, why and what; another ends as it was begun."""
    office = desk.office
    first, other, third = (asked(desk, LARGE, name) for name in ("paper", "pens", "ink"))
    for each in (first, other):
        office.approve("boss", each)
    office.approve("flo", first)
    office.approve("fay", other)
    republish(office, second)
    assert office.waiting(first) == {"fay", "finn"} and office.waiting(third) == {"boss"}

    with pytest.raises(Forbidden):
        office.read("boss", lambda unit: moving.preview(unit, NAME))
    path = f"/approvals/of/{NAME}/move"
    assert f'href="{path}"' in desk.get("admin", f"/approvals/{first}").text
    page = desk.get("admin", path).text
    assert "Finance together is at work, and the new version has no step for it." in page
    stated = {"joint": "finance"}
    seen = office.read("admin", lambda unit: moving.preview(unit, NAME, stated=stated))
    assert (seen.count, [each.instance for each in seen.rows]) == (3, sorted([first, other, third]))
    told = {
        row.instance: (
            [office.login(each.person) for each in row.moved.dropped],
            [office.login(each.person) for each in row.moved.added],
            [each.code for each in row.moved.refused],
        )
        for row in seen.rows
    }
    assert told[first] == (["fay", "finn"], [], [])
    assert told[other] == (["finn"], [], [])
    assert told[third] == ([], [], ["approval-move-step"])

    numbers = {row.instance: row.number for row in seen.rows}
    query = f"{path}?step=joint:finance"
    sent = {"to": seen.digest, "id": [f"{other}:{numbers[other]}", f"{first}:{numbers[first] - 1}"]}
    answer = desk.post("admin", query, step="joint:finance", why="one signs now", **sent)
    assert answer.status_code == 422 and "Somebody else acted on this approval a moment ago." in answer.text
    assert office.waiting(other) == {"flo"} and office.waiting(first) == {"fay", "finn"}
    act = office.look("admin", other).acts[-1]
    assert (act.act, act.opinion, act.person and act.person.name) == ("move", "one signs now", "Admin")
    (row,) = office.tasks("flo").rows
    assert (row.instance, row.node) == (other, "finance") and not office.tasks("finn").rows[1:]

    office.change("clerk", office.look("admin", other).record, note="moved")  # free: what is bound is as it was
    assert office.approve("flo", other).status == "approved"
    assert office.approve("fay", first).status == "open"
    assert office.approve("finn", first).status == "approved"
    office.act("clerk", third, Recall(by=office.id("clerk")))
    assert office.read("admin", lambda unit: moving.preview(unit, NAME)).count == 0


def test_what_is_passed_by_the_move_ends_at_once_and_nothing_else_is_moved(desk: Desk) -> None:
    """Flo had approved already: by the version in force that is all. Without a reason, or twice, nothing is done."""
    office = desk.office
    running_now = asked(desk, LARGE)
    office.approve("boss", running_now)
    office.approve("flo", running_now)
    republish(office, second)
    stated = {"joint": "finance"}
    seen = office.read("admin", lambda unit: moving.preview(unit, NAME, stated=stated))
    given: dict[str, Any] = {"to": seen.digest, "number": seen.rows[0].number, "stated": stated}

    def move(why: str) -> Callable[[Unit], running.Running]:
        return lambda unit: moving.move(unit, running_now, why=why, **given)

    with pytest.raises(Rejected, match="Say why"):
        office.write("admin", move(" "))
    with pytest.raises(Forbidden):
        office.write("boss", move("because"))
    assert office.write("admin", move("because")).status == "approved"
    assert not any(office.tasks(login).rows for login in ("fay", "finn", "flo"))
    assert [each.instance for each in office.tasks("aud", "copied").rows] == [running_now]
    with pytest.raises(Conflict):
        office.write("admin", move("again"))
