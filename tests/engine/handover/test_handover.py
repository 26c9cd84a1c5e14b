"""A leaver's work goes to others by rule, as it was previewed, in one transaction, and back where it still stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, insert, select

from dougong.base.errors import BadRequest, Conflict, Forbidden, NotFound
from dougong.base.ids import record_id
from dougong.engine.actor import SYSTEM
from dougong.engine.handover.carrying import Outcome, hand_over, preview
from dougong.engine.handover.rules import Case, Handover, Part, read, written
from dougong.engine.handover.taking_back import done, handovers, take_back
from dougong.engine.query import Condition
from dougong.engine.saving.batch import Create, Delete, Update
from dougong.engine.tables import audit, history, operations, views
from dougong.engine.unit import Unit
from tests.companies import person
from tests.engine.handover.conftest import Office


def counts(outcome: Outcome, office: Office) -> dict[str, dict[str, int]]:
    """Who gets how many, by holding and login."""
    logins = {id: login for login, id in office.people.items()}
    return {line.key: {logins[to]: n for to, n in line.moved.items()} for line in outcome.lines if line.total}


def carried(office: Office, why: str = "left", **asked: Any) -> Outcome:
    """Hand Wang's work over as the administrator."""
    to = tuple(office.people[each] for each in asked.pop("to", ("li",)))
    wish = Handover(office.people["wang"], to, **asked)
    return office.company.write(office.admin, lambda unit: hand_over(unit, wish), why=why)


def test_all_to_one_and_back(office: Office) -> None:
    """Everything open goes to one person just as previewed; closed work stays; undo gives back what still stands."""
    wish = Handover(office.people["wang"], (office.people["li"],), afterwards="freeze")
    seen = preview(office.company, office.admin, wish)
    with office.company.read(SYSTEM) as unit:
        assert unit.connection.scalar(select(func.count()).select_from(operations)) == 0
        assert not unit.connection.scalars(select(audit.c.seq).where(audit.c.kind == "handed_over")).all()
    assert office.owners("account", "east", "west") == ["wang", "wang"], "a preview moves nothing"
    assert office.value("user.frozen", "wang") is False

    outcome = office.company.write(office.admin, lambda unit: hand_over(unit, wish), why="left")
    expected = {
        "account.owner": {"li": 2}, "opportunity.owner": {"li": 2}, "contact.owner": {"li": 2},
        "task.owner": {"li": 1}, "user.manager": {"li": 1}, "record_share.user": {"li": 1}, "views": {"li": 1},
    }  # fmt: skip
    assert counts(outcome, office) == expected
    assert counts(seen, office) == expected, "the preview told what happened"
    assert [(line.key, line.closed) for line in seen.lines if line.closed] == [("task.owner", 1)]
    assert not outcome.refused
    assert not outcome.hidden
    assert office.owners("account", "east", "west") == ["li", "li"]
    assert office.owners("task", "open", "done") == ["li", "wang"]
    assert office.value("user.manager", "new") == office.people["li"]
    assert office.value("user.frozen", "wang") is True
    with office.company.read(SYSTEM) as unit:
        entry = unit.connection.execute(
            select(history.c.why, history.c.actor).where(
                history.c.record_id == office.ids["east"], history.c.operation_id == outcome.operation
            )
        ).one()
        assert entry == ("Handed over from Wang: left", "Admin")
        assert unit.connection.scalars(select(audit.c.target).where(audit.c.kind == "handed_over")).all() == [
            f"user:{office.people['wang']}"
        ]
        assert unit.connection.scalar(select(views.c.owner_id)) == office.people["li"]

    office.save(
        Update("account", office.ids["east"], {"phone": "021-55555555"}),
        Update("account", office.ids["west"], {"owner": office.people["zhao"]}),
        Delete("task", office.ids["open"]),
    )
    returned = office.company.write(office.admin, lambda unit: take_back(unit, outcome.operation))
    assert office.owners("account", "east", "west") == ["wang", "zhao"], "another field may have changed, not the owner"
    assert office.owners("opportunity", "east deal", "west deal") == ["wang", "wang"]
    assert office.value("user.manager", "new") == office.people["wang"]
    assert office.value("user.frozen", "wang") is True, "the account is nobody's work"
    assert {(each.title, each.reason.to("en")) for each in returned.kept} == {
        ("west Pumps", "It was given to somebody else since."),
        ("Call back", "It was deleted since."),
    }
    assert returned.count == 8
    with office.company.read(office.admin) as unit:
        assert [each.state for each in handovers(unit, office.people["wang"])] == ["undone"]
        assert unit.connection.scalar(select(views.c.owner_id)) == office.people["wang"]
    with pytest.raises(BadRequest):
        office.company.write(office.admin, lambda unit: take_back(unit, outcome.operation))


def test_by_rule(office: Office) -> None:
    """Cases come first, then what follows a parent, then turns; what is left stays; closed work moves where asked."""
    li, zhao = office.people["li"], office.people["zhao"]
    parts = {
        "account.owner": Part(cases=(Case((zhao,), where=Condition("name", "starts", "east")),)),
        "task.owner": Part(to=(li, zhao)),
        "views": Part(leave=True),
        "record_share.user": Part(leave=True),
    }
    outcome = carried(office, closed=True, parts=parts)
    assert office.owners("account", "east", "west") == ["zhao", "li"]
    assert office.owners("opportunity", "east deal", "west deal") == ["zhao", "li"], "a deal goes with its customer"
    assert office.owners("contact", "east contact", "west contact") == ["zhao", "li"]
    assert sorted(office.owners("task", "open", "done")) == ["li", "zhao"], "in turn"
    assert office.value("record_share.user", "share") == office.people["wang"]
    assert {line.key: line.left for line in outcome.lines if line.left} == {"record_share.user": 1, "views": 1}


