"""Lead to customer, contact and deal; deal to quote to order; and the way back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import ColumnElement, FromClause, false, update

from dougong.base.errors import BadRequest, Conflict, NotFound, Rejected
from dougong.base.hooks import hook, plugin_manager
from dougong.engine import tables
from dougong.engine.access import Access, Right
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.query import Condition, Query
from dougong.engine.saving import conversion
from dougong.metadata.model import Field, Model, Object
from tests.companies import ADMINISTRATOR
from tests.engine.saving.conftest import Studio


@pytest.fixture
def crm(sales: Company) -> Studio:
    """The sales package with one user in it."""
    return Studio(sales, {"name": "Li", "login": "li", "roles": [ADMINISTRATOR]})


def lead(crm: Studio, **values: Any) -> str:
    given = {"company": "远澜新能源", "person": "吴敏", "mobile": "13800138000", "need": "ERP", "status": "qualified"}
    return crm.create("lead", **{**given, **values})


def convert(crm: Studio, object_name: str, id: str, name: str, **options: Any) -> conversion.Converted:
    return crm.company.write(crm.actor, lambda unit: conversion.convert(unit, object_name, id, name, **options))


def test_a_lead_becomes_customer_contact_and_deal_and_brings_its_activities(crm: Studio) -> None:
    id = lead(crm)
    activity = crm.create("activity", subject="首次电话", kind="call", related_to={"object": "lead", "id": id})
    done = convert(crm, "lead", id, "convert")
    assert done.made == {"account", "contact", "deal"}
    account, contact, deal = (
        crm.get(done.records[key].object, done.records[key].id) for key in ("account", "contact", "deal")
    )
    assert (account["name"], account["record_type"]) == ("远澜新能源", "enterprise")
    assert contact["account"].id == deal["account"].id == done.records["account"].id
    assert deal["primary_contact"].id == done.records["contact"].id
    assert deal["name"] == "远澜新能源 - ERP"
    assert crm.get("activity", activity)["related_to"].id == done.records["deal"].id
    assert crm.get("lead", id)["status"] == "converted"
    assert done.open == done.records["deal"]


def test_the_customer_that_exists_is_offered_first_and_taken(crm: Studio) -> None:
    account = crm.create("account", name="远澜新能源", credit_code=None)
    contact = crm.create("contact", name="吴敏", account=account, mobile="13800138000")
    id = lead(crm)
    with crm.company.read(crm.actor) as unit:
        offered = {each.target.key: each for each in conversion.proposal(unit, "lead", id, "convert")}
    assert [each.id for each in offered["account"].found] == [account]
    assert [each.id for each in offered["contact"].found] == [contact]
    assert offered["deal"].values["name"] == "远澜新能源 - ERP"
    done = convert(crm, "lead", id, "convert")
    assert done.made == {"deal"}
    assert done.records["account"].id == account


def test_a_person_decides_against_the_match_or_without_a_deal(crm: Studio) -> None:
    crm.create("account", name="远澜新能源")
    done = convert(
        crm,
        "lead",
        lead(crm),
        "convert",
        choices={"account": "new", "deal": "skip"},
        values={"account": {"name": "远澜新能源(苏州)"}},
    )
    assert done.made == {"account", "contact"}
    assert crm.get("account", done.records["account"].id)["name"] == "远澜新能源(苏州)"


def test_a_wrong_choice_is_refused(crm: Studio) -> None:
    id = lead(crm)
    for choices in ({"account": "skip"}, {"customer": "new"}):
        with pytest.raises(BadRequest):
            convert(crm, "lead", id, "convert", choices=choices)
    with pytest.raises(NotFound):
        convert(crm, "lead", id, "explode")
    with pytest.raises(Rejected) as caught:
        convert(crm, "lead", lead(crm, status="unqualified", unqualified_reason="wrong_contact"), "convert")
    assert caught.value.problems[0].code == "conversion-not-now"


def test_a_converted_record_is_locked_until_it_is_taken_back(crm: Studio) -> None:
    id = lead(crm)
    activity = crm.create("activity", subject="电话", kind="call", related_to={"object": "lead", "id": id})
    done = convert(crm, "lead", id, "convert")
    with pytest.raises(Rejected) as caught:
        crm.update("lead", id, need="CRM")
    assert caught.value.problems[0].code == "record-converted"
    crm.company.write(crm.actor, lambda unit: conversion.undo(unit, done.operation))
    assert crm.get("lead", id)["status"] == "qualified"
    assert crm.get("activity", activity)["related_to"].id == id
    for reference in done.records.values():
        assert crm.get(reference.object, reference.id, deleted="all")["deleted_at"] is not None
    crm.update("lead", id, need="CRM")
    with pytest.raises(NotFound):
        crm.company.write(crm.actor, lambda unit: conversion.undo(unit, done.operation))


@pytest.mark.parametrize("status", ["new", "contacting"])
def test_a_conversion_leads_to_its_stage_from_any_that_it_is_open_in(crm: Studio, status: str) -> None:
    """The path has no step from here to converted: people are held to that, the conversion is not."""
    id = lead(crm, status=status)
    with pytest.raises(Rejected) as caught:
        crm.update("lead", id, status="converted")
    assert [each.code for each in caught.value.problems] == ["stage-step"]
    convert(crm, "lead", id, "convert")
    assert crm.get("lead", id)["status"] == "converted"


def test_a_conversion_tells_whether_it_is_open(crm: Studio) -> None:
    known = {"new": True, "qualified": True, "unqualified": False}
    ids = {status: lead(crm, status=status, unqualified_reason="wrong_contact") for status in known}
    with crm.company.read(crm.actor) as unit:
        told = {key: conversion.is_open(unit, unit.records.get("lead", id), "convert") for key, id in ids.items()}
    assert told == known


def test_what_was_worked_on_is_not_taken_back(crm: Studio) -> None:
    done = convert(crm, "lead", lead(crm), "convert")
    crm.update("opportunity", done.records["deal"].id, need="more")
    with pytest.raises(Conflict) as caught:
        crm.company.write(crm.actor, lambda unit: conversion.undo(unit, done.operation))
    assert caught.value.problems[0].code == "undo-changed-since"
    assert crm.get("account", done.records["account"].id)["name"] == "远澜新能源"


def test_nothing_is_taken_back_after_its_days(crm: Studio) -> None:
    done = convert(crm, "lead", lead(crm), "convert")
    crm.company.write(
        crm.actor,
        lambda unit: unit.connection.execute(
            update(tables.operations).values(undo_until=unit.now - timedelta(seconds=1))
        ),
    )
    with pytest.raises(Conflict):
        crm.company.write(crm.actor, lambda unit: conversion.undo(unit, done.operation))


def test_a_deal_becomes_quote_and_order_with_its_lines(crm: Studio) -> None:
    account = crm.create("account", name="A")
    product = crm.create("product", name="P", code="P1", list_price="100.00")
    deal = crm.create("opportunity", name="D", account=account, close_date="2026-12-01")
    for quantity in (1, 2, 3):
        crm.create("opportunity_line", opportunity=deal, product=product, quantity=quantity, discount="0.1")
    quote = convert(crm, "opportunity", deal, "to_quote").records["quote"]
    lines = crm.read(
        lambda unit: unit.records.query(
            Query(object="quote_line", columns=("quantity", "unit_price"), where=Condition("quote", "is", quote.id))
        )
    )
    assert sorted(row.values[0] for row in lines.rows) == [1, 2, 3]
    stored = crm.get("quote", quote.id)
    assert (stored["opportunity"].id, stored["account"].id) == (deal, account)
    assert stored["total"] == crm.get("opportunity", deal)["line_total"] == Decimal("540.00")
    order = convert(crm, "quote", quote.id, "to_order").records["order"]
    assert crm.get("order", order.id)["total"] == Decimal("540.00")
    assert crm.get("order", order.id)["number"]


def test_a_conversion_that_breaks_a_rule_leaves_nothing_behind(crm: Studio) -> None:
    id = lead(crm)
    before = crm.read(lambda unit: unit.records.count(Query(object="account")).number)
    with pytest.raises(Rejected):
        convert(crm, "lead", id, "convert", values={"deal": {"stage": "won"}})
    assert crm.read(lambda unit: unit.records.count(Query(object="account")).number) == before
    assert crm.get("lead", id)["status"] == "qualified"


class Discretion(Access):
    """Shows no discount of an order's lines, no record called "Unseen", and lets no task be changed."""

    key = "discretion"

    def may_field(self, right: Any, obj: Object, field: Field) -> bool:
        return (obj.name, field.name) != ("order_line", "discount")

    def visible(self, right: Right, obj: Object, table: FromClause) -> ColumnElement[bool] | None:
        if obj.name == "quote_line":
            return table.c.name != "Unseen"
        return false() if obj.name == "task" and right == "edit" else None


