"""Whoever gives or takes rights is in the audit log, with what was before and after."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from sqlalchemy import select

from dougong.base.field_types import Reference
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Change, Create, Delete, Update
from dougong.engine.tables import audit
from tests.companies import ADMINISTRATOR


def told(company: Company) -> list[tuple[str, str, dict[str, Any]]]:
    """Kind, target and changes of each entry about rights, in order."""
    kinds = ("rights_changed", "shared", "share_ended")
    with company.read(SYSTEM) as unit:
        rows = unit.connection.execute(select(audit).where(audit.c.kind.in_(kinds)).order_by(audit.c.seq)).all()
    return [(row.kind, row.target, json.loads(row.body)["data"]["changes"]) for row in rows]


def test_rights_that_are_given_and_taken_are_told(sales: Company) -> None:
    def save(*changes: Change) -> str:
        return sales.write(SYSTEM, lambda unit: unit.records.save(list(changes))).changes[0].id

    before = len(told(sales))
    li = save(Create("user", {"login": "li", "name": "Li", "roles": [ADMINISTRATOR]}))
    save(Update("user", li, {"name": "Li Ming"}))
    save(Update("user", li, {"roles": ["sales"], "active": False}))
    group = save(Create("group", {"name": "Service", "code": "service", "members": [Reference("user", li)]}))
    account = save(Create("account", {"name": "Aldgate Tools"}))
    share = save(
        Create(
            "record_share",
            {"record": Reference("account", account), "group": group, "level": "read", "until": date(2100, 1, 31)},
        )
    )
    save(Delete("record_share", share))
    found = told(sales)[before:]
    assert [(kind, target) for kind, target, _ in found] == [
        ("rights_changed", f"user:{li}"),
        ("rights_changed", f"user:{li}"),
        ("rights_changed", f"record:group/{group}"),
        ("shared", f"record:record_share/{share}"),
        ("share_ended", f"record:record_share/{share}"),
    ]
    assert found[0][2] == {"roles": [None, [ADMINISTRATOR]], "active": [None, True], "frozen": [None, False]}
    assert found[1][2] == {"roles": [[ADMINISTRATOR], ["sales"]], "active": [True, False]}
    assert found[2][2] == {"members": [None, [f"user:{li}"]]}
    assert found[3][2]["record"] == [None, f"account:{account}"]
    assert found[3][2]["until"] == [None, "2100-01-31"]
    assert found[4][2]["group"] == [f"group:{group}", None]
