"""Pools with one fault: name → changes (see `workshop.changed`)."""

from __future__ import annotations

from typing import Any

from tests.metadata.workshop import label

OURS: dict[str, Any] = {"object/deal.json#owner": "user_or_queue", "object/deal.json#access": {"default": "private"}}


def pool(**keys: Any) -> dict[str, Any]:
    """One pool of the object deal."""
    body = {
        "kind": "pool", "name": "deal.public", "object": "deal", "label": label("Public deals", "商机公海"),
        "members": ["group:sales"], "shows": ["name"], **keys,
    }  # fmt: skip
    return {**OURS, "pool/deal/public.json": body}


def rule(**keys: Any) -> dict[str, Any]:
    """One pool with one rule of reclaiming."""
    return pool(reclaim=[{"key": "idle", "label": label("Idle", "闲置"), "days": 30, **keys}])


CASES: dict[str, dict[str, Any]] = {
    "a pool of no object": {
        "pool/daal/public.json": {
            "kind": "pool", "name": "daal.public", "object": "daal", "label": label("Public", "公海"),
            "members": ["group:sales"], "shows": ["name"],
        },
    },
    "a pool of what people alone own": {**pool(), "object/deal.json#owner": "user"},
    "a pool of what everybody sees": {**pool(), "object/deal.json#access": {"default": "read"}},
    "a pool that shows nothing and is nobody's": pool(shows=[], members=[]),
    "a pool that shows what is not there": pool(shows=["nmae"], members=["role:boss"], assign=["role:bos"]),
    "a pool of a condition over what is not there": pool(when="amont > 5"),
    "a limit that reads a field": pool(claim={"hold": "amount", "per_day": 5}, active="amount > 5"),
    "a limit that is no number": pool(claim={"hold": "\"many\"", "per_day": -1}, protect="name"),
    "a rule of reclaiming that counts from an amount": rule(since=["amount", "amont"]),
    "a rule of reclaiming that warns before it begins": rule(warn=30),
    "a rule of reclaiming whose days depend on a change": rule(days="IF(ISCHANGED(amount), 3, 5)", when="ISNEW()"),
    "an exception over what is not there": pool(
        exceptions=[{"key": "a", "label": label("A", "甲"), "when": "amont > 5"}]
    ),
    "the same reason twice": pool(
        reclaim=[{"key": "idle", "label": label("Idle", "闲置"), "days": each} for each in (30, 60)]
    ),
    "an item of a pool that is not there": {
        "app/shop.json": {
            "kind": "app", "name": "shop", "label": label("Shop", "店"), "icon": "briefcase",
            "items": [
                {"key": "public", "pool": "deal.publik"}, {"key": "two", "pool": "deal.public", "object": "deal"},
            ],
        },
        **pool(),
    },
}  # fmt: skip
"""Cases in the company's own layer."""
