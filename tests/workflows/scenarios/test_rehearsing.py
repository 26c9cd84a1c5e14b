"""Tests of the configuration before a publish: what fails refuses it, or is said; what others publish meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dougong.base.errors import MetadataError, Problem
from dougong.base.language import msg
from dougong.cli import rehearsing
from dougong.engine import revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.plan import plan
from dougong.engine.publish import Publication, publish
from dougong.engine.rehearsal import POLICY, failures, publish_tested
from dougong.metadata.check import check
from dougong.metadata.component import Component
from dougong.metadata.trees import Tree
from tests.companies import PACKAGES, Copies
from tests.workflows.automations.conftest import DESK


@pytest.fixture
def desk(company_copy: Copies, database_kind: str) -> Iterator[Company]:
    """A help desk whose publishes are tested."""
    with company_copy(database_kind, "desk", (PACKAGES / "base", DESK)) as found:
        found.tests_at_publish = True
        yield found


def scenario(name: str, wanted: str) -> Component:
    """A test that a new ticket has a status."""
    body: Mapping[str, Any] = {
        "kind": "test", "name": name, "label": {"en": f"Tickets begin {wanted}"},
        "when": {"by": None, "create": "ticket", "values": {"name": "One"}},
        "then": [{"key": "status", "record": "@when", "has": {"status": wanted}}],
    }  # fmt: skip
    return Component("test", name, {**body, "when": {k: v for k, v in body["when"].items() if v is not None}})


def with_tests(company: Company, *added: Component, policy: str = "refuse") -> Tree:
    """The metadata in force, with tests and the company's policy."""
    with company.read(SYSTEM) as unit:
        tree = revisions.tree_of(unit.connection, unit.runtime.revision)
    setting = tree.components[f"setting:{POLICY}"]
    return tree.put(*added, replace(setting, body={**setting.body, "default": policy}))


def failing(company: Company, monkeypatch: pytest.MonkeyPatch, asked: list[int] | None = None) -> None:
    """Let every rehearsal find one test that fails."""

    def rehearse(company: Company, tree: Tree) -> list[list[Problem]]:
        if asked is not None:
            asked.append(len(tree))
        return [[Problem(code="test-fails", thing="test:a", reason=msg("It fails."))]]

    hooks = SimpleNamespace(published=company.hooks.published, rehearse=rehearse)
    monkeypatch.setattr(company, "hooks", hooks)


@pytest.mark.parametrize("policy", ["refuse", "warn", "skip", "--no-tests"])
def test_the_policy_says_what_a_failing_test_means(desk: Company, monkeypatch: pytest.MonkeyPatch, policy: str) -> None:
    """Refused, said, or not even run; the plan says the same as the publish."""
    asked: list[int] = []
    failing(desk, monkeypatch, asked)
    before = desk.runtime().revision
    tests = policy != "--no-tests"
    wanted = Publication(tree=with_tests(desk, scenario("begin", "open"), policy=policy if tests else "refuse"))
    found = plan(desk, wanted, tests=tests)
    assert [each.severity for each in found.problems if each.code == "test-fails"] == {
        "refuse": ["error"], "warn": ["warning"]
    }.get(policy, [])  # fmt: skip
    if policy == "refuse":
        assert not found.possible
        with pytest.raises(MetadataError, match="It fails"):
            publish_tested(desk, wanted)
        assert desk.runtime().revision == before
    else:
        assert publish_tested(desk, wanted, tests=tests) == before + 1
    assert len(asked) == (2 if policy in ("refuse", "warn") else 0)


@pytest.mark.parametrize(
    ("test", "changed", "severity"),
    [
        ("middle", "middle", "error"),
        ("above", "middle", "error"),
        ("top", "middle", "error"),
        ("company", "middle", "error"),
        ("middle", "above", "warning"),
        ("beside", "middle", "warning"),
        ("middle", "company", "warning"),
        ("company", "company", "error"),
    ],
)
def test_only_who_knows_what_is_changed_refuses_it(test: str, changed: str, severity: str) -> None:
    """A package's test that fails by what is built upon it, or beside it, is said and refuses nothing."""
    failed = Problem(code="test-fails", thing="test:a", reason=msg("It fails."))
    company = SimpleNamespace(tests_at_publish=True, hooks=SimpleNamespace(rehearse=lambda company, tree: [[failed]]))
    requires: Mapping[str, list[str]] = {"middle": [], "above": ["middle"], "top": ["above"], "beside": []}
    packages = [
        Component("package", name, {"kind": "package", "name": name, "requires": dict.fromkeys(below, "*")}, name)
        for name, below in requires.items()
    ]
    wanted = Component("test", "a", {"kind": "test", "name": "a"}, test)
    before = Tree.of([*packages, wanted, Component("label", "l", {"kind": "label", "name": "l", "text": 1}, changed)])
    after = before.put(Component("label", "l", {"kind": "label", "name": "l", "text": 2}, changed))
    checked = SimpleNamespace(errors=(), tree=after, model=lambda: SimpleNamespace(settings={}))
    (problem,) = failures(company, checked, before)  # type: ignore[arg-type]
    assert problem.severity == severity


def test_what_others_publish_meanwhile_is_tested_too(desk: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """A publish that comes while the tests run makes them run again, on both together."""
    seen: list[set[str]] = []
    first = with_tests(desk, scenario("begin", "open"))
    base = desk.runtime().revision

    def rehearse(company: Company, tree: Tree) -> list[list[Problem]]:
        seen.append({each.name for each in tree.of_kind("test")})
        if len(seen) == 1:
            publish(company, Publication(tree=with_tests(desk, scenario("other", "open")), base=base))
        return [[]]

    monkeypatch.setattr(desk, "hooks", SimpleNamespace(published=desk.hooks.published, rehearse=rehearse))
    assert publish_tested(desk, Publication(tree=first, base=base)) == base + 2
    assert seen == [{"begin"}, {"begin", "other"}]


def test_a_process_of_its_own_carries_them_out(desk: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test that fails is named with its sentence and what went wrong; nothing of it is in the company."""
    tree = with_tests(desk, scenario("begin", "open"), scenario("wrong", "won"))
    (problem,) = failures(desk, check(tree), tree)
    assert (problem.code, problem.thing, problem.place.pointer) == ("test-fails", "test:wrong", "/then/0/has/status")
    assert problem.text("en") == "The test “Tickets begin won” fails: status is open, not won."
    with desk.read(SYSTEM) as unit:
        assert unit.connection.exec_driver_sql("SELECT COUNT(*) FROM ticket").scalar() == 0


def test_tests_that_take_too_long_are_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The process is killed when its time is over, and what cannot be run is said."""
    monkeypatch.setattr(rehearsing, "LIMIT_SECONDS", 0.01)
    tree = SimpleNamespace(components={})
    (late,) = rehearsing.plugin.rehearse(None, tree)
    assert late.code == "tests-too-long"
    monkeypatch.setattr(rehearsing, "LIMIT_SECONDS", 60)
    monkeypatch.setattr(rehearsing, "MODULE", "dougong.cli.no_such_module")
    (broken,) = rehearsing.plugin.rehearse(None, tree)
    assert broken.code == "tests-not-run"
