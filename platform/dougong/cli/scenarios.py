"""`dougong package test`: the tests that a package brings, carried out on a company that is thrown away."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

import click
from sqlalchemy.engine import URL

from dougong.base.language import label, msg
from dougong.cli.assembly import plugins
from dougong.cli.folders import FOLDER, field_types, report
from dougong.cli.terminal import explain, language, say, text, warn
from dougong.engine.company import Companies, PlainSettings
from dougong.engine.publish import Publication, publish
from dougong.metadata.check import check
from dougong.metadata.packages import read_package, with_required
from dougong.workflows.scenarios.running import Outcome, run


@click.command(
    "test", help=text(msg("Carry out the tests of the package in a folder, on a company that is thrown away."))
)
@click.argument("folder", type=FOLDER)
@click.argument("names", nargs=-1)
def test_package(folder: Path, names: tuple[str, ...]) -> None:
    """Run the package's tests, or those named alone; ends with 1 where one fails or the package is not sound."""
    field_types()
    documents = read_package(folder)
    own = sorted(each.name for each in documents.components if each.kind == "test")
    checked = check(with_required(documents))
    if checked.errors:
        report(checked.errors, as_json=False, sound=msg("The package is sound."))
    with tempfile.TemporaryDirectory(prefix="dougong-test-") as place:
        settings = PlainSettings(database_url=URL.create("sqlite", database=str(Path(place) / "company.db")))
        with closing(Companies(settings, plugins().hook)) as companies:
            company = companies.open()
            publish(company, Publication(tree=checked.tree, message="test"))
            tests = company.runtime().model.workflows.tests
            outcomes = [run(company, tests[name]) for name in own if not names or name in names]
    _tell(outcomes)


def _tell(outcomes: list[Outcome]) -> None:
    """One line a test, with what is wrong below it; ends the command with 1 where something is."""
    for each in outcomes:
        mark = "ok  " if each.passed else "FAIL"
        click.echo(f"{mark} {each.scenario.name}  {label(each.scenario.label, language())}")
        for problem in each.problems:
            click.echo(f"     {explain(problem)}")
    failed = sum(not each.passed for each in outcomes)
    if failed:
        warn(msg("{n} test failed", "{n} tests failed", n=failed))
        raise SystemExit(1)
    say(msg("{n} test passed", "{n} tests passed", n=len(outcomes)))
