"""A plugin's commands are commands like ours, and never take our names."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from dougong.base.hooks import hook
from dougong.cli import main
from dougong.cli.assembly import plugins


class Acme:
    """A plugin with a command of its own and one under a name of ours."""

    @hook
    def commands(self) -> list[click.Command]:
        greet = click.Command("greet", callback=lambda: click.echo("hello"), short_help="Say hello.")
        taken = click.Command("settings", callback=lambda: click.echo("stolen"))
        return [greet, taken]


@pytest.fixture
def acme() -> Iterator[Acme]:
    """The plugin, registered for one test."""
    plugin = Acme()
    plugins().register(plugin)
    yield plugin
    plugins().unregister(plugin)


@pytest.mark.usefixtures("acme")
def test_a_plugin_adds_a_command() -> None:
    assert "Say hello." in CliRunner().invoke(main, ["--help"]).output
    assert CliRunner().invoke(main, ["greet"]).output == "hello\n"
    assert "Did you mean 'greet'?" in CliRunner().invoke(main, ["gret"]).output


@pytest.mark.usefixtures("acme")
def test_a_plugin_does_not_take_our_name() -> None:
    assert "stolen" not in CliRunner().invoke(main, ["settings"]).output


def test_without_the_plugin_there_is_no_such_command() -> None:
    assert CliRunner().invoke(main, ["greet"]).exit_code == 2
