"""In which branches of which splits a node stands, by the chart alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dougong.metadata.approval import Approval, Node

Stack = tuple[tuple[str, str], ...]
"""The splits that something stands in, the outermost first: key of the split, key of the branch."""


def stacks(approval: Approval) -> Mapping[str, frozenset[Stack]]:
    """Every way in which each node that can be reached stands in branches; a split within itself is followed once."""
    found: dict[str, set[Stack]] = {}
    waiting: list[tuple[str, Stack]] = [(approval.first, ())]
    while waiting:
        key, stack = waiting.pop()
        node = approval.nodes.get(key)
        if node is None or stack in found.setdefault(key, set()) or len(stack) > len(approval.nodes):
            continue
        found[key].add(stack)
        waiting += _after(node, stack)
    return {key: frozenset(each) for key, each in found.items()}


def _after(node: Node, stack: Stack) -> Iterator[tuple[str, Stack]]:
    if node.type == "split":
        if any(split == node.key for split, _ in stack):
            return
        yield from ((each.next, (*stack, (node.key, each.key))) for each in node.branches)
        return
    behind = stack[:-1] if node.type == "join" else stack
    for each in (node.next, node.otherwise, *(branch.next for branch in node.branches)):
        if each is not None:
            yield each, behind
