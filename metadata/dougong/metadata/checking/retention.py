"""Rules of retention: a date to count from, something to erase, a bin to go into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.metadata.checking.report import Spot, missing_field, spots
from dougong.metadata.index import Index


def retention(index: Index) -> Iterator[Problem]:
    """Everything that the retention rules of objects name."""
    for spot, body in spots(index, "object"):
        for key, said in body.get("retention", {}).items():
            if isinstance(said, Mapping):
                yield from _rule(spot / "retention" / key, spot.component.name, body, said)


def _rule(spot: Spot, name: str, body: Mapping[str, Any], said: Mapping[str, Any]) -> Iterator[Problem]:
    if body.get("rows") == "metadata":
        reason = msg("These records travel with the metadata, and go when they leave it.")
        yield spot.problem("retention-rows", reason, msg("Leave the rule out."))
    elif said.get("do") != "erase" and body.get("lifecycle", {}).get("delete") == "never":
        reason = msg("Records of this object are never deleted.")
        yield (spot / "do").problem("retention-never", reason, msg("Erase what is personal, or let them be deleted."))
    if said.get("do") == "erase" and not any(
        facts.body.get("personal") for facts in spot.index.fields.get(name, {}).values()
    ):
        reason = msg("There is nothing to erase: no field is marked as personal.")
        yield (spot / "do").problem("retention-personal", reason, msg("Give the fields the key personal."))
    yield from _since(spot, name, said)


def _since(spot: Spot, name: str, said: Mapping[str, Any]) -> Iterator[Problem]:
    since = said.get("since")
    if not isinstance(since, str):
        return
    facts, where = spot.index.field(name, since), spot / "since"
    if said.get("do") == "delete":
        reason = msg("Records in the bin are counted from the day of their deletion.")
        yield where.problem("retention-since", reason, msg("Leave since out."))
    elif facts is None:
        yield missing_field(where, name, since)
    elif facts.type is not None and facts.type.formula_type not in ("date", "datetime"):
        yield where.problem("field-type-wrong", msg("{field} is no date.", field=facts.body.get("label") or since))
