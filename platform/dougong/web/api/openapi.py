"""The OpenAPI 3.1 document of the company's own objects, as far as the caller may see them.

Fields are JSON Schema of the same draft that OpenAPI 3.1 embeds; each field's type says its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata as distribution
from typing import Any

from dougong.base.language import label
from dougong.engine.unit import Unit
from dougong.metadata.model import Field, Object
from dougong.web.api import handovers, owners, revealing
from dougong.web.api.door import LINES, Answer, Asked, Call
from dougong.web.api.records import SHAPES

Body = dict[str, Any]

SETTABLE = frozenset({"owner", "record_type", "currency", "life_status"})
"""System fields that a caller may write."""


def described(asked: Asked, unit: Unit) -> Answer:
    """The document."""
    language = unit.actor.language
    document = unit.runtime.prepared.get(("openapi", language, unit.access.rights_key))  # type: ignore[call-overload]
    if document is None:
        document = make(unit)
        unit.runtime.prepared["openapi", language, unit.access.rights_key] = document  # type: ignore[index]
    return Answer(document)


def make(unit: Unit) -> Body:
    """The document for one actor and revision."""
    language = unit.actor.language
    objects = [each for each in unit.runtime.model.objects.values() if unit.access.may("read", each)]
    paths: Body = {}
    schemas: Body = dict(SHARED)
    for obj in objects:
        paths |= _paths(obj, language)
        schemas |= _schemas(unit, obj, language)
    paths |= METADATA_PATHS | owners.PATHS | revealing.PATHS
    if unit.access.has("manage_users"):
        paths |= handovers.PATHS
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Dougong",
            "version": distribution.version("dougong"),
            "description": "Made from the metadata in force; filters are those of the list views.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas,
            "responses": RESPONSES,
            "parameters": PARAMETERS,
        },
    }


# -- schemas ----------------------------------------------------------------------------------------------------
def _schemas(unit: Unit, obj: Object, language: str) -> Body:
    read: Body = {"id": {"type": "string", "format": "uuid"}, "version": {"type": "integer", "minimum": 1}}
    write: Body = {}
    for field in obj.fields.values():
        seen = unit.access.seen(obj, field)
        if field.name in ("id", "version") or seen is None:
            continue
        read[field.name] = _read_schema(seen, language)
        computed = field.compute is not None and field.compute.mode == "always"
        kept = computed or field.options.get("through")
        settable = field.type.writable and not kept and (not field.system or field.name in SETTABLE)
        if settable and unit.access.may_field("edit", obj, field):
            write[field.name] = _write_schema(obj, field, language)
    title = label(obj.label, language, obj.name)
    return {
        obj.name: {"title": title, "type": "object", "properties": read, "required": ["id", "version"]},
        f"{obj.name}.values": {"title": title, "type": "object", "properties": write, "additionalProperties": False},
        f"{obj.name}.page": {
            "type": "object",
            "required": ["records", "next", "previous"],
            "properties": {
                "records": {"type": "array", "items": {"$ref": f"#/components/schemas/{obj.name}"}},
                "next": {"type": ["string", "null"]},
                "previous": {"type": ["string", "null"]},
            },
        },
    }


def _read_schema(field: Field, language: str) -> Body:
    title = {"title": label(field.label, language, field.name)}
    if field.type.refers:
        one = {"$ref": "#/components/schemas/reference"}
        if not field.type.stored:
            return {**title, "type": "array", "items": one}
        return {**title, "anyOf": [one, {"type": "null"}]}
    return {**title, **_or_null(field.type.json_schema(field))}


def _write_schema(obj: Object, field: Field, language: str) -> Body:
    title = {"title": label(field.label, language, field.name)}
    if field.name == "record_type":
        return {**title, "enum": [*obj.record_types, None]}
    if field.name == "currency" and field.system:
        return {**title, "type": ["string", "null"], "pattern": "^[A-Z]{3}$"}
    identity = {"type": "string", "format": "uuid"}
    if field.type.refers:
        if not field.type.stored:
            return {**title, "type": ["array", "null"], "items": identity}
        if len(field.targets) == 1:
            return {**title, "type": ["string", "null"], "format": "uuid"}
        pair = {
            "type": "object",
            "required": ["object", "id"],
            "properties": {"object": {"enum": list(field.targets)}, "id": identity},
        }
        return {**title, "anyOf": [pair, {"type": "null"}]}
    return {**title, **_or_null(field.type.accepted_schema(field))}


def _or_null(schema: Mapping[str, Any]) -> Body:
    """`schema`, or null: every field may be blank to the reader."""
    body = dict(schema)
    kind = body.get("type")
    if isinstance(kind, str):
        body["type"] = [kind, "null"]
    elif isinstance(kind, list):
        body["type"] = [*kind, "null"]
    elif "anyOf" in body:
        body["anyOf"] = [*body["anyOf"], {"type": "null"}]
    if "enum" in body:
        body["enum"] = [*body["enum"], None]
    return body


def _group(name: str) -> Body:
    parts = {"type": "array", "items": {"$ref": "#/components/schemas/filter"}}
    return {"type": "object", "required": [name], "additionalProperties": False, "properties": {name: parts}}


SHARED: Body = {
    "reference": {
        "type": "object",
        "required": ["object", "id", "title"],
        "properties": {"object": {"type": "string"}, "id": {"type": "string"}, "title": {"type": "string"}},
    },
    "problems": {
        "type": "object",
        "required": ["errors"],
        "properties": {"errors": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/problem"}}},
    },
    "problem": {
        "type": "object",
        "required": ["code", "message"],
        "additionalProperties": False,
        "properties": {
            "code": {"type": "string", "description": "Stable; docs/reference/problems.md lists all."},
            "message": {"type": "string", "description": "For people, in the language that Accept-Language asks for."},
            "fix": {"type": "string"},
            "thing": {"type": "string"},
            "field": {"type": "string"},
            "row": {"type": "integer"},
            "pointer": {"type": "string"},
            "file": {"type": "string"},
            "severity": {"enum": ["warning"]},
            "line": {"type": "integer"},
            "column": {"type": "integer"},
        },
    },
    "results": {
        "type": "object",
        "required": ["results"],
        "properties": {"results": {"type": "array", "items": {"$ref": "#/components/schemas/result"}}},
    },
    "filter": {
        "description": (
            "A condition on a field path, a formula that is true, or a group: all parts hold, any does, or the part "
            "does not."
        ),
        "anyOf": [
            {
                "type": "object",
                "required": ["field", "op"],
                "additionalProperties": False,
                "properties": {"field": {"type": "string"}, "op": {"type": "string"}, "value": {}},
            },
            {
                "type": "object",
                "required": ["formula"],
                "additionalProperties": False,
                "properties": {"formula": {"type": "string"}},
            },
            _group("all"),
            _group("any"),
            {
                "type": "object",
                "required": ["not"],
                "additionalProperties": False,
                "properties": {"not": {"$ref": "#/components/schemas/filter"}},
            },
        ],
    },
    "result": {
        "type": "object",
        "description": "What became of one change: either action, id and version, or errors.",
        "required": ["row"],
        "additionalProperties": False,
        "properties": {
            "row": {"type": "integer", "minimum": 1},
            "action": {"enum": ["create", "update", "delete", "restore", "unchanged"]},
            "id": {"type": "string", "format": "uuid"},
            "version": {"type": "integer", "minimum": 1},
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/problem"}},
        },
    },
}


# -- paths ------------------------------------------------------------------------------------------------------
def _problem_response(text: str) -> Body:
    return {"description": text, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/problems"}}}}


RESPONSES: Body = {
    "400": _problem_response("The call itself is wrong."),
    "401": _problem_response("No valid token."),
    "403": _problem_response("Not among the caller's rights."),
    "404": _problem_response("Does not exist, or may not be known to exist."),
    "409": _problem_response("Somebody else was first."),
    "412": _problem_response("The record is no longer at the version that If-Match names."),
    "413": _problem_response("The body is too large."),
    "415": _problem_response("The body is in no format that the call takes."),
    "422": _problem_response("The values break a rule; every broken rule is named."),
}

PARAMETERS: Body = {
    "id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}},
    "if_match": {"name": "If-Match", "in": "header", "schema": {"type": "string"}},
    "fields": {
        "name": "fields",
        "in": "query",
        "description": "Field paths, with commas between them.",
        "schema": {"type": "string"},
    },
    "filter": {
        "name": "filter",
        "in": "query",
        "description": "A filter as JSON, as list views have it.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/filter"}}},
    },
    "sort": {
        "name": "sort",
        "in": "query",
        "description": "Field paths, with - before one for descending.",
        "schema": {"type": "string"},
    },
    "search": {"name": "search", "in": "query", "schema": {"type": "string"}},
    "limit": {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50},
    },
    "cursor": {
        "name": "cursor",
        "in": "query",
        "description": "What `next` or `previous` of a page says.",
        "schema": {"type": "string"},
    },
    "deleted": {"name": "deleted", "in": "query", "schema": {"enum": ["live", "bin", "all"], "default": "live"}},
    "exact": {"name": "exact", "in": "query", "schema": {"type": "boolean", "default": False}},
    "why": {
        "name": "why",
        "in": "query",
        "description": "The reason, for the history; what asks for one refuses without.",
        "schema": {"type": "string"},
    },
}


def _refused(*codes: str) -> Body:
    return {code: {"$ref": f"#/components/responses/{code}"} for code in ("400", "401", "404", *codes)}


def _json(schema: Body, description: str, headers: Body | None = None) -> Body:
    found: Body = {"description": description, "content": {"application/json": {"schema": schema}}}
    return found | ({"headers": headers} if headers else {})


ETAG = {"ETag": {"schema": {"type": "string"}}}


def _parameters(*names: str) -> list[Body]:
    return [{"$ref": f"#/components/parameters/{each}"} for each in names]


def _paths(obj: Object, language: str) -> Body:
    """The calls about one object."""
    name, title = obj.name, label(obj.label, language, obj.name)
    base = f"/api/v1/records/{name}"
    record = _json({"$ref": f"#/components/schemas/{name}"}, "The record as it is now.", ETAG)
    values = {"schema": {"$ref": f"#/components/schemas/{name}.values"}}
    given: Body = {"requestBody": {"required": True, "content": {"application/json": values}}}

    def operation(verb: str, ok: Body, *codes: str, **more: Any) -> Body:
        return {"operationId": f"{verb}_{name}", "tags": [title], **more, "responses": {**ok, **_refused(*codes)}}

    listing = _parameters("fields", "filter", "sort", "search", "limit", "cursor", "deleted")
    page = _json({"$ref": f"#/components/schemas/{name}.page"}, "One page.")
    written = ("403", "409", "413", "415", "422")
    match, why = _parameters("if_match", "why"), _parameters("why")
    return {
        base: {
            "get": operation("list", {"200": page}, parameters=listing),
            "post": operation("create", {"201": record}, *written, parameters=why, **given),
        },
        f"{base}/count": {
            "get": operation(
                "count",
                {"200": _json(COUNT, "How many.")},
                parameters=_parameters("filter", "search", "deleted", "exact"),
            )
        },
        f"{base}/bulk": {
            "post": operation("bulk", {"200": _results()}, *written, parameters=why, requestBody=_bulk_body(name))
        },
        f"{base}/{{id}}": {
            "parameters": _parameters("id"),
            "get": operation("get", {"200": record}),
            "patch": operation("change", {"200": record}, "412", *written, parameters=match, **given),
            "delete": operation(
                "delete", {"204": {"description": "Deleted."}}, "403", "409", "412", "422", parameters=match
            ),
        },
        f"{base}/{{id}}/restore": {
            "parameters": _parameters("id"),
            "post": operation("restore", {"200": record}, "403", "409", "422"),
        },
    }


COUNT: Body = {
    "type": "object",
    "required": ["count", "exact"],
    "properties": {"count": {"type": "integer", "minimum": 0}, "exact": {"type": "boolean"}},
}


def _bulk_body(name: str) -> Body:
    change = {
        "type": "object",
        "required": ["op"],
        "properties": {
            "op": {"enum": list(SHAPES)},
            "id": {"type": "string"},
            "key": {"type": "string"},
            "version": {"type": "integer"},
            "values": {"$ref": f"#/components/schemas/{name}.values"},
        },
    }
    properties = {"changes": {"type": "array", "items": change}, "partial": {"type": "boolean", "default": False}}
    body = {"type": "object", "required": ["changes"], "additionalProperties": False, "properties": properties}
    content: Body = {"application/json": {"schema": body}, LINES: {"schema": {"type": "string"}}}
    return {"required": True, "content": content}


def _results() -> Body:
    found = _json({"$ref": "#/components/schemas/results"}, "What became of each change.")
    found["content"][LINES] = {"schema": {"type": "string"}}
    return found


def _operation(name: str, summary: str, answer: Body, *codes: str, body: Body | None = None) -> Body:
    found: Body = {
        "operationId": name,
        "tags": ["metadata"],
        "summary": summary,
        "responses": {"200": _json(answer, summary), **_refused(*codes)},
    }
    return found | (
        {"requestBody": {"required": True, "content": {"application/json": {"schema": body}}}} if body else {}
    )


CHANGE_SET: Body = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "components": {"type": "array", "items": {"type": "object"}},
        "remove": {"type": "array", "items": {"type": "string"}},
        "message": {"type": "string"},
        "base": {"type": ["integer", "null"]},
    },
}


def _answer(**properties: Body) -> Body:
    return {"type": "object", "required": list(properties), "additionalProperties": False, "properties": properties}


def _list_of(items: Body) -> Body:
    return {"type": "array", "items": items}


_PROBLEMS = _list_of({"$ref": "#/components/schemas/problem"})
_TEXT: Body = {"type": "string"}
_REVISION: Body = {"type": "integer", "minimum": 0}
_NUMBER: Body = {"type": "integer", "minimum": 0}
_CHANGE = _answer(
    address=_TEXT,
    action={"enum": ["added", "removed", "renamed", "changed", "moved"]},
    place=_TEXT,
    before={},
    after={},
)
_EFFECT = _answer(
    code=_TEXT,
    thing=_TEXT,
    message=_TEXT,
    severity={"enum": ["info", "warning", "error"]},
    count=_NUMBER,
    total=_NUMBER,
    records=_list_of(_TEXT),
)
_PLAN = _answer(
    revision=_REVISION,
    possible={"type": "boolean"},
    changes=_list_of(_CHANGE),
    effects=_list_of(_EFFECT),
    problems=_PROBLEMS,
)
_CHANGING = ("403", "409", "413", "415", "422")

METADATA_PATHS: Body = {
    "/api/v1/metadata": {
        "get": _operation(
            "list_metadata", "Every component in force.", _answer(revision=_REVISION, components=_list_of(_TEXT))
        )
    },
    "/api/v1/metadata/{address}": {
        "parameters": [{"name": "address", "in": "path", "required": True, "schema": {"type": "string"}}],
        "get": _operation("get_metadata", "One component.", {"type": "object"}),
    },
    "/api/v1/metadata/check": {
        "post": _operation(
            "check_metadata", "Check a change set.", _answer(problems=_PROBLEMS), *_CHANGING, body=CHANGE_SET
        )
    },
    "/api/v1/metadata/plan": {
        "post": _operation("plan_metadata", "What a change set would do.", _PLAN, *_CHANGING, body=CHANGE_SET)
    },
    "/api/v1/metadata/publish": {
        "post": _operation(
            "publish_metadata", "Publish a change set.", _answer(revision=_REVISION), *_CHANGING, body=CHANGE_SET
        )
    },
}

CALLS = (Call("GET", "/api/openapi.json", described),)
