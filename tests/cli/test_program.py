"""The command itself: help, versions, languages, and how what goes wrong is told."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from dougong.base.errors import MetadataError, Place, Problem
from dougong.base.language import msg
from dougong.cli import main
from dougong.cli.commands import COMMANDS, Command
from dougong.cli.terminal import explain, language


@click.command()
def failing() -> None:
    """Refuse, as a check of a package would."""
    place = Place(file="deal.json", pointer="/fields/0", line=3, column=7)
    raise MetadataError(
        Problem(code="metadata-key", reason=msg("Commands"), fix=msg("Instead of PORT."), place=place),
        Problem(code="metadata-name", reason=msg("Commands"), thing="object:deal"),
    )


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)
def test_each_command_explains_itself(command: Command) -> None:
    """Its module can be imported, its help is there, and it is called as the registry says."""
    result = CliRunner().invoke(main, [command.name, "--help"])
    assert result.exit_code == 0
    assert f"{command.name} " in result.output.splitlines()[0]
    assert command.load().help


def test_the_list_of_commands_imports_none_of_them() -> None:
    """`dougong --help` answers at once: no database, no web server is loaded."""
    code = "import sys; from dougong.cli import main\ntry: main(['--help'])\nexcept SystemExit: print([*sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "serve" in done.stdout
    assert "'uvicorn'" not in done.stdout
    assert "'dougong.engine'" not in done.stdout


def test_an_unknown_command_suggests_the_nearest() -> None:
    result = CliRunner().invoke(main, ["srve"])
    assert result.exit_code == 2
    assert "Did you mean 'serve'?" in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["formula", "corpus", "{folder}/broken"], "[case-unread]"),
        (["formula", "corpus", "{folder}/deep"], "[case-unread]"),
        (["formula", "corpus", "{folder}/other"], "[case-unread]"),
        (["formula", "conformance", "{folder}/broken"], "[case-unread]"),
        (["formula", "conformance", "{folder}/other"], "[case-unread]"),
        (["access", "handover", "li", "--rules", "{folder}/broken"], "[file-not-json]"),
        (["access", "handover", "li", "--rules", "{folder}/list"], "[file-not-json]"),
        (["audit", "export", "{folder}/none/log"], "[file-unusable]"),
        (["package", "install", "9" * 300], "[file-unusable]"),
    ],
)
@pytest.mark.parametrize("language", ["C.UTF-8", "zh_CN.UTF-8"])
def test_a_file_that_cannot_be_read_is_told(
    arguments: list[str], said: str, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an exit code, in the language of the terminal, and never with a trace of the program."""
    for name, text in (("broken", "{"), ("deep", "[" * 100_000), ("other", '{"a": 1}'), ("list", "[]")):
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.setenv("LC_ALL", language)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    result = CliRunner().invoke(main, [each.format(folder=tmp_path) for each in arguments])
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit), result.exception
    assert said in result.output
    assert ("zh_CN" in language) == bool(re.search("[\u4e00-\u9fff]", result.output))


@pytest.mark.parametrize(
    ("option", "given", "said"),
    [
        *(("--separator", each, "tab") for each in ("ab", "\n", '"', ",;")),
        *(("--encoding", each, "gb18030") for each in ("hex", "undefined", "rot13", "no-such", "x" * 300, "\udcff")),
    ],
)
def test_what_no_csv_is_written_in_is_refused(option: str, given: str, said: str, tmp_path: Path) -> None:
    """As a wrong call, before the file is looked at."""
    file = tmp_path / "a.csv"
    file.write_text("Name\nA\n", "utf-8")
    result = CliRunner().invoke(main, ["import", "account", str(file), option, given])
    assert (result.exit_code, said in result.output) == (2, True), result.output


def test_refusals_name_every_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    """One block per problem: where, what, what to do; then their number; exit code 1; no traceback."""
    monkeypatch.setitem(COMMANDS._entries, "failing", Command("failing", msg("Commands"), f"{__name__}:failing"))
    result = CliRunner().invoke(main, ["failing"])
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "deal.json, /fields/0, line 3, column 7  [metadata-key]",
        "    Commands",
        "    Instead of PORT.",
        "object:deal  [metadata-name]",
        "    Commands",
        "2 problems",
    ]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh-CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN"}, "zh-CN"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
    ],
)
def test_the_terminal_chooses_the_language(environment: dict[str, str], expected: str) -> None:
    assert language(environment) == expected


def test_problems_are_told_in_the_language_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert explain(Problem(code="x", reason=msg("Commands"))).splitlines() == ["[x]", "    命令"]
    assert explain(Problem(code="x", reason=msg("Commands"), severity="warning")).startswith("[x，警告]")


def test_settings_are_printed_without_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://crm:hunter2@db/crm")
    result = CliRunner().invoke(main, ["settings"])
    assert "DATABASE_URL=postgresql+psycopg://crm:***@db/crm" in result.output


def test_serving_on_a_taken_port_names_it_and_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("PORT", "1")  # what the option below sets is undone with this
        result = CliRunner().invoke(main, ["serve", "--port", str(port)])
    assert result.exit_code == 1
    assert f"127.0.0.1:{port}" in result.output
    assert "Choose another PORT" in result.output
