"""People who hold the same share their statements, and each gets their own rows from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dougong.base.errors import NotFound
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.query import Condition, Query, Summary
from dougong.engine.rights import probing
from dougong.engine.saving.batch import Create
from dougong.engine.unit import Unit
from tests.companies import person, sales  # noqa: F401


def own_customer(company: Company, actor: Actor, name: str) -> str:
    """A customer that somebody owns, with a contact, a deal and a task about it; the id of the customer."""

    def work(unit: Unit) -> str:
        made = unit.records.save([Create("account", {"name": name, "record_type": "enterprise"})]).changes[0].id
        unit.records.save([Create("contact", {"name": f"{name}'s", "account": made})])
        task = {"subject": name, "related_to": f"account:{made}", "priority": "normal", "status": "open"}
        unit.records.save([Create("task", task)])
        return made

    return company.write(actor, work)


def titles(unit: Unit, query: Query) -> list[Any]:
    return [row.values[0] for row in unit.records.query(query).rows]


ASKED: dict[str, Callable[[Unit], Any]] = {
    "list": lambda unit: titles(unit, Query(object="account", columns=("name",))),
    "list by a parent's value": lambda unit: titles(
        unit, Query(object="contact", columns=("name",), where=Condition("account.name", "contains", "customer"))
    ),
    "bin": lambda unit: titles(unit, Query(object="account", columns=("name",), deleted="all")),
    "search": lambda unit: titles(unit, Query(object="account", columns=("name",), search="customer")),
    "count": lambda unit: unit.records.count(Query(object="account")).number,
    "capped count": lambda unit: unit.records.count(Query(object="account"), cap=10).number,
    "sum": lambda unit: unit.records.summarise(Summary(object="account", by=("name",))),
    "title of a reference": lambda unit: titles(unit, Query(object="task", columns=("related_to",))),
    "mine": lambda unit: titles(
        unit, Query(object="account", columns=("name",), where=Condition("owner", "is", "$me"))
    ),
}
"""Ways to ask for records, each remembered as a statement."""


@pytest.mark.parametrize("few", (True, False), ids=("few", "many"))
def test_the_statement_of_one_person_gives_another_their_own_rows(
    sales: Company,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    few: bool,
) -> None:
    """Whoever asked first; and who has nothing gets nothing."""
    monkeypatch.setattr(probing, "most_of", lambda size: 2000 if few else -1)
    ann, ben, eve = (person(sales, name, "sales") for name in ("ann", "ben", "eve"))
    ids = {who.login: own_customer(sales, who, f"{who.name}'s customer") for who in (ann, ben)}
    answers: dict[str, dict[str, str]] = {}
    for who in (ann, ben, ann, eve):
        with sales.read(who) as unit:
            answers[str(who.login)] = {name: repr(ask(unit)) for name, ask in ASKED.items()}
            assert unit.access.few(unit, unit.runtime.model.objects["account"]) is few
            shape = unit.access.shape
            for login, id in ids.items():
                if login == who.login:
                    assert unit.records.get("account", id).values["name"] == f"{who.name}'s customer"
                else:
                    with pytest.raises(NotFound):
                        unit.records.get("account", id)
    with sales.read(ben) as unit:
        assert unit.access.shape == shape and unit.access.key != shape
    for name, said in answers["ann"].items():
        assert said == answers["ben"][name].replace("Ben", "Ann") or name == "title of a reference", name
        assert "Ben" not in said and "Ann" not in answers["ben"][name], name
        assert "Ann" not in answers["eve"][name] and "Ben" not in answers["eve"][name], name
    assert "Ann's customer" in answers["ann"]["title of a reference"]


def test_nobody_adds_statements_where_somebody_alike_has_been(sales: Company) -> None:  # noqa: F811
    """Thousands of people do not push each other's statements out."""

    def ask_everything(who: Actor) -> None:
        with sales.read(who) as unit:
            for name, ask in ASKED.items():
                if name != "mine":  # a filter by a person is remembered with it
                    ask(unit)

    ann, ben = (person(sales, name, "sales") for name in ("ann", "ben"))
    for who in (ann, ben):
        own_customer(sales, who, f"{who.name}'s customer")
    ask_everything(ann)
    with sales.read(SYSTEM) as unit:
        prepared = unit.runtime.prepared
    known = {kind: len(prepared[kind]) for kind in ("reading", "filters")}
    ask_everything(ben)
    assert {kind: len(prepared[kind]) for kind in known} == known
