"""The JSON Schemas of the kinds, and what is named in the metadata model but not built yet.

One file a kind under ``schemas/``; ``definitions.json`` is put inside each, so that a schema stands alone. Beside the
words of JSON Schema (draft 2020-12) they carry ``x-zh-CN`` (the description in Chinese), ``x-later`` (keys that are
not supported yet) and ``x-later-values`` (choices that are not).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import jsonschema_rs

from dougong.base.channel_types import ChannelType
from dougong.base.field_types import FIELD_TYPES, FieldType
from dougong.base.step_types import StepType

Schema = Mapping[str, Any]

KINDS = (
    "package",
    "object",
    "field",
    "record_type",
    "picklist",
    "path",
    "validation_rule",
    "fill",
    "layout",
    "list_view",
    "app",
    "action",
    "conversion",
    "overlay",
    "setting",
    "calendar",
    "row",
    "import_mapping",
    "label",
    "translation",
    "permission_set",
    "role",
    "sharing_rule",
    "team_role",
    "queue",
    "territory",
    "partition",
    "approval",
    "automation",
    "assignment_rule",
    "pool",
    "sla",
    "channel",
    "endpoint",
    "message_template",
    "test",
)
"""The kinds that are built, in the order in which they are explained."""


@functools.cache
def _read(name: str) -> Any:
    return json.loads((files("dougong.metadata") / "schemas" / f"{name}.json").read_text("utf-8"))


@functools.cache
def later() -> Mapping[str, Mapping[str, Any]]:
    """What is not built yet, with what it waits for: under ``kinds``, ``field_types`` and, by type, ``field_keys``."""
    found: Mapping[str, Mapping[str, Any]] = _read("later")
    return found


@functools.cache
def kind_schema(kind: str) -> Schema:
    """The schema of a kind; a field's without the keys of its type."""
    return _bundled(_read(kind))


def _bundled(schema: Schema) -> Schema:
    """`schema` with the shared definitions inside and its references pointing there."""
    text = json.dumps(schema).replace("definitions.json#/", "#/")
    shared = json.dumps(_read("definitions")["$defs"]).replace("definitions.json#/", "#/")
    found: dict[str, Any] = json.loads(text)
    found["$defs"] = {**json.loads(shared), **found.get("$defs", {})}
    return found


def field_schema(kind: FieldType) -> Schema:
    """The schema of a field of one type: the common keys and the type's own, which a plugin's type has too."""
    common = kind_schema("field")
    own = {key: {**key_meaning(kind.name, key), **each} for key, each in kind.keys.items()}
    found = {**common, "properties": {**common["properties"], **own}}
    found["required"] = [*common["required"], *kind.required_keys]
    found["x-later"] = {**common.get("x-later", {}), **later()["field_keys"].get(kind.name, {})}
    return found


def key_meaning(type_name: str, key: str) -> Mapping[str, str]:
    """What a key of a field type that ships is for, as ``description`` and ``x-zh-CN``; empty for a plugin's."""
    said = _read("field_keys")["keys"]
    found: Mapping[str, str] = said.get(type_name, {}).get(key) or said["*"].get(key, {})
    return found


def type_meaning(type_name: str) -> Mapping[str, str]:
    """What a field type that ships holds, as ``description`` and ``x-zh-CN``; empty for a plugin's."""
    found: Mapping[str, str] = _read("field_keys")["types"].get(type_name, {})
    return found


def schema_for(kind: str, field_type: str | None = None) -> Schema:
    """The schema that a document of `kind` must fit, for a field that of its type where the type is known."""
    if kind == "field" and field_type in FIELD_TYPES:
        return field_schema(FIELD_TYPES[str(field_type)])
    return kind_schema(kind)


_compiled: dict[tuple[str, FieldType | None], tuple[Schema, jsonschema_rs.Validator]] = {}


def validator(kind: str, field_type: str | None = None) -> tuple[Schema, jsonschema_rs.Validator]:
    """The schema of a document and its compiled validator."""
    known = FIELD_TYPES.get(field_type) if field_type is not None and field_type in FIELD_TYPES else None
    key = (kind, known)
    if key not in _compiled:
        schema = schema_for(kind, field_type)
        _compiled[key] = schema, jsonschema_rs.Draft202012Validator(schema)  # type: ignore[arg-type]
    return _compiled[key]


_steps: dict[StepType | ChannelType, tuple[Schema, jsonschema_rs.Validator]] = {}


def step_schema(kind: StepType | ChannelType) -> tuple[Schema, jsonschema_rs.Validator]:
    """The schema of what a kind of step, or of channel, is given under ``with``, and its compiled validator."""
    if kind not in _steps:
        schema = _bundled(
            {
                "type": "object",
                "properties": dict(kind.keys),
                "required": list(kind.required_keys),
                "additionalProperties": kind.other_keys,
            }
        )
        _steps[kind] = schema, jsonschema_rs.Draft202012Validator(schema)  # type: ignore[arg-type]
    return _steps[kind]
