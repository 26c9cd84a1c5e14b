"""Where a benchmark keeps its databases: a folder of its own, gone at the end, or one that is kept."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dougong.base.settings import describe
from dougong.cli import temporary_postgresql as postgresql


@contextmanager
def place(keep: Path | None) -> Iterator[Path]:
    """The folder `keep`, or one that goes with its PostgreSQL server. No setting of the shell has a say in it."""
    for each in describe():
        os.environ.pop(each.variable, None)
    folder = keep or Path(tempfile.mkdtemp(prefix="dougong-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # PostgreSQL does not run as root: another user comes by here
    try:
        yield folder
    finally:
        if not keep:
            server = postgresql.Server(folder / "pg")
            if server.running:
                server.stop()
            shutil.rmtree(folder, ignore_errors=True)