def test_manager_below(office: Office) -> None:
    """Nobody comes to report to themselves, or to somebody below them: they go to the leaver's own manager."""
    office.save(Update("user", office.people["wang"], {"manager": office.people["boss"]}))
    office.save(Update("user", office.people["li"], {"manager": office.people["new"]}))
    office.save(Update("user", office.people["zhao"], {"manager": office.people["wang"]}))
    carried(office)
    assert office.value("user.manager", "new") == office.people["boss"], "Li stands below them"
    assert office.value("user.manager", "zhao") == office.people["li"]


def test_what_a_rule_stands_against_stays(office: Office) -> None:
    """It is named with the reason, and the rest moves: a lead that was converted for good changes no more."""
    lead = office.save(Create("lead", {"name": "Old lead", "company": "Old", "owner": office.people["wang"]}))[0]
    converted = {"id": record_id(), "kind": "conversion", "title": "", "record_id": lead, "actor": "", "state": "done"}

    def lock(unit: Unit) -> None:
        unit.connection.execute(insert(operations).values(**converted, at=unit.now, details={"lock": True}))

    office.company.write(SYSTEM, lock)
    outcome = carried(office)
    assert office.owners("account", "east", "west") == ["li", "li"]
    assert office.value("lead.owner", lead) == office.people["wang"]
    assert [(each.object, each.id) for each in outcome.refused] == [("lead", lead)]
    assert [(line.key, line.refused) for line in outcome.lines if line.refused] == [("lead.owner", 1)]


def test_rights(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the right to manage users nothing happens; what one may not see or transfer stays, and is not told."""
    nobody = person(office.company, "nobody")
    wish = Handover(office.people["wang"], (office.people["li"],))
    with pytest.raises(Forbidden):
        office.company.write(nobody, lambda unit: hand_over(unit, wish))
    with pytest.raises(Forbidden):
        preview(office.company, nobody, wish)
    clerk = person(office.company, "clerk", permission_sets=["work_basics", "sales_work"])
    monkeypatch.setattr("dougong.engine.rights.grants.Granted.has", lambda self, right: True)
    outcome = office.company.write(clerk, lambda unit: hand_over(unit, wish))
    assert office.owners("account", "east", "west") == ["wang", "wang"]
    assert not [line for line in outcome.lines if line.key == "account.owner"], "not even how many there are"
    assert outcome.hidden
    with pytest.raises(NotFound), office.company.read(clerk) as unit:
        done(unit, "00000000-0000-7000-8000-000000000000")


def test_who_cannot_take_over(office: Office) -> None:
    """The leaver, somebody frozen or switched off, nobody at all; a holding that there is not."""
    office.save(Update("user", office.people["zhao"], {"frozen": True}))
    for to in ("wang", "zhao"):
        with pytest.raises(BadRequest) as refused:
            carried(office, to=(to,))
        assert [each.code for each in refused.value.problems] == ["handover-receiver"]
    with pytest.raises(BadRequest) as refused:
        carried(office, to=())
    assert [each.code for each in refused.value.problems] == ["handover-nobody"]
    with pytest.raises(BadRequest) as refused:
        carried(office, parts={"account.name": Part(leave=True)})
    assert [each.code for each in refused.value.problems] == ["handover-holding"]
    assert office.owners("account", "east") == ["wang"]


def test_switched_off_and_back_too_late(office: Office) -> None:
    """Work goes back even to somebody who is switched off meanwhile; after thirty days it does not."""
    first = carried(office, afterwards="deactivate")
    assert office.value("user.active", "wang") is False
    office.company.write(office.admin, lambda unit: take_back(unit, first.operation))
    assert office.owners("account", "east", "west") == ["wang", "wang"]
    office.save(Update("user", office.people["wang"], {"active": True}))
    second = carried(office)
    with office.company.read(SYSTEM) as unit:
        until = unit.connection.scalar(select(operations.c.undo_until).where(operations.c.id == second.operation))
    assert until is not None
    with time_machine.travel(until + timedelta(seconds=1)), pytest.raises(Conflict):
        office.company.write(office.admin, lambda unit: take_back(unit, second.operation))


def test_documents() -> None:
    """A handover is written as it is read; what is none is refused."""
    user, other = "01890000-0000-7000-8000-000000000001", "01890000-0000-7000-8000-000000000002"
    document = {
        "to": [other], "closed": True, "afterwards": "freeze",
        "parts": {
            "account.owner": {"cases": [{"to": [other], "where": {"field": "name", "op": "is", "value": "x"}}]},
            "views": {"leave": True}, "task.owner": {"to": [other]},
        },
    }  # fmt: skip
    assert written(read(document, user, lambda name, text: pytest.fail("no formula"))) == document
    wrongs: tuple[Any, ...] = (
        [], {"to": "x"}, {"to": ["x"]}, {"closed": 1}, {"parts": {"a": {"to": other}}}, {"surprise": 1},
        {"parts": {"a": {"cases": [{"to": []}]}}}, {"afterwards": "erase"},
    )  # fmt: skip
    for wrong in wrongs:
        with pytest.raises(BadRequest):
            read(wrong, user, lambda name, text: pytest.fail("no formula"))
