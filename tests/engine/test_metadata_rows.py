"""Records that travel with the metadata: published, changed, retired and brought back with it, and by nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from dougong.base.errors import BadRequest, Forbidden
from dougong.engine import revisions
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.metadata_rows import RowsRefused
from dougong.engine.plan import plan
from dougong.engine.publish import Publication, publish
from dougong.engine.query import Query, Record
from dougong.engine.saving.batch import Change, Create, Delete, Update
from dougong.engine.transfer import mapping
from dougong.metadata.component import Component
from dougong.metadata.documents import from_bodies
from dougong.metadata.packages import exported
from dougong.metadata.renaming import rename
from dougong.metadata.trees import Tree
from tests.engine.test_publish import head_tree

PERSON = Actor(user_id=None, name="Li")


def text(name: str) -> dict[str, str]:
    return {"en": name, "zh-CN": name}


TIER = {
    "kind": "object",
    "name": "tier",
    "id": "tier00000001",
    "label": text("Tier"),
    "title": {"field": "name"},
    "owner": "none",
    "rows": "metadata",
    "fields": {
        "name": {"type": "text", "label": text("Name"), "required": True, "unique": True, "id": "tiername0001"},
        "rate": {"type": "percent", "label": text("Rate"), "scale": 1, "default": "0.5", "id": "tierrate0001"},
        "above": {"type": "lookup", "label": text("Above"), "target": "tier", "id": "tierabove001"},
        "colour": {
            "type": "picklist",
            "label": text("Colour"),
            "id": "tiercolour01",
            "values": [{"value": "red", "label": text("Red")}, {"value": "blue", "label": text("Blue")}],
        },
        "customers": {"type": "rollup", "label": text("Customers"), "from": "customer.tier", "op": "count"},
    },
}
LOOKUP = {"kind": "field", "name": "customer.tier", "id": "customertier", "type": "lookup", "target": "tier",
          "label": text("Tier"), "on_delete": "restrict"}  # fmt: skip


def row(name: str, /, id: str = "", **values: Any) -> Component:
    body = {"kind": "row", "name": f"tier.{name}", "id": id or f"row{name:0<9}", "values": values}
    return from_bodies([body])[0]


GOLD = row("gold", name="Gold", rate="0.2", colour="red")
SILVER = row("silver", name="Silver", rate="0.1", above="gold")


def put(company: Company, *components: Component, without: tuple[str, ...] = ()) -> int:
    tree = head_tree(company).put(*components).without(*without)
    return publish(company, Publication(tree=tree, message="rows", author=PERSON))


@pytest.fixture
def tiers(company: Company) -> Company:
    """The workshop with a table of tiers that customers name."""
    put(company, *from_bodies([TIER, LOOKUP]), GOLD, SILVER)
    return company


def records(company: Company, deleted: str = "live") -> dict[str, Record]:
    with company.read(SYSTEM) as unit:
        rows = unit.records.query(Query(object="tier", columns=("id",), deleted=deleted)).rows
        found = [unit.records.get("tier", each.id, deleted="all") for each in rows]
        return {str(each.values["name"]): each for each in found}


def values(company: Company) -> dict[str, tuple[Any, ...]]:
    return {
        name: (each.values["rate"], each.values["above"] and each.values["above"].title, each.values["colour"])
        for name, each in records(company).items()
    }


def save(company: Company, *changes: Change, actor: Actor = PERSON) -> Any:
    return company.write(actor, lambda unit: unit.records.save(list(changes)))


def test_publishing_writes_the_rows_with_what_they_name(tiers: Company) -> None:
    """Values, picklists and other rows by name are there when the publish is; history says how they came."""
    assert {"Gold": (Decimal("0.2"), None, "red"), "Silver": (Decimal("0.1"), "Gold", None)} == values(tiers)
    gold = records(tiers)["Gold"].id
    with tiers.read(SYSTEM) as unit:
        from dougong.engine import tables

        kept = unit.connection.execute(tables.history.select().where(tables.history.c.record_id == gold)).one()
    assert (kept.channel, kept.actor, kept.why) == ("publish", "Li", "rows")


def test_a_row_keeps_its_record_when_it_changes_or_gets_another_name(tiers: Company) -> None:
    """Only what differs is written; a value that a row no longer gives becomes the default, or blank."""
    before = records(tiers)
    put(tiers, row("gold", name="Gold+"))
    tree = rename(head_tree(tiers), "row:tier.gold", "first")
    publish(tiers, Publication(tree=tree))
    after = records(tiers)
    assert {"Gold+": (Decimal("0.5"), None, None), "Silver": (Decimal("0.1"), "Gold+", None)} == values(tiers)
    assert before["Gold"].id == after["Gold+"].id
    assert (before["Silver"].version, before["Gold"].version + 1) == (after["Silver"].version, after["Gold+"].version)
    assert head_tree(tiers).components["row:tier.silver"].body["values"]["above"] == "first"


def test_a_row_that_leaves_is_retired_and_comes_back(tiers: Company) -> None:
    """Records that name it go on doing so; nobody can choose it; its document brings it back, changed."""
    gold = records(tiers)["Gold"].id
    made = save(tiers, Create("customer", {"name": "Ada", "tier": gold}))
    customer = made.changes[0].id
    assert records(tiers)["Gold"].values["customers"] == 1
    head = put(tiers, row("silver", name="Silver"), without=("row:tier.gold",))
    assert set(records(tiers)) == {"Silver"} and set(records(tiers, "bin")) == {"Gold"}
    with tiers.read(SYSTEM) as unit:
        assert unit.records.get("customer", customer).values["tier"].title == "Gold"
    save(tiers, Update("customer", customer, {"name": "Ada Lovelace"}))
    with pytest.raises(Exception, match="lookup-unknown"):
        save(tiers, Create("customer", {"name": "Bob", "tier": gold}))
    assert put(tiers, row("gold", name="Gold", rate="0.3")) == head + 1
    assert records(tiers)["Gold"].id == gold and values(tiers)["Gold"][0] == Decimal("0.3")


def test_a_roll_back_takes_the_rows_back(tiers: Company) -> None:
    """The records are as the older revision says: changed back, retired, brought back."""
    before, tree = values(tiers), head_tree(tiers)
    put(tiers, row("gold", name="Gold", rate="0.9"), row("iron", name="Iron"), without=("row:tier.silver",))
    assert set(values(tiers)) == {"Gold", "Iron"}
    publish(tiers, Publication(tree=tree, kind="rollback"))
    assert values(tiers) == before and set(records(tiers, "bin")) == {"Iron"}


def test_a_unique_value_may_pass_from_row_to_row(tiers: Company) -> None:
    put(tiers, row("other", name="Gold"), row("silver", name="Silver"), without=("row:tier.gold",))
    assert set(values(tiers)) == {"Gold", "Silver"}


@pytest.mark.parametrize(
    "change",
    (
        lambda id: Create("tier", {"name": "Iron"}),
        lambda id: Update("tier", id, {"rate": "0.9"}),
        lambda id: Delete("tier", id),
    ),
)
@pytest.mark.parametrize("actor", (PERSON, SYSTEM), ids=lambda each: each.name)
def test_nobody_else_changes_them(tiers: Company, change: Any, actor: Actor) -> None:
    """Neither a person nor the system, by whatever channel; the message says where to change them."""
    with pytest.raises(Forbidden) as refused:
        save(tiers, change(records(tiers)["Gold"].id), actor=actor)
    assert [problem.code for problem in refused.value.problems] == ["rows-of-metadata"]
    with tiers.read(PERSON) as unit:
        tier = unit.runtime.model.objects["tier"]
        assert [unit.access.may(right, tier) for right in ("read", "create", "edit", "delete", "import", "export")] == [
            True, False, False, False, False, True,
        ]  # fmt: skip


@pytest.mark.parametrize("actor", (PERSON, SYSTEM), ids=lambda each: each.name)
def test_a_file_does_not_bring_them(tiers: Company, actor: Actor) -> None:
    """An import is refused before it reads a row."""
    with tiers.read(actor) as unit, pytest.raises(BadRequest, match="rows-of-metadata"):
        mapping.plan(unit.runtime.model, unit.access, ["Name"], object_name="tier")


def test_a_row_that_breaks_a_rule_publishes_nothing(tiers: Company) -> None:
    """The problem is told at the row; revision and records stay."""
    head = head_tree(tiers).content_hash
    rule = from_bodies([{**TIER, "constraints": {"one": {"type": "unique", "fields": ["rate"]}}, "fields": {}}])
    with pytest.raises(RowsRefused) as refused:
        put(tiers, *rule, row("gold", name="Gold", rate="0.1"))
    assert {problem.thing for problem in refused.value.problems} <= {"row:tier.gold", "row:tier.silver"}
    assert head_tree(tiers).content_hash == head
    assert values(tiers)["Gold"][0] == Decimal("0.2")


def effects(company: Company, *components: Component, without: tuple[str, ...] = ()) -> Mapping[str, tuple[int, int]]:
    tree = head_tree(company).put(*components).without(*without)
    found = plan(company, Publication(tree=tree))
    assert found.possible
    return {each.code: (each.count, each.total) for each in found.effects if each.code.startswith("rows-")}


def test_the_plan_counts_them(company: Company) -> None:
    """Added, changed and retired rows by object, records that name a retired one, people's records from before."""
    assert effects(company, *from_bodies([TIER, LOOKUP]), GOLD, SILVER) == {"rows-added": (2, 0)}
    put(company, *from_bodies([TIER, LOOKUP]), GOLD, SILVER)
    save(company, Create("customer", {"name": "Ada", "tier": records(company)["Gold"].id}))
    changed = effects(company, row("silver", name="S"), row("iron", name="I"), without=("row:tier.gold",))
    assert changed == {"rows-added": (1, 2), "rows-changed": (1, 2), "rows-retired": (1, 2), "rows-still-named": (1, 0)}
    assert effects(company) == {}
    visit = head_tree(company).components["object:customer"]
    strange = from_bodies([{**visit.body, "rows": "metadata"}])
    assert effects(company, *strange) == {"rows-from-people": (1, 1)}


