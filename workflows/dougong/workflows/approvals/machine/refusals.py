"""What the machine refuses, each with what would help. A page asks the same before it offers an act."""

from __future__ import annotations

from dougong.base.errors import Conflict, DougongError, Forbidden, NotFound, Problem, Rejected
from dougong.base.language import Message, msg
from dougong.metadata.approval import Approvers, Node


def not_your_turn() -> Forbidden:
    """The entry is somebody else's."""
    return Forbidden(
        Problem(
            code="approval-not-yours",
            reason=msg("This decision is somebody else's"),
            fix=msg("Only the person who is asked can decide; they can hand it over"),
        )
    )


def not_yet() -> Conflict:
    """The entry waits for others."""
    return Conflict(
        Problem(
            code="approval-not-yet",
            reason=msg("It is not your turn yet"),
            fix=msg("Somebody before you has to decide first"),
        )
    )


def decided_already() -> Conflict:
    """The entry has a decision."""
    return Conflict(
        Problem(
            code="approval-decided",
            reason=msg("You have decided here already"),
            fix=msg("Take your decision back while nobody after you has acted"),
        )
    )


def decided_without_you() -> Conflict:
    """The node ended, or was left, or somebody else acts for it."""
    return Conflict(
        Problem(
            code="approval-void",
            reason=msg("This step was settled meanwhile; your decision is not needed any more"),
            fix=msg("Look at the approval to see what happened"),
        )
    )


def ended() -> Conflict:
    """The instance has ended."""
    return Conflict(
        Problem(
            code="approval-ended",
            reason=msg("This approval has ended"),
            fix=msg("Submit the record again if it needs another one"),
        )
    )


def with_the_initiator() -> Conflict:
    """The instance was sent back and waits for its initiator."""
    return Conflict(
        Problem(
            code="approval-returned",
            reason=msg("This approval was sent back to whoever submitted it"),
            fix=msg("It goes on when they submit again"),
        )
    )


def not_returned() -> Conflict:
    """Submitted again while it runs."""
    return Conflict(
        Problem(
            code="approval-running",
            reason=msg("This approval is running; it was not sent back"),
            fix=msg("Recall it first, if you want to change what you submitted"),
        )
    )


def unknown_entry() -> NotFound:
    """No such entry, visit or copy."""
    return NotFound(Problem(code="approval-unknown-part", reason=msg("There is no such part in this approval")))


def opinion_missing() -> Rejected:
    """An opinion is required."""
    return Rejected(
        Problem(
            code="approval-opinion",
            reason=msg("An opinion is required here"),
            fix=msg("Say in a few words why"),
        )
    )


def nobody(node: Node) -> Rejected:
    """A node finds nobody to ask and the definition says to refuse."""
    return Rejected(
        Problem(
            code="approval-nobody",
            reason=msg("Nobody can be asked at the step “{step}”", step=step(node)),
            fix=msg("An administrator names somebody for the role or position, or who stands in when nobody is found"),
            thing=node.key,
        )
    )


def own_approval() -> Rejected:
    """The initiator, or who acts for them, would decide."""
    return Rejected(
        Problem(
            code="approval-own",
            reason=msg("Nobody decides on what they submitted themselves, nor does who stands in for them"),
            fix=msg("Name somebody else"),
        )
    )


def may_not(node: Node, what: Message) -> Forbidden:
    """The node does not allow an act."""
    return Forbidden(
        Problem(
            code="approval-may-not",
            reason=msg("The step “{step}” does not allow this: {act}", step=step(node), act=what),
            fix=msg("Whoever keeps the approval process can allow it there"),
            thing=node.key,
        )
    )


def no_such_target(target: str) -> Rejected:
    """Sent back to where it never was."""
    return Rejected(
        Problem(
            code="approval-no-target",
            reason=msg("The approval has not been at “{step}”; it cannot be sent back there", step=target),
            fix=msg("Send it back to a step that it passed on its way here, or to the initiator"),
        )
    )


def then_is_stated() -> Rejected:
    """What follows after a sending back is stated otherwise."""
    return Rejected(
        Problem(
            code="approval-then-stated",
            reason=msg("How it goes on after sending back is stated otherwise and cannot be chosen"),
            fix=msg("Leave the choice out"),
        )
    )


def chosen_missing(node: Node, rule: Approvers) -> Rejected:
    """Somebody has to be chosen; the thing is the key by which they are named."""
    return Rejected(
        Problem(
            code="approval-choose",
            reason=msg("Choose who is asked at the step “{step}”", step=step(node)),
            fix=msg("Name at least one person"),
            thing=f"{node.key}.{rule.key}",
        )
    )


def chosen_too_many(node: Node, most: int) -> Rejected:
    """More were chosen than may be."""
    return Rejected(
        Problem(
            code="approval-chosen-many",
            reason=msg("At the step “{step}” at most {most} may be chosen", step=step(node), most=most),
            fix=msg("Choose fewer people"),
            thing=node.key,
        )
    )


