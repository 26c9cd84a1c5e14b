"""What a person does to an approval, read from the form that they sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dougong.base.errors import Problem, Rejected
from dougong.base.language import Message, msg
from dougong.engine.unit import Unit
from dougong.web import uploads
from dougong.web.handover_form import people_sent
from dougong.web.visit import Visit, broken
from dougong.workflows.approvals import attached
from dougong.workflows.approvals import state as states
from dougong.workflows.approvals.state import Act

SAID: Mapping[str, Message] = {
    "approve": msg("Approved"),
    "reject": msg("Rejected"),
    "send_back": msg("Sent back"),
    "add": msg("Approvers added"),
    "remove_added": msg("Approver removed"),
    "hand_over": msg("Handed over"),
    "delegate": msg("Asked for an opinion"),
    "take_back": msg("Decision taken back"),
    "recall": msg("Recalled"),
    "resubmit": msg("Submitted again"),
    "remind": msg("Reminded"),
    "comment": msg("Comment added"),
}
"""What is said once an act was done."""


def act_sent(visit: Visit) -> Act:
    """The act that was sent. `visit` reads: names that were typed are looked up.

    Raises:
        BadRequest: no act of people, or a name that nobody has.
        Rejected: nobody was chosen where somebody has to be.
    """
    make = _ACTS.get(visit.sent("act"))
    if make is None:
        raise broken("act")
    return make(
        visit,
        {"by": visit.actor.user_id or ""},
        {"opinion": visit.sent("opinion").strip() or visit.sent("phrase").strip()},
    )


@contextmanager
def files_sent(visit: Visit) -> Iterator[Callable[[Unit], tuple[str, ...]]]:
    """The files that were chosen for an opinion: called in the transaction of the act, what this yields makes their
    records and says their ids. Nothing is left of them where the act is refused.

    Raises:
        TooLarge, Rejected: there are files among them that no record takes.
    """
    chosen = visit.uploads("file")
    uploads.check(chosen)
    with uploads.stored(visit, chosen) as kept:

        def make(unit: Unit) -> tuple[str, ...]:
            if kept:
                unit.records.save([uploads.created(each) for each in kept])
            return tuple(each.id for each in kept)

        yield make


def may_attach(visit: Visit, object_name: str) -> bool:
    """Whether the page offers to attach files to opinions on records of an object."""
    obj, file = visit.model.objects.get(object_name), visit.model.objects.get(attached.FILE)
    if obj is None or file is None or not attached.taken_by(visit.model, obj):
        return False
    return visit.unit.access.may("create", file)


Parts = dict[str, Any]


def _entry(visit: Visit) -> Parts:
    return {"entry": visit.sent("entry")}


def _approve(visit: Visit, by: Parts, opinion: Parts) -> Act:
    return states.Approve(**_entry(visit), **by, **opinion, chosen=chosen_sent(visit))


def _reject(visit: Visit, by: Parts, opinion: Parts) -> Act:
    return states.Reject(**_entry(visit), **by, **opinion)


def _send_back(visit: Visit, by: Parts, opinion: Parts) -> Act:
    then = visit.sent("then")
    said: Any = then if then in ("resume", "again", "choose") else None
    return states.SendBack(**_entry(visit), **by, **opinion, to=visit.sent("to", "initiator"), then=said)


def _add(visit: Visit, by: Parts, opinion: Parts) -> Act:
    where: Any = visit.sent("where")
    if where not in ("before", "after", "parallel"):
        raise broken("where")
    return states.Add(**_entry(visit), **by, **opinion, people=_somebody(visit), where=where)


def _remove(visit: Visit, by: Parts, opinion: Parts) -> Act:
    return states.Remove(**_entry(visit), **by, removed=visit.sent("removed"))


def _hand_over(visit: Visit, by: Parts, opinion: Parts) -> Act:
    return states.HandOver(**_entry(visit), **by, **opinion, to=_somebody(visit)[0])


def _delegate(visit: Visit, by: Parts, opinion: Parts) -> Act:
    return states.HandOver(**_entry(visit), **by, **opinion, to=_somebody(visit)[0], comes_back=True)


def _resubmit(visit: Visit, by: Parts, opinion: Parts) -> Act:
    then: Any = visit.sent("then") if visit.sent("then") in ("resume", "again") else None
    return states.Resubmit(**by, **opinion, then=then, chosen=chosen_sent(visit))


_ACTS: Mapping[str, Callable[[Visit, Parts, Parts], Act]] = {
    "approve": _approve,
    "reject": _reject,
    "send_back": _send_back,
    "add": _add,
    "remove_added": _remove,
    "hand_over": _hand_over,
    "delegate": _delegate,
    "resubmit": _resubmit,
    "take_back": lambda visit, by, opinion: states.TakeBack(**_entry(visit), **by),
    "recall": lambda visit, by, opinion: states.Recall(**by, **opinion),
    "remind": lambda visit, by, opinion: states.Remind(**by),
}


def _somebody(visit: Visit) -> tuple[str, ...]:
    found = people_sent(visit, "people")
    if not found:
        raise Rejected(Problem(code="approval-nobody-chosen", reason=msg("Nobody is chosen.")))
    return tuple(found)


def chosen_sent(visit: Visit) -> Mapping[str, tuple[str, ...]]:
    """People chosen for nodes of which somebody chooses the approvers, by ``node.key``."""
    keys = dict.fromkeys(name.removeprefix("chosen.").removesuffix(".text") for name in visit.form
                         if name.startswith("chosen."))  # fmt: skip
    found = {key: tuple(people_sent(visit, f"chosen.{key}")) for key in keys}
    return {key: people for key, people in found.items() if people}
