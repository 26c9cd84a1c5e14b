"""Deciding about messages that failed for good: they are sent once more, one by one or all to one endpoint.

Who decides is in the audit log. What is decided about the work that sends a message (`dougong.engine.backlog`) is
noted in the log of messages too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from dougong.base.errors import Conflict, Problem
from dougong.base.language import msg
from dougong.engine import backlog
from dougong.engine.audit import Event, record
from dougong.engine.tables import outbox
from dougong.workflows.notices import log
from dougong.workflows.notices.tables import deliveries

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

AT_ONCE = 1000
"""Messages to one endpoint that are asked for again at once."""


def retry(unit: Unit, id: str, why: str = "") -> None:
    """Send a message once more that has failed.

    Raises:
        Conflict: it has not failed, or somebody was faster.
        NotFound: there is no such message.
    """
    backlog.require_right(unit)
    line = log.get(unit, id)
    if line.state != "failed" or line.job is None:
        reason = msg("This message has not failed, or somebody has decided about it already.")
        raise Conflict(Problem(code="delivery-not-failed", thing=id, reason=reason))
    backlog.retry(unit, line.job, why)


def retry_all(unit: Unit, endpoint: str) -> int:
    """Send once more what has failed of the messages to an endpoint, in the order of asking; how many."""
    backlog.require_right(unit)
    its, work = deliveries.c, outbox.c
    failed = (its.endpoint == endpoint, its.state == "failed", work.state == "failed")
    asked = select(work.id, work.key).join(deliveries, work.key == its.job_key).where(*failed).distinct()
    found: Sequence[Any] = unit.connection.execute(asked.order_by(work.id).limit(AT_ONCE)).all()
    if not found:
        return 0
    keys = [row.key for row in found]
    waiting = update(deliveries).where(its.job_key.in_(keys), its.state == "failed").values(state="waiting")
    count = unit.connection.execute(waiting.where(its.endpoint == endpoint)).rowcount
    backlog.retry_together(unit, [row.id for row in found])
    record(unit, Event("deliveries_retried", f"endpoint:{endpoint}", data={"messages": count}))
    return count


def decided(unit: Unit, wanted: Any, verdict: str) -> None:
    """Note what somebody decided about the work that sends some messages: "retried" or "dropped"."""
    state = "waiting" if verdict == "retried" else "dropped"
    undecided = deliveries.c.state.in_(("waiting", "failed"))
    unit.connection.execute(update(deliveries).where(wanted, undecided).values(state=state))


def decided_one(unit: Unit, payload: Any, verdict: str) -> None:
    """The same of work that sends one message, which its payload names."""
    decided(unit, deliveries.c.id == payload["delivery"], verdict)
