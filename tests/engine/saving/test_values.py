"""What records get without being told, and what they refuse."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dougong.base.errors import BadRequest, Rejected
from dougong.engine.saving.batch import Create, Made, Update, Upsert
from tests.engine.saving.conftest import Studio


def test_a_record_begins_with_owner_type_and_defaults(studio: Studio) -> None:
    client = studio.get("client", studio.create("client", name="远澜新能源"))
    assert client["owner"].id == studio.actor.user_id
    assert (client["record_type"], client["level"], client["job_count"]) == ("company", "b", 0)
    person = studio.get("client", studio.create("client", name="Wu", record_type="person"))
    assert (person["region"], person["level"]) == ("south", None)


def test_a_value_given_stands_before_a_default(studio: Studio) -> None:
    assert studio.get("client", studio.create("client", name="A", level="a"))["level"] == "a"
    assert studio.get("client", studio.create("client", name="B", level=None))["level"] is None


def test_lookups_bring_values_once_or_live(studio: Studio) -> None:
    client = studio.create("client", name="A", region="north", level="a")
    job = studio.create("job", name="J", client=client)
    assert [studio.get("job", job)[name] for name in ("region", "client_level", "client_name")] == ["north", "a", "A"]
    studio.update("client", client, region="south", level="b", name="A2")
    assert [studio.get("job", job)[name] for name in ("region", "client_level", "client_name")] == ["north", "b", "A2"]
    other = studio.create("client", name="O", region="east")
    studio.update("job", job, client=other)
    assert studio.get("job", job)["region"] == "east"


def test_a_computed_value_follows_until_somebody_edits_it(studio: Studio) -> None:
    job = studio.create("job", name="J")
    assert studio.get("job", job)["probability"] == Decimal("0.1")
    client = studio.create("client", name="A")
    studio.update("job", job, stage="offer", client=client, value=5)
    assert studio.get("job", job)["probability"] == Decimal("0.5")
    studio.update("job", job, probability="70%")
    studio.update("job", job, stage="work", due_on="2026-03-01")
    assert studio.get("job", job)["probability"] == Decimal("0.7")
    studio.update("job", job, probability=None)
    assert studio.get("job", job)["probability"] == Decimal("0.9")


def test_what_is_always_computed_cannot_be_set(studio: Studio) -> None:
    with pytest.raises(Rejected) as caught:
        studio.create("job", name="J", is_done=True)
    assert [(each.code, each.place.field) for each in caught.value.problems] == [("field-computed", "is_done")]
    studio.create("job", name="J", is_done=False)


def test_a_value_computed_from_lines_waits_for_them(studio: Studio) -> None:
    saved = studio.save(
        Create("job", {"name": "J"}, key="j"),
        Create("job_line", {"job": Made("j"), "description": "a", "quantity": 2, "price": "10.10"}),
        Create("job_line", {"job": Made("j"), "description": "b", "price": 5}),
    )
    job = saved.changes[0]
    assert job.values["value"] == Decimal("25.20")
    assert studio.get("job", job.id)["value"] == Decimal("25.20")
    assert studio.get("job", job.id)["version"] == 1


def test_every_problem_of_every_row_is_told_at_once(studio: Studio) -> None:
    with pytest.raises(Rejected) as caught:
        studio.save(
            Create("client", {"level": "z", "nmae": "x"}),
            Create("product", {"name": "P", "price": "many"}),
            Create("product", {"name": "Q", "sold": 3}),
        )
    found = [(each.place.row, each.place.field, each.code) for each in caught.value.problems]
    assert (1, "nmae", "field-unknown") in found
    assert (1, "name", "required") in found
    assert any(entry[:2] == (1, "level") for entry in found)
    assert any(entry[:2] == (2, "price") for entry in found)
    assert (3, "sold", "field-not-writable") in found
    assert next(each for each in caught.value.problems if each.place.field == "nmae").fix is not None


def test_a_partial_batch_leaves_out_what_breaks_a_rule_and_what_hangs_on_it(studio: Studio) -> None:
    saved = studio.save(
        Create("client", {"name": "A"}),
        Create("client", {}, key="bad"),
        Create("contact", {"client": Made("bad"), "name": "C"}),
        Create("client", {"name": "D"}),
        partial=True,
    )
    assert [each.row for each in saved.changes] == [1, 4]
    assert {each.place.row for each in saved.problems} == {2}


def test_an_upsert_updates_the_record_of_its_key_or_makes_one(studio: Studio) -> None:
    first = studio.save(Upsert("client", "code", {"code": "K1", "name": "A"})).changes[0]
    second = studio.save(Upsert("client", "code", {"code": "K1", "name": "B"})).changes[0]
    assert (first.action, second.action, first.id == second.id) == ("create", "update", True)
    with pytest.raises(BadRequest):
        studio.save(Upsert("client", "city", {"city": "harbin"}))


def test_a_change_that_changes_nothing_is_not_written(studio: Studio) -> None:
    client = studio.create("client", name="A")
    saved = studio.update("client", client, name="A").changes[0]
    assert (saved.action, saved.version) == ("unchanged", 1)


def test_a_batch_names_each_record_once(studio: Studio) -> None:
    client = studio.create("client", name="A")
    with pytest.raises(BadRequest):
        studio.save(Update("client", client, {"name": "B"}), Update("client", client, {"name": "C"}))


def test_links_are_added_and_removed(studio: Studio) -> None:
    red, blue = studio.create("tag", name="red"), studio.create("tag", name="blue")
    client = studio.create("client", name="A", tags=[red])
    assert {each.id for each in studio.get("client", client)["tags"]} == {red}
    studio.update("client", client, tags=[blue])
    assert {each.id for each in studio.get("client", client)["tags"]} == {blue}
    studio.update("client", client, name="B")
    assert {each.id for each in studio.get("client", client)["tags"]} == {blue}
