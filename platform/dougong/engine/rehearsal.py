"""Tests of the configuration, carried out on what is to be published before it is.

They run in preparation, beside the company and not in it (the hook `rehearse`), so no request waits for them and nobody
sees what they do. The setting `publishing.tests` says what a failing one means: `refuse`, `warn`, or `skip`.

Only a test that knows what is changed can refuse it: the company's own, those of the package that is installed, and of
packages that require it. A package cannot know what is built upon it: a field that is required from now on, or a limit
that the company sets otherwise, is no fault of either, and such a test warns.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from itertools import chain
from typing import Literal

import structlog

from dougong.base.errors import Conflict, MetadataError, Problem
from dougong.base.language import msg
from dougong.engine import revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.publish import MovedOn, Publication, merged, publish
from dougong.metadata.check import Checked, check
from dougong.metadata.component import COMPANY
from dougong.metadata.trees import Tree, diff

_log = structlog.get_logger()

POLICY = "publishing.tests"
"""The setting that says what a test that fails means for a publish."""

ROUNDS = 3
"""How often what is to be published is tried anew because somebody else published meanwhile."""


def publish_tested(company: Company, wanted: Publication, *, tests: bool = True) -> int:
    """Publish what passes the tests of the configuration; the number of the revision. Not `tests`: they are left out.

    Raises:
        MetadataError: a test fails, where that is to refuse a publish; each failing test is named.
        DougongError: as `dougong.engine.publish.publish`.
    """
    if not (tests and company.tests_at_publish):
        return publish(company, wanted)
    for _ in range(ROUNDS):
        ready, head = _merged(company, wanted)
        problems = failures(company, check(ready.tree), head)
        if any(each.severity == "error" for each in problems):
            raise MetadataError(problems)
        for each in problems:
            _log.warning("test failed", thing=each.thing, reason=each.text("en"))
        try:
            return publish(company, ready)
        except MovedOn:
            continue
    reason = msg("Others published again and again while the tests ran.")
    raise Conflict(Problem(code="publish-busy", thing="revision", reason=reason, fix=msg("Try again in a moment.")))


def failures(company: Company, checked: Checked, head: Tree) -> tuple[Problem, ...]:
    """The tests that fail, as errors or warnings; none where it has none, or the company skips them.

    `head` is what is in force: what is checked differs from it by the change that is tried.
    """
    if checked.errors or not company.tests_at_publish or not checked.tree.of_kind("test"):
        return ()
    policy = checked.model().settings.get(POLICY, "refuse")
    if policy == "skip":
        return ()
    found = chain.from_iterable(company.hooks.rehearse(company=company, tree=checked.tree))
    knowing = _knowing(checked.tree, head) if policy != "warn" else frozenset()
    return tuple(replace(each, severity=_severity(each, checked.tree, knowing)) for each in found)


def _severity(failed: Problem, tree: Tree, knowing: Set[str]) -> Literal["error", "warning"]:
    test = tree.components.get(failed.thing)
    return "error" if knowing and (test is None or test.layer in knowing) else "warning"


def _knowing(tree: Tree, head: Tree) -> frozenset[str]:
    """The layers that know what is changed: the changed ones, those that require one of them, and the company's."""
    found = {COMPANY, *(_layer(each.address, tree, head) for each in diff(head, tree))}
    requires = {each.name: each.body.get("requires", {}) for each in tree.of_kind("package")}
    grown = True
    while grown:
        more = {name for name, below in requires.items() if name not in found and not found.isdisjoint(below)}
        found |= more
        grown = bool(more)
    return frozenset(found)


def _layer(address: str, tree: Tree, head: Tree) -> str:
    return (tree.components.get(address) or head.components[address]).layer


def _merged(company: Company, wanted: Publication) -> tuple[Publication, Tree]:
    """What would be in force, `wanted` on top of what is; and what is."""
    with company.read(SYSTEM) as unit:
        parent = revisions.head(unit.connection)
        head = company.tree_of(unit.connection, parent)
        tree: Tree = merged(company, unit.connection, wanted, parent)
    return replace(wanted, tree=tree, base=parent, tested=True), head
