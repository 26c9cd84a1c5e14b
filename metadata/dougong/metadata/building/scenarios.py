"""Test documents to their part of the model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from dougong.metadata.building.fields import labels
from dougong.metadata.index import Index
from dougong.metadata.scenario import DEEDS, Deed, Expected, Given, Scenario

Document = Mapping[str, Any]

NUMBERS = ("integer", "decimal", "percent")


def build_scenarios(index: Index) -> Mapping[str, Scenario]:
    """Every test by name."""
    found = {name: _scenario(index, name, each.body) for name, each in index.named("test").items()}
    return MappingProxyType(found)


def _scenario(index: Index, name: str, body: Document) -> Scenario:
    return Scenario(
        name=name,
        label=labels(body.get("label")),
        given=tuple(_given(index, each) for each in body.get("given", ())),
        when=_deed(body["when"]),
        then=tuple(_expected(each) for each in body["then"]),
        at=datetime.fromisoformat(body["at"]) if "at" in body else None,
    )


def _given(index: Index, body: Document) -> Given:
    if "user" in body:
        roles = (body["user"]["role"],) if "role" in body["user"] else ()
        return Given(key=body["key"], roles=roles, values=MappingProxyType(dict(body["user"].get("values", {}))))
    if "setting" in body:
        return Given(key=body["key"], setting=body["setting"], value=_value(index, body))
    if "record" in body:
        values = MappingProxyType(dict(body.get("values", {})))
        deed = Deed(does="create", on=body["record"], by=body.get("as"), values=values)
        return Given(key=body["key"], deed=deed)
    return Given(key=body["key"], deed=_deed(body["do"]))


def _value(index: Index, body: Document) -> Any:
    value, kind = body.get("value"), index.body("setting", body["setting"]).get("type")
    return Decimal(str(value)) if kind in NUMBERS and value is not None else value


def _deed(body: Document) -> Deed:
    does: Any = next(each for each in DEEDS if each in body)
    return Deed(
        does=does,
        on=str(body[does]).removeprefix("@"),
        by=body.get("as"),
        values=MappingProxyType(dict(body.get("values", {}))),
        to=str(body["to"]).removeprefix("approval:") if "to" in body else None,
        why=body.get("why", ""),
    )


def _expected(body: Document) -> Expected:
    return Expected(
        key=body["key"],
        refused_by=body.get("refused_by"),
        warned_by=body.get("warned_by"),
        record=str(body["record"]).removeprefix("@") if "record" in body else None,
        has=MappingProxyType(dict(body.get("has", {}))),
        gone=body.get("gone"),
        approval=body.get("approval"),
        object=body.get("object"),
        count=body.get("count"),
        told=str(body["told"]).removeprefix("@") if "told" in body else None,
        says=body.get("says", ""),
    )
