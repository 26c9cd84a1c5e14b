"""What roles and permission sets grant holds for every read and write; what nobody grants is not there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dougong.base.errors import DougongError, Forbidden, NotFound, Rejected
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.query import Condition, Query
from dougong.engine.rights.explaining import explain
from dougong.engine.saving.batch import Create, Delete, Update
from tests.companies import ADMINISTRATOR, company_copy, person, sales  # noqa: F401


def save(company: Company, actor: Actor, *changes: Any) -> list[str]:
    """The ids of what was saved."""
    return [each.id for each in company.write(actor, lambda unit: unit.records.save(list(changes))).changes]


def account(name: str, **values: Any) -> Create:
    return Create("account", {"name": name, "record_type": "enterprise", **values})


def seen(company: Company, actor: Actor, name: str) -> set[str]:
    """The titles of what somebody sees of an object."""
    with company.read(actor) as unit:
        page = unit.records.query(Query(object=name, columns=("name",), limit=100))
        assert unit.records.count(Query(object=name)).number == len(page.rows)
        return {str(row.values[0]) for row in page.rows}


def test_without_a_role_one_sees_oneself_and_nothing_else(sales: Company) -> None:  # noqa: F811
    """Not even the names of objects; and nothing may be made."""
    nobody, boss = person(sales, "nobody"), person(sales, "boss", ADMINISTRATOR)
    save(sales, boss, account("North"))
    assert seen(sales, nobody, "user") == {"Nobody"}
    with sales.read(nobody) as unit:
        assert [obj.name for obj in unit.runtime.model.objects.values() if unit.access.may("read", obj)] == ["user"]
        with pytest.raises(NotFound):
            unit.records.query(Query(object="account"))
    with pytest.raises(DougongError):
        save(sales, nobody, account("Mine"))
    with pytest.raises(Forbidden):
        save(sales, nobody, Update("user", str(nobody.user_id), {"roles": [ADMINISTRATOR]}))


def test_an_administrator_has_the_platforms_own_access(sales: Company) -> None:  # noqa: F811
    """The same statements, none more."""
    with sales.read(person(sales, "boss", ADMINISTRATOR)) as unit, sales.read(SYSTEM) as own:
        assert unit.access is own.access


def test_scopes_open_what_subordinates_own(sales: Company) -> None:  # noqa: F811
    """Over two levels; what children belong to opens the children; a move of people holds at once."""
    director = person(sales, "director", "sales_director")
    manager = person(sales, "manager", "sales_manager", manager=director.user_id)
    ann, ben = (person(sales, name, "sales", manager=manager.user_id) for name in ("ann", "ben"))
    hers, his = save(sales, ann, account("Hers"))[0], save(sales, ben, account("His"))[0]
    save(sales, ann, Create("contact", {"name": "Eve", "account": hers}))
    assert seen(sales, ann, "account") == {"Hers"} and seen(sales, ben, "account") == {"His"}
    assert seen(sales, ben, "contact") == set() and seen(sales, manager, "contact") == {"Eve"}
    assert seen(sales, manager, "account") == seen(sales, director, "account") == {"Hers", "His"}
    save(sales, SYSTEM, Update("user", str(ben.user_id), {"manager": director.user_id}))
    assert seen(sales, manager, "account") == {"Hers"}
    save(sales, manager, Update("account", hers, {"phone": None, "owner": manager.user_id}))
    with pytest.raises(NotFound):
        save(sales, manager, Update("account", his, {"name": "Taken"}))
    assert seen(sales, ann, "account") == set()


def test_fields_that_are_held_back_are_unknown(sales: Company) -> None:  # noqa: F811
    """To those whose sets hold them back; another set gives them."""
    ann, boss = person(sales, "ann", "sales"), person(sales, "boss", "sales_manager")
    for actor, known in ((ann, False), (boss, True)):
        with sales.read(actor) as unit:
            obj = unit.runtime.model.objects["product"]
            assert unit.access.may_field("read", obj, obj.fields["cost"]) is known
            if not known:
                with pytest.raises(DougongError):
                    unit.records.query(Query(object="product", where=Condition("cost", "not_blank")))


def test_rights_of_an_object_are_asked_one_by_one(sales: Company) -> None:  # noqa: F811
    """Deleting, handing over, changing many at once, exporting, making for others."""
    manager = person(sales, "manager", "sales_manager")
    ann = person(sales, "ann", "sales", manager=manager.user_id)
    hers = save(sales, ann, account("Hers"))[0]
    refused: tuple[tuple[Actor, Any], ...] = (
        (ann, Delete("account", hers)),
        (ann, Update("account", hers, {"owner": manager.user_id})),
        (ann, account("Theirs", owner=manager.user_id)),
        (replace(ann, channel="bulk"), Update("account", hers, {"name": "Many"})),
    )
    for actor, change in refused:
        with pytest.raises(Forbidden):
            save(sales, actor, change)
    with sales.read(ann) as unit:
        obj = unit.runtime.model.objects["account"]
        assert not unit.access.may("export", obj) and not unit.access.may("import", obj)
    save(sales, replace(manager, channel="bulk"), Update("account", hers, {"name": "Many"}))
    save(sales, manager, Update("account", hers, {"owner": manager.user_id}))


def test_a_child_is_put_only_where_the_parent_may_be_changed(sales: Company) -> None:  # noqa: F811
    """A customer shared to be seen takes no contact of the one who sees it; one shared to be changed does."""
    ann, ben = person(sales, "ann", "sales"), person(sales, "ben", "sales")
    hers = save(sales, ann, account("Hers"))[0]
    share = save(sales, ann, Create("record_share", {"record": f"account:{hers}", "user": ben.user_id}))[0]
    contact = Create("contact", {"name": "Eve", "account": hers})
    assert seen(sales, ben, "account") == {"Hers"}
    for change in (contact, Update("account", hers, {"name": "His"})):
        with pytest.raises(Forbidden):
            save(sales, ben, change)
    with pytest.raises(DougongError):
        save(sales, ben, Update("record_share", share, {"level": "edit"}))
    save(sales, ann, Update("record_share", share, {"level": "edit"}))
    save(sales, ben, contact, Update("account", hers, {"name": "Theirs"}))
    save(sales, ann, Update("record_share", share, {"until": "2020-01-01"}))
    assert seen(sales, ben, "account") == set()


def test_a_share_names_one_receiver(sales: Company) -> None:  # noqa: F811
    ann = person(sales, "ann", "sales")
    hers = save(sales, ann, account("Hers"))[0]
    for values in ({}, {"user": ann.user_id, "role": "sales"}):
        with pytest.raises(Rejected):
            save(sales, ann, Create("record_share", {"record": f"account:{hers}", **values}))


def test_somebody_who_left_has_no_rights(sales: Company) -> None:  # noqa: F811
    ann = person(sales, "ann", "sales")
    save(sales, ann, account("Hers"))
    save(sales, SYSTEM, Update("user", str(ann.user_id), {"active": False}))
    with sales.read(ann) as unit, pytest.raises(NotFound):
        unit.records.query(Query(object="account"))


def test_the_explanation_names_what_decides(sales: Company) -> None:  # noqa: F811
    """The ground that holds, those that do not, what holds a field back."""
    ann, ben = person(sales, "ann", "sales"), person(sales, "ben", "sales")
    hers = save(sales, ann, account("Hers"))[0]
    cost = save(sales, SYSTEM, Create("product", {"name": "Pump", "code": "P1", "unit": "set", "list_price": "1"}))[0]
    asked = (
        (ann, "account", hers, "edit", None, True, "They own it."),
        (ben, "account", hers, "read", None, False, "Nothing gives them the right to see this record."),
        (ann, "account", hers, "delete", None, False, "No role or permission set lets them delete Customer records."),
        (ann, "product", cost, "read", "cost", False, "The permission set Sales work holds Unit cost back."),
        (ann, "product", cost, "read", "name", True, "The permission set Sales work gives Name."),
    )
    with sales.read(SYSTEM) as unit:
        for actor, name, id, right, field, allowed, said in asked:
            told = explain(unit, str(actor.user_id), name, id, right, field)  # type: ignore[arg-type]
            assert told.allowed is allowed and said in [str(each.text) for each in told.reasons], told
        with pytest.raises(NotFound):
            explain(unit, str(ann.user_id), "account", cost)
