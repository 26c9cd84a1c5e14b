"""`dougong settings`: what this process would run with."""

from __future__ import annotations

import os

import click

from dougong.base.language import msg
from dougong.base.settings import Settings, describe, shown
from dougong.cli.terminal import text


@click.command(help=text(msg("Show the settings, their values and their defaults.")))
def settings() -> None:
    """Print each setting that applies here, ready to be copied into an environment file."""
    values = Settings.from_environment()
    for each in describe():
        is_set = bool(os.environ.get(each.variable))
        note = msg("{help} (set)", help=each.help) if is_set else msg("{help} (default)", help=each.help)
        click.echo(f"# {text(note)}")
        click.echo(f"{each.variable}={shown(getattr(values, each.name))}")
