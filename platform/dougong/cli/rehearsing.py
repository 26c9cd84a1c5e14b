"""Tests of the configuration, run on a company that is thrown away, by a process of its own with a limit of time.

The process has an interpreter of its own, so requests of the one that publishes do not wait for it, and whatever a test
does, it is over when its time is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from dougong.base.errors import Place, Problem
from dougong.base.hooks import hook
from dougong.base.language import LANGUAGES, msg

LIMIT_SECONDS = 60
"""How long the tests of a company may take together."""

MODULE = "dougong.cli.rehearsing"


class Rehearsing:
    """The plugin that carries the tests out."""

    @hook
    def rehearse(self, company: Any, tree: Any) -> Iterable[Problem]:
        """A problem for each test of `tree` that fails, and one where they could not be carried out."""
        documents = [[each.kind, each.name, each.layer, each.body] for each in tree.components.values()]
        try:
            done = subprocess.run(
                [sys.executable, "-m", MODULE],
                input=json.dumps(documents, ensure_ascii=False).encode(),
                capture_output=True,
                timeout=LIMIT_SECONDS,
                check=True,
            )
        except subprocess.TimeoutExpired:
            reason = msg("The tests were not done after {n} seconds.", n=LIMIT_SECONDS)
            return [Problem(code="tests-too-long", thing="tests", reason=reason)]
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip().rpartition("\n")[2][:300]
            reason = msg("The tests could not be carried out: {why}", why=said)
            return [Problem(code="tests-not-run", thing="tests", reason=reason)]
        return [_problem(each) for each in json.loads(done.stdout)]


def _problem(failed: Mapping[str, Any]) -> Problem:
    reason = msg("The test “{test}” fails: {why}", test=failed["label"], why=failed["text"])
    return Problem(
        code="test-fails", thing=f"test:{failed['name']}", place=Place(pointer=failed["pointer"]), reason=reason
    )


plugin = Rehearsing()
"""What the assembly registers."""


def carry_out(documents: Iterable[Any]) -> list[dict[str, Any]]:
    """Every test of the documents on a new company; what is wrong with each that fails."""
    from sqlalchemy.engine import URL

    from dougong.cli.assembly import plugins
    from dougong.engine.company import Companies, PlainSettings
    from dougong.engine.publish import Publication, publish
    from dougong.metadata.component import Component
    from dougong.metadata.trees import Tree
    from dougong.workflows.scenarios.running import run

    tree = Tree.of(Component(kind, name, body, layer) for kind, name, layer, body in documents)
    with tempfile.TemporaryDirectory(prefix="dougong-test-") as place:
        settings = PlainSettings(database_url=URL.create("sqlite", database=str(Path(place) / "company.db")))
        with closing(Companies(settings, plugins().hook)) as companies:
            company = companies.open()
            publish(company, Publication(tree=tree, message="test"))
            tests = company.runtime().model.workflows.tests
            outcomes = [run(company, tests[name]) for name in sorted(tests)]
    return [
        {
            "name": each.scenario.name,
            "label": dict(each.scenario.label),
            "pointer": problem.place.pointer,
            "text": {language: problem.text(language) for language in LANGUAGES},
        }
        for each in outcomes
        for problem in each.problems
    ]


if __name__ == "__main__":
    os.nice(10)
    sys.stdout.write(json.dumps(carry_out(json.load(sys.stdin)), ensure_ascii=False))
