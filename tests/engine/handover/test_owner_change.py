"""A new owner takes along what follows, as far as the giver may give it; the former one stays in the team or not."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from dougong.base.errors import BadRequest, Forbidden, NotFound
from dougong.engine.actor import Actor
from dougong.engine.handover.owner_change import Keep, NewOwner, change_owner, following
from dougong.engine.reading.covering import covered
from dougong.engine.saving.batch import Update
from dougong.engine.tables import history
from dougong.engine.unit import Unit
from tests.companies import person
from tests.engine.handover.conftest import Office

EVERYTHING = ("contact.account", "opportunity.account")


def given(office: Office, actor: Actor, follow: tuple[str, ...] = (), keep: Keep = "", *records: str) -> Any:
    ids = tuple(office.ids[each] for each in records or ("east",))
    wish = NewOwner("account", ids, office.people["li"], follow, keep)
    return office.company.write(actor, lambda unit: change_owner(unit, wish))


def test_what_follows(office: Office) -> None:
    """Open records of the same owner are counted and go along where that is said, in one operation of history."""
    office.save(
        Update("contact", office.ids["west contact"], {"account": office.ids["east"], "owner": office.people["zhao"]})
    )

    def asked(unit: Unit) -> dict[str, tuple[int, int]]:
        found = following(unit, unit.runtime.model.objects["account"], [office.ids["east"]])
        return {each.key: (len(each.ids), each.elsewhere) for each in found}

    assert office.company.write(office.admin, asked) == {"contact.account": (1, 1), "opportunity.account": (1, 0)}
    saved = given(office, office.admin, ("opportunity.account",))
    assert office.owners("account", "east", "west") == ["li", "wang"]
    assert office.owners("opportunity", "east deal", "west deal") == ["li", "wang"]
    assert office.owners("contact", "east contact", "west contact") == ["wang", "zhao"], "not asked for"
    with office.company.read(office.admin) as unit:
        told = unit.connection.scalars(select(history.c.record_id).where(history.c.operation_id == saved.operation))
        assert {office.ids["east"], office.ids["east deal"]} <= {str(each) for each in told}


@pytest.mark.parametrize("keep", ["", "read", "edit"])
def test_former_owner(office: Office, keep: Keep) -> None:
    """Sees it no more, or sees it, or may change it still; a share that is there already is used."""
    office.save(
        Update("user", office.people["wang"], {"permission_sets": ["work_basics", "sales_work"], "roles": []}),
    )
    given(office, office.admin, (), keep, "east", "west")
    given(office, office.admin, (), keep)  # a second time changes nothing
    wang = Actor(user_id=office.people["wang"], name="Wang")
    with office.company.read(wang) as unit:
        account = unit.runtime.model.objects["account"]
        ids = [office.ids["east"], office.ids["west"]]
        assert covered(unit, "read", account, ids) == (set(ids) if keep else set())
        assert covered(unit, "edit", account, ids) == (set(ids) if keep == "edit" else set())


def test_rights(office: Office) -> None:
    """Who may not transfer gives nothing away; who does not see it finds nothing; all or none."""
    seller = {"permission_sets": ["work_basics", "sales_work"], "roles": []}
    office.save(Update("user", office.people["wang"], seller))
    wang = Actor(user_id=office.people["wang"], name="Wang")
    with pytest.raises(Forbidden):
        given(office, wang)
    with pytest.raises(NotFound):
        given(office, person(office.company, "nobody", permission_sets=["work_basics", "sales_work"]))
    with pytest.raises(BadRequest):
        given(office, office.admin, ("task.owner",))
    with pytest.raises(BadRequest):
        office.company.write(office.admin, lambda unit: change_owner(unit, NewOwner("product", ("x",), "y")))
    assert office.owners("account", "east", "west") == ["wang", "wang"]
