"""Erasing a person: nothing of them is left anywhere, everything else is as it was, and the log proves it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from dougong.base.errors import BadRequest, Conflict, Forbidden, NotFound, Rejected
from dougong.base.field_types import Reference
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.audit import Event, record
from dougong.engine.audit.verify import verify
from dougong.engine.company import Company
from dougong.engine.privacy import erase, find, given_out
from dougong.engine.query import Query
from dougong.engine.saving.batch import Change, Create, Delete, Update
from dougong.engine.sign_in_tables import sessions
from dougong.engine.tables import PLATFORM, audit
from tests.companies import ADMINISTRATOR, company_copy, person, sales  # noqa: F401

NAME, OTHER_NAME = "Zebrafinch Quill", "Zebrafinch Former"
PERSONAL = {
    "name": NAME, "mobile": "13800138000", "email": "zebrafinch@example.com", "wechat": "zebrafinch_w",
    "notes": "zebrafinch likes tea", "birth_date": date(1981, 2, 3),
}  # fmt: skip
WORDS = ("ebrafinch", "13800138000", "(1981, 2, 3)")
"""Nothing shorter: the log is full of random digits."""


def save(company: Company, *changes: Change, actor: Actor = SYSTEM) -> list[str]:
    return [each.id for each in company.write(actor, lambda unit: unit.records.save(list(changes))).changes]


def everything(company: Company) -> str:
    """Every row of every table, as text."""
    with company.read(SYSTEM) as unit:
        records = [each.table for each in unit.runtime.storage.tables.values()]
        tables = [*records, *(each for each in PLATFORM.sorted_tables if each.name not in ("dg_body",))]
        return "\n".join(f"{each.name}: {unit.connection.execute(select(each)).all()}" for each in tables)


@pytest.fixture
def boss(sales: Company) -> Actor:  # noqa: F811
    return person(sales, "boss", ADMINISTRATOR)


@pytest.fixture
def contact(sales: Company, boss: Actor) -> str:  # noqa: F811
    """A contact of a customer with a deal, a history, a file and a comment in the log."""
    account = save(sales, Create("account", {"name": "Aldgate", "record_type": "enterprise"}))[0]
    made = save(sales, Create("contact", {**PERSONAL, "name": OTHER_NAME, "account": account}), actor=boss)[0]
    save(sales, Update("contact", made, {"name": NAME}), actor=boss)
    deal = {"name": "Deal", "account": account, "record_type": "standard", "amount": "100", "primary_contact": made}
    save(sales, Create("opportunity", deal))
    about = Reference("contact", made)
    content = [{"id": made, "name": "zebrafinch.pdf"}]
    save(sales, Create("file", {"name": "zebrafinch.pdf", "content": content, "related_to": about}))
    target = f"record:contact/{made}"
    sales.write(boss, lambda unit: record(unit, Event("shared", target, personal={"typed": NAME})))
    return made


def whole(company: Company) -> list[Any]:
    with company.read(SYSTEM) as unit:
        return list(verify(unit.connection))


def test_nothing_of_the_person_is_left(sales: Company, boss: Actor, contact: str) -> None:  # noqa: F811
    """Not in any table; the record, its relations and what was counted stay; the log is whole."""
    text = everything(sales)
    assert [word for word in WORDS if word not in text] == []
    with sales.read(SYSTEM) as unit:
        totals = [
            dict(unit.records.get("account", row.id).values) for row in unit.records.query(Query(object="account")).rows
        ]
    with sales.read(boss) as unit:
        kept = find(unit, "contact", contact)
    assert set(kept.values) == set(PERSONAL)
    assert (kept.history, len(kept.files), len(kept.entries)) == (2, 1, 1)
    with pytest.raises(Rejected):
        sales.write(boss, lambda unit: erase(unit, "contact", contact))
    erased = sales.write(boss, lambda unit: erase(unit, "contact", contact), why="asked by letter")
    assert erased == kept
    left = everything(sales)
    assert [line for line in left.splitlines() if any(word in line for word in WORDS)] == []
    with sales.read(boss) as unit:
        values = unit.records.get("contact", contact).values
        assert values["name"] == "–" and values["account"] is not None and values["mobile"] is None
        assert find(unit, "contact", contact).nothing
        after = [
            dict(unit.records.get("account", row.id).values) for row in unit.records.query(Query(object="account")).rows
        ]
    assert after == totals
    assert whole(sales) == []


def test_the_log_proves_it_without_saying_what_it_was(sales: Company, boss: Actor, contact: str) -> None:  # noqa: F811
    sales.write(boss, lambda unit: erase(unit, "contact", contact), why="asked by letter")
    with sales.read(SYSTEM) as unit:
        row = unit.connection.execute(select(audit).where(audit.c.kind == "person_erased")).one()
    body = json.loads(row.body)
    assert body["target"] == f"record:contact/{contact}" and body["actor"] == boss.user_id
    assert body["data"]["fields"] == sorted(PERSONAL)
    assert body["data"]["history"] == 2 and body["data"]["files"] == 1
    assert "asked by letter" in row.personal


def test_rules_and_the_bin_do_not_stand_against_it(sales: Company, boss: Actor, contact: str) -> None:  # noqa: F811
    """A record that was deleted is erased as well, and stays where it is."""
    save(sales, Delete("contact", contact, alone=True))
    sales.write(boss, lambda unit: erase(unit, "contact", contact), why="asked")
    assert [line for line in everything(sales).splitlines() if any(word in line for word in WORDS)] == []
    with pytest.raises(Conflict):
        sales.write(boss, lambda unit: erase(unit, "contact", contact), why="asked")


def test_a_user_is_shut_out_and_forgotten(sales: Company, boss: Actor) -> None:  # noqa: F811
    """Sessions, password, rights and name; what they did stays, by nobody's name."""
    actor = person(sales, "zebrafinch", "sales", email="zebrafinch@example.com")
    user = str(actor.user_id)
    account = save(sales, Create("account", {"name": "North", "record_type": "enterprise"}), actor=actor)[0]
    signed = {
        "token": "t",
        "user_id": user,
        "created_at": None,
        "seen_at": None,
        "expires_at": None,
        "agent": "",
        "address": "",
    }

    def sign_in(unit: Any) -> None:
        now = dict.fromkeys(("created_at", "seen_at", "expires_at"), unit.now)
        unit.connection.execute(sessions.insert(), signed | now)
        record(unit.acting(actor), Event("exported", "object:account"))

    sales.write(SYSTEM, sign_in)
    sales.write(boss, lambda unit: erase(unit, "user", user), why="asked")
    assert [word for word in WORDS if word in everything(sales)] == []
    with sales.read(boss) as unit:
        values = unit.records.get("user", user).values
        assert values["active"] is False and values["login"] == f"erased-{user}" and not values["roles"]
        assert unit.connection.execute(select(sessions).where(sessions.c.user_id == user)).all() == []
        assert unit.records.get("account", account).values["created_by"].id == user
    assert whole(sales) == []


