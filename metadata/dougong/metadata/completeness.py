"""Completeness: how much of what an object asks for a record has, as a field that every object with weights gets.

The object says which fields count (`completeness`: field, weight, and the condition under which it does). The share
that is filled in is a formula field like any other: shown, filtered, sorted, grouped and averaged by the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dougong.metadata.component import PLATFORM, Component

FIELD = "completeness"
"""The name of the field, and of the key that makes it."""

_LABEL = {"en": "Completeness", "zh-CN": "资料完整度"}
_HELP = {"en": "Share of what counts that is filled in.", "zh-CN": "应填资料中已填写的比例。"}


def weights(body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What counts, as the object says it: each with its `field`, its `weight` (1 unless said), and maybe its `when`."""
    said = body.get(FIELD)
    known = [each for each in said if isinstance(each, Mapping)] if isinstance(said, list) else []
    return [each for each in known if isinstance(each.get("field"), str) and each["field"] != FIELD]


def weight_of(item: Mapping[str, Any]) -> int:
    """What a field counts."""
    weight = item.get("weight", 1)
    return weight if isinstance(weight, int) else 1


def formula(items: Sequence[Mapping[str, Any]], booleans: frozenset[str]) -> str:
    """The share of the weights whose field is filled in; of nothing that counts all is there. `booleans` are ticked."""
    earned = " + ".join(_earned(each, booleans) for each in items)
    due = sum(weight_of(each) for each in items if not each.get("when"))
    conditional = [f"IF({each['when']}, {weight_of(each)}, 0)" for each in items if each.get("when")]
    if not conditional:
        return f"({earned}) / {due}"
    all_due = " + ".join([*([str(due)] if due else []), *conditional])
    whole = f"({earned}) / ({all_due})"
    return whole if due else f"IF(({all_due}) = 0, 1, {whole})"


def _earned(item: Mapping[str, Any], booleans: frozenset[str]) -> str:
    name = item["field"]
    there = name if name in booleans else f"NOT(ISBLANK({name}))"
    condition = f"({item['when']}) && {there}" if item.get("when") else there
    return f"IF({condition}, {weight_of(item)}, 0)"


def components(known: Mapping[str, Component]) -> Iterator[Component]:
    """The field of each object in `known` (by address) that weighs its fields and has no field of that name."""
    for obj in [each for each in known.values() if each.kind == "object"]:
        name = f"{obj.name}.{FIELD}"
        items = [each for each in weights(obj.body) if f"field:{obj.name}.{each['field']}" in known]
        if items and f"field:{name}" not in known:
            fields = (each["field"] for each in items)
            booleans = frozenset(each for each in fields if _type(known, obj.name, each) == "boolean")
            body = {
                "kind": "field", "name": name, "id": name, "label": _LABEL, "help": _HELP, "type": "formula",
                "returns": "percent", "scale": 0, "formula": formula(items, booleans),
            }  # fmt: skip
            yield Component("field", name, body, PLATFORM)


def _type(known: Mapping[str, Component], object_name: str, field: str) -> Any:
    found = known.get(f"field:{object_name}.{field}")
    return found.body.get("type") if found else None
