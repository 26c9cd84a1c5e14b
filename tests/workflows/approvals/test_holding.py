"""What open approvals hold, what gates wait for, and what later edits of bound values bring about: on every path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from dougong.base.errors import DougongError, NotFound, Rejected
from dougong.engine.actor import SYSTEM, Channel
from dougong.engine.query import Condition, Page, Query
from dougong.engine.saving.batch import Change, Create, Delete, Update
from dougong.engine.unit import Unit
from dougong.workflows.approvals import gates, service
from dougong.workflows.approvals.state import Recall, Reject, Resubmit, SendBack
from tests.workflows.approvals.conftest import LARGE, SMALL, Office

CHANGES: dict[str, Callable[[str], Change]] = {
    "update": lambda id: Update("purchase", id, {"amount": 9}),
    "computed company amount": lambda id: Update("purchase", id, {"amount": "7000"}),
    "delete": lambda id: Delete("purchase", id),
    "new line": lambda id: Create("purchase_line", {"purchase": id, "item": "pens"}),
}


CHANNELS: tuple[Channel, ...] = ("form", "inline", "bulk", "api", "import", "conversion", "workflow", "undo")


def test_a_record_in_approval_is_locked_on_every_path(office: Office) -> None:
    """Whoever owns it, by whichever channel: refused with who holds it and until when; a free field may change."""
    purchase = office.make("clerk", amount=SMALL)
    office.submit("clerk", purchase)
    for channel in CHANNELS:
        for name, change in CHANGES.items():
            with pytest.raises(DougongError) as refused:
                _save(office, channel, change(purchase))
            told = [str(each.reason) for each in refused.value.problems if each.code == "record-locked"]
            assert told and "Boss" in told[0] and "until 20" in told[0], (channel, name)
        _save(office, channel, Update("purchase", purchase, {"note": channel}))
        assert office.values(purchase)["note"] == channel


def _save(office: Office, channel: Channel, change: Change) -> None:
    """As the clerk, by a channel."""
    office.company.write(replace(office.who["clerk"], channel=channel), lambda unit: unit.records.save([change]))


def test_the_platform_itself_is_held_as_well(office: Office) -> None:
    """What acts as the system does not slip through."""
    purchase = office.make("clerk", amount=SMALL)
    office.submit("clerk", purchase)
    with pytest.raises(Rejected):
        office.company.write(SYSTEM, lambda unit: unit.records.save([Update("purchase", purchase, {"amount": 1})]))


def test_the_lock_goes_with_the_approval(office: Office) -> None:
    """Recalled, sent back or ended: nothing is left behind."""
    purchase = office.make("clerk", amount=SMALL)
    running = office.submit("clerk", purchase)
    office.act("boss", running, SendBack(entry=office.entry("boss", running), by=office.id("boss"), opinion="why"))
    office.change("clerk", purchase, amount=6000)
    office.act("clerk", running, Resubmit(by=office.id("clerk")))
    with pytest.raises(Rejected):
        office.change("clerk", purchase, amount=7000)
    office.act("clerk", running, Recall(by=office.id("clerk")))
    office.change("clerk", purchase, amount=8000)


def test_an_approver_may_edit_what_the_node_says_and_no_more(office: Office) -> None:
    """The record is lent to them while they decide; what they change is part of what is approved."""
    purchase = office.make("clerk", amount=LARGE)
    running = office.submit("clerk", purchase)
    with pytest.raises(NotFound):
        office.read("fay", lambda unit: unit.records.get("purchase", purchase))
    with pytest.raises(DougongError):
        office.change("boss", purchase, cost_code="A")
    office.approve("boss", running)
    office.read("fay", lambda unit: unit.records.get("purchase", purchase))
    office.change("fay", purchase, cost_code="A7", discount="5")
    with pytest.raises(Rejected):
        office.change("fay", purchase, amount=1)
    with pytest.raises(DougongError):
        office.change("boss", purchase, cost_code="B")
    for login in ("fay", "finn", "flo"):
        office.approve(login, running)
    with pytest.raises(DougongError):
        office.change("fay", purchase, cost_code="C")
    assert office.values(purchase)["discount"] == Decimal(5)
    office.change("clerk", purchase, stage="ordered")


def test_copies_lend_the_record(office: Office) -> None:
    """Who was sent a copy may read the record, not change it; strangers may not."""
    purchase = office.make("clerk", amount=LARGE)
    running = office.submit("clerk", purchase)
    for login in ("boss", "fay", "finn", "flo"):
        office.approve(login, running)
    office.read("aud", lambda unit: unit.records.get("purchase", purchase))
    assert [row.id for row in office.read("aud", _listed).rows] == [purchase]
    assert not office.read("stranger", _listed).rows
    with pytest.raises(DougongError):
        office.change("aud", purchase, note="seen")


def _listed(unit: Unit) -> Page:
    return unit.records.query(Query(object="purchase", columns=("name",)))


# -- gates ------------------------------------------------------------------------------------------------------------
def test_a_stage_waits_for_its_approval(office: Office) -> None:
    """Where the condition holds the move is refused, with what is needed; once approved as it is, it goes."""
    purchase, cheap = office.make("clerk", amount=SMALL), office.make("clerk", amount=10)
    move = Update("purchase", purchase, {"stage": "ordered"})
    _save(office, "form", Update("purchase", cheap, {"stage": "ordered"}))
    for channel in CHANNELS:
        with pytest.raises(Rejected) as refused:
            _save(office, channel, move)
        assert [each.code for each in refused.value.problems] == ["approval-needed"], channel
    running = office.submit("clerk", purchase)
    office.approve("boss", running)
    _save(office, "form", move)
    assert office.values(purchase)["stage"] == "ordered"


def test_automations_wait_at_gates_and_the_platform_does_not(office: Office) -> None:
    """As the system as well; what one makes behind a gate is in review, submitted by its owner."""
    purchase = office.make("clerk", amount=SMALL)
    moved = Update("purchase", purchase, {"stage": "ordered"})
    made = Create("supplier", {"name": "odd", "risky": True, "owner": office.id("clerk")})
    automation = replace(SYSTEM, channel="workflow")
    with pytest.raises(Rejected) as refused:
        office.company.write(automation, lambda unit: unit.records.save([moved]))
    assert [each.code for each in refused.value.problems] == ["approval-needed"]
    odd = office.company.write(automation, lambda unit: unit.records.save([made])).changes[0].id
    assert office.values(odd, "supplier")["life_status"] == "in_review"
    assert [(row.record, row.initiator.name) for row in office.tasks("fay").rows] == [(odd, "Clerk")]

    def decided(unit: Unit) -> None:
        with gates.deciding(unit):
            unit.records.save([moved])

    office.company.write(automation, decided)
    assert office.values(purchase)["stage"] == "ordered"
    other = Update("purchase", office.make("clerk", "other", amount=SMALL), {"stage": "ordered"})
    office.company.write(SYSTEM, lambda unit: unit.records.save([other]))


def test_what_was_approved_lapses_with_a_later_edit(office: Office) -> None:
    """Approve, then rewrite: the approval no longer opens the gate, and its initiator is told."""
    purchase = office.make("clerk", amount=SMALL)
    running = office.submit("clerk", purchase)
    office.approve("boss", running)
    office.change("clerk", purchase, note="free")
    office.change("clerk", purchase, amount=9000)
    assert "lapsed" in [each.act for each in office.look("clerk", running).acts]
    with pytest.raises(Rejected, match="approval"):
        office.change("clerk", purchase, stage="ordered")
    office.change("clerk", purchase, amount=SMALL)
    office.change("clerk", purchase, stage="ordered")


def test_a_line_is_bound_with_its_document(office: Office) -> None:
    """Another line after the approval closes the gate again."""
    purchase = office.make("clerk", amount=SMALL)
    running = office.submit("clerk", purchase)
    office.approve("boss", running)
    line = Create("purchase_line", {"purchase": purchase, "item": "gold"})
    office.write("clerk", lambda unit: unit.records.save([line]))
    assert "lapsed" in [each.act for each in office.look("clerk", running).acts]
    with pytest.raises(Rejected):
        office.change("clerk", purchase, stage="ordered")


def test_a_gated_change_is_carried_by_its_approval(office: Office) -> None:
    """Old and new are seen; it happens when it is approved, and not when it is rejected."""
    purchase = office.make("clerk", amount=10)
    wanted = Update("purchase", purchase, {"reviewer": office.id("aud")})
    with pytest.raises(Rejected) as refused:
        office.write("clerk", lambda unit: unit.records.save([wanted]))
    assert [(each.code, each.place.field) for each in refused.value.problems] == [("approval-needed", "reviewer")]
    running = office.submit("clerk", purchase, "purchase.change", change=wanted)
    seen = office.look("fay", running)
    assert [(each.field, each.old, each.new) for each in seen.changes] == [("reviewer", None, office.id("aud"))]
    office.act("fay", running, Reject(entry=office.entry("fay", running), by=office.id("fay"), opinion="no"))
    assert office.values(purchase)["reviewer"] is None
    running = office.submit("clerk", purchase, "purchase.change", change=wanted)
    office.approve("finn", running)
    assert office.values(purchase)["reviewer"].id == office.id("aud")


def test_a_gated_deletion_is_carried_by_its_approval(office: Office) -> None:
    """The record goes when the deletion is approved."""
    purchase = office.make("clerk", amount=10)
    gone = Delete("purchase", purchase)
    with pytest.raises(Rejected):
        office.write("clerk", lambda unit: unit.records.save([gone]))
    running = office.submit("clerk", purchase, "purchase.change", change=gone)
    assert office.approve("flo", running).status == "approved"
    with pytest.raises(NotFound):
        office.values(purchase)


def test_what_is_made_behind_a_gate_is_in_review(office: Office) -> None:
    """It counts nowhere until it is approved; rejected it is a draft, and submitted again from there."""
    actor = replace(office.who["clerk"], channel="import")
    made = [Create("supplier", {"name": "good"}), Create("supplier", {"name": "odd", "risky": True})]
    good, odd = (each.id for each in office.company.write(actor, lambda unit: unit.records.save(made)).changes)
    assert office.values(odd, "supplier")["life_status"] == "in_review"
    assert office.values(good, "supplier")["life_status"] == "draft"
    (row,) = office.tasks("fay").rows
    assert row.record == odd
    office.act("fay", row.instance, Reject(entry=str(row.entry), by=office.id("fay"), opinion="who is that"))
    assert office.values(odd, "supplier")["life_status"] == "draft"
    with pytest.raises(Rejected):
        office.change("clerk", odd, "supplier", life_status="effective")
    running = office.submit("clerk", odd, "supplier.new")
    assert office.values(odd, "supplier")["life_status"] == "in_review"
    office.approve("finn", running)
    assert office.values(odd, "supplier")["life_status"] == "effective"
    office.change("clerk", good, "supplier", life_status="effective")


def test_what_is_in_review_counts_nowhere_and_is_chosen_nowhere(office: Office) -> None:
    """Who made it and who decides see it; roll-ups leave it out and lookups refuse it, until it is approved."""
    group = office.make("clerk", "group", "supplier", life_status="effective")
    odd = office.make("clerk", "odd", "supplier", risky=True, parent=group)
    for login, seen in (("clerk", 2), ("fay", 1), ("stranger", 0)):
        page = office.read(login, lambda unit: unit.records.query(Query(object="supplier", columns=("name",))))
        assert len(page.rows) == seen, login
    assert office.values(group, "supplier")["members"] == 0
    with pytest.raises(Rejected) as refused:
        office.make("clerk", supplier=odd)
    assert [each.code for each in refused.value.problems] == ["lookup-not-effective"]
    (row,) = office.tasks("fay").rows
    office.approve("fay", row.instance)
    assert office.values(group, "supplier")["members"] == 1
    office.make("clerk", supplier=odd)


def test_a_stage_is_guarded_by_the_approval_that_its_path_names(office: Office) -> None:
    """Where the approval's condition holds nobody comes there before, by a form or by a change of many."""
    dear, plain = office.make("clerk", discount="0.6"), office.make("clerk", discount="0.1")
    _save(office, "bulk", Update("purchase", plain, {"stage": "closed"}))
    for channel in CHANNELS:
        with pytest.raises(Rejected) as refused:
            _save(office, channel, Update("purchase", dear, {"stage": "closed"}))
        assert [each.code for each in refused.value.problems] == ["approval-needed"], channel
        assert "Closing" in str(refused.value)
    running = office.submit("clerk", dear, "purchase.closing")
    office.approve("finn", running)
    _save(office, "bulk", Update("purchase", dear, {"stage": "closed"}))
    assert office.values(dear)["stage"] == "closed"


