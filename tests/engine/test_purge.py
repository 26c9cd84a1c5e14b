"""Purging drops what is kept aside, and nothing else; drift sees what does not fit."""

from __future__ import annotations

from sqlalchemy import inspect, text

from dougong.engine.company import Company
from dougong.engine.drift import drift
from dougong.engine.purge import purge, unused
from tests.engine.test_publish import change, field, head_tree, store, stored


def test_nothing_to_purge_at_first(company: Company) -> None:
    """A fresh company uses all that it has."""
    assert unused(company) == []
    assert purge(company) == []


def test_purged_field_is_gone_for_good(company: Company) -> None:
    """Back under its id, it begins blank; its neighbours keep their values."""
    key = store(company, "part", name="Chain", sku="C1", stock=7)
    stock = head_tree(company).components["field:part.stock"]
    change(company, without=["field:part.stock", "list_view:part.by_price"])
    assert [(each.name, each.count) for each in unused(company) if each.place.kind == "field"] == [("part.stock", 1)]
    assert "part.stock" in {each.name for each in purge(company)}
    assert unused(company) == []
    change(company, stock)
    assert {key: ("C1", None)} == stored(company, "part", "sku", "stock")


def test_only_what_is_named_is_purged(company: Company) -> None:
    """Other things that are kept aside stay."""
    change(company, field("part.a", type="text", length=9), field("part.b", type="text", length=9))
    change(company, without=["field:part.a", "field:part.b"])
    purge(company, ["part.a"])
    assert [each.name for each in unused(company)] == ["part.b"]


def test_purged_object_takes_its_table(company: Company) -> None:
    """And what led to it; the rest of the company goes on."""
    store(company, "bicycle", frame_number="1")
    tree = head_tree(company)
    gone = [each.address for each in tree.components.values() if each.object == "bicycle" or each.name == "bicycle"]
    about = tree.components["field:visit.about"]
    narrowed = {**about.body, "targets": ["customer", "repair"]}
    change(company, type(about)("field", "visit.about", narrowed, about.layer), without=[*gone, "field:repair.bicycle"])
    assert {"bicycle", "repair.bicycle"} <= {each.name for each in purge(company)}
    with company.database.maintenance() as connection:
        assert not inspect(connection).has_table("bicycle")
    store(company, "repair", number="1")
    assert drift(company) == []


def test_no_drift_after_changes(company: Company) -> None:
    """What publishes leave behind is what the model says."""
    change(company, field("part.extra", id="extra0000001", type="text", length=40))
    change(company, field("part.extra", id="extra0000001", type="integer"))
    assert drift(company) == []


def test_drift_names_what_was_changed_by_hand(company: Company) -> None:
    """A dropped index and a table of nobody's."""
    with company.database.maintenance() as connection, connection.begin():
        connection.execute(text("DROP INDEX dx__customer__level__since"))
        connection.execute(text("CREATE TABLE scratch (a INTEGER)"))
        connection.execute(text("ALTER TABLE part DROP COLUMN stock"))
    assert {"dx__customer__level__since", "scratch", "part.stock"} == {each.thing for each in drift(company)}
