"""Titles that a template fills: kept like typed ones, so lookups, lists, search and history have them."""

from __future__ import annotations

from typing import Any

import pytest

from dougong.base.errors import Rejected
from dougong.engine import tables
from dougong.engine.actor import SYSTEM
from dougong.engine.publish import Publication, publish
from dougong.engine.query import Query, Sort
from dougong.engine.saving.batch import Create
from dougong.metadata.documents import from_bodies
from tests.engine.saving.conftest import Studio
from tests.engine.test_publish import head_tree


def label(name: str) -> dict[str, str]:
    return {"en": name, "zh-CN": name}


def stay(**title: Any) -> dict[str, Any]:
    return {
        "kind": "object", "name": "stay", "id": "stay00000001", "label": label("Stay"),
        "title": {"field": "name", **title},
        "fields": {
            "name": {"type": "text", "label": label("Name"), "id": "stayname0001", "length": 30},
            "client": {"type": "lookup", "label": label("Client"), "target": "client", "id": "stayclient01"},
            "nights": {"type": "integer", "label": label("Nights"), "id": "staynights01"},
            "after": {"type": "lookup", "label": label("After"), "target": "stay", "id": "stayafter001"},
        },
    }  # fmt: skip


TEMPLATE = 'client.name & " · " & TEXT(nights)'


def put(studio: Studio, **title: Any) -> None:
    tree = head_tree(studio.company).put(*from_bodies([stay(**title)]))
    publish(studio.company, Publication(tree=tree))


def titles(studio: Studio) -> list[str]:
    """As a list sorts them."""

    def work(unit: Any) -> list[str]:
        rows = unit.records.query(Query(object="stay", columns=("name",), sort=(Sort("name"),))).rows
        return [each.values[0] for each in rows]

    return studio.read(work)


def searched(studio: Studio) -> set[str]:
    return studio.read(
        lambda unit: set(unit.connection.scalars(tables.search.select().with_only_columns(tables.search.c.title)))
    )


def test_the_title_follows_what_it_is_made_of(studio: Studio) -> None:
    """On create, on change, and when the parent is renamed; lookups show it, search and sorting have it."""
    put(studio, template=TEMPLATE)
    ada, bob = studio.create("client", name="Ada"), studio.create("client", name="Bob")
    first = studio.create("stay", client=bob, nights=2)
    second = studio.create("stay", client=ada, nights=3, after=first)
    assert titles(studio) == ["Ada · 3", "Bob · 2"]
    studio.update("stay", first, nights=5)
    studio.update("client", ada, name="Zoe")
    assert titles(studio) == ["Bob · 5", "Zoe · 3"]
    assert studio.get("stay", second)["after"].title == "Bob · 5"
    assert {"Bob · 5", "Zoe · 3"} <= searched(studio)


def test_nobody_types_it(studio: Studio) -> None:
    """Saying it back as it is does no harm."""
    put(studio, template=TEMPLATE)
    client = studio.create("client", name="Ada")
    made = studio.create("stay", client=client, nights=2, name="Ada · 2")
    with pytest.raises(Rejected, match="field-computed"):
        studio.update("stay", made, name="Mine")


def test_a_long_title_is_cut_to_what_the_field_holds(studio: Studio) -> None:
    put(studio, template=f"{TEMPLATE} & client.name")
    client = studio.create("client", name="A" * 40)
    made = studio.create("stay", client=client, nights=2)
    assert studio.get("stay", made)["name"] == "A" * 30


def test_records_that_are_there_get_their_title_after_the_publish(studio: Studio) -> None:
    """Of a template that comes, and of one that changes; version and history are left alone."""
    put(studio)
    client = studio.create("client", name="Ada")
    made = studio.save(Create("stay", {"name": "typed", "client": client, "nights": 2})).changes[0].id
    put(studio, template=TEMPLATE)
    assert (titles(studio), studio.get("stay", made)["version"]) == (["Ada · 2"], 1)
    assert "Ada · 2" in searched(studio) and "typed" not in searched(studio)
    put(studio, template="UPPER(client.name)")
    assert titles(studio) == ["ADA"]
    with studio.company.read(SYSTEM) as unit:
        history = unit.connection.execute(tables.history.select().where(tables.history.c.record_id == made)).all()
    assert [each.action for each in history] == ["create"]


def test_a_barcode_may_be_made_of_a_formula(studio: Studio) -> None:
    """It follows what it is made of; records from before have it after the publish; nobody enters it."""
    put(studio)
    made = studio.create("stay", name="Lake", nights=2)
    code = {"kind": "field", "name": "stay.code", "type": "barcode", "label": label("Code"),
            "formula": '"S-" & name & "-" & TEXT(nights)'}  # fmt: skip
    publish(studio.company, Publication(tree=head_tree(studio.company).put(*from_bodies([code]))))
    assert studio.get("stay", made)["code"] == "S-Lake-2"
    studio.update("stay", made, nights=3)
    assert studio.get("stay", made)["code"] == "S-Lake-3"
    with pytest.raises(Rejected, match="field-computed"):
        studio.update("stay", made, code="mine")
