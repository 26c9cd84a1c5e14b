"""The calls about handing over somebody's work: preview it, do it, take it back."""

from __future__ import annotations

from typing import Any

from dougong.engine.actor import Actor
from dougong.engine.company import Company
from dougong.engine.handover.carrying import Outcome, Refusal, hand_over, preview
from dougong.engine.handover.rules import Handover, read
from dougong.engine.handover.taking_back import take_back
from dougong.engine.unit import Unit
from dougong.web.api.door import Answer, Asked, Call
from dougong.web.handover_form import formulas_of

HERE = "/api/v1/handovers"


def _asked(asked: Asked, unit: Unit) -> tuple[Handover, str]:
    """The handover that the body asks for, and the reason given beside it."""
    body = dict(asked.body())
    why = body.pop("why", "")
    return read(body, asked.parameters["user"], formulas_of(unit)), why if isinstance(why, str) else ""


def previewed(asked: Asked, company: Company, actor: Actor) -> Answer:
    """What a handover would do."""
    with company.read(actor) as unit:
        wish, why = _asked(asked, unit)
    return Answer(_told(preview(company, actor, wish, why), actor.language))


def carried_out(asked: Asked, unit: Unit) -> Answer:
    """Hand over."""
    wish, unit.why = _asked(asked, unit)
    return Answer(_told(hand_over(unit, wish), unit.actor.language), 201)


def taken_back(asked: Asked, unit: Unit) -> Answer:
    """Give back what still stands as it was handed over."""
    returned = take_back(unit, asked.parameters["operation"])
    language = unit.actor.language
    return Answer({"returned": returned.count, "kept": [_refusal(each, language) for each in returned.kept]})


def _told(found: Outcome, language: str) -> dict[str, Any]:
    return {
        "operation": found.operation,
        "hidden": found.hidden,
        "holdings": [
            {
                "key": line.key,
                "moved": dict(line.moved),
                "closed": line.closed,
                "left": line.left,
                "withheld": line.withheld,
                "refused": line.refused,
                "sample": [{"object": each.object, "id": each.id, "title": each.title} for each in line.sample],
            }
            for line in found.lines
        ],
        "refused": [_refusal(each, language) for each in found.refused],
    }


def _refusal(each: Refusal, language: str) -> dict[str, str]:
    return {"object": each.object, "id": each.id, "title": each.title, "reason": each.reason.to(language)}


CALLS = (
    Call("POST", f"{HERE}/{{user}}/preview", alone=previewed),
    Call("POST", f"{HERE}/{{user}}", carried_out, writes=True),
    Call("POST", f"{HERE}/taken-back/{{operation}}", taken_back, writes=True),
)

_USER = {"name": "user", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
_OPERATION = {**_USER, "name": "operation"}
_ASKED = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "to": {"type": "array", "items": {"type": "string", "format": "uuid"}},
        "closed": {"type": "boolean"},
        "parts": {"type": "object", "additionalProperties": {"type": "object"}},
        "afterwards": {"enum": ["stay", "freeze", "deactivate"]},
        "why": {"type": "string"},
    },
}


def _described(name: str, summary: str, status: str, parameter: dict[str, Any], body: bool = True) -> dict[str, Any]:
    answer = {"description": summary, "content": {"application/json": {"schema": {"type": "object"}}}}
    refused = {code: {"$ref": f"#/components/responses/{code}"} for code in ("400", "401", "403", "404", "409", "422")}
    found = {"operationId": name, "tags": ["handover"], "summary": summary, "responses": {status: answer, **refused}}
    asked = {"required": True, "content": {"application/json": {"schema": _ASKED}}}
    return {"parameters": [parameter], "post": found | ({"requestBody": asked} if body else {})}


PATHS: dict[str, Any] = {
    f"{HERE}/{{user}}/preview": _described("preview_handover", "What a handover would do.", "200", _USER),
    f"{HERE}/{{user}}": _described("hand_over", "Give somebody's work to others.", "201", _USER),
    f"{HERE}/taken-back/{{operation}}": _described(
        "take_back_handover", "Give back what still stands as it was handed over.", "200", _OPERATION, body=False
    ),
}
"""What the OpenAPI document says of these calls, for who manages users."""
