"""Many writers at once: unique values, numbers without gaps, sums without loss, no child of a deleted record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from dougong.base.errors import Conflict, DougongError, Rejected
from dougong.engine.saving.batch import Create, Update
from tests.engine.saving.conftest import Studio


def at_once(works: Sequence[Callable[[], Any]], threads: int = 8) -> list[Any]:
    """What each work gave, or the error that it met; run together."""

    def outcome(work: Callable[[], Any]) -> Any:
        try:
            return work()
        except DougongError as error:
            return error

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(outcome, works))


def test_one_of_many_gets_a_unique_value(studio: Studio) -> None:
    works = [partial(studio.create, "client", name=f"C{number}", code="ONE") for number in range(16)]
    found = at_once(works)
    winners = [each for each in found if isinstance(each, str)]
    assert len(winners) == 1
    assert all(isinstance(each, (Conflict, Rejected)) for each in found if not isinstance(each, str))
    assert {each.problems[0].place.field for each in found if not isinstance(each, str)} == {"code"}


def test_a_compound_key_is_one_whatever_its_case_width_and_spaces(studio: Studio) -> None:
    client = studio.create("client", name="A")
    names = ["ABC 公司", "abc公司", "ＡＢＣ 公司", " Abc 公 司"]
    works = [partial(studio.create, "contact", client=client, name=name) for name in names * 2]
    found = at_once(works)
    assert sum(isinstance(each, str) for each in found) == 1
    errors = [each for each in found if not isinstance(each, str)]
    assert {each.problems[0].text("zh-CN")[:11] for each in errors} == {"该客户已有同名联系人。"}
    other = studio.create("client", name="B")
    studio.create("contact", client=other, name="abc公司")


def test_fifty_creates_number_without_gap_or_double(studio: Studio) -> None:
    client = studio.create("client", name="A", code="X")
    works = [partial(studio.create, "job", name=f"J{number}", client=client) for number in range(50)]
    ids = at_once(works)
    assert all(isinstance(each, str) for each in ids)
    numbers = sorted(studio.get("job", id)["number"] for id in ids)
    year = numbers[0].split("-")[1]
    assert numbers == [f"J-{year}-X-{number:03}" for number in range(1, 51)]


def test_a_refused_record_uses_up_no_number(studio: Studio) -> None:
    for name in ("A", "", "B"):
        try:
            studio.create("job", name=name)
        except Rejected:
            continue
    bill = studio.create("job", name="C")
    assert studio.get("job", bill)["number"].endswith("003")


def test_sums_lose_nothing_under_concurrent_children(studio: Studio) -> None:
    client = studio.create("client", name="A")
    jobs = [studio.create("job", name=f"J{number}", client=client, value=1) for number in range(8)]
    works = [
        partial(
            studio.save,
            Update("job", job, {"value": number}),
            Create("job", {"name": f"K{number} {job}", "client": client, "value": 10}),
        )
        for number, job in enumerate(jobs)
    ]
    found = at_once(works)
    assert not [each for each in found if isinstance(each, DougongError)]
    values = studio.get("client", client)
    assert (values["job_count"], values["open_value"]) == (16, Decimal(28 + 80))


def test_sums_lose_nothing_where_children_only_come(studio: Studio) -> None:
    """What new children bring is added to what is stored; those that others brought meanwhile are in it."""
    client = studio.create("client", name="A")
    due = [f"2026-03-{day:02}" for day in range(1, 25)]
    works = [partial(studio.create, "job", name=f"J{day}", client=client, value=10, due_on=day) for day in due]
    assert all(isinstance(each, str) for each in at_once(works))
    values = studio.get("client", client)
    assert (values["job_count"], values["open_value"], values["first_due"]) == (24, 240, date(2026, 3, 1))


def test_no_child_is_left_under_a_deleted_record(studio: Studio) -> None:
    for _ in range(3):
        client = studio.create("client", name="A")
        works: list[Callable[[], Any]] = [partial(studio.delete, "client", client)]
        works += [partial(studio.create, "contact", client=client, name=f"C{at}") for at in range(4)]
        at_once(works, threads=5)
        deleted = studio.get("client", client, deleted="all")["deleted_at"] is not None
        assert deleted
        alive = Counter(_alive(studio, client))
        assert not alive


def _alive(studio: Studio, client: str) -> list[str]:
    from dougong.engine.actor import SYSTEM
    from dougong.engine.query import Condition, Query

    with studio.company.read(SYSTEM) as unit:
        page = unit.records.query(Query(object="contact", columns=("name",), where=Condition("client", "is", client)))
        return [row.id for row in page.rows]
