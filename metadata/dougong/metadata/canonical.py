"""The canonical form of a document as text: the same body gives the same bytes, whoever writes it.

UTF-8, two spaces, keys in the order of the schema; keys of maps sorted; lists as they are; one line feed at the end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dougong.metadata.component import Component
from dougong.metadata.schema import Schema, schema_for


def canonical_text(component: Component, fields: Sequence[Component] = ()) -> str:
    """The file of a component; of an object with `fields` of its own inside, in their order."""
    body = _body(component)
    if fields:
        inside = {each.own_name: _body(each) for each in fields}
        body["fields"] = {
            name: {key: value for key, value in each.items() if key not in ("kind", "name")}
            for name, each in inside.items()
        }
    return json.dumps(body, ensure_ascii=False, indent=2) + "\n"


def _body(component: Component) -> dict[str, Any]:
    kind = component.body.get("type")
    schema = schema_for(component.kind, kind if isinstance(kind, str) else None)
    ordered: dict[str, Any] = _ordered(component.body, schema, schema)
    return ordered


def file_of(component: Component) -> str:
    """Where a component's file lies in its package: ``<kind>/<object>/<name>.json``, or ``package.json``."""
    if component.kind == "package":
        return "package.json"
    return f"{component.kind}/{component.name.replace('.', '/')}.json"


def _ordered(value: Any, part: Schema, schema: Schema) -> Any:
    part = _resolved(part, schema)
    if isinstance(value, list):
        items = part.get("items", {})
        return [_ordered(each, items if isinstance(items, Mapping) else {}, schema) for each in value]
    if not isinstance(value, Mapping):
        return value
    properties, rest = part.get("properties", {}), part.get("additionalProperties")
    others = rest if isinstance(rest, Mapping) else {}
    keys = [key for key in properties if key in value] + sorted(key for key in value if key not in properties)
    return {key: _ordered(value[key], properties.get(key, others), schema) for key in keys}


def _resolved(part: Schema, schema: Schema) -> Schema:
    """`part`, or what its reference into the same schema leads to."""
    reference = part.get("$ref")
    if not isinstance(reference, str):
        return part
    found: Any = schema
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    resolved: Schema = found
    return resolved
