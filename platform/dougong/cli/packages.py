"""`dougong package`: packages installed into the company, and written out of it again."""

from __future__ import annotations

from pathlib import Path

import click

from dougong.base.errors import NotFound, Problem
from dougong.base.language import msg
from dougong.cli.folders import FOLDER, check_folder, format_package, list_packages
from dougong.cli.metadata import TESTS, show_changes, show_plan, write_files
from dougong.cli.opening import for_company, open_company, operator
from dougong.cli.scenarios import test_package
from dougong.cli.terminal import say, text
from dougong.engine import revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.install import Take, install, installation
from dougong.engine.plan import plan
from dougong.metadata.documents import Documents, read_folder
from dougong.metadata.packages import exported, read_package, shipped
from dougong.metadata.trees import Tree, diff


@click.group(help=text(msg("Packages of metadata.")))
def package() -> None:
    """Commands about packages."""


for _command in (list_packages, check_folder, format_package, test_package):
    package.add_command(_command)


@package.command("diff", help=text(msg("Show what changes from one folder of documents to another.")))
@click.argument("before", type=FOLDER)
@click.argument("after", type=FOLDER)
def diff_(before: Path, after: Path) -> None:
    """Print one line a change."""
    show_changes(diff(*(Tree.of(read_folder(each).components) for each in (before, after))))


def found_packages(company: Company, names: tuple[str, ...]) -> list[Documents]:
    """The packages `names`, each a folder or one that ships, after the shipped ones that they require and lack.

    Raises:
        NotFound: neither a folder nor the name of a package that ships.
    """
    known = shipped()
    with company.read(SYSTEM) as unit:
        there = set(revisions.installed(unit.connection))
    documents: dict[str, Documents] = {}

    def add(name: str, folder: object) -> None:
        found = read_package(folder)  # type: ignore[arg-type]
        about = next(each for each in found.components if each.kind == "package")
        for needed in about.body.get("requires", {}):
            if needed in known and needed not in there and needed not in documents:
                add(needed, known[needed].folder)
        documents[about.name] = found

    for name in names:
        if name in known:
            add(name, known[name].folder)
        elif Path(name).is_dir():
            add(name, Path(name))
        else:
            reason = msg("'{name}' is neither a folder nor a package that ships.", name=name)
            raise NotFound(Problem(code="package-unknown", thing=name, reason=reason))
    return list(documents.values())


@package.command("install", help=text(msg("Install packages, or upgrade those that are installed.")))
@click.argument("packages", nargs=-1, required=True)
@click.option(
    "--take",
    type=click.Choice(["ours", "theirs"]),
    help=text(msg("Where both changed the same: keep the company's, or take the package's.")),
)
@click.option("--plan", "only_plan", is_flag=True, help=text(msg("Say what it would do; nothing is changed.")))
@TESTS
@for_company
def install_(packages: tuple[str, ...], take: Take | None, only_plan: bool, tests: bool) -> None:
    """Install and print the revision."""
    with open_company() as company:
        found = found_packages(company, packages)
        if only_plan:
            show_plan(plan(company, installation(company, found, operator(), take), tests=tests))
            return
        number = install(company, found, operator(), take, tests=tests)
    say(msg("Revision {number} is in force.", number=number))


@package.command("export", help=text(msg("Write an installed package into a folder, in canonical form.")))
@click.argument("name")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@for_company
def export(name: str, folder: Path) -> None:
    """Write the package as the company has it, one file a component."""
    with open_company() as company, company.read(SYSTEM) as unit:
        files = exported(revisions.tree_of(unit.connection, unit.runtime.revision), name)
    if not files:
        reason = msg("The package {name} is not installed.", name=name)
        raise NotFound(Problem(code="package-not-installed", thing=name, reason=reason))
    write_files(folder, files)
    say(msg("{n} file", "{n} files", n=len(files)))
