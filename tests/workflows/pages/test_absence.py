"""Absence and delegation at its page: made, told, ended, by oneself and by an administrator, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dougong.engine import jobs
from dougong.engine.tables import audit
from dougong.engine.unit import Unit
from dougong.workflows.approvals import delegating
from dougong.workflows.approvals.absence import Delegation
from tests.workflows.approvals.conftest import SMALL, office
from tests.workflows.pages.test_approvals import Desk, asked, desk

__all__ = ["desk", "office"]

HERE = "/approvals/absence"
TODAY = datetime.now(UTC).date()
NEXT = TODAY + timedelta(days=7)
PERIOD = {"since": (TODAY - timedelta(days=1)).isoformat(), "until": NEXT.isoformat()}


def send(desk: Desk, login: str, path: str, **sent: Any) -> Any:
    """A form of one's own page, sent to `path`."""
    csrf = desk.get(login, HERE).text.split('name="csrf" value="')[1].split('"')[0]
    headers = {"sec-fetch-site": "same-origin"}
    return desk.client.post(path, data={"csrf": csrf, **sent}, headers=headers, follow_redirects=False)


def audited(desk: Desk) -> list[str]:
    kinds = desk.office.read("", lambda unit: unit.connection.scalars(select(audit.c.kind).order_by(audit.c.seq)))
    return [each for each in kinds if each.startswith("delegation_")]


def test_an_absence_is_stated_told_and_ended(desk: Desk) -> None:
    """The delegate decides and is told so; ended, what comes goes to the person again; both are in the audit log."""
    said = {**PERIOD, "to": desk.office.id("top"), "scope": "approval:purchase.spend", "up_to": "6,000"}
    assert send(desk, "boss", HERE, **said).headers["location"] == HERE
    page = desk.get("boss", HERE).text
    assert "6,000" in page and "Top" in page
    assert "You act for Boss until" in desk.get("top", "/approvals").text
    instance = asked(desk, SMALL)
    assert desk.office.waiting(instance) == {"top"}
    above = asked(desk, 7000, "desks")
    assert desk.office.waiting(above) == {"boss"}
    (given,) = desk.office.read("boss", lambda unit: _given(unit, desk.office.id("boss")))
    assert send(desk, "stranger", f"{HERE}/end", id=given.id).status_code == 404
    assert send(desk, "boss", f"{HERE}/end", id=given.id).status_code == 303
    assert desk.office.waiting(asked(desk, SMALL, "pens")) == {"boss"}
    assert "You act for" not in desk.get("top", "/approvals").text
    assert "ended early" in desk.get("boss", HERE).text
    assert audited(desk) == ["delegation_made", "delegation_ended"]


def _given(unit: Unit, person: str) -> tuple[Delegation, ...]:
    return delegating.delegations_of(unit, person)


def test_what_waits_already_goes_over(desk: Desk) -> None:
    """By the job that the first day begins with."""
    instance = asked(desk)
    send(desk, "boss", HERE, **PERIOD, to=desk.office.id("stranger"))
    jobs.run_due(desk.office.company)
    assert desk.office.waiting(instance) == {"stranger"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"until": "2020-01-01", "since": "2019-12-01"}, "has gone by"),
        ({"until": PERIOD["since"], "since": PERIOD["until"]}, "comes before its first"),
        ({"since": "soon"}, "both needed"),
        ({"up_to": "-5"}, "above 0"),
        ({"up_to": "NaN"}, "above 0"),
        ({"up_to": "a lot"}, "above 0"),
        ({"up_to": "0.001"}, "at most two decimals"),
        ({"since": "0001-01-01"}, "of the years 1000 to 9998"),
        ({"until": "9999-12-31"}, "of the years 1000 to 9998"),
        ({"scope": "approval:no.such"}, "There is no approval no.such."),
        ({"scope": "object:nothing"}, "There is no object nothing."),
        ({"to": ""}, "choose one"),
        ({"to": "", "to.text": "nobody at all"}, "There is no one person called nobody at all."),
        ({"to": "0"}, "nobody who could decide"),
    ],
)
def test_what_cannot_be_is_refused_with_what_was_typed(desk: Desk, wrong: dict[str, str], said: str) -> None:
    """The page again with the reason; nothing is kept."""
    sent = {**PERIOD, "to": desk.office.id("top"), **wrong}
    answer = send(desk, "boss", HERE, **sent)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert f'value="{sent["until"]}"' in answer.text
    assert audited(desk) == []


def test_an_administrator_does_it_for_somebody_and_nobody_else(desk: Desk) -> None:
    """The right is asked by the engine; the line says who stated it."""
    of_boss = f"{HERE}/{desk.office.id('boss')}"
    assert send(desk, "admin", f"{HERE}/of", person=desk.office.id("boss")).headers["location"] == of_boss
    assert send(desk, "admin", of_boss, **PERIOD, to=desk.office.id("top")).status_code == 303
    assert "stated by Admin" in desk.get("boss", HERE).text
    assert desk.get("clerk", of_boss).status_code == 403
    assert send(desk, "clerk", of_boss, **PERIOD, to=desk.office.id("clerk")).status_code == 403
    assert [desk.get("admin", f"{HERE}/{each}").status_code for each in ("0", desk.office.id("top"))] == [404, 200]
