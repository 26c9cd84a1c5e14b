"""Rules of queues: what they may own says so, whom they name is there, and the company's users can be queues."""

from __future__ import annotations

from collections.abc import Iterator

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.metadata.checking.people import need_people
from dougong.metadata.checking.report import Spot, enumerated, need_object, spots
from dougong.metadata.index import Index
from dougong.metadata.rights import QUEUE_FIELDS, QUEUE_KIND


def queues(index: Index) -> Iterator[Problem]:
    """Objects and roles that queues name; the fields of users that a queue takes."""
    for spot, body in spots(index, "queue"):
        yield from need_queue_users(spot)
        for below, name in enumerated(spot, "objects", body):
            yield from need_queue_object(below, str(name))
        yield from need_people(spot, "members", body)


def need_queue_object(spot: Spot, name: str) -> Iterator[Problem]:
    """`name` must be an object whose records queues may own."""
    if name not in spot.index.named("object"):
        yield from need_object(spot, name)
    elif spot.index.body("object", name).get("owner") != "user_or_queue":
        reason = msg("Records of {object} are owned by people alone.", object=name)
        yield spot.problem("queue-object", reason, msg('Say "owner": "user_or_queue" at the object.'))


def need_queue_users(spot: Spot) -> Iterator[Problem]:
    """Users of the company must be able to be queues."""
    kind = spot.index.field("user", "kind")
    missing = [name for name in QUEUE_FIELDS if spot.index.field("user", name) is None]
    if missing or kind is None or QUEUE_KIND not in spot.index.values(kind):
        reason = msg("A queue is a user of the kind {kind}, which users of this company cannot be.", kind=QUEUE_KIND)
        fix = msg("Give users the fields {names}, as the package base has them.", names=", ".join(QUEUE_FIELDS))
        yield spot.problem("queue-user", reason, fix)
