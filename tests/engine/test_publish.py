"""Publishing: expands tables only, keeps data through every change of metadata, happens at once or not at all."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, insert, inspect, select, update

from dougong.base.errors import Conflict, Rejected
from dougong.base.ids import record_id
from dougong.engine import preparation, revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.publish import Publication, publish
from dougong.engine.saving.batch import Create
from dougong.engine.unit import Unit
from dougong.metadata.component import Component
from dougong.metadata.trees import Tree

LABEL = {"en": "Label", "zh-CN": "标签"}


def head_tree(company: Company) -> Tree:
    """The tree in force."""
    with company.read(SYSTEM) as unit:
        return revisions.tree_of(unit.connection, unit.runtime.revision)


def field(name: str, **body: Any) -> Component:
    """A field component."""
    return Component("field", name, {"kind": "field", "name": name, "label": LABEL, **body})


def change(company: Company, *components: Component, without: Sequence[str] = ()) -> int:
    """Publish the head with `components` added or replaced; the new revision."""
    tree = head_tree(company).put(*components).without(*without)
    return publish(company, Publication(tree=tree, message="test"))


def store(company: Company, name: str, /, **values: Any) -> str:
    """Insert a record by columns; its id."""

    def work(unit: Unit) -> str:
        table = unit.runtime.storage.tables[name].table
        key = record_id()
        unit.connection.execute(
            insert(table).values(id=key, created_at=unit.now, updated_at=unit.now, version=1, **values)
        )
        return key

    return company.write(SYSTEM, work)


def stored(company: Company, name: str, *fields: str) -> dict[str, tuple[Any, ...]]:
    """The values of `fields` of every record of an object, by id."""
    with company.read(SYSTEM) as unit:
        records = unit.runtime.storage.tables[name]
        columns = [records.parts[each][0] for each in fields]
        rows = unit.connection.execute(select(records.table.c.id, *columns))
        return {row[0]: tuple(row[1:]) for row in rows}


def columns_of(connection: Connection, table: str) -> set[str]:
    """The columns that the database itself knows of."""
    return {column["name"] for column in inspect(connection).get_columns(table)}


def test_added_field_is_there_for_the_next_unit(company: Company) -> None:
    """A published field has its column; records from before are blank in it."""
    old = store(company, "part", name="Chain", sku="C1")
    number = change(company, field("part.colour", type="text", length=40))
    new = store(company, "part", name="Bell", sku="B1", colour="red")
    assert {old: (None,), new: ("red",)} == stored(company, "part", "colour")
    assert number == 2


@pytest.mark.parametrize("begins", ["draft", "effective"])
def test_what_is_there_counts_when_an_object_gets_life_statuses(company: Company, begins: str) -> None:
    """Records from before are in effect, with their unique keys; so they stay where the object loses and gets it again.

    What was held back meanwhile stays held back. New records begin as the object says.
    """
    plain = head_tree(company).components["object:part"]
    living = replace(plain, body={**plain.body, "lifecycle": {"effective": True, "begins": begins}})
    old = store(company, "part", name="Chain", sku="C1")
    change(company, living)
    assert stored(company, "part", "life_status") == {old: ("effective",)}
    with pytest.raises(Rejected, match="It is Chain"):
        made(company, name="Bell", sku="C1", life_status="effective")
    new = made(company, name="Bell", sku="B1")
    change(company, plain)
    between = store(company, "part", name="Lamp", sku="L1")
    change(company, living)
    assert stored(company, "part", "life_status") == {old: ("effective",), new: (begins,), between: ("effective",)}


def made(company: Company, **values: Any) -> str:
    """A part saved as people save it; its id."""
    return company.write(SYSTEM, lambda unit: unit.records.save([Create("part", values)])).changes[0].id


def test_removed_field_keeps_its_data_and_comes_back(company: Company) -> None:
    """Without the field nothing reads the column; with it again, under the same id, the data are there."""
    key = store(company, "part", name="Chain", sku="C1", stock=7)
    stock = head_tree(company).components["field:part.stock"]
    change(company, without=["field:part.stock", "list_view:part.by_price"])
    with company.read(SYSTEM) as unit:
        assert "stock" not in unit.runtime.storage.tables["part"].parts
        assert "stock" in columns_of(unit.connection, "part")
    change(company, stock)
    assert {key: (7,)} == stored(company, "part", "stock")


def test_name_of_a_removed_field_is_free_for_another_type(company: Company) -> None:
    """A new field takes the API name at once; both keep their own columns."""
    key = store(company, "part", name="Chain", sku="C1", stock=7)
    change(company, without=["field:part.stock", "list_view:part.by_price"])
    change(company, field("part.stock", id="other0000001", type="text", length=20))
    assert {key: (None,)} == stored(company, "part", "stock")
    with company.read(SYSTEM) as unit:
        assert {"stock", "stock_2"} <= columns_of(unit.connection, "part")


def test_rename_by_id_keeps_data(company: Company) -> None:
    """A component with the same id under another name is the same field."""
    change(company, field("part.shelf", id="shelf0000001", type="text", length=20))
    key = store(company, "part", name="Chain", sku="C1", shelf="A7")
    place = field("part.place", id="shelf0000001", formerly=["shelf"], type="text", length=20)
    change(company, place, without=["field:part.shelf"])
    assert {key: ("A7",)} == stored(company, "part", "place")


def test_removed_object_keeps_its_table_and_comes_back(company: Company) -> None:
    """So does an object, with everything below it."""
    key = store(company, "visit", subject="Brakes")
    tree = head_tree(company)
    gone = [address for address, each in tree.components.items() if each.object == "visit" or address == "object:visit"]
    change(company, without=[*gone, "field:customer.last_visit"])
    with company.read(SYSTEM) as unit:
        assert "visit" not in unit.runtime.model.objects
        assert inspect(unit.connection).has_table("visit")
    change(company, *(tree.components[address] for address in gone))
    assert {key: ("Brakes",)} == stored(company, "visit", "subject")


RETYPES: Sequence[tuple[str, Mapping[str, Any], Mapping[Any, Any]]] = (
    ("text", {"type": "integer"}, {"12": 12, "1,200": 1200, "twelve": None, None: None}),
    ("text", {"type": "date"}, {"2026-11-22": "2026-11-22", "soon": None}),
    ("text", {"type": "decimal", "precision": 9, "scale": 2}, {"1.50": Decimal("1.50"), "x": None}),
)


@pytest.mark.parametrize(("source", "target", "values"), RETYPES)
def test_type_change_fills_a_new_column(
    company: Company, source: str, target: Mapping[str, Any], values: Mapping[Any, Any]
) -> None:
    """Values that convert are converted, the others are blank; rolled back, every old value is there again."""
    change(company, field("part.extra", id="extra0000001", type=source, length=40))
    keys = {store(company, "part", name="P", sku=str(at), extra=value): value for at, value in enumerate(values)}
    before = head_tree(company)
    change(company, field("part.extra", id="extra0000001", **target))
    found = {keys[key]: value for key, (value,) in stored(company, "part", "extra").items()}
    assert {key: str(value) for key, value in values.items()} == {key: str(value) for key, value in found.items()}
    publish(company, Publication(tree=before, message="back"))
    assert {key: (value,) for key, value in keys.items()} == stored(company, "part", "extra")


def test_edits_under_the_new_type_survive_the_way_back(company: Company) -> None:
    """What was edited after a type change is converted back; what was not is as it was."""
    change(company, field("part.extra", id="extra0000001", type="text", length=40))
    edited = store(company, "part", name="P", sku="1", extra="1,200")
    kept = store(company, "part", name="P", sku="2", extra="about 5")
    before = head_tree(company)
    change(company, field("part.extra", id="extra0000001", type="integer"))

    def edit(unit: Unit) -> None:
        records = unit.runtime.storage.tables["part"]
        unit.connection.execute(
            update(records.table).where(records.table.c.id == edited).values({records.parts["extra"][0]: 99})
        )

    company.write(SYSTEM, edit)
    publish(company, Publication(tree=before, message="back"))
    assert {edited: ("99",), kept: ("about 5",)} == stored(company, "part", "extra")


def test_new_unique_constraint_counts_what_is_there(company: Company) -> None:
    """Keys of records from before are worked out; duplicates stop the publish, which then changed nothing."""
    store(company, "bicycle", frame_number="A1", model="Tour")
    store(company, "bicycle", frame_number="A2", model="tour")
    tree = head_tree(company)
    body = dict(tree.components["object:bicycle"].body)
    body["constraints"] = {"one_model": {"type": "unique", "fields": ["model"], "fold": {"case": True}}}
    with pytest.raises(Conflict) as refused:
        change(company, Component("object", "bicycle", body))
    assert [each.code for each in refused.value.problems] == ["publish-not-unique"]
    assert tree.content_hash == head_tree(company).content_hash
    store(company, "bicycle", frame_number="A3", model="TOUR")  # nothing of the attempt stands against it
    body["constraints"]["one_model"]["fold"] = {"case": False}
    change(company, Component("object", "bicycle", body))
    with company.read(SYSTEM) as unit:
        records = unit.runtime.storage.tables["bicycle"]
        assert {"Tour", "tour", "TOUR"} == set(unit.connection.scalars(select(records.uniques["one_model"])))


def test_type_change_under_constant_writes_loses_nothing(company: Company) -> None:
    """Rows written while the new column is filled are filled again."""
    change(company, field("part.extra", id="extra0000001", type="text", length=40))

    def many(unit: Unit) -> None:
        table = unit.runtime.storage.tables["part"].table
        unit.connection.execute(
            insert(table),
            [
                {"id": record_id(), "created_at": unit.now, "updated_at": unit.now, "version": 1, "name": "P",
                 "sku": f"s{at}", "extra": str(at)}
                for at in range(3000)
            ],
        )  # fmt: skip

    company.write(SYSTEM, many)
    keys = list(stored(company, "part", "name"))
    wanted: dict[str, int] = {}
    stop = threading.Event()

    def edit() -> None:
        at = 0
        while not stop.is_set():
            key, at = keys[(at * 7) % len(keys)], at + 1

            def work(unit: Unit, key: str = key, at: int = at) -> None:
                records = unit.runtime.storage.tables["part"]
                column = records.parts["extra"][0]
                value: Any = at if column.name != "extra" else str(at)
                unit.connection.execute(update(records.table).where(records.table.c.id == key).values({column: value}))

            company.write(SYSTEM, work)
            wanted[key] = at

    writer = threading.Thread(target=edit)
    writer.start()
    try:
        change(company, field("part.extra", id="extra0000001", type="integer"))
    finally:
        stop.set()
        writer.join()
    found = stored(company, "part", "extra")
    assert wanted.items() <= {key: value for key, (value,) in found.items()}.items()
    assert not [key for key, (value,) in found.items() if value is None]


def test_indexes_of_list_views_are_built(company: Company) -> None:
    """A list view that sorts by a field brings an index, and for text a sort key that old records have too."""
    store(company, "part", name="链条", sku="C1")
    body = {
        "kind": "list_view", "name": "part.names", "object": "part", "type": "table", "label": LABEL,
        "columns": [{"field": "name"}], "sort": [{"field": "sku", "dir": "asc"}],
    }  # fmt: skip
    change(company, Component("list_view", "part.names", body))
    with company.read(SYSTEM) as unit:
        table = unit.runtime.storage.tables["part"]
        names = {index["name"] for index in inspect(unit.connection).get_indexes("part")}
        assert {str(index.name) for index in table.table.indexes} == names
        assert list(unit.connection.scalars(select(table.keys["sku"]))) == ["c1"]


def test_two_publishers_are_merged(company: Company) -> None:
    """Both begin from the same revision; whoever comes second has the other's change merged in."""
    tree = head_tree(company)
    failed: list[Exception] = []

    def work(name: str) -> None:
        try:
            publish(company, Publication(tree=tree.put(field(f"part.{name}", type="text", length=9)), base=1))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("left", "right")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    with company.read(SYSTEM) as unit:
        assert unit.runtime.revision == 3
        assert {"left", "right"} <= set(unit.runtime.storage.tables["part"].parts)


