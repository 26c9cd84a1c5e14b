"""The way that a record would take if everybody approved, as the machine foresees it; nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dougong.base.errors import Problem
from dougong.base.language import Message, msg
from dougong.metadata.approval import Approval, Node
from dougong.workflows.approvals import machine, running, starting, state
from dougong.workflows.approvals.running import Running
from dougong.workflows.approvals.told import Preview, Stop
from dougong.workflows.approvals.world import CompanyWorld

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


def preview(approval: Approval, world: CompanyWorld, initiator: str) -> Preview:
    """Who would be asked, node by node, and what would stand in the way."""
    refused = list(starting.refusals(approval, world))
    if not starting.is_active(approval, world):
        refused.append(_problem(approval, "approval-inactive", msg("This approval is switched off.")))
    elif not starting.is_needed(approval, world):
        said = msg("This record does not need this approval: {approval}.", approval=approval.label)
        refused.append(_problem(approval, "approval-not-needed", said))
    ahead = machine.ahead(approval, state.State(status="open", initiator=initiator), world)
    for each in ahead:
        if not _is_chosen(approval.nodes[each.node]):
            refused += each.problems
    return Preview(
        approval=approval.name,
        label=approval.label,
        stops=tuple(_stop(approval.nodes[each.node], each, world) for each in ahead),
        refused=tuple(refused),
        choices=starting.choices(approval, world),
    )


def ahead(unit: Unit, held: Running) -> tuple[Stop, ...]:
    """Who would still be asked in an approval that runs, node by node; none where that cannot be said any more."""
    approval, obj = held.pinned(unit), held.of(unit)
    if approval is None or obj is None:
        return ()
    world = CompanyWorld(unit, obj, running.record_values(unit, obj, held.record_id), held.initiator, approval)
    found = machine.ahead(approval, held.state, world)
    return tuple(_stop(approval.nodes[each.node], each, world) for each in found)


def _problem(approval: Approval, code: str, said: Message) -> Problem:
    return Problem(code=code, reason=said, thing=f"approval:{approval.name}")


def _is_chosen(node: Node) -> bool:
    """Whether people of a node are chosen on the way."""
    return any(rule.way == "chosen_by" for rule in (*node.approvers, *node.to))


def _stop(node: Node, ahead: machine.Ahead, world: CompanyWorld) -> Stop:
    asked = dict.fromkeys(each.person for each in ahead.entries if each.status not in ("skipped", "removed"))
    by_initiator = any(rule.way == "chosen_by" and rule.value == "initiator" for rule in node.approvers)
    waits = msg("Chosen by whoever submits") if by_initiator else msg("Chosen by the approver before")
    return Stop(
        node=node.key,
        label=node.label,
        type=node.type,
        mode=node.mode,
        people=starting.persons(world.members, list(asked)),
        open_people=waits if _is_chosen(node) else None,
    )
