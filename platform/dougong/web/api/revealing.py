"""The call that shows one masked value whole: for a reason, with the right to it, and noted in the audit log."""

from __future__ import annotations

from typing import Any

from dougong.base.errors import BadRequest, Problem
from dougong.base.language import msg
from dougong.engine.reading.listing import readable
from dougong.engine.rights.revealing import LONGEST_REASON, reveal
from dougong.engine.unit import Unit
from dougong.web.api.door import Answer, Asked, Call

HERE = "/api/v1/records/{object}/{id}/reveal/{field}"


def revealed(asked: Asked, unit: Unit) -> Answer:
    """The value of a masked field as people read it; `why` is the reason that the audit log keeps."""
    given, body = asked.parameters, asked.body()
    why = body.get("why", "")
    if set(body) - {"why"} or not isinstance(why, str):
        reason = msg("The body has the key why (the reason, a text).")
        raise BadRequest(Problem(code="reveal-shape", reason=reason))
    obj = readable(unit, given["object"])
    return Answer({"value": reveal(unit, obj.name, given["id"], given["field"], why)})


CALLS = (Call("POST", HERE, revealed, writes=True),)

PATHS: dict[str, Any] = {
    HERE: {
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in ("object", "id", "field")
        ],
        "post": {
            "operationId": "reveal_value",
            "tags": ["masked"],
            "summary": "See one masked value whole, for a reason that the audit log keeps.",
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "additionalProperties": False,
                            "properties": {"why": {"type": "string", "maxLength": LONGEST_REASON}},
                        }
                    }
                },
            },
            "responses": {
                "200": {
                    "description": "The value.",
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["value"],
                                "properties": {"value": {"type": "string"}},
                            }
                        }
                    },
                },
                **{code: {"$ref": f"#/components/responses/{code}"} for code in ("400", "401", "403", "404", "422")},
            },
        },
    }
}
"""What the OpenAPI document says of this call."""