def test_records_that_become_data_are_free(tiers: Company) -> None:
    """Without its rows, an object of data keeps the records, and people may change them."""
    put(tiers, *from_bodies([{**TIER, "rows": "data", "fields": {}}]), without=("row:tier.gold", "row:tier.silver"))
    assert set(values(tiers)) == {"Gold", "Silver"}
    save(tiers, Update("tier", records(tiers)["Gold"].id, {"name": "G"}))
    assert "G" in values(tiers)


def test_rows_of_a_package_round_trip_and_take_overlays(company: Company) -> None:
    """Export gives the bytes that were read; an overlay of the company changes the record."""
    package = {"kind": "package", "name": "tiers", "label": text("Tiers"), "version": "1.0.0", "namespace": "tiers"}
    there = {"kind": "object", "name": "tiers__tier", "label": text("Tier"), "rows": "metadata", "owner": "none",
             "title": {"field": "name"}, "fields": {"name": {"type": "text", "label": text("Name")}}}  # fmt: skip
    rows = [{"kind": "row", "name": f"tiers__tier.r{n}", "values": {"name": f"R{n}"}} for n in range(3)]
    layer = from_bodies([package, there, *rows], "tiers")
    change = {"kind": "overlay", "name": "mine", "target": "row:tiers__tier.r1", "set": {"values/name": "Mine"}}
    put(company, *layer, *from_bodies([change]))
    with company.read(SYSTEM) as unit:
        shown = unit.records.query(Query(object="tiers__tier", columns=("name",))).rows
        assert {each.values[0] for each in shown} == {"R0", "Mine", "R2"}
        stored = revisions.tree_of(unit.connection, unit.runtime.revision)
    assert exported(stored, "tiers") == exported(Tree.of(layer), "tiers")
    assert exported(stored, "tiers")["row/tiers__tier/r1.json"].endswith('"name": "R1"\n  }\n}\n')
