"""Where a component is used, and what taking it out would break."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dougong.base.errors import NotFound, Problem
from dougong.base.language import msg
from dougong.metadata.check import check
from dougong.metadata.component import PLATFORM, Component
from dougong.metadata.index import Index
from dougong.metadata.keyed import element_key
from dougong.metadata.layers import effective
from dougong.metadata.positions import escape, steps
from dougong.metadata.references import Reference, used_by
from dougong.metadata.tree import Tree
from dougong.metadata.violations import near


@dataclass(frozen=True, slots=True)
class Use:
    """A place that names the component: `path` as overlays write it (``tabs#main/sections#deal/items#amount/field``).

    `text` is what stands there: a name, a path, a formula.
    """

    component: Component
    pointer: str
    path: str
    text: str


def uses(index: Index, address: str) -> tuple[Use, ...]:
    """Every place in the effective tree that names the component, each once, by kind and name.

    Raises:
        NotFound: there is no such component.
    """
    if address not in index.components:
        raise _unknown(index, address)
    found = {(each.component.address, each.pointer): each for each in used_by(index).get(address, ())}
    made = [_use(each) for each in found.values() if each.component.address != address]
    return tuple(sorted(made, key=lambda each: (each.component.kind, each.component.name, each.path)))


def _unknown(index: Index, address: str) -> NotFound:
    reason = msg("There is no component {address}.", address=address)
    fix = near(address, index.components)
    return NotFound(Problem(code="component-unknown", thing=address, reason=reason, fix=fix))


def _use(reference: Reference) -> Use:
    component, path = reference.component, ""
    value: Any = component.body
    names = steps(reference.pointer)
    for step in names:
        if isinstance(value, list):
            below = value[int(step)]
            path += f"#{element_key(below) or below}" if not isinstance(below, str) else ""
        else:
            below = value.get(step) if hasattr(value, "get") else None
            path += f"/{escape(step)}" if path else escape(step)
        value = below
    said = names[-1] if reference.in_key or not isinstance(value, str) else value
    return Use(component, reference.pointer, path, said)


def broken_without(tree: Tree, address: str) -> tuple[Problem, ...]:
    """The errors that a check would find were the component taken out of `tree`, less those that it finds anyway.

    Raises:
        NotFound: there is no such component, or it is the platform's own, which nobody takes out.
    """
    if address not in tree.components:
        index = Index(effective(tree))
        known = index.components.get(address)
        if known is None:
            raise _unknown(index, address)
        if known.layer == PLATFORM:
            reason = msg("{address} belongs to the platform and is never taken out.", address=address)
            raise NotFound(Problem(code="component-platform", thing=address, reason=reason))
    present = {_mark(each) for each in _errors(tree)}
    return tuple(each for each in _errors(tree.without(address)) if _mark(each) not in present)


def _errors(tree: Tree) -> Iterator[Problem]:
    return (each for each in check(tree).problems if each.severity == "error")


def _mark(problem: Problem) -> tuple[str, str, str]:
    """What tells one problem from another."""
    return problem.code, problem.thing, str(problem.place)
