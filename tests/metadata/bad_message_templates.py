"""Message templates that must not be published: each case breaks one thing. See `bad_documents`."""

from __future__ import annotations

from typing import Any

from dougong.cli.folders import field_types
from tests.metadata.workshop import label

field_types()  # what a step is given is judged by its kind


def template(**keys: Any) -> dict[str, Any]:
    """One sound template of deals, changed."""
    body = {
        "kind": "message_template", "name": "deal.won", "object": "deal", "label": label("Won", "赢单"),
        "subject": label("{name} of {customer.name} is won", "{customer.name}的{name}已赢单"),
        "body": label("Twice as much is {= amount * 2}.", "两倍为{= amount * 2}。"),
    }  # fmt: skip
    return {"message_template/deal/won.json": {**body, **keys}}


def told(**given: Any) -> dict[str, Any]:
    """An automation of customers with a step that tells."""
    return {
        "automation/customer/tell.json": {
            "kind": "automation", "name": "customer.tell", "object": "customer", "label": label("Tell", "通知"),
            "trigger": {"type": "button"},
            "steps": [{"key": "tell", "do": "notify", "with": {"to": ["field:owner"], **given}}],
        }
    }  # fmt: skip


CASES: dict[str, dict[str, Any]] = {
    "a template of no object": {
        "message_template/daal/won.json": {
            **template()["message_template/deal/won.json"], "name": "daal.won", "object": "daal",
        }
    },
    "a template with fields that are not there": template(
        subject={"en": "{nome} of {customer.town}"}, mail={"body": {"en": "<p>{amount.net}</p>"}}
    ),
    "a template with formulas that do not fit": template(
        body={"en": "{= amount *} {= ISCHANGED(amount)} {= nome}"}, bot={"body": {"en": "{= 1 + \"one\"}"}}
    ),
    "a template with places that are none": template(subject={"en": "{Name} {} {name"}),
    "a template that merges into a tag": template(mail={"body": {"en": '<a href="{name}">{name}</a>'}}),
    "a template with attachments": template(attachments=["contract"]),
    "a step that tells by no template and no text": told(),
    "a step that tells by a template and a text": {**template(), **told(template="deal.won", title={"en": '"Won"'})},
    "a step that tells by a template that is not there": told(template="customer.won"),
}  # fmt: skip
