"""Pool documents to their part of the model."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from dougong.base.ids import named_id
from dougong.formulas import Formula
from dougong.formulas import compile as compile_formula
from dougong.metadata.building.fields import labels
from dougong.metadata.index import Index, texts
from dougong.metadata.pool import Amount, Exempt, Pool, Reclaim
from dougong.metadata.rights import Queue
from dougong.metadata.scope import FieldScope

Body = Mapping[str, Any]


def build_pools(index: Index) -> Mapping[str, Pool]:
    """Every pool by its whole name, those of an object in the order in which they are asked."""
    found = [_pool(index, name, each.body) for name, each in index.named("pool").items()]
    return MappingProxyType({each.name: each for each in sorted(found, key=lambda each: (each.order, each.name))})


def build_accounts(index: Index) -> Mapping[str, Queue]:
    """The accounts that own what waits in pools: queues whose members see it at the pool's page alone."""
    return MappingProxyType({name: _account(name, each.body) for name, each in index.named("pool").items()})


def _account(name: str, body: Body) -> Queue:
    return Queue(
        name=name,
        label=labels(body.get("label")),
        record=account_id(name, body),
        objects=frozenset((str(body["object"]),)),
        members=texts(body.get("members")),
        pool=True,
    )


def account_id(name: str, body: Body) -> str:
    """The id of the user that owns what waits in a pool: the same as long as the pool is the same."""
    former = texts(body.get("formerly"))
    return named_id(f"pool/{body.get('id') or (former[0] if former else name)}")


def _pool(index: Index, name: str, body: Body) -> Pool:
    object_name, _, own = name.rpartition(".")
    scope, claim = FieldScope(index, object_name), body.get("claim", {})
    return Pool(
        name=name,
        own=own,
        object=object_name,
        label=labels(body.get("label")),
        account=account_id(name, body),
        order=body.get("order", 0),
        members=texts(body.get("members")),
        assign=texts(body.get("assign")),
        shows=texts(body.get("shows")),
        when=_condition(scope, body.get("when")),
        active=_active(scope, body.get("active", True)),
        hold=_amount(scope, claim.get("hold")),
        per_day=_amount(scope, claim.get("per_day")),
        cool_down=_amount(scope, claim.get("cool_down")),
        protect=_amount(scope, body.get("protect")),
        reclaim=tuple(_reclaim(scope, each) for each in body.get("reclaim", ())),
        exceptions=tuple(_exempt(scope, each) for each in body.get("exceptions", ())),
        give_back=body.get("give_back", "with_reason"),
    )


def _active(scope: FieldScope, said: Any) -> Formula | bool:
    return compile_formula(said, scope, "boolean") if isinstance(said, str) else bool(said)


def _condition(scope: FieldScope, text: Any) -> Formula | None:
    return compile_formula(text, scope, "boolean") if isinstance(text, str) else None


def _amount(scope: FieldScope, said: Any) -> Amount:
    return compile_formula(said, scope, "number") if isinstance(said, str) else said


def _reclaim(scope: FieldScope, body: Body) -> Reclaim:
    days = body["days"]
    return Reclaim(
        key=body["key"],
        label=labels(body.get("label")),
        days=compile_formula(days, scope, "number") if isinstance(days, str) else days,
        when=_condition(scope, body.get("when")),
        since=texts(body.get("since")),
        count=body.get("count", "all"),
        warn=body.get("warn", 0),
    )


def _exempt(scope: FieldScope, body: Body) -> Exempt:
    return Exempt(
        key=body["key"], label=labels(body.get("label")), when=compile_formula(body["when"], scope, "boolean")
    )
