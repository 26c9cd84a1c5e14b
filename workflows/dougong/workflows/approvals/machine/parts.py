"""Parts: what the entries of a visit come to, whose turn it is, and whether the node is passed or rejected.

A part is one voice of the node: an approver with all that hangs on them. Whom they had decide before or after are
conditions of their part, not voices; somebody added beside is a part of their own; whoever took over speaks for the
part; a delegate only gives an opinion. Nothing here changes anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from dougong.metadata.approval import Node
from dougong.workflows.approvals.state import Entry, EntryKind, Visit

Outcome = Literal["approved", "rejected", "pending", "none"]
"""Of a part. "none" counts for nothing: it was removed, or skipped because somebody else speaks."""

Verdict = Literal["open", "passed", "rejected"]

UNDECIDED = frozenset({"waiting", "open", "delegated"})
DECIDED = frozenset({"approved", "rejected", "sent_back"})
TAKEN_OVER = frozenset({"handed_over", "taken_back"})
ADDED: frozenset[EntryKind] = frozenset({"added_before", "added_after", "added_parallel"})
SUCCESSORS: tuple[EntryKind, ...] = ("handed_over", "retaken")

_COUNTS_FOR_NOTHING = frozenset({"initiator", "merged"})


def children(visit: Visit, entry: Entry, *kinds: EntryKind) -> Iterator[Entry]:
    """The entries that hang on another, of `kinds`."""
    return (each for each in visit.entries if each.parent == entry.id and each.kind in kinds)


def successor(visit: Visit, entry: Entry) -> Entry | None:
    """Who speaks in place of an entry that was handed over or taken back."""
    return next(children(visit, entry, *SUCCESSORS), None) if entry.status in TAKEN_OVER else None


def parts(visit: Visit) -> Iterator[Entry]:
    """The entries that are voices of the node."""
    return (each for each in visit.entries if each.parent is None or each.kind == "added_parallel")


def spoken(visit: Visit, entry: Entry) -> Outcome:
    """What an entry's own decision comes to, without those who decide before and after it."""
    for other in children(visit, entry, "escalated"):
        said = outcome(visit, other)
        if said in ("approved", "rejected"):
            return said
    if (following := successor(visit, entry)) is not None:
        return outcome(visit, following)
    match entry.status:
        case "approved" | "rejected":
            return entry.status
        case "removed":
            return "none"
        case "skipped" if entry.why in _COUNTS_FOR_NOTHING:
            return "none"
        case "skipped":
            return "rejected" if entry.why == "timed_out_rejected" else "approved"
        case _:
            return "pending"


def outcome(visit: Visit, entry: Entry) -> Outcome:
    """What the part of an entry comes to: rejected by the first no in it, approved when nobody is left to ask."""
    own = spoken(visit, entry)
    if own == "none":
        return own
    said = [own, *(outcome(visit, each) for each in children(visit, entry, "added_before", "added_after"))]
    return "rejected" if "rejected" in said else "pending" if "pending" in said else "approved"


