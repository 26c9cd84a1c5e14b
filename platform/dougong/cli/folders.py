"""The commands over folders of documents, which need no database: check, format, list, diff."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path

import click

from dougong.base.channel_types import CHANNEL_TYPES
from dougong.base.errors import Problem
from dougong.base.language import Message, label, msg
from dougong.base.step_types import STEP_TYPES
from dougong.cli.assembly import plugins
from dougong.cli.terminal import explain, language, say, text, warn
from dougong.engine.fields import FIELD_TYPES
from dougong.metadata.check import check
from dougong.metadata.documents import Documents, read_folder
from dougong.metadata.packages import check_package, format_folder, shipped, with_required

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


def field_types() -> None:
    """Make every type of field, step and channel known, those of plugins included: schemas are made of their keys."""
    for each in chain.from_iterable(plugins().hook.field_types()):
        FIELD_TYPES.add(each)
    for step in chain.from_iterable(plugins().hook.step_types()):
        STEP_TYPES.add(step)
    for channel in chain.from_iterable(plugins().hook.channel_types()):
        CHANNEL_TYPES.add(channel)


def report(problems: tuple[Problem, ...], as_json: bool, sound: Message) -> None:
    """Print problems, or `sound` where there are none; ends the command with 1 where one is an error."""
    if as_json:
        click.echo(json.dumps([each.to_json(language()) for each in problems], ensure_ascii=False, indent=2))
    elif problems:
        for each in problems:
            click.echo(explain(each))
        warn(msg("{n} problem", "{n} problems", n=len(problems)))
    else:
        say(sound)
    if any(each.severity == "error" for each in problems):
        raise SystemExit(1)


@click.command("check", help=text(msg("Check folders of documents, together.")))
@click.argument("folders", nargs=-1, required=True, type=FOLDER)
@click.option("--json", "as_json", is_flag=True, help=text(msg("Print problems as JSON.")))
def check_folders(folders: tuple[Path, ...], as_json: bool) -> None:
    """Check folders as one set, with the shipped packages that they require."""
    field_types()
    found = Documents(())
    for folder in folders:
        read = read_folder(folder)
        found = Documents((*found.components, *read.components), (*found.problems, *read.problems))
    count = len(found.components)
    sound = msg("No problem in {n} document", "No problem in {n} documents", n=count)
    report(check(with_required(found)).problems, as_json, sound)


@click.command("list", help=text(msg("List the packages that come with the platform.")))
def list_packages() -> None:
    """Print name, version and label of each shipped package."""
    for each in shipped().values():
        click.echo(f"{each.name:<20} {each.version:<10} {label(each.label, language())}")


@click.command("check", help=text(msg("Check the package in a folder.")))
@click.argument("folder", type=FOLDER)
@click.option("--json", "as_json", is_flag=True, help=text(msg("Print problems as JSON.")))
def check_folder(folder: Path, as_json: bool) -> None:
    """Check a package with the shipped packages that it requires."""
    field_types()
    report(check_package(folder).problems, as_json, msg("The package is sound."))


@click.command("format", help=text(msg("Write the package in a folder in canonical form, one document a file.")))
@click.argument("folder", type=FOLDER)
@click.option("--inside", is_flag=True, help=text(msg("Leave fields in the files of their objects.")))
def format_package(folder: Path, inside: bool) -> None:
    """Bring a package into canonical form; documents without an id get one."""
    field_types()
    changed = format_folder(folder, inside=inside)
    say(msg("{n} file changed", "{n} files changed", n=len(changed)))
