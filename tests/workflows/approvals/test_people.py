"""People who are away, who leave, who act at the same moment; time limits; definitions that change meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from dougong.base.errors import DougongError, Forbidden, Rejected
from dougong.engine import jobs, outbox, tables
from dougong.engine.actor import SYSTEM
from dougong.engine.saving.batch import Update
from dougong.engine.unit import Unit
from dougong.workflows.approvals import carrying, delegating, service, timers
from dougong.workflows.approvals.state import Act, Approve, Recall, Reject, Rescue
from dougong.workflows.approvals.tables import delegations
from dougong.workflows.approvals.world import CompanyWorld
from tests.engine.statements import statements_of
from tests.workflows.approvals.conftest import LARGE, SMALL, Office

TODAY = datetime.now(UTC).date()
WEEK = timedelta(days=7)


def test_whoever_is_away_is_stood_in_for(office: Office) -> None:
    """By the delegate in their own record, within its dates; the log says for whom."""
    away = {"absent_from": TODAY - WEEK, "absent_until": TODAY + WEEK, "delegate": office.id("stranger")}
    office.write("admin", lambda unit: unit.records.save([Update("user", office.id("boss"), away)]))
    running = office.submit("clerk", office.make("clerk", amount=SMALL))
    assert office.waiting(running) == {"stranger"}
    (row,) = office.tasks("stranger").rows
    assert row.stands_for is not None and row.stands_for.name == "Boss"
    seen = office.approve("stranger", running)
    assert seen.acts[-1].stands_for is not None and seen.acts[-1].stands_for.name == "Boss"


def test_a_delegation_is_for_a_time_an_object_and_an_amount(office: Office) -> None:
    """The narrowest that fits decides; one that has ended, is over or is for something else does not."""
    boss, top, aud = office.id("boss"), office.id("top"), office.id("aud")

    def delegate(to: str, since: date = TODAY, until: date = TODAY, **scope: object) -> str:
        return str(office.write("boss", lambda unit: delegating.delegate(unit, boss, to, since, until, **scope)))

    over = delegate(aud)
    gone_by = {"since": TODAY - 2 * WEEK, "until": TODAY - WEEK}
    office.write(
        "",
        lambda unit: (
            unit.connection.execute(update(delegations).values(gone_by).where(delegations.c.id == over)) and None
        ),
    )
    delegate(aud, object_name="supplier")
    small = delegate(top, object_name="purchase", up_to=Decimal(6000))
    for amount, expected in ((5000, "top"), (7000, "boss")):
        assert office.waiting(office.submit("clerk", office.make("clerk", amount=amount))) == {expected}
    office.write("boss", lambda unit: delegating.end(unit, small))
    assert office.waiting(office.submit("clerk", office.make("clerk", amount=5000))) == {"boss"}
    with pytest.raises(Forbidden):
        office.write("clerk", lambda unit: delegating.delegate(unit, boss, top, TODAY, TODAY))
    with pytest.raises(Rejected) as refused:
        office.write("boss", lambda unit: delegating.delegate(unit, boss, boss, TODAY, TODAY - WEEK))
    assert len(refused.value.problems) == 2
    assert len(office.read("boss", lambda unit: delegating.delegations_of(unit, boss))) == 1


def test_what_waits_for_a_leaver_is_given_to_others(office: Office) -> None:
    """All of it, by a job; the trail keeps who it waited for."""
    running = [office.submit("clerk", office.make("clerk", f"no. {each}", amount=SMALL)) for each in range(4)]
    office.write("admin", lambda unit: unit.records.save([Update("user", office.id("boss"), {"active": False})]))
    jobs.run_due(office.company)
    for each in running:
        assert office.waiting(each) and "boss" not in office.waiting(each)
        assert office.id("boss") in {entry.person for visit in _visits(office, each) for entry in visit.entries}
    assert not office.tasks("boss").rows


def _visits(office: Office, running: str):  # type: ignore[no-untyped-def]
    return office.look("admin", running).state.visits


def test_a_manager_who_is_gone_is_skipped_and_nobody_decides_on_their_own(office: Office) -> None:
    """The next manager is asked; an approver who is the initiator goes one up."""
    office.write("admin", lambda unit: unit.records.save([Update("user", office.id("boss"), {"frozen": True})]))
    assert office.waiting(office.submit("clerk", office.make("clerk", amount=SMALL))) == {"top"}
    running = office.submit("top", office.make("top", amount=SMALL))
    assert office.waiting(running) == {"aud"}


def test_time_runs_out_and_it_escalates(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job is asked for with the node; done when it is due, by the clock, once."""
    running = office.submit("clerk", office.make("clerk", amount=SMALL))
    assert office.tasks("boss").rows[0].due_at is not None
    asked_for = tables.outbox
    mine = asked_for.c.job == "approval.timeout"
    kinds = office.read(
        "", lambda unit: [each["kind"] for each in unit.connection.scalars(select(asked_for.c.payload).where(mine))]
    )
    assert sorted(kinds) == ["due", "remind"]
    earlier = update(asked_for).where(mine).values(run_at=datetime.now(UTC) - timedelta(seconds=1))
    office.write("", lambda unit: unit.connection.execute(earlier) and None)
    monkeypatch.setattr(CompanyWorld, "now", datetime.now(UTC) + timedelta(days=30))
    jobs.run_due(office.company)
    monkeypatch.undo()
    assert "top" in office.waiting(running)
    acts = [each.act for each in office.look("clerk", running).acts]
    assert acts.count("time_out") == 1
    office.approve("top", running)
    jobs.run_due(office.company)
    assert office.look("clerk", running).status == "approved"


