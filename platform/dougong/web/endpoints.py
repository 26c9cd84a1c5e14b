"""What people call the places that something goes to: mail, channels by their labels, addresses as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dougong.base.language import label, msg
from dougong.engine import circuits
from dougong.engine.mail import MAIL

if TYPE_CHECKING:
    from dougong.web.visit import Visit


def called(visit: Visit, endpoint: str) -> str:
    """What an endpoint is called."""
    if endpoint == MAIL:
        return visit.say(msg("Mail"))
    channel = visit.model.workflows.channels.get(endpoint)
    return label(channel.label, visit.language, endpoint) if channel is not None else endpoint


def silent(visit: Visit) -> list[tuple[circuits.Circuit, str, str]]:
    """The places that do not answer: what is known of each, what it is called, and what went wrong last."""
    return [(each, called(visit, each.name), each.failure.to(visit.language)) for each in circuits.silent(visit.unit)]
