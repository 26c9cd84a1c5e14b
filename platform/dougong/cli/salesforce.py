"""`dougong metadata from-salesforce`: approval processes of Salesforce as approvals, and what a person must decide."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from dougong.base.errors import Problem, Rejected
from dougong.base.language import msg
from dougong.cli.folders import FOLDER
from dougong.cli.terminal import language, say, text
from dougong.metadata.canonical import canonical_text, file_of
from dougong.metadata.component import Component
from dougong.metadata.documents import from_bodies
from dougong.metadata.salesforce.approvals import approvals


@click.command("from-salesforce", help=text(msg("Write Salesforce approval processes as approvals.")))
@click.argument("source", type=FOLDER)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def from_salesforce(source: Path, folder: Path) -> None:
    """Write one file for each process below SOURCE into FOLDER; nothing is overwritten."""
    found = approvals(source)
    components = {path: _component(each.document) for path, each in found.items()}
    targets = {path: folder / file_of(each) for path, each in components.items()}
    there = [each for each in targets.values() if each.exists()]
    if there or len(set(targets.values())) < len(targets):
        raise Rejected(_taken(there[0] if there else folder))
    for path, each in found.items():
        targets[path].parent.mkdir(parents=True, exist_ok=True)
        targets[path].write_text(canonical_text(components[path]), "utf-8")
        click.echo(str(targets[path]))
        for decision in each.decisions:
            click.echo(f"    - {decision.to(language())}")
    say(msg("{n} approval written.", "{n} approvals written.", n=len(found)))


def _component(document: Mapping[str, Any]) -> Component:
    (found,) = from_bodies([document])
    return found


def _taken(file: Path) -> Problem:
    reason = msg("{file} would be written over.", file=str(file))
    return Problem(code="salesforce-target", reason=reason, fix=msg("Name a folder that is empty."))
