"""Five thousand people over the deals of the benchmarks: who stands above whom, what they own, what is shared.

Person 0 is the administrator, person 1 the top manager, and from person 2 on ten report to each: thousands to person 2,
111 to person 12, a team to person 112. All deals but those of `FEW_OWNED` are spread evenly over `OWNERS` people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, update

from dougong.engine import revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.publish import Publication, publish
from dougong.engine.rights import membership
from dougong.engine.saving.batch import Create
from dougong.engine.unit import Unit
from dougong.metadata.component import Component
from tests.benchmarks import data
from tests.benchmarks.engine import batches, store
from tests.companies import ADMINISTRATOR

PEOPLE = 5000
REPORTING = 10
OWNERS = 4900
"""People from number 1 on who own deals."""

FEW_OWNED = 50
"""Deals of the one leaf that owns no others."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody whose list page is measured: their number, and what they are called in the report."""

    number: int
    name: str


ADMIN = Viewer(0, "administrator")
FEW, BROAD, NOTHING = (
    Viewer(4997, "leaf who sees 50 rows"),
    Viewer(4998, "leaf with 20 broad rules"),
    Viewer(4999, "leaf with 20 rules that match nothing"),
)
VIEWERS = (Viewer(1, "top manager"), Viewer(2, "head of 1,100"), Viewer(12, "middle manager, of 110"),
           Viewer(112, "head of a team of 10"), FEW, BROAD, NOTHING)  # fmt: skip

BROADLY = (
    *(f'ISPICKVAL(industry, "{each}")' for each in data.INDUSTRIES[:8]),
    *(f'ISPICKVAL(source, "{each}")' for each in data.SOURCES[:4]),
    *(f'ISPICKVAL(stage, "{each}")' for each in data.STAGES[:3]),
    *(f"amount > {each}" for each in (50_000, 250_000, 500_000, 900_000)),
    'TEXT(industry) = "energy" && amount > 1000',
)
"""Conditions that open between a hundredth and nearly all of the deals each."""

NOWHERE = (
    *(f'ISPICKVAL(source, "{each}")' for each in ("online_chat", "search_ad", "wechat", "event", "cold_call")),
    *(f'ISPICKVAL(lost_reason, "{each}")' for each in ("feature", "relation", "timing", "cancelled")),
    *(f"amount > {each}" for each in (1_000_001, 2_000_000, 5_000_000, 10_000_000)),
    *(f"close_date > DATE({each}, 1, 1)" for each in (2031, 2035, 2040)),
    'ISPICKVAL(source, "wechat") && ISPICKVAL(stage, "won")',
    'ISPICKVAL(lost_reason, "timing") && amount > 3000000',
    'tender_no = "ZB-2026-001"',
    'ISPICKVAL(account.level, "a")',
)
"""Conditions that open none."""

INDEXED = tuple(f"opportunity.{each}" for each in ("industry", "source", "amount", "lost_reason", "tender_no"))
"""What the rules ask, beside what list views have indexes for."""


def move_in(company: Company, deals: int, copies: int) -> None:
    """Publish the rules, add the people, and give each of the first `deals` deals, of `copies` alike, its owner."""
    _publish_rules(company)
    numbers = range(data.USERS, PEOPLE)
    for batch in batches(map(data.user, numbers), 1000):
        company.write(SYSTEM, lambda unit, batch=batch: store(unit, "user", batch))  # type: ignore[misc]
    company.write(SYSTEM, _place)
    company.write(SYSTEM, lambda unit: _give(unit, deals, copies))


def _publish_rules(company: Company) -> None:
    def rule(name: str, formula: str, group: str) -> Component:
        body = {"kind": "sharing_rule", "name": f"opportunity.{name}", "object": "opportunity", "when": formula,
                "label": {"en": name}, "to": [f"group:{group}"], "level": "read"}  # fmt: skip
        return Component("sharing_rule", str(body["name"]), body)

    rules = [rule(f"broad_{at}", formula, "broad") for at, formula in enumerate(BROADLY)]
    rules += [rule(f"nowhere_{at}", formula, "nowhere") for at, formula in enumerate(NOWHERE)]
    with company.read(SYSTEM) as unit:
        tree = revisions.tree_of(unit.connection, unit.runtime.revision)
    fields = (tree.components[f"field:{name}"] for name in INDEXED)
    indexed = (replace(each, body={**each.body, "indexed": True}) for each in fields)
    publish(company, Publication(tree=tree.put(*rules, *indexed), message="rules"))


def _place(unit: Unit) -> None:
    """Managers, roles and groups of everybody."""
    users = unit.runtime.storage.tables["user"]
    manager, roles = (users.parts[name][0] for name in ("manager", "roles"))
    placed = update(users.table).where(users.table.c.id == bindparam("who"))
    placed = placed.values({manager: bindparam("above"), roles: bindparam("held")})
    unit.connection.execute(placed, list(_places()))
    for viewer, code in ((BROAD, "broad"), (NOTHING, "nowhere")):
        members = [data.identity("user", viewer.number)]
        unit.records.save([Create("group", {"name": code, "code": code, "members": members})])
    membership.rebuild(unit)


def _places() -> Iterator[dict[str, Any]]:
    for number in range(PEOPLE):
        above = data.identity("user", (number - 2) // REPORTING + 1) if number > 1 else None
        role = ADMINISTRATOR if number == ADMIN.number else "sales_manager" if number < 500 else "sales"
        yield {"who": data.identity("user", number), "above": above, "held": f";{role};"}


def _give(unit: Unit, deals: int, copies: int) -> None:
    deal = unit.runtime.storage.tables["opportunity"].table
    given = update(deal).where(deal.c.id == bindparam("deal")).values(owner_id=bindparam("owner"))
    few = FEW_OWNED // copies
    rows = (
        {
            "deal": data.identity("opportunity", number),
            "owner": data.identity("user", FEW.number if number < few else number * 7 % OWNERS + 1),
        }
        for number in range(deals)
    )
    for batch in batches(rows, 10_000):
        unit.connection.execute(given, batch)