def votes_needed(node: Node, asked: int) -> int:
    """How many approvals a vote among `asked` needs: never more than there are."""
    if node.need is not None:
        return min(node.need, asked)
    if node.need_percent is not None:
        return -(-node.need_percent * asked // 100)
    return asked // 2 + 1


def needed(node: Node, asked: int) -> int:
    """How many of `asked` parts must approve for a node to be passed."""
    match node.mode:
        case "any":
            return 1
        case "vote":
            return votes_needed(node, asked)
        case _:
            return asked


def verdict(node: Node, visit: Visit) -> Verdict:
    """Whether a node of approvers is passed or rejected by what was decided so far."""
    said = [each for each in (outcome(visit, part) for part in parts(visit)) if each != "none"]
    approved, rejected, pending = (said.count(each) for each in ("approved", "rejected", "pending"))
    if rejected and node.reject == "first_ends":
        return "rejected"
    if said and approved >= needed(node, len(said)):
        return "passed"
    lost = not pending if node.reject == "all" else approved + pending < needed(node, len(said))
    return "rejected" if said and lost else "open"


# -- whose turn it is -------------------------------------------------------------------------------------------------
def turns(node: Node, visit: Visit) -> frozenset[str]:
    """The ids of the entries whose turn it is."""
    pending = [part for part in parts(visit) if outcome(visit, part) == "pending"]
    if node.mode == "sequence" and pending:
        first = min((group(visit, part) for part in pending), key=_order(visit).__getitem__)
        pending = [part for part in pending if group(visit, part) == first]
    return frozenset(each for part in pending for each in _turns(visit, part))


def _turns(visit: Visit, entry: Entry) -> Iterator[str]:
    """Within one part that is pending."""
    before = _pending(visit, entry, "added_before")
    if before:
        yield from (each for other in before for each in _turns(visit, other))
    elif spoken(visit, entry) == "pending":
        following = successor(visit, entry)
        asked = [following] if following else _pending(visit, entry, "delegate")
        yield from (each for other in asked for each in _turns(visit, other))
        if not asked:
            yield entry.id
        yield from (each for other in _pending(visit, entry, "escalated") for each in _turns(visit, other))
    else:
        yield from (each for other in _pending(visit, entry, "added_after") for each in _turns(visit, other))


def _pending(visit: Visit, entry: Entry, *kinds: EntryKind) -> list[Entry]:
    return [each for each in children(visit, entry, *kinds) if outcome(visit, each) == "pending"]


def live(visit: Visit) -> frozenset[str]:
    """The ids of the entries that are undecided and may still be decided; the other undecided ones are void."""
    return frozenset(each for part in parts(visit) for each in _live(visit, part))


def _live(visit: Visit, entry: Entry) -> Iterator[str]:
    if outcome(visit, entry) != "pending":
        return
    yield entry.id
    below: list[EntryKind] = ["added_before", "added_after"]
    if spoken(visit, entry) == "pending":
        below += ["delegate", "escalated", *SUCCESSORS]
    for each in children(visit, entry, *below):
        yield from _live(visit, each)


def waits_for_delegate(visit: Visit, entry: Entry) -> bool:
    """Whether somebody's opinion was asked for and has not come."""
    return bool(_pending(visit, entry, "delegate"))


# -- how entries hang together ----------------------------------------------------------------------------------------
def entry_of(visit: Visit, entry_id: str | None) -> Entry | None:
    """The entry with this id."""
    return next((each for each in visit.entries if each.id == entry_id), None)


def above(visit: Visit, entry: Entry) -> Iterator[Entry]:
    """The entries on which one hangs, the nearest first."""
    parent = entry_of(visit, entry.parent)
    while parent is not None:
        yield parent
        parent = entry_of(visit, parent.parent)


def below(visit: Visit, entry: Entry) -> Iterator[Entry]:
    """All entries that hang on one, of any kind but those beside it, with what hangs on these."""
    for each in visit.entries:
        if each.parent == entry.id and each.kind != "added_parallel":
            yield each
            yield from below(visit, each)


def group(visit: Visit, part: Entry) -> str:
    """The approver to whom a part belongs in a sequence: whoever was added beside somebody has their turn with them."""
    return next(reversed([part, *above(visit, part)])).id


def _order(visit: Visit) -> dict[str, int]:
    return {each.id: place for place, each in enumerate(visit.entries)}


def only_an_opinion(visit: Visit, entry: Entry) -> bool:
    """Whether an entry is one's opinion for somebody who then decides."""
    return any(each.kind == "delegate" for each in (entry, *above(visit, entry)))


def has_part(visit: Visit, person: str) -> bool:
    """Whether somebody is asked at a visit, or has decided there."""
    return any(each.person == person and (each.status in UNDECIDED or each.status in DECIDED) for each in visit.entries)


def handed(visit: Visit, entry: Entry) -> int:
    """How often a part was handed over or delegated on the way to an entry."""
    return sum(each.kind in ("handed_over", "delegate") for each in (entry, *above(visit, entry)))
