"""A queue in a form: which objects it may own, who takes from it, and what they may do before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from dougong.base.language import Message, label, msg
from dougong.web.context import record_url
from dougong.web.formula_change import GONE
from dougong.web.rights_change import Opened, Wish, labels_sent, opened
from dougong.web.rights_form import Form, act, page
from dougong.web.rights_people import named_people
from dougong.web.routing import Page
from dougong.web.visit import Visit, with_query

HERE = "/access/queue"
KIND = "queue"
LEVELS: Mapping[str, Message] = {"read": msg("See"), "edit": msg("See and change")}
USUAL: Mapping[str, Any] = {"label": {}, "objects": (), "members": (), "level": "read"}
"""What a queue says that does not say it."""


def show(visit: Visit) -> Response:
    """A queue as it stands, or an empty form."""
    found = opened(visit, KIND, visit.asked("of"))
    return page(visit, _form(visit, found, found.body, ""))


def _form(visit: Visit, found: Opened, body: Mapping[str, Any], name: str) -> Form:
    known = visit.model.rights.queues.get(found.component.name) if found.component else None
    return Form(
        "rights_queue.html",
        label(body.get("label"), visit.language) if found.component else visit.say(msg("New queue")),
        found,
        {
            "body": {**USUAL, **body},
            "name": name,
            "people": named_people(visit, list(body.get("members", ()))),
            "objects": _objects(visit, body),
            "levels": [(key, visit.say(said)) for key, said in LEVELS.items()],
            "record": record_url("user", known.record) if known else "",
        },
    )


def _objects(visit: Visit, body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The objects whose records queues may own, and whatever else the queue names."""
    known = {
        each.name: label(each.label, visit.language)
        for each in visit.model.objects.values()
        if each.owner == "user_or_queue" and visit.unit.access.may("read", each)
    }
    return [*known.items(), *((each, each) for each in body.get("objects", ()) if each not in known)]


def send(visit: Visit) -> Response:
    """Plan or publish what the form says."""
    with visit.read() as reading:
        found = opened(reading, KIND, visit.sent("of"))
        taken = reading.model.rights.queues
    body = _sent(visit, found.body)
    name = visit.sent("name").strip()
    values: dict[str, Any] = {key: value if value not in ("", []) else GONE for key, value in body.items()}
    values |= {"label": body["label"], "objects": body["objects"]}
    if body["level"] == "read" and "level" not in found.body:
        values["level"] = GONE
    wish = Wish(found, name, values)
    there = with_query(HERE, [("of", wish.address.partition(":")[2]), ("made", "1")])
    return act(visit, wish, taken, lambda reading: _form(reading, found, {**found.body, **body}, name), there)


def _sent(visit: Visit, was: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of the document that the form says."""
    level = visit.sent("level")
    return {
        "label": labels_sent(visit, was),
        "objects": list(dict.fromkeys(visit.sent_all("objects"))),
        "members": list(dict.fromkeys(visit.sent_all("members"))),
        "level": level if level in LEVELS else "read",
    }


PAGES = (Page("GET", HERE, show, right="design"), Page("POST", HERE, send, right="design"))