def test_what_is_kept_is_given_out(sales: Company, boss: Actor, contact: str) -> None:  # noqa: F811
    """Values with their category, changes, files, records that name the person; that it was given out is in the log."""
    with sales.read(boss) as unit:
        given = given_out(unit, "contact", contact)
    json.dumps(given)
    assert {each["field"]: each["category"] for each in given["values"]}["birth_date"] == "birth"
    assert [each["changes"]["name"] for each in given["history"]] == [[None, OTHER_NAME], [OTHER_NAME, NAME]]
    assert [each["name"] for each in given["files"]] == ["zebrafinch.pdf"]
    assert given["related"]["opportunity.primary_contact"][0]["title"] == "Deal"
    assert given["log"][0]["personal"]["typed"] == NAME
    with sales.read(SYSTEM) as unit:
        kinds = unit.connection.scalars(select(audit.c.kind).where(audit.c.target == f"record:contact/{contact}")).all()
    assert "exported" in kinds


def test_it_takes_the_right_and_a_person(sales: Company, boss: Actor, contact: str) -> None:  # noqa: F811
    seller = person(sales, "seller", "sales")
    for actor, name, id, refusal in (
        (seller, "contact", contact, Forbidden),
        (boss, "contact", contact[:-1] + ("0" if contact[-1] != "0" else "1"), NotFound),
        (boss, "product", contact, NotFound),
        (boss, "nothing", contact, NotFound),
        (boss, "user", str(boss.user_id), Conflict),
    ):
        for doing in (erase,) if refusal is Conflict else (erase, find, given_out):
            with pytest.raises(refusal):
                sales.write(actor, lambda unit, doing=doing, name=name, id=id: doing(unit, name, id))  # type: ignore[misc]
    account = save(sales, Create("competitor", {"name": "Rival"}))[0]
    with pytest.raises(BadRequest):
        sales.write(boss, lambda unit: erase(unit, "competitor", account), why="asked")
