"""The calls about a new owner: what would follow a record, giving it away with that, and taking it out of a queue."""

from __future__ import annotations

from typing import Any, get_args

from dougong.base.errors import BadRequest, Problem
from dougong.base.language import msg
from dougong.engine.handover.owner_change import Keep, NewOwner, change_owner, following, owned
from dougong.engine.reading.listing import readable
from dougong.engine.saving.batch import Take
from dougong.engine.unit import Unit
from dougong.web.api.door import Answer, Asked, Call

HERE = "/api/v1/records/{object}/{id}/owner"
TAKEN = "/api/v1/records/{object}/{id}/take"


def followers(asked: Asked, unit: Unit) -> Answer:
    """What can follow the record to a new owner: open records of the same owner, by relation."""
    obj = readable(unit, asked.parameters["object"])
    owned(unit, obj.name)
    found = following(unit, obj, [asked.parameters["id"]])
    return Answer({"followers": [{"key": e.key, "count": len(e.ids), "elsewhere": e.elsewhere} for e in found]})


def changed(asked: Asked, unit: Unit) -> Answer:
    """Give the record to another owner: `to`, `follow` (keys of what follows), `keep` ("", "read" or "edit")."""
    obj, body = readable(unit, asked.parameters["object"]), asked.body()
    to, follow, keep = body.get("to"), body.get("follow", []), body.get("keep", "")
    texts = isinstance(follow, list) and all(isinstance(each, str) for each in follow)
    if set(body) - {"to", "follow", "keep"} or not isinstance(to, str) or not texts or keep not in get_args(Keep):
        reason = msg("The body has the keys to (a user id), follow (a list), keep (empty, read or edit).")
        raise BadRequest(Problem(code="owner-change-shape", reason=reason))
    saved = change_owner(unit, NewOwner(obj.name, (asked.parameters["id"],), to, tuple(follow), keep))
    return Answer({"changes": [{"object": e.object, "id": e.id, "action": e.action} for e in saved.changes]})


def taken(asked: Asked, unit: Unit) -> Answer:
    """Take the record out of a queue that the caller takes from."""
    saved = unit.records.save([Take(readable(unit, asked.parameters["object"]).name, asked.parameters["id"])])
    return Answer({"changes": [{"object": e.object, "id": e.id, "action": e.action} for e in saved.changes]})


CALLS = (
    Call("GET", HERE, followers),
    Call("POST", HERE, changed, writes=True),
    Call("POST", TAKEN, taken, writes=True),
)


def _parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


_ANSWER = {"content": {"application/json": {"schema": {"type": "object"}}}}
_REFUSED = {code: {"$ref": f"#/components/responses/{code}"} for code in ("400", "401", "403", "404", "422")}
_BODY = {
    "type": "object",
    "additionalProperties": False,
    "required": ["to"],
    "properties": {
        "to": {"type": "string", "format": "uuid"},
        "follow": {"type": "array", "items": {"type": "string"}},
        "keep": {"enum": ["", "read", "edit"]},
    },
}
PATHS: dict[str, Any] = {
    HERE: {
        "parameters": [_parameter("object"), _parameter("id")],
        "get": {
            "operationId": "what_follows_owner",
            "tags": ["owner"],
            "summary": "What can follow a record to a new owner.",
            "responses": {"200": {"description": "By relation.", **_ANSWER}, **_REFUSED},
        },
        "post": {
            "operationId": "change_owner",
            "tags": ["owner"],
            "summary": "Give a record, and what follows it, to another owner.",
            "requestBody": {"required": True, "content": {"application/json": {"schema": _BODY}}},
            "responses": {"200": {"description": "What changed.", **_ANSWER}, **_REFUSED},
        },
    },
    TAKEN: {
        "parameters": [_parameter("object"), _parameter("id")],
        "post": {
            "operationId": "take_record",
            "tags": ["owner"],
            "summary": "Take a record out of a queue; of two who take at once one has it, the other is told who (409).",
            "responses": {
                "200": {"description": "What changed.", **_ANSWER},
                **_REFUSED,
                "409": {"$ref": "#/components/responses/409"},
            },
        },
    },
}
"""What the OpenAPI document says of these calls."""
