"""Tests of the configuration, carried out on what is to be published before it is.

They run in preparation, beside the company and not in it (the hook `rehearse`), so no request waits for them and nobody
sees what they do. The setting `publishing.tests` says what a failing one means: `refuse`, `warn`, or `skip`.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import structlog

from dougong.base.errors import Conflict, MetadataError, Problem
from dougong.base.language import msg
from dougong.engine import revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.publish import MovedOn, Publication, merged, publish
from dougong.metadata.check import Checked, check
from dougong.metadata.trees import Tree

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
        ready = _merged(company, wanted)
        problems = failures(company, check(ready.tree))
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


def failures(company: Company, checked: Checked) -> tuple[Problem, ...]:
    """The tests that fail, as errors or warnings as the company wants it; none where it has none, or skips them."""
    if checked.errors or not company.tests_at_publish or not checked.tree.of_kind("test"):
        return ()
    policy = checked.model().settings.get(POLICY, "refuse")
    if policy == "skip":
        return ()
    found = chain.from_iterable(company.hooks.rehearse(company=company, tree=checked.tree))
    severity = "warning" if policy == "warn" else "error"
    return tuple(replace(each, severity=severity) for each in found)


def _merged(company: Company, wanted: Publication) -> Publication:
    """What would be in force: `wanted` on top of what is."""
    with company.read(SYSTEM) as unit:
        parent = revisions.head(unit.connection)
        tree: Tree = merged(unit.connection, wanted, parent)
    return replace(wanted, tree=tree, base=parent, tested=True)
