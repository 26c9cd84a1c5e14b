"""Make the demo data of the sales package anew: ``python scripts/demo_data``. The same every time."""

from __future__ import annotations

from pathlib import Path
from random import Random

from deals import add_deals
from papers import Papers
from people import add_company, add_customers, add_products, add_roles
from rows import Rows
from work import (
    Work,
    add_campaigns,
    add_dispatch,
    add_leads,
    add_members,
    leave_in_pools,
    leave_in_queue,
    settle_customers,
)

FOLDER = Path(__file__).parents[2] / "metadata/dougong/metadata/packages/sales-core/data/demo"


SEED = 20250607
"""Chosen so that every stage holds some deals today; a test says when a change needs another."""


def build(seed: int = SEED) -> Rows:
    """All rows of the demo."""
    rows, random = Rows(), Random(seed)
    add_company(rows)
    add_products(rows)
    add_campaigns(rows)
    customers = add_customers(rows, random)
    add_roles(rows, random, customers)
    add_dispatch(rows)
    add_leads(rows, random, customers)
    add_members(rows, random, customers)
    deals = add_deals(rows, random, customers)
    papers, work = Papers(rows, random), Work(rows, random)
    for deal in deals:
        papers.add(deal)
        work.add(deal)
    work.add_campaign_costs()
    work.add_lead_calls()
    settle_customers(customers, deals)
    leave_in_queue(rows)
    leave_in_pools(rows)
    return rows


if __name__ == "__main__":
    print("\n".join(build().write(FOLDER)))
