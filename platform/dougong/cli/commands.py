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
    Command("run", msg("Set up with the sales package and demo data, then serve."), "dougong.cli.run:run"),
    Command("worker", msg("Do background work, beside the servers."), "dougong.cli.worker:worker"),
    Command(
        "jobs", msg("Background work: what waits, what failed, and what is to become of it."), "dougong.cli.jobs:jobs"
    ),
    Command("metadata", msg("Plan, publish, compare and take back metadata."), "dougong.cli.metadata:metadata"),
    Command("package", msg("Install and export packages."), "dougong.cli.packages:package"),
    Command("query", msg("Read records: list, count and sum them."), "dougong.cli.query:query"),
    Command("formula", msg("Check, evaluate and explain formulas."), "dougong.cli.formula:formula"),
    Command("import", msg("Bring a CSV or XLSX file in."), "dougong.cli.transfer:import_"),
    Command("export", msg("Write records to a CSV, XLSX or NDJSON file."), "dougong.cli.transfer:export"),
    Command("company", msg("Several companies in one installation."), "dougong.cli.companies:company"),
    Command("audit", msg("The audit log: verify and export it."), "dougong.cli.audit:audit"),
    Command("access", msg("Who may see and do what."), "dougong.cli.access:access"),
    Command("privacy", msg("What is kept of a person: show it, give it out, erase it."), "dougong.cli.privacy:privacy"),
    Command(
        "approval",
        msg("Approvals: what runs, who is waited for, and what is to become of it."),
        "dougong.cli.approvals:approval",
    ),
    Command(
        "automation", msg("Automations: what they did, and setting one off."), "dougong.cli.automations:automation"
    ),
    Command("pool", msg("Pools: what waits in them, and what goes back to them."), "dougong.cli.pools:pool"),
    Command("user", msg("People who sign in."), "dougong.cli.people:user"),
    Command("token", msg("Tokens of programs that call the API."), "dougong.cli.people:token"),
    Command(
        "settings",
        msg("Show the settings, their values and their defaults."),
        "dougong.cli.settings:settings",
    ),
):
    COMMANDS.add(_command)
