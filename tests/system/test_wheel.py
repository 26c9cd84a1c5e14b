"""A built wheel, in an empty environment outside the checkout, is the same program."""

from __future__ import annotations

import importlib.metadata
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import httpx2
import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("platform", "metadata", "formulas", "workflows", "themes", "plugins")

pytestmark = pytest.mark.slow


def bare_environment() -> dict[str, str]:
    """This process's environment without what points Python at this checkout."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def answer(url: str, server: subprocess.Popen[str]) -> httpx2.Response:
    """What `url` answers, once `server` listens."""
    until = time.monotonic() + 20
    while server.poll() is None:
        try:
            return httpx2.get(url)
        except httpx2.TransportError:
            assert time.monotonic() < until, "the server did not listen within 20 seconds"
            time.sleep(0.1)
    raise AssertionError(server.communicate()[1])


def run(*command: str | Path, cwd: Path) -> str:
    """The standard output of a command that must succeed and that knows nothing of this checkout."""
    done = subprocess.run(command, cwd=cwd, env=bare_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as an index would get it."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-qq", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new virtual environment that holds the wheel and what it asks for, at the versions of the lock."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    lock = ROOT / "requirements.lock"
    # What is imported is compiled then; to compile all that is installed takes longer than the tests.
    install = ("install", "-qq", "--no-compile", "-c", lock, wheel)
    run(sys.executable, "-m", "pip", "--python", folder, *install, cwd=folder)
    return folder


def test_the_wheel_holds_every_file_of_the_rooms_and_nothing_else(wheel: Path) -> None:
    """Grammar, schemas, templates, packages and catalogs travel along; no bare package is installed."""
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = run("git", "-C", ROOT, "ls-files", "--cached", "--", *ROOMS, cwd=ROOT).splitlines()
    expected = {path.partition("/")[2] for path in tracked if "/dougong/" in path}
    assert expected - names == set()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"dougong"}


def test_the_installed_command_runs(environment: Path, tmp_path: Path) -> None:
    command = environment / "bin" / "dougong"
    assert run(command, "--version", cwd=tmp_path) == f"dougong {importlib.metadata.version('dougong')}\n"
    assert f"DATA_DIR={tmp_path}/data" in run(command, "settings", cwd=tmp_path)


def test_the_installed_command_serves(environment: Path, tmp_path: Path) -> None:
    """It answers, on a database that it made, and ends in order when told to."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command: list[str | Path] = [environment / "bin" / "dougong", "serve", "--port", str(port)]
    with subprocess.Popen(command, cwd=tmp_path, env=bare_environment(), stderr=subprocess.PIPE, text=True) as server:
        try:
            assert answer(f"http://127.0.0.1:{port}/health", server).status_code == 200
            assert httpx2.get(f"http://127.0.0.1:{port}/", follow_redirects=True).status_code == 200
        finally:
            server.terminate()
            _, told = server.communicate(timeout=20)
    assert server.returncode in (0, -signal.SIGTERM), told
    assert (tmp_path / "data").is_dir()


def test_every_module_of_the_wheel_can_be_imported(environment: Path, tmp_path: Path) -> None:
    """The wheel asks for everything that it imports; what only tests install is not needed."""
    code = (
        "import importlib, pkgutil, warnings, dougong; warnings.simplefilter('error')\n"
        "names = [each.name for each in pkgutil.walk_packages(dougong.__path__, 'dougong.')]\n"
        "print(len([importlib.import_module(name) for name in names]))"
    )
    assert int(run(environment / "bin" / "python", "-c", code, cwd=tmp_path)) > 10
