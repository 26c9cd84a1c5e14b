"""Whether somebody may act at all: what each act of an approver asks first."""

from __future__ import annotations

from dougong.base.language import Message, msg
from dougong.metadata.approval import Act, Node
from dougong.workflows.approvals.machine import asking, parts, refusals
from dougong.workflows.approvals.machine.course import CLOSED, Course
from dougong.workflows.approvals.state import Entry, Visit

LABELS: dict[Act, Message] = {
    "add_before": msg("Add somebody before"),
    "add_after": msg("Add somebody after"),
    "add_parallel": msg("Add somebody beside"),
    "remove_added": msg("Remove somebody added"),
    "hand_over": msg("Hand over to somebody else"),
    "delegate": msg("Ask for an opinion"),
    "send_back": msg("Send back"),
}
"""What the acts that a node may allow are called."""

HAND_OVERS = 5
"""How often one part may be handed on, by handing over or delegating."""


def running(course: Course) -> None:
    """Refuse an act where nothing runs.

    Raises:
        dougong.base.errors.Conflict: the approval has ended, or is with its initiator.
    """
    if course.state.status in CLOSED:
        raise refusals.ended()
    if course.state.status == "returned":
        raise refusals.with_the_initiator()


def own(course: Course, entry_id: str, by: str) -> tuple[Visit, Entry]:
    """A person's own entry.

    Raises:
        dougong.base.errors.DougongError: nothing runs, there is none, or it is somebody else's.
    """
    running(course)
    visit, entry = course.entry(entry_id)
    if entry.person != by:
        raise refusals.not_your_turn()
    return visit, entry


def turn(course: Course, entry_id: str, by: str) -> tuple[Visit, Entry]:
    """A person's own entry whose turn it is.

    Raises:
        dougong.base.errors.DougongError: as `own`; it is decided, or not needed any more, or waits for others.
    """
    visit, entry = own(course, entry_id, by)
    if entry.status in ("waiting", "delegated"):
        raise refusals.not_yet()
    if entry.status in parts.DECIDED:
        raise refusals.decided_already()
    if entry.status != "open":
        raise refusals.decided_without_you()
    return visit, entry


def allowed(course: Course, visit: Visit, entry: Entry, act: Act) -> None:
    """Refuse what the node does not allow its approvers, or somebody asked for an opinion may not do.

    Raises:
        dougong.base.errors.Forbidden: as said.
    """
    node = course.node(visit)
    if act not in node.may:
        raise refusals.may_not(node, LABELS[act])
    if act not in ("hand_over", "delegate") and parts.only_an_opinion(visit, entry):
        raise refusals.only_an_opinion()


def opinion_required(node: Node, *, approving: bool) -> bool:
    """Whether an approval, or anything else that is decided, needs an opinion."""
    return node.opinion == "required" or (node.opinion == "required_on_reject" and not approving)


def opinion(node: Node, text: str, *, approving: bool) -> str:
    """The opinion as it is kept.

    Raises:
        dougong.base.errors.Rejected: it is required and was not given.
    """
    if opinion_required(node, approving=approving) and not text.strip():
        raise refusals.opinion_missing()
    return text.strip()


def newcomer(course: Course, visit: Visit, person: str) -> None:
    """Refuse somebody who cannot be asked at a visit.

    Raises:
        dougong.base.errors.Rejected: they cannot act, it would be on what is their own, or they are asked already.
    """
    if not course.world.active(person):
        raise refusals.inactive()
    if asking.is_own(course, person):
        raise refusals.own_approval()
    if parts.has_part(visit, person):
        raise refusals.asked_already()
