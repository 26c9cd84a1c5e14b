"""Runs: set off by changes, once per batch; each step once; what fails is split off and can be resumed."""

from __future__ import annotations

from sqlalchemy import select

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Query
from dougong.engine.saving.batch import Create, Delete, Update
from dougong.workflows.automations import runs
from dougong.workflows.notices.tables import notices
from tests.companies import ADMINISTRATOR, person
from tests.workflows.automations.conftest import all_runs, change, make, press, values, work


def test_before_save_sets_values_in_the_same_write(desk: Company) -> None:
    """What is set while saving is in the record at once, in one version, with no run."""
    id = make(desk, "ticket", name="One", amount="2000")
    assert values(desk, "ticket", id)["level"] == "high"
    change(desk, "ticket", id, amount="5")
    with desk.read(SYSTEM) as unit:
        found = unit.records.get("ticket", id)
    assert (found.values["level"], found.version) == ("low", 2)
    assert all_runs(desk) == []


def test_before_save_listens_to_what_changed(desk: Company) -> None:
    """Where the condition does not hold, nothing is set: a level that somebody typed stays."""
    id = make(desk, "ticket", name="One", amount="2000")
    change(desk, "ticket", id, level="mine")
    assert values(desk, "ticket", id)["level"] == "mine"


def test_one_run_for_a_batch(desk: Company) -> None:
    """A batch of many records is one run of those that the condition holds for, with every step done for them."""
    li = person(desk, "li", ADMINISTRATOR)
    ids = [make(desk, "ticket", name=f"T{n}", amount=str(n), owner=li.user_id) for n in range(4)]
    changes = [Update("ticket", id, {"status": "won" if n < 3 else "lost"}) for n, id in enumerate(ids)]
    desk.write(li, lambda unit: unit.records.save(changes))
    work(desk)
    (run,) = all_runs(desk)
    assert (run.status, set(run.records), run.event, run.actor_id) == ("done", set(ids[:3]), "change", li.user_id)
    assert [values(desk, "ticket", id)["note"] for id in ids] == ["won: T0", "won: T1", "won: T2", None]
    with desk.read(SYSTEM) as unit:
        rows = unit.records.query(Query(object="entry", columns=("name", "ticket", "about"))).rows
        told = unit.connection.execute(select(notices.c.user_id, notices.c.title, notices.c.record)).all()
    assert {(row.values[0], row.values[1].id, row.values[2].object) for row in rows} == {
        (f"won {n}", ids[n], "ticket") for n in range(3)
    }
    assert {(each.user_id, each.title["zh-CN"], each.record) for each in told} == {
        (li.user_id, f"赢单：T{n}", ids[n]) for n in range(3)
    }


def test_the_same_value_again_sets_nothing_off(desk: Company) -> None:
    """The condition sees what was: a deal that stays won is not won again."""
    id = make(desk, "ticket", name="One", status="won")
    change(desk, "ticket", id, name="Two")
    assert all_runs(desk) == []


def test_history_names_the_automation(desk: Company) -> None:
    """A record says which automation changed it."""
    from dougong.engine.tables import history

    id = make(desk, "ticket", name="One")
    change(desk, "ticket", id, status="won")
    work(desk)
    with desk.read(SYSTEM) as unit:
        last = unit.connection.execute(
            select(history.c.channel, history.c.why).where(history.c.record_id == id).order_by(history.c.id.desc())
        ).first()
    assert last is not None
    assert tuple(last) == ("workflow", "Won")


def test_a_deleted_record_is_still_read(desk: Company) -> None:
    """An automation of deletion reads what the record held."""
    ids = [make(desk, "ticket", name="Old"), make(desk, "ticket", name="quiet")]
    desk.write(SYSTEM, lambda unit: unit.records.save([Delete("ticket", id) for id in ids]))
    work(desk)
    with desk.read(SYSTEM) as unit:
        rows = unit.records.query(Query(object="client", columns=("name",))).rows
    assert [row.values[0] for row in rows] == ["was Old"]


def test_branches_and_loops(desk: Company) -> None:
    """Each record goes its way; a loop does its steps for what belongs to it, as far as its condition takes it."""
    big, small = make(desk, "ticket", name="Big", amount="500"), make(desk, "ticket", name="Small", amount="3")
    lost = make(desk, "ticket", name="Lost", status="lost")
    entries = [make(desk, "entry", name=f"E{n}", ticket=small, hours=str(n)) for n in (1, 2, 9)]
    press(desk, "ticket.sort", big, small, lost)
    assert [values(desk, "ticket", id)["reminded"] for id in (big, small, lost)] == ["big", "small", None]
    assert [values(desk, "entry", id)["name"] for id in entries] == ["Small/E1", "Small/E2", "E9"]
    assert [run.status for run in all_runs(desk)] == ["done"]


