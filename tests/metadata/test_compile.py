"""The compiled model: what documents come to."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest

import dougong.engine.fields  # noqa: F401  the field types
from dougong.metadata.check import load
from dougong.metadata.model import Model
from tests.metadata.workshop import changed, documents


@pytest.fixture(scope="module")
def model() -> Model:
    return load(documents())


def changed_model(changes: dict[str, Any]) -> Model:
    return load(documents(changes))


def test_fields_come_first_then_those_of_the_system(model: Model) -> None:
    names = list(model.objects["deal"].fields)
    assert names[:6] == ["name", "customer", "stage", "reason", "amount", "closes_on"]
    assert {"id", "owner", "created_at", "created_by", "updated_at", "updated_by", "version"} <= set(names[6:])
    assert {"record_type", "deleted_at", "currency"} <= set(names[6:])
    assert all(each.system == (each.name in names[6:]) for each in model.objects["deal"].fields.values())


def test_the_model_cannot_be_changed(model: Model) -> None:
    with pytest.raises(TypeError):
        model.objects["new"] = model.objects["deal"]  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.objects["deal"].name = "x"  # type: ignore[misc]


def test_keys_of_a_type_have_their_defaults(model: Model) -> None:
    name, amount = model.objects["deal"].fields["name"], model.objects["deal"].fields["amount"]
    assert name.options["length"] == 255
    assert "scale" in amount.options


def test_attributes_are_typed(model: Model) -> None:
    won = model.picklists["stage"].values["won"]
    assert {"closed": True, "chance": Decimal(1)} == dict(won.attributes)
    stage = model.objects["deal"].fields["stage"].picklist
    assert stage is not None
    assert (stage.name, list(stage.values)) == ("stage", ["open", "won", "lost"])


def test_own_values_make_a_picklist_of_the_field(model: Model) -> None:
    reason = model.objects["deal"].fields["reason"].picklist
    assert reason is not None
    assert reason.name == "deal.reason"


def test_record_types_are_a_picklist(model: Model) -> None:
    field = model.objects["deal"].fields["record_type"]
    assert field.picklist is not None
    assert list(field.picklist.values) == ["tender"]
    tender = model.objects["deal"].record_types["tender"]
    assert (tender.path, tender.values["stage"]["only"]) == ("main", ("open", "won"))


def test_formulas_are_compiled(model: Model) -> None:
    deal = model.objects["deal"]
    assert deal.fields["stage"].default is not None
    assert deal.fields["stage"].default.evaluate({}) == "open"
    gate = deal.paths["main"].stages["won"].gates[0]
    assert gate.when.references == (("customer",),)
    where = model.objects["customer"].fields["won"].where
    assert where is not None
    assert where.references == (("stage", "closed"),)


def test_relations_are_seen_from_the_parent(model: Model) -> None:
    children = {(each.object, each.field): each for each in model.objects["deal"].children}
    line = children["line", "deal"]
    assert (line.cascade, line.on_delete) == (True, "cascade")
    deals = {(each.object, each.field): each for each in model.objects["customer"].children}
    assert deals["deal", "customer"].on_delete == "set_null"
    assert [each.name for each in model.objects["deal"].rollups_from] == ["won"]
    assert (model.objects["line"].master or line).name == "deal"


def test_a_required_lookup_restricts(model: Model) -> None:
    changed = changed_model({"object/deal.json#fields/customer/required": True})
    deals = {(each.object, each.field): each for each in changed.objects["customer"].children}
    assert deals["deal", "customer"].on_delete == "restrict"


def test_layouts_keep_their_order_and_lines(model: Model) -> None:
    layout = model.objects["deal"].layouts["default"]
    deal, lines = layout.tabs[0].sections
    assert [each.field for each in deal.items] == ["name", "customer", "customer.owner.name"]
    assert (
        lines.lines,
        [(each.field, each.total) for each in lines.line_columns],
    ) == ("line.deal", [("name", None), ("price", "sum")])
    related = {each.key: each for each in model.objects["customer"].layouts["default"].related}
    assert related["lines"].path == ("line", "deal", "customer")
    assert related["lines"].columns == ("name",), "title and subtitle where nothing is said"
    assert related["deals"].label["en"] == "Deal"


def test_a_layout_without_highlights_has_those_of_the_object(model: Model) -> None:
    assert model.objects["customer"].layouts["default"].highlights == ("city", "owner")


def test_actions_of_no_object_are_those_of_every_object(model: Model) -> None:
    assert {"new_deal", "convert"} == set(model.objects["deal"].actions)
    assert {"closes_on"} == set(model.objects["customer"].actions["new_deal"]["prefill"])


def test_what_no_formula_can_hold_is_copied() -> None:
    place = {"type": "address", "label": {"en": "Address"}}
    model = changed_model(
        {
            "object/deal.json#fields/place": place,
            "object/customer.json#fields/place": place,
            "conversion/deal/to_customer.json#into/0/map/place": "place",
        }
    )
    target = model.objects["deal"].conversions["to_customer"].into[0]
    assert (dict(target.copy), list(target.map)) == ({"place": "place"}, ["name"])


def test_settings_have_their_types(model: Model) -> None:
    assert {"free_discount": Decimal("0.1")} == dict(model.settings)
    assert model.labels["thanks"]["zh-CN"] == "谢谢"


def test_a_former_name_still_answers() -> None:
    model = changed_model({"object/deal.json#fields/amount/formerly": ["amt"], "object/deal.json#formerly": ["sale"]})
    assert model.object_named("sale") is model.objects["deal"]
    assert model.objects["deal"].field_named("amt") is model.objects["deal"].fields["amount"]


def test_identity_is_the_id_or_else_the_name() -> None:
    model = changed_model({"object/deal.json#fields/amount/id": "abcdefghij12"})
    assert {"abcdefghij12", "deal.name"} <= set(model.by_field_id)


def test_equal_documents_make_the_same_revision(model: Model) -> None:
    assert model.revision == load(documents()).revision
    assert model.revision != changed_model({"app/sales.json#icon": "star"}).revision
    assert changed({}) == changed({})
