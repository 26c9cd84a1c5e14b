"""`dougong`: finds the subcommand, runs it, and turns what goes wrong into sentences and an exit code.

Exit codes: 0 done; 1 refused, with every problem named; 2 called wrongly; 130 interrupted.
"""

from __future__ import annotations

import difflib
import importlib.metadata
from typing import Any

import click

from dougong.base.errors import DougongError
from dougong.base.language import msg
from dougong.cli.commands import COMMANDS
from dougong.cli.terminal import complain, text


class Program(click.Group):
    """A group whose subcommands are the rows of `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the registry."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a subcommand."""
        return COMMANDS[cmd_name].load() if cmd_name in COMMANDS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the subcommand that `args` begin with; an unknown one fails with the nearest name."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            said = text(msg("There is no command '{name}'.", name=args[0]))
            hint = text(msg("Did you mean '{name}'?", name=near[0])) if near else ""
            ctx.fail(f"{said} {hint}".strip())
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands by their summaries, without importing any."""
        with formatter.section(text(msg("Commands"))):
            formatter.write_dl([(command.name, text(command.summary)) for command in COMMANDS.values()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand; print the problems of an error of ours."""
        try:
            return super().invoke(ctx)
        except DougongError as error:
            complain(error)
            ctx.exit(1)


@click.command(cls=Program, help=text(msg("A CRM platform in which the application is JSON.")))
@click.version_option(importlib.metadata.version("dougong"), message="%(prog)s %(version)s")
def program() -> None:
    """Run `dougong`. The subcommand does the work."""
