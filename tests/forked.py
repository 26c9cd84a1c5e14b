"""Processes of the program that begin in a moment: forks of one that has imported all of it and done nothing else.

To import every room takes Python a second, and tests of whole systems start some hundred commands and servers. What
begins here is a process like any other: with its own arguments, environment, folder and files, to be waited for or
killed; only the second is paid once.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import dougong

ROOT = Path(__file__).parents[1]
COMMAND = "from dougong.cli import main; main()"
CALLER = """#!{python} -IS
import array, json, os, socket, sys
called = {{"code": {code!r}, "arguments": sys.argv, "environment": dict(os.environ), "folder": os.getcwd()}}
with socket.socket(socket.AF_UNIX) as line:
    line.connect({address!r})
    line.sendmsg([b"!"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))])
    line.sendall(json.dumps(called).encode() + b"\\n")
    _, code = line.makefile("r").read().split()
sys.exit(int(code))
"""
"""A program that has a command run as a fork: with its own files, until it ends, and with its exit code."""


class Forked:
    """A process that was begun here, as far as `subprocess.Popen` is used of it."""

    def __init__(
        self, code: str, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, output: IO[Any]
    ) -> None:
        """Begin it: `code` is run with `arguments`, and writes all that it says to `output`."""
        called = {"code": code, "arguments": ["-c", *arguments], "environment": dict(environment)}
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(address())
        with open(os.devnull, "rb") as nothing:
            files = array.array("i", [nothing.fileno(), output.fileno(), output.fileno()])
            self._line.sendmsg([b"!"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
        self._line.sendall(json.dumps({**called, "folder": str(folder)}).encode() + b"\n")
        self._told = self._line.makefile("r")
        self.pid = int(self._told.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        with contextlib.suppress(TimeoutError):
            self.wait(timeout=0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it ends.

        Raises:
            TimeoutError: it runs longer than so many seconds.
        """
        if self.returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._line, selectors.EVENT_READ)
                if not selector.select(timeout):
                    raise TimeoutError
            self.returncode = int(self._told.readline())
            self._told.close()
            self._line.close()
        return self.returncode

    def kill(self) -> None:
        """End it and all that it started at once, as a power cut would."""
        os.killpg(self.pid, signal.SIGKILL)
        self.wait()


@functools.cache
def address() -> str:
    """The socket of the process that is forked, which is started by who first asks and ends with them."""
    path = str(Path(tempfile.mkdtemp(prefix="dougong-forks-")) / "line")
    own = os.environ | {"PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, "-c", "from tests.forked import serve; serve()", path]
    process = subprocess.Popen(arguments, env=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    atexit.register(process.communicate)  # its input is closed when this process ends, however it does
    return path


def caller(folder: Path) -> Path:
    """A program `dougong` in `folder` for people's shells."""
    folder.mkdir(exist_ok=True)
    made = folder / "dougong"
    made.write_text(CALLER.format(python=sys.executable, code=COMMAND, address=address()), "utf-8")
    made.chmod(0o755)
    return made


# -- in the process that is forked ------------------------------------------------------------------------------------
def serve() -> None:
    """Import the program and fork for each who calls; in a fork, run what was called for."""
    path = sys.argv[1]
    for each in pkgutil.walk_packages(dougong.__path__, "dougong."):
        importlib.import_module(each.name)
    gc.freeze()
    code = _called(path)
    if code is not None:
        exec(compile(code, "<forked>", "exec"), {"__name__": "__main__"})


def _called(path: str) -> str | None:
    """What a fork is to run; None where this is the process that is forked, which nobody needs any more."""
    running: dict[int, socket.socket] = {}
    woken, wakes = socket.socketpair()
    for each in (woken, wakes):
        each.setblocking(False)
    with woken, wakes, socket.socket(socket.AF_UNIX) as door, selectors.DefaultSelector() as selector:
        door.bind(path)
        door.listen(100)
        for file in (door, woken, sys.stdin):
            selector.register(file, selectors.EVENT_READ)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        before = signal.set_wakeup_fd(wakes.fileno())
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if sys.stdin in ready:
                shutil.rmtree(os.path.dirname(path), ignore_errors=True)
                return None
            if woken in ready:
                woken.recv(4096)
                _tell_of_ended(running)
            if door in ready:
                line, _ = door.accept()
                called, files = _read(line)
                pid = os.fork()
                if not pid:
                    signal.set_wakeup_fd(before)
                    break
                for each in files:
                    os.close(each)
                line.sendall(f"{pid}\n".encode())
                running[pid] = line
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for each in (line, *running.values()):
        each.close()
    return _become(called, files)


def _tell_of_ended(running: dict[int, socket.socket]) -> None:
    """Tell those who called for them how processes ended."""
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with running.pop(pid) as line, contextlib.suppress(BrokenPipeError):
            line.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _read(line: socket.socket) -> tuple[dict[str, Any], list[int]]:
    _, said, _, _ = line.recvmsg(1, socket.CMSG_SPACE(3 * array.array("i").itemsize))
    files = array.array("i")
    files.frombytes(said[0][2])
    with line.makefile("r") as file:
        return json.loads(file.readline()), list(files)


def _become(called: dict[str, Any], files: list[int]) -> str:
    """Be as a process that was begun with what was called for."""
    os.setsid()
    for number, each in enumerate(files):
        os.dup2(each, number)
        os.close(each)
    os.chdir(called["folder"])
    os.environ.clear()
    os.environ.update(called["environment"])
    sys.argv[:] = called["arguments"]
    return str(called["code"])
