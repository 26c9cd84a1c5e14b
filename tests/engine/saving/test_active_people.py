"""Who has left is not chosen any more; what names them already stays."""

from __future__ import annotations

import pytest

from dougong.base.errors import Rejected
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create, Update
from dougong.engine.unit import Unit


def test_who_has_left_is_not_chosen(sales: Company) -> None:
    def people(unit: Unit) -> tuple[str, str]:
        made = unit.records.save([Create("user", {"login": name, "name": name}) for name in ("here", "gone")]).changes
        return made[0].id, made[1].id

    here, gone = sales.write(SYSTEM, people)
    user = "user"
    made = sales.write(
        SYSTEM, lambda unit: unit.records.save([Create(user, {"login": "li", "name": "Li", "manager": gone})])
    ).changes[0]
    sales.write(SYSTEM, lambda unit: unit.records.save([Update(user, gone, {"active": False})]))
    with pytest.raises(Rejected) as refused:
        sales.write(SYSTEM, lambda unit: unit.records.save([Update(user, here, {"manager": gone})]))
    assert refused.value.problems[0].place.field == "manager"
    sales.write(SYSTEM, lambda unit: unit.records.save([Update(user, made.id, {"name": "Li Lei"})]))
    with sales.read(SYSTEM) as unit:
        assert unit.records.get(user, made.id).values["manager"].id == gone
        assert unit.records.get(user, here).values["manager"] is None
