"""`dougong`: finds the subcommand, runs it, and turns what goes wrong into sentences and an exit code.

Exit codes: 0 done; 1 refused, with every problem named; 2 called wrongly; 130 interrupted.
"""

from __future__ import annotations

import difflib
import importlib.metadata
from itertools import chain
from typing import Any

import click

from dougong.base.errors import DougongError
from dougong.base.language import msg
from dougong.cli.assembly import plugins
from dougong.cli.commands import COMMANDS
from dougong.cli.terminal import complain, text, unusable


def _of_plugins() -> dict[str, click.Command]:
    """The subcommands that plugins add, by name; none takes the name of one of ours."""
    found = chain.from_iterable(plugins().hook.commands())
    return {command.name: command for command in found if command.name not in COMMANDS}


class Program(click.Group):
    """A group whose subcommands are the rows of `COMMANDS`, and after them those of plugins."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, ours in the order of the registry."""
        return [*COMMANDS, *_of_plugins()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a subcommand; plugins are looked for when the name is none of ours."""
        return COMMANDS[cmd_name].load() if cmd_name in COMMANDS else _of_plugins().get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the subcommand that `args` begin with; an unknown one fails with the nearest name."""
        if args and not args[0].startswith("-") and not self.get_command(ctx, args[0]):
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            said = text(msg("There is no command '{name}'.", name=args[0]))
            hint = text(msg("Did you mean '{name}'?", name=near[0])) if near else ""
            ctx.fail(f"{said} {hint}".strip())
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands by their summaries, without importing any of ours."""
        with formatter.section(text(msg("Commands"))):
            ours = [(command.name, text(command.summary)) for command in COMMANDS.values()]
            theirs = [(name, command.get_short_help_str()) for name, command in _of_plugins().items()]
            formatter.write_dl(ours + theirs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand; print the problems of an error of ours."""
        try:
            return super().invoke(ctx)
        except DougongError as error:
            complain(error)
            ctx.exit(1)
        except OSError as error:
            if error.filename is None:
                raise
            complain(DougongError(unusable(error)))
            ctx.exit(1)


@click.command(cls=Program, help=text(msg("A CRM platform in which the application is JSON.")))
@click.version_option(importlib.metadata.version("dougong"), message="%(prog)s %(version)s")
def program() -> None:
    """Run `dougong`. The subcommand does the work."""