def chosen_not_allowed(node: Node) -> Rejected:
    """Somebody was chosen who may not be, is not active, or was named twice."""
    return Rejected(
        Problem(
            code="approval-chosen-who",
            reason=msg("Somebody chosen for the step “{step}” is not among those who may be chosen", step=step(node)),
            fix=msg("Choose from the list"),
            thing=node.key,
        )
    )


def nothing_to_choose(key: str) -> Rejected:
    """People were chosen where the definition lets nobody choose."""
    return Rejected(
        Problem(
            code="approval-chosen-where",
            reason=msg("Nobody is to be chosen for “{key}” now", key=key),
            fix=msg("Leave the choice out"),
        )
    )


def inactive() -> Rejected:
    """Somebody named cannot act."""
    return Rejected(
        Problem(
            code="approval-inactive",
            reason=msg("Somebody named cannot sign in any more, or does not exist"),
            fix=msg("Name somebody who is active"),
        )
    )


def nobody_named() -> Rejected:
    """An act that needs people was given none."""
    return Rejected(Problem(code="approval-whom", reason=msg("Nobody was named"), fix=msg("Name at least one person")))


def asked_already() -> Rejected:
    """Somebody named has a part at this node."""
    return Rejected(
        Problem(
            code="approval-asked-already",
            reason=msg("Somebody named is asked at this step already"),
            fix=msg("Name somebody else"),
        )
    )


def chain_too_long(most: int) -> Rejected:
    """Handed over too often."""
    return Rejected(
        Problem(
            code="approval-handed-on",
            reason=msg("This was handed on {most} times already", most=most),
            fix=msg("Decide, or send it back"),
        )
    )


def only_an_opinion() -> Forbidden:
    """A delegate did what only the one who delegated may do."""
    return Forbidden(
        Problem(
            code="approval-delegate",
            reason=msg("You were asked for an opinion only"),
            fix=msg("Give it; whoever asked you then decides"),
        )
    )


def not_removable() -> Conflict:
    """Removed somebody whom the person did not add, or who has decided."""
    return Conflict(
        Problem(
            code="approval-not-removable",
            reason=msg("Only somebody whom you added and who has not decided yet can be removed"),
        )
    )


def acted_after() -> Conflict:
    """Taken back too late."""
    return Conflict(
        Problem(
            code="approval-acted-after",
            reason=msg("Somebody after you has acted already; your decision cannot be taken back"),
            fix=msg("Ask them to send it back"),
        )
    )


def effects_after() -> Conflict:
    """Taken back after something was done that cannot be undone."""
    return Conflict(
        Problem(
            code="approval-effects-after",
            reason=msg("Your decision has set something in motion already; it cannot be taken back"),
            fix=msg("Ask somebody after you to send it back"),
        )
    )


def nothing_to_take_back() -> Conflict:
    """The entry holds no decision of a person that could be undone."""
    return Conflict(
        Problem(code="approval-nothing-taken", reason=msg("There is no decision of yours here that can be taken back"))
    )


def recall_too_late() -> Conflict:
    """Somebody has decided."""
    return Conflict(
        Problem(
            code="approval-recall-late",
            reason=msg("Somebody has decided already; the approval cannot be recalled any more"),
            fix=msg("Ask an approver to send it back"),
        )
    )


def no_recall() -> Forbidden:
    """The definition allows no recall."""
    return Forbidden(
        Problem(
            code="approval-no-recall",
            reason=msg("This approval cannot be recalled"),
            fix=msg("Ask an approver to send it back"),
        )
    )


def not_the_initiator() -> Forbidden:
    """An act of the initiator by somebody else."""
    return Forbidden(Problem(code="approval-not-initiator", reason=msg("Only whoever submitted this can do that")))


def not_involved() -> Forbidden:
    """An act of those involved by somebody else."""
    return Forbidden(Problem(code="approval-not-involved", reason=msg("You have no part in this approval")))


def own_turn() -> Conflict:
    """Who is waited for themselves reminds others."""
    return Conflict(
        Problem(
            code="approval-own-turn",
            reason=msg("It is your own turn"),
            fix=msg("Decide first; then others can be reminded"),
        )
    )


def reminded_already() -> Conflict:
    """All were reminded a short while ago."""
    return Conflict(
        Problem(
            code="approval-reminded",
            reason=msg("Everybody whose turn it is was reminded a short while ago"),
            fix=msg("Wait an hour"),
        )
    )


def no_way_on(node: Node) -> Rejected:
    """A condition none of whose branches holds, or a node that leads nowhere."""
    return Rejected(
        Problem(
            code="approval-no-way-on",
            reason=msg("From the step “{step}” no way leads on", step=step(node)),
            fix=msg("An administrator gives it a way for everything else"),
            thing=node.key,
        )
    )


def too_long(most: int) -> Rejected:
    """A definition that goes round in circles."""
    return Rejected(
        Problem(
            code="approval-endless",
            reason=msg("This approval has gone through {most} steps without an end", most=most),
            fix=msg("An administrator looks for a circle in its definition, and cancels it"),
        )
    )


def step(node: Node) -> object:
    """What a node is called in a sentence."""
    return node.label or node.key


Refused = DougongError
"""Whatever the machine refuses."""
