"""Whole lives of approvals through the service, on both databases."""

from __future__ import annotations

import pytest

from dougong.base.errors import Conflict, DougongError, Forbidden, NotFound, Rejected
from dougong.workflows.approvals import service
from dougong.workflows.approvals.state import (
    Add,
    Approve,
    HandOver,
    Read,
    Recall,
    Reject,
    Rescue,
    Resubmit,
    SendBack,
    TakeBack,
)
from tests.workflows.approvals.conftest import LARGE, SMALL, Office


def test_small_purchase_is_approved_by_the_manager_alone(office: Office) -> None:
    """Submitted, in the manager's list, approved: done there, ended for the buyer."""
    purchase = office.make("clerk", amount=SMALL)
    running = office.submit("clerk", purchase, comment="urgent")
    (row,) = office.tasks("boss").rows
    assert (row.instance, row.title, row.record, row.initiator.name) == (running, "paper", purchase, "Clerk")
    assert office.read("boss", service.todo_count) == 1
    seen = office.approve("boss", running)
    assert seen.status == "approved" and seen.ended_at is not None
    assert [(each.act, each.person and each.person.name, each.opinion) for each in seen.acts] == [
        ("submit", "Clerk", ""), ("comment", "Clerk", "urgent"), ("approve", "Boss", ""),
    ]  # fmt: skip
    assert not office.tasks("boss").rows and office.read("boss", service.todo_count) == 0
    assert [each.status for each in office.tasks("boss", "done").rows] == ["approved"]
    assert [each.status for each in office.tasks("clerk", "mine").rows] == ["approved"]


def test_large_purchase_goes_to_all_of_finance_and_a_copy_to_the_auditor(office: Office) -> None:
    """The condition is asked of the record; all approve; the copy is read."""
    running = office.submit("clerk", office.make("clerk", amount=LARGE))
    office.approve("boss", running)
    assert office.waiting(running) == {"fay", "finn", "flo"}
    for login in ("fay", "finn", "flo"):
        seen = office.approve(login, running)
    assert seen.status == "approved"
    (copied,) = office.tasks("aud", "copied").rows
    assert copied.instance == running and copied.read_at is None
    office.act("aud", running, Read(by=office.id("aud")))
    assert office.tasks("aud", "copied").rows[0].read_at is not None


def test_one_rejection_ends_it(office: Office) -> None:
    """A reason is required; then nobody has anything to do any more."""
    running = office.submit("clerk", office.make("clerk", amount=LARGE))
    office.approve("boss", running)
    entry = office.entry("finn", running)
    with pytest.raises(Rejected):
        office.act("finn", running, Reject(entry=entry, by=office.id("finn")))
    seen = office.act("finn", running, Reject(entry=entry, by=office.id("finn"), opinion="too dear"))
    assert seen.status == "rejected"
    assert not any(office.tasks(login).rows for login in ("fay", "finn", "flo"))


def test_sent_back_changed_and_submitted_again_shows_what_changed(office: Office) -> None:
    """The second round tells old and new; it goes straight back to who sent it back."""
    purchase = office.make("clerk", amount=LARGE)
    running = office.submit("clerk", purchase)
    office.approve("boss", running)
    back = SendBack(entry=office.entry("fay", running), by=office.id("fay"), opinion="cheaper, please")
    assert office.act("fay", running, back).status == "returned"
    office.change("clerk", purchase, amount=15000)
    seen = office.act("clerk", running, Resubmit(by=office.id("clerk"), then="resume"))
    assert seen.round == 2 and seen.changes_of == "round"
    assert [(each.field, each.old, each.new) for each in seen.changes] == [("amount", "20000.00", "15000.00")]
    assert "boss" not in office.waiting(running)


def test_added_handed_over_and_taken_back(office: Office) -> None:
    """Adding, handing over and taking back are in the lists of those concerned."""
    running = office.submit("clerk", office.make("clerk", amount=LARGE))
    entry = office.entry("boss", running)
    office.act("boss", running, Add(entry=entry, by=office.id("boss"), people=(office.id("top"),), where="before"))
    assert office.waiting(running) == {"top"} and not office.tasks("boss").rows
    office.approve("top", running)
    office.approve("boss", running)
    take = TakeBack(entry=entry, by=office.id("boss"))
    assert "take_back" in office.look("boss", running).can
    office.act("boss", running, take)
    assert office.waiting(running) == {"boss"} and not office.tasks("fay").rows
    over = HandOver(entry=office.entry("boss", running), by=office.id("boss"), to=office.id("stranger"))
    office.act("boss", running, over)
    assert office.waiting(running) == {"stranger"}
    office.approve("stranger", running)
    assert office.waiting(running) == {"fay", "finn", "flo"}


