"""Constraints over other records than one: ranges, balances, checks. Objects without any cost a look at the model.

Before the rows are written, the keys that they take from are locked, all in one statement, and read, one statement a
constraint; so what breaks a rule is told with everything else that is wrong. Values that change with roll-ups and
computed fields of other records are judged again `after` these.
"""

from __future__ import annotations

from itertools import chain

from dougong.engine.saving import balances, locks, overlaps, row_checks
from dougong.engine.saving.row import Batch, grouped


def check(batch: Batch, after: bool = False) -> None:
    """Note every record that breaks a constraint of its object, unique ones aside."""
    rows = [row for row in batch.rows if row.plan.object.constraints]
    if not rows:
        return
    claims: list[overlaps.Claims] = []
    shares: list[balances.Shares] = []
    for plan, group in grouped(rows):
        for overlap in plan.part(overlaps.overlap_rules):
            found = overlaps.claims_of(batch, plan, group, overlap)
            if found.moved:
                claims.append(found)
        for balance in plan.part(balances.balance_rules):
            moved = balances.shares_of(batch, plan, group, balance)
            if moved is not None:
                shares.append(moved)
    locks.take(batch.unit, chain(*(each.locks() for each in claims), *(each.locks() for each in shares)))
    for each in claims:
        overlaps.check(batch, each)
    for share in shares:
        balances.check(batch, share)
    for plan, group in grouped(rows):
        row_checks.check(batch, plan, group, after)
