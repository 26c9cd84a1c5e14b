"""The one door to running approvals: pages, the API, steps and the command line call these, each in a unit of work.

What a person may not see is not there for them (`NotFound`); what they may see and not do is `Forbidden`; what the
approval does not allow now is `Rejected` or, where somebody else was first, `Conflict`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dougong.workflows.approvals import state as states
from dougong.workflows.approvals.told import Instance, Preview, Startable, TaskPage, Which

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

PAGE = 50
"""Rows of a list where nobody says how many."""


def startable(unit: Unit, object_name: str, record_id: str) -> tuple[Startable, ...]:
    """The approvals that the actor may start on this record now, with what stands in the way of each."""
    raise NotImplementedError


def preview(unit: Unit, approval_name: str, record_id: str) -> Preview:
    """Who would approve this record if the actor sent it now; nothing is written.

    Raises:
        NotFound: no such approval, or no such record for the actor.
    """
    raise NotImplementedError


def submit(
    unit: Unit,
    approval_name: str,
    record_id: str,
    *,
    chosen: Mapping[str, Sequence[str]] = {},
    comment: str = "",
) -> str:
    """Start an approval of a record; the id of the instance. `chosen`: people by ``node.key`` (`Choice.key`).

    Raises:
        NotFound: no such approval, or no such record for the actor.
        Forbidden: others may start it.
        Rejected: it is refused, runs already, or nobody is there to approve.
    """
    raise NotImplementedError


def act(
    unit: Unit, instance_id: str, act: states.Act, *, files: Sequence[str] = (), number: int | None = None
) -> Instance:
    """Do what a person decided; the instance as it is then.

    `files` are ids of files that belong to the opinion. With `number` (`Instance.number` as the person saw it), an act
    that comes after somebody else's is refused.

    Raises:
        NotFound: no such instance for the actor.
        Forbidden: the act is somebody else's to do.
        Rejected: the approval does not allow it now.
        Conflict: somebody else acted a moment ago.
    """
    raise NotImplementedError


def comment(unit: Unit, instance_id: str, text: str, *, files: Sequence[str] = ()) -> None:
    """Say something about an approval without deciding anything.

    Raises:
        NotFound: no such instance for the actor.
        Rejected: nothing was said.
    """
    raise NotImplementedError


def instance(unit: Unit, instance_id: str) -> Instance:
    """One approval in full.

    Raises:
        NotFound: there is none, or the actor may not know of it.
    """
    raise NotImplementedError


def of_record(unit: Unit, object_name: str, record_id: str) -> tuple[Instance, ...]:
    """The approvals of a record that the actor may see, the newest first."""
    raise NotImplementedError


def tasks(unit: Unit, which: Which, cursor: str | None = None, limit: int = PAGE) -> TaskPage:
    """One page of a list of the actor's approval centre, in a constant number of statements.

    Raises:
        BadRequest: a cursor that no page gave.
    """
    raise NotImplementedError


def todo_count(unit: Unit) -> int:
    """How many decisions wait for the actor."""
    raise NotImplementedError