def test_recalled_by_its_initiator_alone(office: Office) -> None:
    """Others may not; afterwards it can be submitted anew."""
    purchase = office.make("clerk", amount=SMALL)
    running = office.submit("clerk", purchase)
    with pytest.raises(Forbidden):
        office.act("boss", running, Recall(by=office.id("clerk")))
    with pytest.raises(DougongError):
        office.act("boss", running, Recall(by=office.id("boss")))
    assert office.act("clerk", running, Recall(by=office.id("clerk"))).status == "recalled"
    assert not office.tasks("boss").rows
    office.submit("clerk", purchase)


def test_what_may_not_be_submitted(office: Office) -> None:
    """Too small, refused by name, twice, by others, unknown."""
    small, good = office.make("clerk", amount=10), office.make("clerk", amount=SMALL)
    cursed = office.make("clerk", "cursed", amount=SMALL)
    for purchase, code in ((small, "approval-not-needed"), (cursed, "approval-refused")):
        with pytest.raises(Rejected) as refused:
            office.submit("clerk", purchase)
        assert [each.code for each in refused.value.problems] == [code]
    office.submit("clerk", good)
    with pytest.raises(Rejected, match="runs already"):
        office.submit("clerk", good)
    with pytest.raises(NotFound):
        office.submit("stranger", good)
    with pytest.raises(Forbidden):
        office.submit("admin", office.make("clerk", amount=SMALL))
    with pytest.raises(NotFound):
        office.submit("clerk", good, "purchase.nothing")


def test_strangers_know_nothing(office: Office) -> None:
    """An approval of others and one that does not exist are told alike."""
    running = office.submit("clerk", office.make("clerk", amount=SMALL))
    missing = running[:-4] + ("0000" if not running.endswith("0000") else "1111")

    def told(id: str) -> list[object]:
        found: list[object] = []
        for work in (
            lambda: office.look("stranger", id),
            lambda: office.act("stranger", id, Approve(entry="1.1", by=office.id("stranger"))),
            lambda: office.write("stranger", lambda unit: service.comment(unit, id, "hm")),
        ):
            with pytest.raises(NotFound) as refused:
                work()
            found.append([str(each).replace(id, "…") for each in refused.value.problems])
        return found

    assert told(running) == told(missing) == told("nothing")


def test_decided_twice_and_after_the_end(office: Office) -> None:
    """A second decision, and one after the end, are refused with a clear message."""
    running = office.submit("clerk", office.make("clerk", amount=LARGE))
    decision = Approve(entry=office.entry("boss", running), by=office.id("boss"))
    office.act("boss", running, decision)
    with pytest.raises(Conflict):
        office.act("boss", running, decision)
    office.act("clerk", running, Recall(by=office.id("clerk")))
    with pytest.raises(Conflict, match="has ended"):
        office.act("boss", running, decision)


def test_whoever_saw_an_older_state_is_told_so(office: Office) -> None:
    """With the number that a page showed, an act after somebody else's is refused."""
    running = office.submit("clerk", office.make("clerk", amount=LARGE))
    office.approve("boss", running)
    seen = office.look("fay", running)
    office.approve("finn", running)
    with pytest.raises(Conflict, match="a moment ago"):
        office.act("fay", running, Approve(entry=str(seen.entry), by=office.id("fay")), number=seen.number)


def test_an_administrator_ends_what_nobody_can_end(office: Office) -> None:
    """A rescue needs the right, and is in the log and in the audit log."""
    running = office.submit("clerk", office.make("clerk", amount=SMALL))
    with pytest.raises(Forbidden):
        office.act("boss", running, Rescue(by=office.id("boss"), end="cancelled"))
    seen = office.act("admin", running, Rescue(by=office.id("admin"), end="cancelled", opinion="stuck"))
    assert seen.status == "cancelled" and seen.acts[-1].act == "rescue"


def test_preview_tells_who_would_approve_and_writes_nothing(office: Office) -> None:
    """The same people are asked when it is submitted."""
    purchase = office.make("clerk", amount=LARGE)
    seen = office.read("clerk", lambda unit: service.preview(unit, "purchase.spend", purchase))
    assert [(each.node, {one.name for one in each.people}) for each in seen.stops if each.type == "approve"] == [
        ("boss", {"Boss"}), ("joint", {"Fay", "Finn", "Flo"}),
    ]  # fmt: skip
    assert not seen.refused and not office.tasks("clerk", "mine").rows


def test_what_can_be_started(office: Office) -> None:
    """Only what the record needs, what the person may start, and what does not run yet."""

    def names(login: str, id: str) -> set[str]:
        found = office.read(login, lambda unit: service.startable(unit, "purchase", id))
        return {each.approval for each in found}

    small, large = office.make("clerk", amount=10), office.make("clerk", amount=LARGE)
    assert names("clerk", small) == {"purchase.change"}
    assert names("clerk", large) == {"purchase.change", "purchase.spend"}
    assert names("admin", large) == {"purchase.change"}
    office.submit("clerk", large)
    assert names("clerk", large) == {"purchase.change"}
