"""Roll-ups equal recomputation after any sequence of changes; what each operation gives."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test

from dougong.engine.actor import SYSTEM
from dougong.engine.query import Query
from dougong.engine.saving.batch import Create, Made, Update
from tests.companies import Copies
from tests.engine.saving.conftest import STUDIO, Studio


def client_values(studio: Studio, id: str) -> Mapping[str, Any]:
    return studio.get("client", id)


def test_each_operation_counts_what_it_says(studio: Studio) -> None:
    client = studio.create("client", name="A")
    jobs = [
        Create("job", {"name": "b", "client": client, "value": "10", "due_on": "2026-01-02"}),
        Create("job", {"name": "a", "client": client, "value": "5", "due_on": "2026-01-03", "stage": "offer"}),
        Create("job", {"name": "c", "client": client, "stage": "lost", "lost_because": "x", "value": "5.01"}),
    ]
    studio.save(*jobs)
    values = client_values(studio, client)
    assert (values["job_count"], values["open_count"], values["stages"]) == (3, 2, 3)
    assert (values["open_value"], values["average_value"]) == (Decimal(15), Decimal("6.67"))
    assert (values["first_due"], values["latest_job"], values["job_names"]) == (date(2026, 1, 2), "c", "a, b, c")
    assert values["busy"] is True


def test_roll_ups_over_a_polymorphic_lookup_two_hops_and_documents_in_force(studio: Studio) -> None:
    client = studio.create("client", name="A")
    at = datetime(2026, 5, 1, 8, tzinfo=UTC)
    visit = studio.create("visit", subject="V", about={"object": "client", "id": client}, at=at)
    bill = studio.create("bill", client=client, reference="R", amount=100)
    assert client_values(studio, client)["billed"] == 0
    assert client_values(studio, client)["billed_ever"] == 1
    studio.update("bill", bill, life_status="effective")
    studio.create("receipt", note="n", bill=bill, amount=30)
    values = client_values(studio, client)
    assert (values["last_visit"], values["billed"], values["received"]) == (at, 100, 30)
    other = studio.create("client", name="B")
    studio.update("bill", bill, client=other)
    assert (client_values(studio, client)["received"], client_values(studio, other)["received"]) == (0, 30)
    studio.update("bill", bill, life_status="void", why="wrong")
    assert client_values(studio, other)["billed"] == 0
    studio.update("visit", visit, about={"object": "job", "id": studio.create("job", name="J")})
    assert client_values(studio, client)["last_visit"] is None


def test_what_new_children_bring_is_added_without_reading_the_others(studio: Studio) -> None:
    job = studio.create("job", name="J")
    studio.create("job_line", job=job, description="a", quantity=2, price="3.50")
    with studio.counting() as statements:
        studio.create("job_line", job=job, description="b", quantity=1, price="0.25")
    assert not [text for text in statements if "GROUP BY" in text]
    assert studio.get("job", job)["line_total"] == Decimal("7.25")
    with studio.counting() as statements:
        line = studio.create("job_line", job=studio.create("job", name="K"), description="c", quantity=1, price=1)
        studio.update("job_line", line, price=2)
    assert [text for text in statements if "GROUP BY" in text], "what changes is counted anew"


def test_of_a_parent_is_read_what_new_children_concern(studio: Studio) -> None:
    """The whole record is read where the same batch concerns it again, by more than new children."""
    client = studio.create("client", name="A")
    job = studio.create("job", name="J", client=client)
    with studio.counting() as statements:
        studio.create("job", name="K", client=client, value=3)
    assert not [text for text in statements if "client.updated_by" in text]
    new = Create("job", {"name": "L", "client": client, "value": 1})
    with studio.counting() as statements:
        studio.save(new, Create("job_line", {"job": job, "description": "a", "quantity": 2, "price": "3.50"}))
    assert [text for text in statements if "client.updated_by" in text]
    values = client_values(studio, client)
    assert (values["job_count"], values["open_value"], values["busy"]) == (3, 11, True)
    assert (values["name"], values["version"]) == ("A", 1)


def test_a_roll_up_of_a_roll_up_follows(studio: Studio) -> None:
    client = studio.create("client", name="A")
    job = studio.create("job", name="J", client=client)
    line = studio.create("job_line", job=job, description="a", quantity=2, price="3.50")
    assert client_values(studio, client)["open_value"] == 7
    studio.update("job_line", line, quantity=4)
    assert client_values(studio, client)["open_value"] == 14
    studio.delete("job_line", line)
    assert studio.get("job", job)["line_total"] == 0
    studio.update("job", job, value=3)
    assert client_values(studio, client)["open_value"] == 3


@pytest.mark.parametrize("sizes", [(2, 24), (50, 90)], ids=["few", "many"])
def test_a_batch_of_any_size_takes_the_same_number_of_statements(studio: Studio, sizes: tuple[int, int]) -> None:
    """Many rows are written by column, and their unique values asked for before: one statement more."""
    clients = [studio.create("client", name=f"C{number}") for number in range(10)]
    counts = []
    for size in sizes:
        changes = []
        for number in range(size):
            key = f"j{number}"
            values = {"name": f"{size} {number}", "client": clients[number % 10], "region": "north"}
            changes.append(Create("job", values, key=key))
            changes.append(Create("job_line", {"job": Made(key), "description": "a", "price": number}))
        with studio.counting() as statements:
            saved = studio.save(*changes)
        numbers = [text for text in statements if "dg_number" in text]
        counts.append(len(statements) - len(numbers))
        updates = [Update("job", each.id, {"name": f"{each.id}"}) for each in saved.changes if each.object == "job"]
        with studio.counting() as statements:
            studio.save(*updates)
        counts.append(len(statements))
    assert counts[:2] == counts[2:]


class Changes(RuleBasedStateMachine):
    """Any sequence of creating, changing, moving, deleting and restoring."""

    studio: Studio

    clients: Bundle[str] = Bundle("clients")
    jobs: Bundle[str] = Bundle("jobs")
    lines: Bundle[str] = Bundle("lines")
    products: Bundle[str] = Bundle("products")
    binned: Bundle[tuple[str, str]] = Bundle("binned")

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.deleted: set[str] = set()

    def name(self) -> str:
        self.count += 1
        return f"{id(self)} {self.count}"[-60:]

    @rule(target=clients)
    def add_client(self) -> str:
        return self.studio.create("client", name=self.name())

    @rule(target=products, price=st.integers(0, 50))
    def add_product(self, price: int) -> str:
        return self.studio.create("product", name=self.name(), price=price)

    @rule(target=jobs, client=clients, value=st.integers(0, 1000), count=st.integers(0, 3))
    def add_job(self, client: str, value: int, count: int) -> str:
        head = Create("job", {"name": self.name(), "client": client, "value": value}, key="j")
        lines = [
            Create("job_line", {"job": Made("j"), "description": "x", "price": price, "quantity": 2})
            for price in range(count)
        ]
        return self.studio.save(head, *lines).changes[0].id

    @rule(target=lines, job=jobs, product=products, quantity=st.integers(1, 9))
    def add_line(self, job: str, product: str, quantity: int) -> str:
        if job in self.deleted:
            return "none"
        return self.studio.create("job_line", job=job, product=product, quantity=quantity)

    @rule(line=lines, quantity=st.integers(1, 9), price=st.integers(0, 99))
    def change_line(self, line: str, quantity: int, price: int) -> None:
        if self.lives("job_line", line):
            self.studio.update("job_line", line, quantity=quantity, price=price)

    @rule(line=lines, job=jobs)
    def move_line(self, line: str, job: str) -> None:
        if self.lives("job_line", line) and self.lives("job", job):
            self.studio.update("job_line", line, job=job)

    @rule(job=jobs, client=clients)
    def move_job(self, job: str, client: str) -> None:
        if self.lives("job", job):
            self.studio.update("job", job, client=client)

    @rule(job=jobs)
    def lose_job(self, job: str) -> None:
        if self.lives("job", job):
            self.studio.update("job", job, stage="lost", lost_because="price")

    @rule(target=binned, job=consumes(jobs))
    def delete_job(self, job: str) -> tuple[str, str]:
        self.deleted.add(job)
        self.studio.delete("job", job)
        return "job", job

    @rule(target=binned, line=consumes(lines))
    def delete_line(self, line: str) -> tuple[str, str]:
        if self.lives("job_line", line):
            self.studio.delete("job_line", line)
            return "job_line", line
        return "none", ""

    @rule(entry=consumes(binned))
    def restore(self, entry: tuple[str, str]) -> None:
        object_name, id = entry
        if object_name == "job":
            self.studio.restore("job", id)
            self.deleted.discard(id)
        elif object_name == "job_line":
            job = self.studio.get("job_line", id, deleted="all")["job"].id
            if self.lives("job", job):
                self.studio.restore("job_line", id)

    def lives(self, object_name: str, id: str) -> bool:
        return id != "none" and self.studio.get(object_name, id, deleted="all")["deleted_at"] is None

    @invariant()
    def roll_ups_equal_recomputation(self) -> None:
        with self.studio.company.read(SYSTEM) as unit:

            def all_of(name: str, *columns: str) -> list[dict[str, Any]]:
                page = unit.records.query(Query(object=name, columns=("id", *columns), limit=200))
                return [dict(zip(page.columns, row.values, strict=True)) | {"id": row.id} for row in page.rows]

            lines = all_of("job_line", "job", "product", "quantity", "amount")
            for job in all_of("job", "line_total", "line_count", "value"):
                own = [line for line in lines if line["job"].id == job["id"]]
                assert job["line_count"] == len(own)
                assert job["line_total"] == sum((line["amount"] or Decimal(0) for line in own), Decimal(0))
                assert not own or job["value"] == job["line_total"]
            jobs = all_of("job", "client", "value", "is_done", "stage")
            for client in all_of("client", "job_count", "open_count", "open_value", "average_value", "stages", "busy"):
                own = [job for job in jobs if job["client"] and job["client"].id == client["id"]]
                open_ = [job for job in own if not job["is_done"]]
                known = [job["value"] for job in own if job["value"] is not None]
                assert (client["job_count"], client["open_count"]) == (len(own), len(open_))
                assert client["open_value"] == sum((job["value"] or Decimal(0) for job in open_), Decimal(0))
                mean = (
                    (sum(known, Decimal(0)) / len(known)).quantize(Decimal("0.01"), "ROUND_HALF_UP") if known else None
                )
                assert client["average_value"] == mean
                assert client["stages"] == len({job["stage"] for job in own})
                assert client["busy"] is (len(open_) > 1)
            for product in all_of("product", "sold"):
                sold = [line["quantity"] for line in lines if line["product"] and line["product"].id == product["id"]]
                assert product["sold"] == sum(sold, Decimal(0))


@pytest.fixture
def machine(company_copy: Copies, database_kind: str) -> type[Changes]:
    class Own(Changes):
        """Each run in a company of its own."""

        def __init__(self) -> None:
            super().__init__()
            self.own = ExitStack()
            self.studio = Studio(self.own.enter_context(company_copy(database_kind, "studio", (STUDIO,))))

        def teardown(self) -> None:
            self.own.close()

    return Own


def test_roll_ups_are_right_after_any_sequence(machine: type[Changes]) -> None:
    """Property: on both databases, after every step, each roll-up is what its children come to."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