def test_what_nobody_can_approve_is_not_made(office: Office) -> None:
    """A record whose approval would wait for nobody is refused as a whole."""
    gone = [Update("user", office.id(login), {"active": False}) for login in ("fay", "finn", "flo")]
    office.write("admin", lambda unit: unit.records.save(gone))
    with pytest.raises(Rejected):
        office.make("clerk", "odd", "supplier", risky=True)
    assert not office.read("clerk", lambda unit: unit.records.query(Query(object="supplier"))).rows


def test_one_row_that_nobody_can_approve_is_left_out_of_an_import(office: Office) -> None:
    """The others of its batch are saved, and its problem stands at its row."""
    gone = [Update("user", office.id(login), {"active": False}) for login in ("fay", "finn", "flo")]
    office.write("admin", lambda unit: unit.records.save(gone))
    actor = replace(office.who["clerk"], channel="import")
    made = [Create("supplier", {"name": each, "risky": each == "odd"}) for each in ("good", "odd", "fine")]
    saved = office.company.write(actor, lambda unit: unit.records.save(made, partial=True))
    assert [each.row for each in saved.changes] == [1, 3]
    assert {each.place.row for each in saved.problems} == {2}
    found = office.read("clerk", lambda unit: unit.records.query(Query(object="supplier", columns=("name",)))).rows
    assert {each.values[0] for each in found} == {"good", "fine"}


