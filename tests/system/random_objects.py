"""Objects with random fields, formulas, roll-ups, layouts and list views, as a company might make them."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from dougong.metadata.component import Component
from dougong.metadata.documents import from_bodies

TYPES = ("text", "long_text", "phone", "email", "url", "integer", "decimal", "date", "boolean", "picklist")
OBJECTS = ("herd", "barn", "yield_slip")


def random_objects(random: Random) -> tuple[Component, ...]:
    """Three objects, each but the first below the one before it; some of their fields masked."""
    bodies: list[dict[str, Any]] = []
    for at, name in enumerate(OBJECTS):
        fields = {f"f{number}": _field(random) for number in range(14)}
        if at:
            fields["above"] = {"type": "master_detail", "target": OBJECTS[at - 1], "label": _label("Above")}
        fields |= dict(_computed(random, fields))
        bodies.append({
            "kind": "object", "name": name, "label": _label(name), "plural": _label(name), "title": {"field": "called"},
            "fields": {"called": {"type": "text", "label": _label("Called"), "required": True}, **fields},
            "highlights": [{"field": each} for each in random.sample(sorted(fields), 5)],
            "search": [{"field": "called"}, *({"field": each} for each in sorted(fields) if _has_text(fields[each]))],
        })  # fmt: skip
        bodies.append(_view(random, name, fields))
    children = {name: OBJECTS[at + 1] for at, name in enumerate(OBJECTS[:-1])}
    for name, child in children.items():
        body = next(each for each in bodies if each["name"] == name)
        numbers = [key for key, each in _fields_of(bodies, child).items() if each["type"] in ("integer", "decimal")]
        for key in numbers[:2]:
            rollup = {"type": "rollup", "label": _label("Sum"), "from": f"{child}.above", "op": "sum", "field": key}
            body["fields"] |= {f"sum_{key}": rollup, f"seen_{key}": {**rollup, "rights": "viewer"}}
    return tuple(from_bodies(bodies))


def _fields_of(bodies: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return dict(next(each for each in bodies if each["name"] == name)["fields"])


def _label(text: str) -> dict[str, str]:
    return {"en": text, "zh-CN": text}


def _has_text(field: dict[str, Any]) -> bool:
    return field["type"] in ("text", "long_text", "phone", "email")


def _field(random: Random) -> dict[str, Any]:
    kind = random.choice(TYPES)
    body: dict[str, Any] = {"type": kind, "label": _label("Field")}
    if kind == "picklist":
        body["values"] = [{"value": each, "label": _label(each)} for each in ("one", "two")]
    if kind in ("text", "phone", "email") and random.random() < 0.4:
        body["mask"] = {"show": {"last": 2}} if random.random() < 0.5 else {}
    return body


def _computed(random: Random, fields: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Formulas over some of the fields, and a stored one that is computed from another."""
    texts = [name for name, each in fields.items() if each["type"] in ("text", "phone", "email")]
    numbers = [name for name, each in fields.items() if each["type"] in ("integer", "decimal")]
    for number, name in enumerate(random.sample(texts, min(3, len(texts)))):
        formula = f'"[" & {name} & "]"'
        yield f"g{number}", {"type": "formula", "returns": "text", "label": _label("Formula"), "formula": formula}
    for number, name in enumerate(numbers[:2]):
        formula = f"{name} * 10 + 1"
        yield f"h{number}", {"type": "formula", "returns": "decimal", "label": _label("Formula"), "formula": formula}


def _view(random: Random, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    sortable = [key for key, each in fields.items() if each["type"] not in ("long_text", "formula")]
    return {
        "kind": "list_view", "name": f"{name}.some", "object": name, "label": _label("Some"),
        "columns": [{"field": "called"}, *({"field": each} for each in random.sample(sorted(fields), 6))],
        "filter": {"field": random.choice(sortable), "op": "not_blank"},
        "sort": [{"field": random.choice(sortable)}],
    }  # fmt: skip
