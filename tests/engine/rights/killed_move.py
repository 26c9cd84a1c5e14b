"""Moves a manager again and again, killed each time at another statement, and says what was found after each.

    python -m tests.engine.rights.killed_move URL MANAGER FORMER NEW

Prints one JSON object a line: {"at": statement, "signal": …, "manager": id, "seen": [former, new], "history": entries}.
Run by `test_moving`, in a process of its own because it forks and its children kill themselves.
"""

from __future__ import annotations

import json
import sys
from contextlib import closing
from typing import Any

from sqlalchemy import func, select

from dougong.engine import tables
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.query import Query
from dougong.engine.saving.batch import Update
from tests.companies import opened
from tests.engine.killed_publish import in_child, kill_at

STEP = 5
"""Every fifth statement is tried."""


def state(company: Company, manager: str, *directors: str) -> dict[str, Any]:
    """What readers see."""
    seen = []
    for each in directors:
        with company.read(Actor(user_id=each, name="")) as unit:
            seen.append(unit.records.count(Query(object="account")).number)
    with company.read(SYSTEM) as unit:
        above = unit.records.get("user", manager).values["manager"].id
        entries = select(func.count()).select_from(tables.history).where(tables.history.c.record_id == manager)
        return {"manager": above, "seen": seen, "history": unit.connection.scalar(entries)}


def main(url: str, manager: str, former: str, new: str) -> None:
    """Try every `STEP`th statement until a move comes through alive."""
    at, signalled = 1, 9
    with closing(opened(url)) as company:
        compiled = company.runtime()  # once: a move changes nothing of the metadata

    def fresh() -> Company:
        company = opened(url)
        company.remember(compiled)
        return company

    def attempt() -> None:
        company = fresh()
        kill_at(at)
        company.write(SYSTEM, lambda unit: unit.records.save([Update("user", manager, {"manager": new})]))

    def look() -> None:
        found = {"at": at, "signal": signalled, **state(fresh(), manager, former, new)}
        print(json.dumps(found), flush=True)  # noqa: T201

    while signalled:
        signalled = in_child(attempt)
        in_child(look)
        at += STEP


if __name__ == "__main__":
    main(*sys.argv[1:])
