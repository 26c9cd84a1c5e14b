"""Files of opinions: whose they are, what they belong to, and that nobody changes them afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from dougong.base.errors import DougongError, NotFound
from dougong.base.ids import record_id
from dougong.engine.actor import SYSTEM
from dougong.engine.privacy.erasing import _erase_file
from dougong.engine.query import Condition, Query
from dougong.engine.saving.batch import Create, Delete, Update
from dougong.engine.unit import Unit
from dougong.workflows.approvals import service
from dougong.workflows.approvals.state import Approve, Reject
from dougong.workflows.approvals.tables import files
from tests.workflows.approvals.conftest import SMALL, Office


def upload(unit: Unit, name: str = "note.pdf", about: str = "", content: str = "") -> str:
    """A file of the actor, with its own bytes or those that stand under `content`; its id."""
    id = record_id()
    values: dict[str, Any] = {"name": name, "content": [{"id": content or id, "name": name}]}
    if about:
        values["related_to"] = {"object": "purchase", "id": about}
    unit.records.save([Create("file", values, id=id)])
    return id


def codes(work: Callable[[], Any]) -> set[str]:
    with pytest.raises(DougongError) as refused:
        work()
    return {each.code for each in refused.value.problems}


def test_files_of_a_decision_and_of_a_comment(office: Office) -> None:
    """They stand in the trail and with the record; who may see the approval opens them, and nobody else does."""
    purchase = office.make("clerk", amount=SMALL)
    instance = office.submit("clerk", purchase)
    office.write("clerk", lambda unit: service.comment(unit, instance, "", files=[upload(unit, "offer.pdf")]))
    act = Approve(entry=office.entry("boss", instance), by=office.id("boss"))
    office.write("boss", lambda unit: service.act(unit, instance, act, files=[upload(unit), upload(unit, "two.txt")]))
    seen = office.look("clerk", instance)
    assert [(each.act, [file.name for file in each.files]) for each in seen.acts if each.files] == [
        ("comment", ["offer.pdf"]), ("approve", ["note.pdf", "two.txt"]),
    ]  # fmt: skip
    about = Query(object="file", columns=("name",), where=Condition("related_to", "is", purchase), limit=10)
    kept = office.read("clerk", lambda unit: unit.records.query(about).rows)
    assert sorted(row.values[0] for row in kept) == ["note.pdf", "offer.pdf", "two.txt"]
    one = seen.acts[-1].files[0]
    for login in ("clerk", "boss", "admin"):
        assert office.read(login, lambda unit: service.file(unit, instance, one.id)) == one
    with pytest.raises(NotFound):
        office.read("stranger", lambda unit: service.file(unit, instance, one.id))
    other = office.submit("clerk", office.make("clerk", amount=SMALL))
    with pytest.raises(NotFound):
        office.read("clerk", lambda unit: service.file(unit, other, one.id))


def test_only_own_files_that_belong_nowhere_else(office: Office) -> None:
    """Somebody else's, or with their bytes, about another record, of another opinion, none at all: refused."""
    instance = office.submit("clerk", office.make("clerk", amount=SMALL))
    elsewhere = office.make("boss", amount=SMALL)
    of_the_clerk = office.write("clerk", upload)
    given = {
        "of the clerk": of_the_clerk,
        "elsewhere": office.write("boss", lambda unit: upload(unit, about=elsewhere)),
        "another's bytes": office.write("boss", lambda unit: upload(unit, content=of_the_clerk)),
        "nothing": record_id(),
        "no id": "x",
    }
    for what, id in given.items():
        refused = codes(
            lambda id=id: office.write("boss", lambda unit: service.comment(unit, instance, "see", files=[id]))
        )
        assert refused == {"approval-file"}, what
    taken = office.write("boss", upload)
    office.write("boss", lambda unit: service.comment(unit, instance, "see", files=[taken]))
    again = lambda: office.write("boss", lambda unit: service.comment(unit, instance, "see", files=[taken]))  # noqa: E731
    assert codes(again) == {"approval-file"}
    assert [len(each.files) for each in office.look("boss", instance).acts if each.act == "comment"] == [1]


def test_a_refused_act_leaves_no_file(office: Office) -> None:
    """A rejection without the opinion that it needs: neither act, nor file, nor what ties them."""
    instance = office.submit("clerk", office.make("clerk", amount=SMALL))
    reject = Reject(entry="nobody's", by=office.id("boss"))
    before = office.read("", lambda unit: unit.connection.scalar(select(func.count()).select_from(files)))
    codes(lambda: office.write("boss", lambda unit: service.act(unit, instance, reject, files=[upload(unit)])))
    assert office.read("", lambda unit: unit.connection.scalar(select(func.count()).select_from(files))) == before
    assert office.read("", lambda unit: unit.records.query(Query(object="file", columns=("name",))).rows) == ()


def test_a_file_of_an_opinion_stays_as_it_is(office: Office) -> None:
    """Neither exchanged nor deleted, by nobody; its description may change, and an erasure takes it all the same."""
    purchase = office.make("clerk", amount=SMALL)
    instance = office.submit("clerk", purchase)
    id = office.write("clerk", upload)
    office.write("clerk", lambda unit: service.comment(unit, instance, "see", files=[id]))
    for login in ("clerk", "admin", ""):
        for change in (Delete("file", id), Update("file", id, {"name": "other.pdf"})):
            refused = codes(lambda login=login, change=change: office.write(login, lambda u: u.records.save([change])))
            assert refused == {"record-locked"}, (login, change)
    office.write("clerk", lambda unit: unit.records.save([Update("file", id, {"description": "the offer"})]))
    office.write("", lambda unit: _erase_file(unit.acting(SYSTEM), id))
    (file,) = (each for act in office.look("clerk", instance).acts for each in act.files)
    assert (file.name, file.content) == ("–", None)
    with pytest.raises(NotFound):
        office.read("clerk", lambda unit: service.file(unit, instance, id))


def test_records_without_files_have_none_in_their_approvals(office: Office) -> None:
    """What an object does not have is refused in words."""
    supplier = office.make("clerk", object_name="supplier", risky=True)
    (held,) = office.read("clerk", lambda unit: service.of_record(unit, "supplier", supplier))
    refused = codes(
        lambda: office.write("clerk", lambda unit: service.comment(unit, held.id, "see", files=[upload(unit)]))
    )
    assert refused == {"approval-file"}