def test_a_reminder_whose_worker_died_before_its_note_reminds_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers with one timer: it fires once, and asks for the next one once."""
    running, its = office.submit("clerk", office.make("clerk", amount=SMALL)), tables.outbox.c

    def reminders() -> list[str]:
        asked = select(its.id, its.payload).where(its.job == "approval.timeout")
        rows = office.read("", lambda unit: unit.connection.execute(asked).all())
        return sorted(row.id for row in rows if row.payload["kind"] == "remind")

    (id,) = reminders()
    later = datetime.now(UTC) + timedelta(days=10)
    task = office.write("", lambda unit: outbox.claim(unit.connection, id, jobs.JOBS, later))
    for days in (10, 11):
        monkeypatch.setattr(CompanyWorld, "now", datetime.now(UTC) + timedelta(days=days))
        timers.run(office.company, task)
    assert len(reminders()) == 2
    assert [each.act for each in office.look("clerk", running).acts].count("remind") == 1


# -- at the same moment -----------------------------------------------------------------------------------------------
def test_of_two_decisions_at_once_one_is_refused(office: Office) -> None:
    """Two windows of one person, and a decision against a recall: one goes through, the other is told why."""
    for both in (_twice, _against_recall):
        running = office.submit("clerk", office.make("clerk", both.__name__, amount=SMALL))
        entry, ready = office.entry("boss", running), threading.Barrier(2)
        outcomes: list[str] = []

        threads = [
            threading.Thread(target=_act_at_once, args=(office, running, ready, outcomes, *each))
            for each in both(office, entry)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert len(outcomes) == 2 and outcomes.count("done") == 1, outcomes
        state = office.look("admin", running)
        assert state.status in ("approved", "rejected", "recalled")
        assert len([each for each in state.acts if each.act != "submit"]) == 1


def _act_at_once(
    office: Office, running: str, ready: threading.Barrier, outcomes: list[str], login: str, act: Act
) -> None:
    ready.wait()
    try:
        office.act(login, running, act)
        outcomes.append("done")
    except DougongError as error:
        outcomes.append(error.problems[0].code)


def _twice(office: Office, entry: str) -> list[tuple[str, Act]]:
    boss = office.id("boss")
    return [("boss", Approve(entry=entry, by=boss)), ("boss", Reject(entry=entry, by=boss, opinion="no"))]


def test_of_several_who_decide_at_the_same_moment_nobody_is_lost(office: Office) -> None:
    """All of finance at once: each decision is there, and the last one ends it."""
    running = office.submit("clerk", office.make("clerk", amount=LARGE))
    office.approve("boss", running)
    ready, outcomes, finance = threading.Barrier(3), list[str](), ("fay", "finn", "flo")
    acts = {login: Approve(entry=office.entry(login, running), by=office.id(login)) for login in finance}
    threads = [
        threading.Thread(target=_act_at_once, args=(office, running, ready, outcomes, *each)) for each in acts.items()
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert outcomes == ["done"] * 3
    seen = office.look("admin", running)
    assert seen.status == "approved" and [each.act for each in seen.acts].count("approve") == 4


def _against_recall(office: Office, entry: str) -> list[tuple[str, Act]]:
    return [("boss", Approve(entry=entry, by=office.id("boss"))), ("clerk", Recall(by=office.id("clerk")))]


def test_what_fails_half_way_leaves_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between an effect and the commit: state, tasks and log are as before, and it can be done again."""
    running = office.submit("clerk", office.make("clerk", amount=LARGE))
    before = office.look("admin", running)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(carrying.telling, "of_effect", killed)
        with pytest.raises(KeyboardInterrupt):
            office.approve("boss", running)
    assert office.look("admin", running) == before
    assert office.tasks("boss").rows and not office.tasks("fay").rows
    office.approve("boss", running)
    assert office.waiting(running) == {"fay", "finn", "flo"}


