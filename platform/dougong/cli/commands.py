"""The subcommands of `dougong`: one row each. The module of a command is imported when it is called."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

import click

from dougong.base.language import Message, msg
from dougong.base.registry import Registry


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand: `target` is where its click command is, as ``module:attribute``."""

    name: str
    summary: Message
    target: str

    def load(self) -> click.Command:
        """Import the command."""
        module, _, attribute = self.target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


COMMANDS: Registry[Command] = Registry("command")

for _command in (
    Command("serve", msg("Serve the pages and the API."), "dougong.cli.serve:serve"),
    Command(
        "settings",
        msg("Show the settings, their values and their defaults."),
        "dougong.cli.settings:settings",
    ),
):
    COMMANDS.add(_command)
