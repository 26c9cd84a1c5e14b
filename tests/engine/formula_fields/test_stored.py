"""Stored formula fields: after any sequence of changes they are what their formulas give, and indexes serve them."""

from __future__ import annotations

import random
import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from sqlalchemy import event

from dougong.base.errors import DougongError
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.fields.formula import ERROR
from dougong.engine.query import Condition, Query, Sort
from dougong.engine.saving.batch import Change, Create, Delete, Restore, Update
from dougong.engine.unit import Unit
from tests.engine.formula_fields.conftest import by_python, computed, fill

STORED = (
    "repair_line.margin", "repair_line.margin_rate", "repair.heading", "repair.average", "repair.rank",
    "customer.depth", "customer.per_repair",
)  # fmt: skip
OBJECTS = ("customer", "part", "repair", "repair_line")
LIFE = ("in_review", "effective", "effective")


def assert_right(unit: Unit) -> None:
    """Every stored value, and company amount, of every live record is what Python computes from the others."""
    for address in STORED:
        object_name, _, name = address.partition(".")
        field = unit.runtime.model.objects[object_name].fields[name]
        rows = unit.records.query(Query(object=object_name, columns=(name,), limit=1000)).rows
        assert {row.id: row.values[0] for row in rows} == by_python(unit, field), address
        if field.company is not None:
            rows = unit.records.query(Query(object=object_name, columns=(f"{name}.company",), limit=1000)).rows
            expected = computed(unit, object_name, field.company, field)
            assert {row.id: row.values[0] for row in rows} == {
                id: None if value is ERROR else value for id, value in expected.items()
            }, address


def column(unit: Unit, object_name: str, *names: str) -> dict[str, tuple[Any, ...]]:
    """Some fields of every live record, by id."""
    rows = unit.records.query(Query(object=object_name, columns=names, limit=1000)).rows
    return {row.id: row.values for row in rows}


