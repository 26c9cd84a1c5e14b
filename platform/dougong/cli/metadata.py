"""`dougong metadata`: what is in force, what a change would do, publishing it and taking it back."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from dougong.base.errors import MetadataError
from dougong.base.language import msg
from dougong.cli.folders import FOLDER, check_folders
from dougong.cli.opening import for_company, open_company, operator
from dougong.cli.salesforce import from_salesforce
from dougong.cli.terminal import explain, language, say, text
from dougong.cli.usage import used
from dougong.cli.violations import violations
from dougong.engine import revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.drift import drift as drift_of
from dougong.engine.plan import SHOWN, Plan, plan
from dougong.engine.publish import Publication, publish
from dougong.engine.purge import purge, unused
from dougong.engine.reading.readers import titles
from dougong.engine.rehearsal import publish_tested
from dougong.engine.transfer.guard import guarded
from dougong.metadata.component import COMPANY
from dougong.metadata.documents import read_folder
from dougong.metadata.packages import exported
from dougong.metadata.trees import Change, Tree, diff

TITLED = 500
"""Records whose titles are asked for together."""


@click.group(help=text(msg("Metadata: plan, publish, compare, take back.")))
def metadata() -> None:
    """Commands about metadata."""


metadata.add_command(check_folders)
metadata.add_command(from_salesforce)
metadata.add_command(violations)
metadata.add_command(used)


TESTS = click.option(
    "--tests/--no-tests", default=True, help=text(msg("Carry out the tests of the configuration; or leave them out."))
)


def wanted(company: Company, folder: Path, message: str = "", base: int | None = None) -> Publication:
    """The company's own documents replaced by those in `folder`; packages stay as they are.

    Raises:
        MetadataError: a file cannot be read.
    """
    found = read_folder(folder, COMPANY)
    if found.problems:
        raise MetadataError(found.problems)
    with company.read(SYSTEM) as unit:
        start = unit.runtime.revision if base is None else base
        tree = revisions.tree_of(unit.connection, start)
    tree = tree.without(*tree.of_layer(COMPANY).components).put(*found.components)
    return Publication(tree=tree, author=operator(), message=message, base=start)


@metadata.command("plan", help=text(msg("Say what publishing a folder would do; nothing is changed.")))
@click.argument("folder", type=FOLDER)
@click.option("--base", type=int, help=text(msg("The revision that the folder was made from.")))
@click.option(
    "--records",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help=text(msg("Write every record that an effect concerns into this CSV file.")),
)
@TESTS
@click.pass_context
@for_company
def plan_(context: click.Context, folder: Path, base: int | None, file: Path | None, tests: bool) -> None:
    """Print the plan; exit with 1 where it cannot be carried out."""
    with open_company() as company:
        found = plan(company, wanted(company, folder, base=base), sys.maxsize if file else SHOWN, tests=tests)
        if file is not None:
            write_records(company, found, file)
    show_plan(found)
    if not found.possible:
        context.exit(1)


@metadata.command("publish", help=text(msg("Publish the company's own documents from a folder.")))
@click.argument("folder", type=FOLDER)
@click.option("--message", "-m", default="", help=text(msg("Why, for the log.")))
@click.option("--base", type=int, help=text(msg("The revision that the folder was made from.")))
@TESTS
@for_company
def publish_(folder: Path, message: str, base: int | None, tests: bool) -> None:
    """Publish and print the revision."""
    with open_company() as company:
        number = publish_tested(company, wanted(company, folder, message, base), tests=tests)
    say(msg("Revision {number} is in force.", number=number))


@metadata.command("export", help=text(msg("Write the company's own documents into a folder.")))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@for_company
def export(folder: Path) -> None:
    """Write one file a component, in canonical form."""
    with open_company() as company, company.read(SYSTEM) as unit:
        number = unit.runtime.revision
        files = exported(revisions.tree_of(unit.connection, number), COMPANY)
    write_files(folder, files)
    say(msg("{n} file of revision {number}", "{n} files of revision {number}", n=len(files), number=number))


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write `files`, texts by path, below `folder`."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")


@metadata.command("log", help=text(msg("List the revisions, the newest first.")))
@click.option("--limit", default=20, show_default=True)
@for_company
def log(limit: int) -> None:
    """Print one line a revision."""
    with open_company() as company, company.read(SYSTEM) as unit:
        for each in revisions.log(unit.connection, limit):
            click.echo(f"{each.id:>5}  {each.at:%Y-%m-%d %H:%M}  {each.kind:<8}  {each.author}  {each.message}")


@metadata.command("diff", help=text(msg("Show what differs between two revisions.")))
@click.argument("first", type=int)
@click.argument("second", type=int, required=False)
@for_company
def diff_(first: int, second: int | None) -> None:
    """Print one line a change; without a second revision, up to the one in force."""
    with open_company() as company, company.read(SYSTEM) as unit:
        last = unit.runtime.revision if second is None else second
        before, after = (revisions.tree_of(unit.connection, each) for each in (first, last))
    show_changes(diff(before, after))


@metadata.command("rollback", help=text(msg("Publish the metadata of an earlier revision again.")))
@click.argument("revision", type=int)
@for_company
def rollback(revision: int) -> None:
    """Put an earlier tree in force; what was added since is kept aside."""
    with open_company() as company:
        with company.read(SYSTEM) as unit:
            tree: Tree = revisions.tree_of(unit.connection, revision)
        message = text(msg("Back to revision {number}", number=revision))
        number = publish(company, Publication(tree=tree, author=operator(), message=message, kind="rollback"))
    say(msg("Revision {number} is in force.", number=number))


@metadata.command("purge", help=text(msg("Drop tables and columns that no metadata in force name.")))
@click.argument("names", nargs=-1)
@click.option("--yes", is_flag=True, help=text(msg("Drop them; without it they are only listed.")))
@for_company
def purge_(names: tuple[str, ...], yes: bool) -> None:
    """List, or drop for good, what is kept aside: all of it, or NAMES as they are listed."""
    with open_company() as company:
        found = purge(company, names or None) if yes else unused(company)
    for each in found:
        if not names or each.name in names or yes:
            click.echo(f"{each.name}  {each.count}")
    if found and not yes:
        say(msg("Nothing was dropped; with --yes these are gone for good."))


@metadata.command("drift", help=text(msg("Compare the live database with the metadata in force.")))
@click.pass_context
@for_company
def drift(context: click.Context) -> None:
    """Print every difference; exit with 1 where there is one."""
    with open_company() as company:
        found = drift_of(company)
    for each in found:
        click.echo(f"{each.thing}  {each.text.to(language())}")
    if found:
        context.exit(1)


def show_plan(found: Plan) -> None:
    """Print a plan: changes, effects, problems."""
    show_changes(found.changes)
    for effect in found.effects:
        mark = {"info": " ", "warning": "!", "error": "✗"}[effect.severity]
        count = f"  {effect.count}/{effect.total}" if effect.count else ""
        click.echo(f"{mark} {effect.thing}  {effect.text.to(language())}{count}")
        if effect.records:
            click.echo("    " + ", ".join(effect.records[:SHOWN]))
    for problem in found.problems:
        click.echo(explain(problem), err=True)


def write_records(company: Company, found: Plan, file: Path) -> None:
    """Write a line for every record that an effect of the plan concerns: code, what, id, title."""
    with company.read(operator()) as unit, file.open("w", encoding="utf-8-sig", newline="") as out:
        lines = csv.writer(out)
        lines.writerow(("code", "thing", "id", "title"))
        for effect in found.effects:
            name = re.split("[.#]", effect.thing.partition(":")[2])[0]
            for at in range(0, len(effect.records), TITLED):
                ids = effect.records[at : at + TITLED]
                known = titles(unit, {name: set(ids)})
                lines.writerows((effect.code, effect.thing, id, guarded(known.get((name, id), ""))) for id in ids)


def show_changes(changes: tuple[Change, ...]) -> None:
    """Print one line a change."""
    marks = {"added": "+", "removed": "-", "renamed": "→", "changed": "~", "moved": "↕"}
    for each in changes:
        values = "" if not each.place else f"  {_short(each.before)} → {_short(each.after)}"
        click.echo(f"{marks[each.action]} {each.address}{each.place}{values}")


def _short(value: object) -> str:
    said = "–" if value is None else json.dumps(value, ensure_ascii=False)
    return said if len(said) <= 60 else said[:59] + "…"
