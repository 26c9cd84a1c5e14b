"""Checking a whole set of documents: every problem at once, each with file, pointer, line and a sentence.

    documents → shapes (`violations`) → duplicates → what is sound, layered → rules (`checking`)

A key that breaks its schema is reported once and then left out, so that the rules see sound documents and one
mistake does not cause others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

from dougong.base.errors import MetadataError, Problem
from dougong.base.language import msg
from dougong.metadata import violations
from dougong.metadata.checking import (
    approval_charts,
    approvals,
    assignments,
    automation_circles,
    automations,
    by_role,
    calendars,
    channels,
    completeness,
    constraints,
    endpoints,
    fields,
    fills,
    formula_fields,
    formula_tests,
    formulas,
    layouts,
    list_views,
    message_templates,
    objects,
    packages,
    pools,
    queues,
    references,
    retention,
    rights,
    rows,
    rules,
    scenarios,
    service_levels,
    territories,
    validation,
    viewer_rollups,
)
from dougong.metadata.checking.report import Spot
from dougong.metadata.compile import compile_effective
from dougong.metadata.component import Component
from dougong.metadata.documents import Documents
from dougong.metadata.index import Index
from dougong.metadata.layers import Effective, effective
from dougong.metadata.model import Model
from dougong.metadata.tree import Tree

Rule = Callable[[Index], Iterator[Problem]]

RULES: tuple[Rule, ...] = (
    packages.packages,
    packages.namespaces,
    packages.overlays,
    objects.objects,
    objects.master_detail,
    completeness.completeness,
    constraints.constraints,
    retention.retention,
    fields.fields,
    fields.picklists,
    rules.record_types,
    rules.paths,
    validation.validation_rules,
    fills.fills,
    layouts.layouts,
    list_views.list_views,
    layouts.apps,
    rules.actions,
    rules.conversions,
    rules.import_mappings,
    automations.automations,
    assignments.assignments,
    channels.channels,
    automation_circles.circles,
    endpoints.endpoints,
    message_templates.message_templates,
    rules.settings,
    calendars.calendars,
    rows.rows,
    rights.permission_sets,
    rights.roles,
    by_role.by_role,
    rights.sharing_rules,
    rights.partitions,
    queues.queues,
    pools.pools,
    service_levels.service_levels,
    territories.territories,
    rights.parents,
    approvals.approvals,
    approval_charts.approval_charts,
    formulas.formulas,
    formula_fields.formula_fields,
    formula_fields.without_columns,
    viewer_rollups.viewer_rollups,
    formula_tests.formula_tests,
    scenarios.scenarios,
    references.requirements,
)
"""Every rule over the effective tree, in the order in which people would look."""


@dataclass(frozen=True)
class Checked:
    """A set of documents after checking: the tree that they make, and everything that is wrong with it."""

    tree: Tree
    problems: tuple[Problem, ...]
    effective: Effective

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that forbid publishing."""
        return tuple(each for each in self.problems if each.severity == "error")

    def model(self, revision: str = "") -> Model:
        """The compiled model.

        Raises:
            MetadataError: with every problem, where there are errors.
        """
        if self.errors:
            raise MetadataError(self.problems)
        return replace(self._model, revision=revision or self.tree.content_hash)

    @cached_property
    def _model(self) -> Model:
        """The model, compiled once for the plan and the publish that ask for it."""
        return compile_effective(self.effective, "")


LATELY = timedelta(minutes=5)
"""How long what was found of a tree stands: tests of formulas may read the clock."""

_lately: tuple[tuple[str, ...], datetime, Checked] | None = None
"""The last tree that was checked: its hash and addresses, when that was, and what was found."""


def check(given: Tree | Documents | Iterable[Component]) -> Checked:
    """Check a tree, what was read from files, or components; files that could not be read count as problems.

    A tree without files is what a company stores: it is planned, tried and published in turn, and checked once.
    """
    global _lately
    if not isinstance(given, Tree) or any(each.source for each in given.components.values()):
        return _check(given)
    key, now, known = (given.content_hash, *given.components), datetime.now(UTC), _lately
    if known is not None and known[0] == key and abs(now - known[1]) < LATELY:
        return known[2]
    checked = _check(given)
    _lately = key, now, checked
    return checked


def _check(given: Tree | Documents | Iterable[Component]) -> Checked:
    found: list[Problem] = []
    unread: set[str] = set()
    if isinstance(given, Documents):
        found.extend(given.problems)
        unread.update(each.thing for each in given.problems)
        given = given.components
    components = tuple(given.components.values()) if isinstance(given, Tree) else tuple(given)
    for each in components:
        if each.address not in unread:
            found.extend(violations.problems(each))
    found.extend(_duplicates(components))
    tree = Tree.of(components)
    sound = Tree.of(filter(None, map(violations.sound, tree.components.values())))
    whole = effective(sound)
    index = Index(whole)
    found.extend(_changed(whole))
    for rule in RULES:
        found.extend(rule(index))
    found.extend(packages.names(index, sound))
    found.extend(packages.languages(index, sound))
    unique = dict.fromkeys((each.code, each.thing, each.place, str(each.reason)) for each in found)
    first = {(each.code, each.thing, each.place, str(each.reason)): each for each in reversed(found)}
    return Checked(tree, tuple(first[key] for key in unique), whole)


def load(given: Tree | Documents | Iterable[Component], revision: str = "") -> Model:
    """Check and compile.

    Raises:
        MetadataError: with every problem.
    """
    return check(given).model(revision)


def _duplicates(components: tuple[Component, ...]) -> Iterator[Problem]:
    """Two documents with one address, or with one identity."""
    by_address: dict[str, Component] = {}
    by_id: dict[tuple[str, str], Component] = {}
    for each in components:
        first = by_address.setdefault(each.address, each)
        if first is not each:
            yield _taken(each, first)
        identity = each.body.get("id")
        if isinstance(identity, str):
            same = by_id.setdefault((each.kind, identity), each)
            if same.address != each.address:
                reason = msg("{address} has the same id.", address=same.address)
                fix = msg("Take the id out; a new one is made.")
                yield Problem(code="id-twice", reason=reason, fix=fix, thing=each.address, place=each.place("/id"))


def _taken(each: Component, first: Component) -> Problem:
    place = each.place("/name")
    if first.layer != each.layer:
        reason = msg("{address} belongs to {layer}.", address=each.address, layer=first.layer)
        fix = msg("Change it by an overlay, or choose another name.")
        return Problem(code="component-taken", reason=reason, fix=fix, thing=each.address, place=place)
    where = first.source.file if first.source else first.layer
    reason = msg("{address} is defined twice, also in {file}.", address=each.address, file=where)
    return Problem(code="component-twice", reason=reason, thing=each.address, place=place)


def _changed(whole: Effective) -> Iterator[Problem]:
    """Components that no longer fit their schema once overlays are applied."""
    index = Index(whole)
    for address in whole.origins:
        component = whole.components[address]
        for problem in violations.problems(component):
            pointer = problem.place.pointer or ""
            inside = component.source.inside if component.source else ""
            yield Spot(index, component, pointer.removeprefix(inside)).problem(
                problem.code, problem.reason, problem.fix
            )


__all__ = ["RULES", "Checked", "check", "load"]
