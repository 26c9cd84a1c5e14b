"""The past of a process: replayed on a draft, and as figures; service and pages, on both databases."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from dougong.base.errors import Forbidden, MetadataError
from dougong.engine import drafts, revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.tables import history, outbox
from dougong.engine.unit import Unit
from dougong.workflows.approvals import analysing, definitions, replaying
from dougong.workflows.approvals.replaying import Replayed
from dougong.workflows.approvals.state import Recall, Reject, Resubmit, SendBack
from dougong.workflows.approvals.tables import acts, instances, snapshots, tasks
from tests.engine.statements import statements_of
from tests.web.conftest import settings
from tests.workflows.approvals.conftest import LARGE, SMALL, Office, office
from tests.workflows.pages.test_approvals import Desk, asked, desk

__all__ = ["desk", "office", "settings"]

NAME = "purchase.spend"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def draft_of(office: Office, **changed: Any) -> dict[str, Any]:
    """The document in force, changed: finance is asked from 3000 on, and it is Flo alone."""
    with office.company.read(SYSTEM) as unit:
        tree = revisions.tree_of(unit.connection, unit.runtime.revision)
    body: dict[str, Any] = json.loads(
        json.dumps(dict(next(x for x in tree.of_kind("approval") if x.name == NAME).body))
    )
    body["nodes"]["size"]["branches"][0]["when"] = "amount >= 3000"
    body["nodes"]["joint"]["approvers"] = [{"key": "flo", "user": "flo"}]
    return body | changed


def told(office: Office, body: Mapping[str, Any]) -> dict[str, Replayed]:
    """Every approval on a document, by title."""

    def work(unit: Unit) -> dict[str, Replayed]:
        found = replaying.replay(unit, NAME, replaying.of_document(unit, NAME, body), LONG_AGO)
        return {each.title: each for each in found}

    answer: dict[str, Replayed] = office.read("admin", work)
    return answer


def past(office: Office) -> None:
    """A small one approved, a large one rejected by finance, a tiny one recalled."""
    small = office.submit("clerk", office.make("clerk", "small", amount=SMALL))
    office.approve("boss", small)
    large = office.submit("clerk", office.make("clerk", "large", amount=LARGE))
    office.approve("boss", large)
    no = Reject(entry=office.entry("fay", large), by=office.id("fay"), opinion="too dear")
    office.act("fay", large, no)
    tiny = office.submit("clerk", office.make("clerk", "tiny", amount=1500))
    office.act("clerk", tiny, Recall(by=office.id("clerk")))


def test_whose_way_is_another_on_a_draft(office: Office) -> None:
    """Entered, other people, another end; the one that both leave alone differs in nothing. Nothing is written."""
    past(office)
    before = left(office)
    found = told(office, draft_of(office))
    assert left(office) == before
    assert set(found) == {"small", "large", "tiny"}
    assert (found["small"].entered, found["small"].skipped, found["small"].others) == (("joint",), (), ())
    assert found["large"].others == ("joint",) and not found["large"].entered
    assert (found["large"].before.ends, found["large"].after.ends) == ("rejected", "approved")  # Flo had not said no
    assert not found["tiny"].differs
    same = draft_of(office)
    same["nodes"]["size"]["branches"][0]["when"] = "amount >= 10000"
    same["nodes"]["joint"]["approvers"] = [{"key": "money", "role": "finance"}]
    assert not any(each.differs for each in told(office, same).values())


def left(office: Office) -> list[int]:
    """How much there is of all that an approval leaves."""
    every = (instances, acts, tasks, snapshots, history, outbox)
    with office.company.read(SYSTEM) as unit:
        return [int(unit.connection.scalar(select(func.count()).select_from(each)) or 0) for each in every]


def test_the_values_of_then_count_and_faults_are_named(office: Office) -> None:
    """What was changed after the end does not; a draft with a fault, or asked by others, is refused."""
    past(office)
    (small,) = (each for each in office.tasks("clerk", "mine").rows if each.title == "small")
    office.change("clerk", small.record, note="later")
    office.write("", lambda unit: unit.records.save([_cheaper(small.record)]))
    assert told(office, draft_of(office))["small"].entered == ("joint",)
    with pytest.raises(MetadataError):
        told(office, draft_of(office, first="nowhere"))
    with pytest.raises(Forbidden):
        office.read("boss", lambda unit: list(replaying.replay(unit, NAME, definitions.in_force(unit, NAME), LONG_AGO)))


def _cheaper(id: str) -> Any:
    from dougong.engine.saving.batch import Update

    return Update("purchase", id, {"amount": 1})


def test_many_are_replayed_in_few_statements(office: Office) -> None:
    """Twice as many take no more statements: records and snapshots come by the chunk, people once."""

    def count(unit: Unit) -> int:
        draft = replaying.of_document(unit, NAME, draft_of(office))
        with statements_of(unit.connection) as seen:
            assert all(each.differs for each in replaying.replay(unit, NAME, draft, LONG_AGO))
        return len(seen)

    counts = []
    for name in ("one", "two"):
        for number in range(4):
            office.submit("clerk", office.make("clerk", f"{name} {number}", amount=SMALL))
        counts.append(office.read("admin", count))
    assert counts[1] <= counts[0] + 2


def test_figures_of_a_process(desk: Desk) -> None:
    """Asked and decided, rejected, sent back and again; who is waited for; a page that only the entitled see."""
    office = desk.office
    past(office)
    again = asked(desk, LARGE, "again")
    office.act("boss", again, SendBack(entry=office.entry("boss", again), by=office.id("boss"), opinion="why"))
    office.act("clerk", again, Resubmit(by=office.id("clerk"), then="again"))
    found = office.read("admin", lambda unit: analysing.figures(unit, NAME, LONG_AGO))
    assert (found.begun, found.again, dict(found.ended)) == (
        4, 1, {"approved": 1, "rejected": 1, "recalled": 1, "open": 1},
    )  # fmt: skip
    boss, joint = (next(each for each in found.steps if each.node == key) for key in ("boss", "joint"))
    assert (boss.asked, boss.decided, boss.sent_back, boss.rejected) == (5, 3, 1, 0)
    assert (joint.asked, joint.decided, joint.rejected) == (3, 1, 1)
    first = found.people[0]
    assert (first.person.name, first.open, first.decided) == ("Boss", 1, 3)
    with pytest.raises(Forbidden):
        office.read("boss", lambda unit: analysing.figures(unit, NAME, LONG_AGO))
    page = desk.get("admin", f"/approvals/of/{NAME}/figures")
    assert page.status_code == 200 and "Finance together" in page.text and "<meter" in page.text
    assert desk.get("boss", f"/approvals/of/{NAME}/figures").status_code == 403


def test_the_page_replays_a_draft_and_gives_it_as_csv(desk: Desk) -> None:
    """A designer's own draft; without one, what is in force changes nothing."""
    office = desk.office
    past(office)

    def work(unit: Unit) -> str:
        draft = drafts.create(unit, "cheaper")
        now = next(each for each in drafts.tree(unit, draft).of_kind("approval") if each.name == NAME)
        return drafts.edit(unit, draft, put=[type(now)(now.kind, now.name, draft_of(office), now.layer)]).id

    draft = office.write("admin", work)
    path = f"/approvals/of/{NAME}/replay"
    assert "0 of 3 would have gone another way." in desk.get("admin", f"{path}?draft=now").text
    page = desk.get("admin", f"{path}?draft={draft}").text
    assert "2 of 3 would have gone another way." in page and "enters Finance together" in page
    lines = desk.get("admin", f"{path}?draft={draft}&as=csv").text.splitlines()
    assert len(lines) == 3 and any(",small," in each and ",joint," in each for each in lines)
