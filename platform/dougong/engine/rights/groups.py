"""The names of the groups of `dg_membership` that the metadata means when it names people."""

from __future__ import annotations

_AS_MAIN = {"also": "department", "also_within": "within"}


def plain(group: str) -> str:
    """A group as it counts for whoever looks: further departments like the main one."""
    kind, _, name = group.partition(":")
    return f"{_AS_MAIN.get(kind, kind)}:{name}"


def group_of(people: str) -> str:
    """The group for whom a rule, or a queue, names; of a queue its members."""
    kind, _, name = people.partition(":")
    return f"within:{name}" if kind == "department_and_below" else people


def owner_of(people: str) -> str:
    """The group of those whose records a rule opens; of a queue the queue itself."""
    kind, _, name = people.partition(":")
    return f"is_queue:{name}" if kind == "queue" else group_of(people)
