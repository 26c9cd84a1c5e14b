"""Permission sets that require or exclude others, held through roles and beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dougong.base.errors import Rejected
from dougong.engine import revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.publish import Publication, publish
from dougong.engine.saving.batch import Create, Update
from dougong.metadata.documents import from_bodies
from tests.companies import PACKAGES, Copies, company_copy, person  # noqa: F401
from tests.conftest import KINDS


def _set(name: str, **more: Any) -> dict[str, Any]:
    return {"kind": "permission_set", "name": name, "label": {"en": name.title(), "zh-CN": name}, **more}


SETS = (
    _set("paying"),
    _set("approving", excludes=["paying"]),
    _set("auditing", requires=["reading"]),
    _set("reading"),
    {"kind": "role", "name": "cashier", "label": {"en": "Cashier", "zh-CN": "出纳"}, "permission_sets": ["paying"]},
)


@pytest.fixture(scope="module", params=KINDS)
def company(request: pytest.FixtureRequest, company_copy: Copies) -> Iterator[Company]:  # noqa: F811
    """A company with sets that do not go with each other."""
    with company_copy(request.param, "base", (PACKAGES / "base",)) as company:
        with company.read(SYSTEM) as unit:
            tree = revisions.tree_of(unit.connection, unit.runtime.revision)
        publish(company, Publication(tree=tree.put(*from_bodies(SETS)), message="Sets"))
        yield company


@pytest.mark.parametrize(
    ("roles", "sets", "reason"),
    [
        (["cashier"], [], ""),
        ([], ["approving"], ""),
        (["cashier"], ["approving"], "Nobody may hold both “Approving” and “Paying”."),
        ([], ["approving", "paying"], "Nobody may hold both “Approving” and “Paying”."),
        ([], ["auditing", "reading"], ""),
        (["cashier"], ["auditing"], "“Auditing” is only for who holds “Reading” as well."),
    ],
)
def test_what_goes_together(company: Company, roles: list[str], sets: list[str], reason: str) -> None:
    """A new user and one who is changed are judged alike; what was refused changed nothing."""
    given = {"roles": roles, "permission_sets": sets}
    anna = person(company, f"anna{abs(hash((str(roles), str(sets))))}")

    def change() -> None:
        company.write(SYSTEM, lambda unit: unit.records.save([Update("user", anna.user_id or "", given)]))

    def create() -> None:
        company.write(
            SYSTEM, lambda unit: unit.records.save([Create("user", {"login": anna.login + "2", "name": "B", **given})])
        )

    for attempt in (change, create):
        if not reason:
            attempt()
            continue
        with pytest.raises(Rejected) as refused:
            attempt()
        assert [each.reason.to("en") for each in refused.value.problems] == [reason]