def test_second_publisher_is_told_what_conflicts(company: Company) -> None:
    """Two different values for one key: the second is refused, and told both."""
    tree = head_tree(company)
    stock = tree.components["field:part.stock"]

    def labelled(text: str) -> Tree:
        return tree.put(Component("field", "part.stock", {**stock.body, "label": {"en": text, "zh-CN": "库存"}}))

    publish(company, Publication(tree=labelled("On hand"), base=1))
    with pytest.raises(Conflict) as refused:
        publish(company, Publication(tree=labelled("In store"), base=1))
    (problem,) = refused.value.problems
    assert (problem.code, problem.thing, problem.place.pointer) == ("publish-conflict", "field:part.stock", "/label/en")
    assert "In store" in problem.text()
    assert "On hand" in problem.text()


def test_unchanged_tree_makes_no_revision(company: Company) -> None:
    """Publishing what is in force already does nothing."""
    assert change(company) == 1


def test_company_components_get_ids_that_stay(company: Company) -> None:
    """A component without an id gets one at its first publish and keeps it while its name stays."""
    change(company, field("part.colour", type="text", length=40))
    first = head_tree(company).components["field:part.colour"].body["id"]
    change(company, field("part.colour", type="text", length=60))
    assert first == head_tree(company).components["field:part.colour"].body["id"]