def test_a_later_edit_begins_an_approval_of_the_change_and_rejection_restores(office: Office) -> None:
    """Reopen: old and new are seen, and where it is rejected what was approved stands again."""
    supplier = office.make("clerk", "odd", "supplier", risky=True, limit=100)
    (first,) = office.tasks("fay").rows
    office.approve("fay", first.instance)
    office.change("clerk", supplier, "supplier", limit=900)
    (second,) = office.tasks("fay").rows
    assert second.instance != first.instance
    seen = office.look("fay", second.instance)
    assert [(each.field, each.old, each.new) for each in seen.changes] == [("limit", "100.00", "900.00")]
    with pytest.raises(Rejected):
        office.change("clerk", supplier, "supplier", limit=5)
    office.act("fay", second.instance, Reject(entry=str(second.entry), by=office.id("fay"), opinion="no"))
    assert office.values(supplier, "supplier")["limit"] == Decimal(100)


def lines_of(office: Office, purchase: str) -> dict[str, tuple[Any, Any]]:
    """Item and pieces of the lines of a purchase, by id."""
    asked = Query(
        object="purchase_line", columns=("item", "pieces"), where=Condition("purchase", "is", purchase), limit=9
    )
    rows = office.read("", lambda unit: unit.records.query(asked)).rows
    return {row.id: (row.values[0], row.values[1]) for row in rows}