# -- definitions that change ------------------------------------------------------------------------------------------
def test_an_unreadable_definition_can_be_recalled_or_ended(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the application lacks what a definition names, deciding is refused with the way out; that way works."""
    for login, act in (
        ("clerk", Recall(by=office.id("clerk"))), ("admin", Rescue(by=office.id("admin"), end="cancelled")),
    ):  # fmt: skip
        purchase = office.make("clerk", login, amount=SMALL)
        running = office.submit("clerk", purchase)
        entry = office.entry("boss", running)
        with monkeypatch.context() as patched:
            patched.setattr("dougong.workflows.approvals.definitions.pinned", lambda *_: None)
            with pytest.raises(Rejected, match="recalled"):
                office.act("boss", running, Approve(entry=entry, by=office.id("boss")))
            with pytest.raises(Rejected):
                office.change("clerk", purchase, amount=1)
            assert office.act(login, running, act).ended_at is not None
        office.change("clerk", purchase, amount=1)
        assert not office.tasks("boss").rows


# -- the number of statements -----------------------------------------------------------------------------------------
def test_lists_take_as_many_statements_at_any_length(office: Office) -> None:
    """Two a page, and pages follow one another without a gap or a repetition."""
    running = [office.submit("clerk", office.make("clerk", f"no. {each}", amount=SMALL)) for each in range(3)]
    with office.company.read(office.who["boss"]) as unit:
        few = _statements(unit, lambda: service.tasks(unit, "todo", limit=1))
        many = _statements(unit, lambda: service.tasks(unit, "todo", limit=3))
        assert few == many == 2
        seen, cursor = [], None
        while True:
            page = service.tasks(unit, "todo", cursor, limit=2)
            seen += [row.instance for row in page.rows]
            cursor = page.next
            if cursor is None:
                break
    assert seen == running[::-1]
    for each in running:
        office.approve("boss", each)
    with office.company.read(office.who["boss"]) as unit:
        first = service.tasks(unit, "done", limit=2)
        rest = service.tasks(unit, "done", first.next, limit=2)
    assert [row.instance for row in (*first.rows, *rest.rows)] == running[::-1]
    with pytest.raises(DougongError), office.company.read(SYSTEM) as unit:
        service.tasks(unit, "done", "nonsense")


def _statements(unit: Unit, work: Callable[[], object]) -> int:
    with statements_of(unit.connection) as told:
        work()
    return len(told)