def test_new_rollup_counts_what_is_there(company: Company) -> None:
    """A roll-up added later has its values soon after the publish."""
    customer = store(company, "customer", name="A")
    store(company, "bicycle", frame_number="1", customer=customer)
    rollup = field("customer.bicycle_count", type="rollup", **{"from": "bicycle.customer", "op": "count"})
    change(company, rollup)
    assert {customer: (1,)} == stored(company, "customer", "bicycle_count")


def test_lookup_widened_to_several_objects_keeps_its_references(company: Company) -> None:
    """A lookup that may name two kinds of record instead of one still names the same ones, and back again."""
    customer = store(company, "customer", name="A")
    key = store(company, "bicycle", frame_number="1", customer=customer)
    tree = head_tree(company)
    narrow = tree.components["field:bicycle.customer"]
    body = {name: value for name, value in narrow.body.items() if name != "target"}
    wide = Component("field", "bicycle.customer", {**body, "targets": ["customer", "part"], "on_delete": "set_null"})
    change(company, wide, without=["field:repair.bicycle"])
    assert stored(company, "bicycle", "customer") == {key: (customer,)}
    publish(company, Publication(tree=tree))
    assert stored(company, "bicycle", "customer") == {key: (customer,)}


@pytest.mark.parametrize("made", [0, 1, 2])
def test_room_is_made_piece_by_piece(company: Company, monkeypatch: pytest.MonkeyPatch, made: int) -> None:
    """A publisher that stops after some pieces leaves a true ledger: another one makes the rest, and no more."""
    fields = [field(f"part.x{at}", type="text", length=9, id=f"pieceofroom{at}") for at in range(9)]
    make, done = preparation.make, list[preparation.Piece]()

    def some(company: Company, coming: preparation.Coming, piece: preparation.Piece, connection: Connection) -> None:
        if len(done) == made:
            raise KeyboardInterrupt
        make(company, coming, piece, connection)
        done.append(piece)

    one_piece = company.database.columns_at_once is None
    monkeypatch.setattr(preparation, "make", some)
    if made and one_piece:
        change(company, *fields)
    else:
        with pytest.raises(KeyboardInterrupt):
            change(company, *fields)
    monkeypatch.setattr(preparation, "make", make)
    most = company.database.columns_at_once or len(fields)
    assert all(len(piece.columns) == len(piece.places) <= most for piece in done)
    change(company, *fields)
    key = store(company, "part", name="Chain", sku="C1", **dict.fromkeys((f"x{at}" for at in range(9)), "here"))
    assert stored(company, "part", "x0", "x8")[key] == ("here", "here")