@pytest.mark.parametrize("end", ["rejected", "recalled", "approved"])
def test_lines_are_as_they_were_approved_unless_their_change_is(office: Office, end: str) -> None:
    """One changed, one deleted, one added: all of it is taken back where the approval of that does not come about."""
    purchase = office.make("clerk", discount="0.6")
    made = [Create("purchase_line", {"purchase": purchase, "item": each, "pieces": 3}) for each in ("ink", "pens")]
    ink, pens = (each.id for each in office.write("clerk", lambda unit: unit.records.save(made)).changes)
    office.approve("finn", office.submit("clerk", purchase, "purchase.closing"))
    before = lines_of(office, purchase)
    changes = [
        Update("purchase_line", ink, {"item": "gold", "pieces": None}),
        Delete("purchase_line", pens),
        Create("purchase_line", {"purchase": purchase, "item": "silver"}),
    ]
    office.write("clerk", lambda unit: unit.records.save(changes))
    after = lines_of(office, purchase)
    assert after.keys() & before.keys() == {ink} and after[ink] == ("gold", None)
    (row,) = office.tasks("fay").rows
    seen = office.look("fay", row.instance)
    assert sorted(each.what for each in seen.line_changes) == ["added", "changed", "removed"]
    assert sorted(each.title for each in seen.lines) == ["gold", "silver"]
    if end == "approved":
        office.approve("fay", row.instance)
    elif end == "rejected":
        for each in sorted(office.waiting(row.instance)):
            no = Reject(entry=office.entry(each, row.instance), by=office.id(each), opinion="no")
            office.act(each, row.instance, no)
    else:
        office.act("clerk", row.instance, Recall(by=office.id("clerk")))
    assert lines_of(office, purchase) == (after if end == "approved" else before)


def test_whoever_comments_is_heard(office: Office) -> None:
    """A comment is in the log and decides nothing; an empty one is refused."""
    running = office.submit("clerk", office.make("clerk", amount=SMALL))
    office.write("boss", lambda unit: service.comment(unit, running, "why now?"))
    with pytest.raises(Rejected):
        office.write("boss", lambda unit: service.comment(unit, running, "  "))
    assert office.look("clerk", running).acts[-1].opinion == "why now?"
    assert office.waiting(running) == {"boss"}
