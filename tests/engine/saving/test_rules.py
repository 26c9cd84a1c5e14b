"""The rules that a record must keep, each with the field and the code that it is told under."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dougong.base.errors import BadRequest, DougongError, NotFound, Rejected
from dougong.base.ids import record_id
from dougong.engine.saving.batch import Create, Delete, Restore, Update
from tests.engine.saving.conftest import Studio


def refused(work: Any, kind: type[DougongError] = Rejected) -> list[tuple[str | None, str]]:
    with pytest.raises(DougongError) as caught:
        work()
    assert type(caught.value) is kind or isinstance(caught.value, kind)
    for problem in caught.value.problems:
        assert problem.text("en")
        assert problem.text("zh-CN")
    return [(problem.place.field, problem.code) for problem in caught.value.problems]


MISSING: list[tuple[str | None, str]] = [("client", "stage-required"), ("value", "stage-required")]

CREATES: list[tuple[str, str, Mapping[str, Any], list[tuple[str | None, str]]]] = [
    ("required", "client", {"name": ""}, [("name", "required")]),
    ("blank is blank", "client", {"name": "   "}, [("name", "required")]),
    ("subset of the record type", "client", {"name": "A", "level": "c"}, [("level", "choice-record-type")]),
    ("other type, other subset", "client", {"name": "A", "level": "c", "record_type": "person"}, []),
    ("unknown record type", "client", {"name": "A", "record_type": "club"}, [("record_type", "value-not-in-list")]),
    ("dependent value fits", "client", {"name": "A", "region": "north", "city": "harbin"}, []),
    ("and not", "client", {"name": "A", "region": "south", "city": "harbin"}, [("city", "choice-dependent")]),
    ("nothing to depend on", "client", {"name": "A", "city": "harbin"}, [("city", "choice-dependent")]),
    ("retired value", "client", {"name": "A", "region": "north", "city": "peking"}, [("city", "choice-retired")]),
    ("first stage", "job", {"name": "J1", "stage": "idea"}, []),
    ("all", "job", {"stage": "offer"}, [*MISSING, ("name", "required")]),
    ("asks", "job", {"name": "J2", "stage": "offer"}, MISSING),
    ("lost asks why", "job", {"name": "J3", "stage": "lost"}, [("lost_because", "stage-required")]),
    ("forged lookup", "job", {"name": "J4", "client": record_id()}, [("client", "lookup-unknown")]),
    ("no id at all", "job", {"name": "J5", "client": "1 OR 1=1"}, [("client", "reference-not-found")]),
    ("a first life status", "bill", {"reference": "R", "life_status": "void"}, [("life_status", "life-status-first")]),
    ("kept by the system", "client", {"name": "A", "version": 9}, [("version", "field-not-writable")]),
    ("not backdated", "client", {"name": "A", "created_at": "2020-01-01"}, [("created_at", "field-not-writable")]),
    ("a number is given, not typed", "job", {"name": "J6", "number": "J-1"}, [("number", "field-not-writable")]),
]  # fmt: skip


def test_a_new_record_keeps_the_rules(studio: Studio) -> None:
    for case, object_name, values, expected in CREATES:
        if not expected:
            studio.create(object_name, **values)
            continue
        found = refused(lambda name=object_name, given=values: studio.create(name, **given))
        assert sorted(found, key=str) == sorted(expected, key=str), case


def test_a_retired_value_stays_where_it_is(studio: Studio) -> None:
    """Old records keep a value that left the list; it may be said back, not chosen anew."""
    client = studio.create("client", name="A", region="north", city="harbin")
    studio.company.write(
        studio.actor,
        lambda unit: unit.connection.exec_driver_sql("UPDATE client SET city = 'peking'"),
    )
    studio.update("client", client, name="B", city="peking")
    assert studio.get("client", client)["city"] == "peking"


class TestStages:
    def ready(self, studio: Studio, **values: Any) -> str:
        client = studio.create("client", name="A")
        return studio.create("job", name="J", client=client, value=10, **values)

    def test_only_next_stages_follow(self, studio: Studio) -> None:
        job = self.ready(studio, due_on="2026-01-01")
        assert refused(lambda: studio.update("job", job, stage="work")) == [("stage", "stage-step")]
        studio.update("job", job, stage="offer")
        studio.update("job", job, stage="work")

    def test_what_a_stage_needs_may_not_be_taken_away_in_it(self, studio: Studio) -> None:
        job = self.ready(studio, stage="offer")
        assert refused(lambda: studio.update("job", job, value=None)) == [("value", "stage-required")]

    def test_going_back_needs_a_reason_or_is_not_possible(self, studio: Studio) -> None:
        job = self.ready(studio, stage="offer", due_on="2026-01-01")
        assert refused(lambda: studio.update("job", job, stage="idea")) == [("stage", "reason-missing")]
        studio.update("job", job, stage="idea", why="the client thinks again")
        studio.update("job", job, stage="offer")
        studio.update("job", job, stage="work")
        assert refused(lambda: studio.update("job", job, stage="offer", why="no")) == [("stage", "stage-back")]

    def test_a_gate_keeps_a_record_out(self, studio: Studio) -> None:
        job = self.ready(studio, stage="offer", due_on="2026-01-01")
        studio.update("job", job, value="1000000.01")
        with pytest.raises(Rejected) as caught:
            studio.update("job", job, stage="work")
        assert [each.code for each in caught.value.problems] == ["stage-gate"]
        assert caught.value.problems[0].text("zh-CN") == "超出承接能力"

    def test_a_stage_counts_what_comes_from_lines_of_the_same_batch(self, studio: Studio) -> None:
        from dougong.engine.saving.batch import Made

        client = studio.create("client", name="A")
        job = Create("job", {"name": "J", "client": client, "stage": "offer"}, key="j")
        assert refused(lambda: studio.save(job)) == [("value", "stage-required")]
        studio.save(job, Create("job_line", {"job": Made("j"), "description": "a", "price": 5}))


class TestLookups:
    def test_a_filter_reads_the_record_being_edited(self, studio: Studio) -> None:
        one, other = studio.create("client", name="A"), studio.create("client", name="B")
        contact = studio.create("contact", client=one, name="Wu")
        job = studio.create("job", name="J", client=one, contact=contact)
        assert refused(lambda: studio.create("job", name="K", client=other, contact=contact)) == [
            ("contact", "lookup-filter")
        ]
        assert refused(lambda: studio.update("job", job, client=other)) == [("contact", "lookup-filter")]
        studio.update("job", job, client=other, contact=None)

    def test_a_filter_on_the_target_alone(self, studio: Studio) -> None:
        job = studio.create("job", name="J")
        old = studio.create("product", name="P", active=False)
        assert refused(lambda: studio.create("job_line", job=job, product=old)) == [("product", "lookup-filter")]

    def test_what_is_in_the_bin_cannot_be_chosen(self, studio: Studio) -> None:
        client = studio.create("client", name="A")
        studio.delete("client", client)
        assert refused(lambda: studio.create("job", name="J", client=client)) == [("client", "lookup-unknown")]

    def test_a_document_must_be_in_force_to_be_named(self, studio: Studio) -> None:
        bill = studio.create("bill", reference="R")
        assert refused(lambda: studio.create("receipt", note="n", bill=bill)) == [("bill", "lookup-not-effective")]
        studio.update("bill", bill, life_status="effective")
        studio.create("receipt", note="n", bill=bill)

    def test_a_polymorphic_lookup_takes_its_targets_alone(self, studio: Studio) -> None:
        client, tag = studio.create("client", name="A"), studio.create("tag", name="T")
        studio.create("visit", subject="V", about={"object": "client", "id": client})
        found = refused(lambda: studio.create("visit", subject="V", about={"object": "tag", "id": tag}))
        assert found == [("about", "reference-wrong-object")]
        found = refused(lambda: studio.create("visit", subject="V", about={"object": "job", "id": client}))
        assert found == [("about", "lookup-unknown")]

    def test_no_record_stands_below_itself(self, studio: Studio) -> None:
        top = studio.create("client", name="A")
        middle = studio.create("client", name="B", parent=top)
        bottom = studio.create("client", name="C", parent=middle)
        assert refused(lambda: studio.update("client", top, parent=bottom)) == [("parent", "hierarchy-circle")]
        assert refused(lambda: studio.update("client", top, parent=top)) == [("parent", "hierarchy-circle")]
        studio.update("client", bottom, parent=None)
        both = [Update("client", middle, {"parent": bottom}), Update("client", bottom, {"parent": middle})]
        assert refused(lambda: studio.save(*both)) == [("parent", "hierarchy-circle")] * 2
        studio.save(Update("client", bottom, {"parent": None}), Update("client", top, {"parent": bottom}))

    def test_a_master_stays_unless_the_field_says_otherwise(self, studio: Studio) -> None:
        one, other = studio.create("client", name="A"), studio.create("client", name="B")
        contact = studio.create("contact", client=one, name="Wu")
        assert refused(lambda: studio.update("contact", contact, client=other)) == [("client", "master-fixed")]


class TestRecordTypes:
    def test_a_type_changes_only_where_it_may(self, studio: Studio) -> None:
        client = studio.create("client", name="A")
        studio.update("client", client, record_type="person")
        found = refused(lambda: studio.update("client", client, record_type="company"))
        assert found == [("record_type", "record-type-switch")]

    def test_a_new_type_checks_all_choices_again(self, studio: Studio) -> None:
        client = studio.create("client", name="A", record_type="person", level="c")
        other = studio.create("client", name="B", level="a")
        studio.update("client", other, record_type="person")
        assert studio.get("client", client)["level"] == "c"


STEPS = [
    (("in_review", "effective", "in_change", "effective"), True),
    (("effective", "draft"), False),
    (("in_change",), False),
    (("in_review", "draft", "effective"), True),
]


class TestLifeStatus:
    def test_a_document_goes_where_its_life_allows(self, studio: Studio) -> None:
        for number, (steps, allowed) in enumerate(STEPS):
            bill = studio.create("bill", reference=f"R{number}")
            for step in steps[:-1]:
                studio.update("bill", bill, life_status=step)
            if allowed:
                studio.update("bill", bill, life_status=steps[-1])
                continue
            found = refused(lambda id=bill, to=steps[-1]: studio.update("bill", id, life_status=to))
            assert found == [("life_status", "life-status-step")], steps

    def test_voiding_needs_a_reason_keeps_the_number_and_is_the_end(self, studio: Studio) -> None:
        bill = studio.create("bill", reference="R", life_status="effective")
        number = studio.get("bill", bill)["number"]
        assert refused(lambda: studio.update("bill", bill, life_status="void")) == [("life_status", "reason-missing")]
        studio.update("bill", bill, life_status="void", why="written twice")
        assert studio.get("bill", bill)["number"] == number == "B0001"
        assert refused(lambda: studio.update("bill", bill, reference="S")) == [(None, "document-void")]

    def test_a_number_comes_when_the_document_takes_effect(self, studio: Studio) -> None:
        bill = studio.create("bill", reference="R")
        assert studio.get("bill", bill)["number"] is None
        studio.update("bill", bill, life_status="effective")
        assert studio.get("bill", bill)["number"] == "B0001"

    def test_what_is_only_added_to_is_never_changed(self, studio: Studio) -> None:
        entry = studio.create("entry", note="n", points=3)
        assert refused(lambda: studio.update("entry", entry, points=4)) == [(None, "append-only")]
        assert ("entry", "delete-never") not in refused(lambda: studio.delete("entry", entry))

    def test_what_is_never_deleted_is_not(self, studio: Studio) -> None:
        assert refused(lambda: studio.delete("user", studio.actor.user_id or "")) == [(None, "delete-never")]


class TestMissing:
    def test_a_record_that_does_not_exist_is_not_found(self, studio: Studio) -> None:
        id = record_id()
        for change in (Update("client", id, {"name": "B"}), Delete("client", id), Restore("client", id)):
            assert refused(lambda each=change: studio.save(each), NotFound) == [(None, "record-missing")]

    def test_a_tampered_id_is_not_found(self, studio: Studio) -> None:
        assert refused(lambda: studio.save(Update("client", "../etc", {"name": "B"})), NotFound) == [
            (None, "record-missing")
        ]

    def test_an_object_that_does_not_exist_is_a_bad_request(self, studio: Studio) -> None:
        assert refused(lambda: studio.create("clients", name="A"), BadRequest) == [(None, "object-unknown")]