def test_a_loop_has_a_bound(desk: Company) -> None:
    """A record with more than the loop may go over fails there with a clear message; the others go on."""
    ids = [make(desk, "ticket", name=name, amount="50") for name in ("Many", "Few")]
    for n in range(4):
        make(desk, "entry", name=f"M{n}", ticket=ids[0], hours="1")
    few = make(desk, "entry", name="F", ticket=ids[1], hours="1")
    press(desk, "ticket.sort", *ids)
    done, failed = sorted(all_runs(desk), key=lambda run: run.status)
    assert (done.status, done.records, failed.status, failed.records) == ("done", (ids[1],), "failed", (ids[0],))
    assert failed.error is not None
    assert failed.error["problems"][0]["code"] == "loop-too-long"
    assert values(desk, "entry", few)["name"] == "Few/F"


def test_related_records_are_updated(desk: Company) -> None:
    """An update changes what belongs to the record; formulas there know the record as $Record."""
    client = make(desk, "client", name="Wu")
    ids = [make(desk, "ticket", name=str(n), client=client, status=state) for n, state in enumerate(("open", "lost"))]
    press(desk, "client.visited", client)
    assert [values(desk, "ticket", id)["note"] for id in ids] == ["visited by Wu", None]


def test_what_fails_can_be_resumed(desk: Company) -> None:
    """A run that a rule refuses fails with the rule's message; mended, it goes on where it stopped."""
    id = make(desk, "ticket", name="bad")
    change(desk, "ticket", id, status="won")
    work(desk)
    (failed,) = all_runs(desk)
    assert failed.error is not None
    assert (failed.status, failed.error["problems"][0]["text"]["zh-CN"]) == ("failed", "备注不合规")
    change(desk, "ticket", id, name="good")
    assert desk.write(SYSTEM, lambda unit: runs.resume(unit, failed.id))
    work(desk)
    assert [run.status for run in all_runs(desk)] == ["done"]
    assert values(desk, "ticket", id)["note"] == "won: good"


def test_one_failure_of_many_in_one_run(desk: Company) -> None:
    """What was done for the others stays done once, and the failed run knows the steps before the failure."""
    ids = [make(desk, "ticket", name="bad" if n == 1 else f"T{n}") for n in range(7)]
    change(desk, "ticket", *ids, status="won")
    work(desk)
    good, bad = sorted(all_runs(desk), key=lambda run: run.status)
    assert (good.status, set(good.records)) == ("done", set(ids) - {ids[1]})
    assert (bad.status, bad.records, bad.cause) == ("failed", (ids[1],), good.id)
    change(desk, "ticket", ids[1], name="T1")
    desk.write(SYSTEM, lambda unit: runs.resume(unit, bad.id))
    work(desk)
    with desk.read(SYSTEM) as unit:
        counted = unit.records.count(Query(object="entry"))
    assert counted.number == 7


def test_limits_per_record_and_day(desk: Company) -> None:
    """No more runs for one record on one day than stated; other records are not held back."""
    ids = [make(desk, "ticket", name=name, amount="0") for name in "ab"]
    for _ in range(4):
        press(desk, "ticket.once", ids[0])
    press(desk, "ticket.once", *ids)
    assert [values(desk, "ticket", id)["amount"] for id in ids] == [2, 1]


def test_a_step_is_done_once_however_often_its_run_is_begun(desk: Company) -> None:
    """A run that is begun anew goes on after the last note: nothing is done twice."""
    id = make(desk, "ticket", name="One", amount="1")
    press(desk, "ticket.once", id)
    (run,) = all_runs(desk)
    with desk.read(SYSTEM) as unit:
        automation = unit.runtime.model.workflows.automations["ticket.once"]
    runs.Execution(desk, run, automation, {}).go()
    assert values(desk, "ticket", id)["amount"] == 2


def test_objects_without_automations_are_not_looked_at(desk: Company) -> None:
    """The plugin tells that it does nothing with them, so that saving reads less."""
    hooks, model = desk.hooks, desk.runtime().model
    assert all(hooks.indifferent(model=model, object_name="activity", fields={"subject"}))
    assert not all(hooks.indifferent(model=model, object_name="ticket", fields={"subject"}))


def test_new_records_are_created(desk: Company) -> None:
    """Records of one batch may be made together; each has its level."""
    made = desk.write(SYSTEM, lambda unit: unit.records.save([Create("ticket", {"name": str(n)}) for n in range(3)]))
    assert {values(desk, "ticket", each.id)["level"] for each in made.changes} == {"low"}
