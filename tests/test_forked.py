"""Forks of the program are like processes that were started: each its own, told of when it ends, gone when killed."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.forked import COMMAND, Forked, caller


def said(code: str, folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    with (folder / "said").open("w+") as output:
        status = Forked(code, arguments, os.environ | environment, folder, output).wait(timeout=30)
        output.seek(0)
        return status, output.read()


def test_a_fork_has_its_own_arguments_environment_and_folder(tmp_path: Path) -> None:
    code = "import os, sys; print(sys.argv[1:], os.environ['WHOSE'], os.getcwd(), sys.stdin.read() == '')"
    assert said(code, tmp_path, "one", "two", WHOSE="mine") == (0, f"['one', 'two'] mine {tmp_path} True\n")
    assert "WHOSE" not in os.environ


def test_no_fork_makes_the_ids_of_another(tmp_path: Path) -> None:
    """What makes ids is not wound up before the fork."""
    code = "import random; from dougong.base.ids import record_id; print(record_id()[-12:], random.random())"
    assert len({said(code, tmp_path)[1] for _ in range(3)}) == 3


def test_how_a_fork_ends_is_told(tmp_path: Path) -> None:
    assert said("raise SystemExit(3)", tmp_path) == (3, "")
    status, text = said("1 / 0", tmp_path)
    assert (status, "ZeroDivisionError" in text) == (1, True)
    with (tmp_path / "said").open("w") as output:
        sleeping = Forked("import time; time.sleep(60)", (), os.environ, tmp_path, output)
        assert sleeping.poll() is None
        with pytest.raises(TimeoutError):
            sleeping.wait(timeout=0.01)
        sleeping.kill()
    assert sleeping.poll() == -signal.SIGKILL


def test_a_shell_calls_the_program_as_it_is_installed(tmp_path: Path) -> None:
    """Its files are the shell's, and its exit code comes back."""
    program = caller(tmp_path)
    done = subprocess.run([program, "srve"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "") and "serve" in done.stderr
    assert subprocess.run([program, "--version"], capture_output=True, text=True).stdout == said(
        COMMAND, tmp_path, "--version"
    )[1].replace("-c", "dougong")