def assert_rolled_up(unit: Unit) -> int:
    """Roll-ups over formula fields, and with formula fields in their condition, are what their children come to.

    How many of them come to more than nothing.
    """
    lines = column(unit, "repair_line", "repair", "dear", "gain", "units")
    repairs = column(unit, "repair", "dear_lines", "margin_sum", "weights")
    for id, found in repairs.items():
        own = [values[1:] for values in lines.values() if values[0].id == id]
        gains = [gain for _, gain, _ in own if gain is not None]
        units = [count for _, _, count in own if count is not None]
        assert found == (sum(dear is True for dear, _, _ in own), sum(gains), max(units, default=None))
    names = ("customer", "is_big", "margin_sum", "gain_each", "life_status")
    counted: dict[str, list[Decimal]] = {}
    for customer, is_big, margin, gain, life in column(unit, "repair", *names).values():
        if customer and is_big and margin > 0 and gain not in (None, ERROR) and life == "effective":
            counted.setdefault(customer.id, []).append(gain)
    for id, (average,) in column(unit, "customer", "gains").items():
        values = counted.get(id)
        expected = None if not values else (sum(values) / len(values)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        assert average == expected
    return len(counted) + sum(bool(count) for count, _, _ in repairs.values())


class Chance:
    """Random changes of the garage's records, one seed one story."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.ids: dict[str, list[str]] = {name: [] for name in OBJECTS}
        self.deleted: list[tuple[str, str]] = []

    def pick(self, object_name: str) -> str | None:
        return self.random.choice([*self.ids[object_name], None])

    def amount(self) -> str | None:
        return self.random.choice(["0", "5.25", "19.99", "100", None])

    def values(self, object_name: str) -> dict[str, Any]:
        roll = self.random
        values: dict[str, Any] = {
            "customer": lambda: {
                "name": roll.choice(["Ada", "远航", "B"]),
                "parent": self.pick("customer"),
                "level": roll.choice(["a", "b", None]),
            },
            "part": lambda: {"name": "Part", "price": self.amount()},
            "repair": lambda: {
                "customer": self.pick("customer"),
                "discount": roll.choice(["0", "0.5", None]),
            },
            "repair_line": lambda: {
                "repair": roll.choice(self.ids["repair"]),
                "description": "x",
                "quantity": roll.choice(["1", "2.5", "0"]),
                "unit_price": self.amount(),
                "part": self.pick("part"),
            },
        }[object_name]()
        return values

    def change(self) -> Change | None:
        """The next change; None where what was drawn cannot be."""
        roll = self.random
        name = roll.choice(OBJECTS)
        what = roll.random()
        if what < 0.3 or not self.ids[name]:
            if name == "repair_line" and not self.ids["repair"]:
                return None
            values = self.values(name)
            if name == "part":
                values["sku"] = f"S{roll.random()}"
            return Create(name, values)
        if what < 0.85:
            values = self.values(name)
            kept = roll.sample(sorted(values), roll.randint(1, len(values)))
            if name == "repair" and roll.random() < 0.4:
                return Update(name, roll.choice(self.ids[name]), {"life_status": roll.choice(LIFE)})
            return Update(name, roll.choice(self.ids[name]), {key: values[key] for key in kept})
        if what < 0.92 or not self.deleted:
            return Delete(name, roll.choice(self.ids[name]))
        return Restore(*roll.choice(self.deleted))

    def note(self, unit: Unit) -> None:
        """What there is now."""
        for name in OBJECTS:
            rows = unit.records.query(Query(object=name, limit=1000)).rows
            live = [row.id for row in rows]
            self.deleted += [(name, id) for id in self.ids[name] if id not in live]
            self.ids[name] = sorted(live)


@pytest.mark.parametrize("seed", range(4))
def test_stored_is_computed_after_any_sequence_of_changes(garage: Company, seed: int) -> None:
    """Create, update, delete, restore, move to another parent: alone and in batches."""
    fill(garage)
    chance = Chance(seed)
    with garage.read(SYSTEM) as unit:
        chance.note(unit)
    effective: list[Change] = [Update("repair", id, {"life_status": "effective"}) for id in chance.ids["repair"]]
    garage.write(SYSTEM, lambda unit: unit.records.save(effective))
    done = refused = counted = 0
    for step in range(48):
        changes = [change for _ in range(chance.random.randint(1, 4)) if (change := chance.change()) is not None]
        try:
            garage.write(SYSTEM, lambda unit, changes=changes: unit.records.save(changes))
            done += 1
        except DougongError:
            refused += 1
        with garage.read(SYSTEM) as unit:
            chance.note(unit)
            if step % 6 == 5:
                assert_right(unit)
                counted += assert_rolled_up(unit)
    assert done > 20, refused
    assert counted > 3


def test_errors_are_stored_as_such(garage: Company) -> None:
    """A formula that fails is an error in its column, no blank; with a value it is one no more."""

    def work(unit: Unit) -> tuple[str, Any]:
        made = unit.records.save([Create("repair", {}, key="r")]).changes[0].id
        return made, unit.records.get("repair", made).values["average"]

    repair, value = garage.write(SYSTEM, work)
    assert value is ERROR
    line = Create("repair_line", {"repair": repair, "description": "x", "unit_price": "12.50"})
    garage.write(SYSTEM, lambda unit: unit.records.save([line]))
    with garage.read(SYSTEM) as unit:
        assert unit.records.get("repair", repair).values["average"] == Decimal("12.50")
        in_error = Query(object="repair", where=Condition("average", "error"))
        assert unit.records.count(in_error).number == 0


def test_statements_do_not_grow_with_the_batch(garage: Company) -> None:
    """A parent that many records read is followed in as many statements as one that few read."""

    def counted(children: int) -> int:
        def make(unit: Unit) -> str:
            customer = unit.records.save([Create("customer", {"name": "A"})]).changes[0].id
            unit.records.save([Create("repair", {"customer": customer}) for _ in range(children)])
            return customer

        customer = garage.write(SYSTEM, make)
        statements: list[str] = []

        def work(unit: Unit) -> None:
            event.listen(unit.connection, "before_cursor_execute", lambda *each: statements.append(each[2]))
            unit.records.save([Update("customer", customer, {"name": "B"})])

        garage.write(SYSTEM, work)
        with garage.read(SYSTEM) as unit:
            query = Query(object="repair", columns=("heading",), where=Condition("customer", "is", customer))
            assert {" B (" in row.values[0] for row in unit.records.query(query).rows} == {True}
        return len(statements)

    counted(1)
    assert counted(2) == counted(40)


@pytest.mark.parametrize("descending", [False, True])
def test_an_index_serves_the_order_of_a_stored_formula(garage: Company, descending: bool) -> None:
    """The page of a list sorted by an indexed stored formula, either way, is read off an index, without a sort."""
    with garage.read(SYSTEM) as unit:
        plans: list[str] = []

        def explain(connection: Any, cursor: Any, text: str, parameters: Any, *rest: Any) -> None:
            if "average" in text and not plans:
                explained = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
                raw = connection.connection.cursor()
                if connection.dialect.name == "postgresql":
                    raw.execute("SET enable_seqscan = off")
                raw.execute(explained + text, parameters)
                plans.append("\n".join(str(row) for row in raw.fetchall()))

        event.listen(unit.connection, "before_cursor_execute", explain)
        unit.records.query(Query(object="repair", columns=("average",), sort=(Sort("average", descending),)))
        assert re.search("[id]x__repair__average", plans[0])
        assert "TEMP B-TREE" not in plans[0]
        assert "Sort" not in plans[0]