class Plugin:
    """Discretion for everybody but the platform."""

    @hook
    def access(self, actor: Actor, model: Model) -> Access | None:
        return None if actor.is_system else Discretion()


def test_a_conversion_takes_along_what_its_person_may_see_and_change(crm: Studio) -> None:
    """A hidden field of a line is not given, a hidden line is not copied, and what may not be changed stays behind."""
    account = crm.create("account", name="远澜新能源")
    deal = crm.create("opportunity", name="ERP", account=account, stage="prospecting")
    quote = crm.create("quote", opportunity=deal, account=account)
    for name in ("Seen", "Unseen"):
        crm.create("quote_line", quote=quote, name=name, quantity=2, unit_price="100", discount="0.1")
    task = crm.create("task", subject="Ring", related_to={"object": "lead", "id": (source := lead(crm))})
    crm.company.hooks = plugin_manager([Plugin()]).hook
    done = convert(crm, "quote", quote, "to_order")
    with crm.company.read(SYSTEM) as unit:
        order = Condition("order", "is", done.records["order"].id)
        lines = unit.records.query(Query(object="order_line", columns=("name", "discount"), where=order)).rows
        made = [(str(name), discount) for name, discount in (each.values for each in lines)]
    assert made == [("Seen", 0)], "the usual discount, and not the one that is hidden"
    convert(crm, "lead", source, "convert")
    assert crm.get("task", task)["related_to"].id == source
