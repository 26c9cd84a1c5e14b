"""What goes into the recycle bin together, what forbids it, and what comes back."""

from __future__ import annotations

import pytest

from dougong.base.errors import NotFound, Rejected
from dougong.engine.saving import bin
from dougong.engine.saving.batch import Create, Delete, Made, Restore, Update
from tests.engine.saving.conftest import Studio


def gone(studio: Studio, object_name: str, id: str) -> bool:
    return studio.get(object_name, id, deleted="all")["deleted_at"] is not None


def test_parts_go_and_come_back_with_their_whole(studio: Studio) -> None:
    client = studio.create("client", name="A")
    stays, before = studio.create("contact", client=client, name="C"), studio.create("contact", client=client, name="D")
    studio.delete("contact", before)
    studio.delete("client", client)
    assert gone(studio, "contact", stays) and gone(studio, "contact", before)
    studio.restore("client", client)
    assert not gone(studio, "contact", stays)
    assert gone(studio, "contact", before), "what was deleted before stays deleted"
    studio.restore("contact", before)
    assert not gone(studio, "contact", before)


def test_a_part_does_not_come_back_without_its_whole(studio: Studio) -> None:
    client = studio.create("client", name="A")
    with_it, before = (
        studio.create("contact", client=client, name="C"),
        studio.create("contact", client=client, name="D"),
    )
    studio.delete("contact", before)
    studio.delete("client", client)
    for contact, code in ((with_it, "deleted-with"), (before, "parent-deleted")):
        with pytest.raises(Rejected) as caught:
            studio.restore("contact", contact)
        assert [each.code for each in caught.value.problems] == [code]
    studio.save(Restore("contact", before), Restore("client", client))
    assert not gone(studio, "contact", with_it) and not gone(studio, "contact", before)


def test_records_that_name_it_keep_a_record_and_are_counted_and_named(studio: Studio) -> None:
    client = studio.create("client", name="A")
    jobs = [studio.create("job", name=f"Job {number}", client=client) for number in range(5)]
    with pytest.raises(Rejected) as caught:
        studio.delete("client", client)
    (problem,) = caught.value.problems
    assert problem.code == "delete-restricted"
    text = problem.text("en")
    assert "5 records of Job" in text and "Job 0, Job 1, Job 2" in text.replace("、", ", ") and "Job 3" not in text
    studio.save(*[Delete("job", job) for job in jobs], Delete("client", client))
    assert gone(studio, "client", client)


def test_lookups_that_may_be_empty_are_emptied_and_given_back(studio: Studio) -> None:
    job = studio.create("job", name="J")
    visit = studio.create("visit", subject="V", about={"object": "job", "id": job})
    kept = studio.create("visit", subject="W", about={"object": "job", "id": job})
    studio.delete("job", job)
    assert studio.get("visit", visit)["about"] is None
    other = studio.create("job", name="K")
    studio.update("visit", kept, about={"object": "job", "id": other})
    studio.restore("job", job)
    assert studio.get("visit", visit)["about"].id == job
    assert studio.get("visit", kept)["about"].id == other, "what was set meanwhile stays"


def test_whole_and_part_in_one_batch(studio: Studio) -> None:
    client = studio.create("client", name="A")
    contact = studio.create("contact", client=client, name="C")
    studio.save(Delete("contact", contact), Delete("client", client))
    studio.restore("client", client)
    assert gone(studio, "contact", contact), "it was deleted for itself"


def test_a_unique_value_is_free_while_its_record_is_in_the_bin(studio: Studio) -> None:
    first = studio.create("client", name="A", code="K")
    studio.delete("client", first)
    studio.create("client", name="B", code="K")
    with pytest.raises(Rejected) as caught:
        studio.restore("client", first)
    assert [each.code for each in caught.value.problems] == ["not-unique"]


def test_restoring_what_is_not_deleted_is_refused(studio: Studio) -> None:
    with pytest.raises(Rejected) as caught:
        studio.restore("client", studio.create("client", name="A"))
    assert [each.code for each in caught.value.problems] == ["not-deleted"]


def test_three_levels_go_in_the_same_number_of_statements_whatever_their_number(studio: Studio) -> None:
    counts = []
    for number in (2, 20):
        changes = [Create("job", {"name": f"J{number}"}, key="j")]
        changes += [Create("job_line", {"job": Made("j"), "description": str(at)}) for at in range(number)]
        job = studio.save(*changes).changes[0].id
        with studio.counting() as statements:
            studio.delete("job", job)
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_purging_takes_a_record_and_all_that_is_kept_of_it(studio: Studio) -> None:
    client = studio.create("client", name="A", tags=[studio.create("tag", name="T")])
    contact = studio.create("contact", client=client, name="C")
    studio.create("client", name="B", parent=client)
    studio.save(Delete("client", client))
    removed = studio.company.write(studio.actor, lambda unit: bin.purge(unit, "client", [client]))
    assert removed == 2
    for object_name, id in (("client", client), ("contact", contact)):
        with pytest.raises(NotFound):
            studio.get(object_name, id, deleted="all")


def test_only_the_bin_is_purged(studio: Studio) -> None:
    client = studio.create("client", name="A")
    assert studio.company.write(studio.actor, lambda unit: bin.purge(unit, "client", [client])) == 0
    assert studio.get("client", client)["name"] == "A"


def test_a_stale_deletion_is_refused(studio: Studio) -> None:
    client = studio.create("client", name="A")
    studio.save(Update("client", client, {"name": "B"}))
    with pytest.raises(Exception, match="Somebody else"):
        studio.save(Delete("client", client, version=1))


def test_what_the_same_batch_moves_away_stays(studio: Studio) -> None:
    client, other = studio.create("client", name="A"), studio.create("client", name="B")
    job, kept = studio.create("job", name="J", client=client), studio.create("job", name="K")
    line = studio.create("job_line", job=job, description="a")
    visit = studio.create("visit", subject="V", about={"object": "job", "id": job})
    studio.save(
        Update("visit", visit, {"about": {"object": "job", "id": kept}}),
        Update("job_line", line, {"job": kept}),
        Delete("job", job),
    )
    assert studio.get("visit", visit)["about"].id == kept
    assert not gone(studio, "job_line", line)
    last = studio.create("job", name="L", client=client)
    studio.save(Update("job", last, {"client": other}), Delete("client", client))
    assert studio.get("job", last)["client"].id == other
