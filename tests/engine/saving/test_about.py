"""What is about a record stands not in the way of its deletion, and is about it again when it comes back."""

from __future__ import annotations

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create, Delete, Restore
from dougong.engine.unit import Unit


def test_notes_and_tasks_let_their_record_go_and_find_it_again(sales: Company) -> None:
    def fill(unit: Unit) -> tuple[str, dict[str, str]]:
        record = unit.records.save([Create("account", {"name": "Acme", "record_type": "enterprise"})]).changes[0].id
        about = {"object": "account", "id": record}
        made = unit.records.save(
            [
                Create("comment", {"body": "They want two", "related_to": about}),
                Create("activity", {"subject": "Call", "kind": "call", "status": "done", "related_to": about}),
                Create(
                    "task", {"subject": "Send the offer", "status": "open", "priority": "normal", "related_to": about}
                ),
            ]
        ).changes
        return record, {each.object: each.id for each in made}

    record, notes = sales.write(SYSTEM, fill)
    sales.write(SYSTEM, lambda unit: unit.records.save([Delete("account", record)]))
    sales.write(SYSTEM, lambda unit: unit.records.save([Restore("account", record)]))
    with sales.read(SYSTEM) as unit:
        about = {name: unit.records.get(name, id).values["related_to"] for name, id in notes.items()}
        assert {each.id for each in about.values()} == {record}
