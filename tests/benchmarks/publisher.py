"""The third process of `publishing`: it publishes when told to, or takes as much of the processor for nothing.

    python -m tests.benchmarks.publisher URL

reads ``publish`` or ``burn SECONDS`` from its input, line by line, and answers each with the seconds of processor time
that it took.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from dougong.engine import revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.publish import Publication, publish
from dougong.metadata.component import Component
from tests.benchmarks.client import CHECKOUT
from tests.companies import opened

FIELDS = 20


class Publisher:
    """The process, as the one who tells it what to do sees it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def publish(self) -> float:
        """Publish twenty fields; the seconds of processor time that the publisher took."""
        return self._told("publish")

    def burn(self, seconds: float) -> float:
        """Take `seconds` of processor time and do nothing with them."""
        return self._told(f"burn {seconds}")

    def _told(self, what: str) -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())


@contextmanager
def publisher(url: str) -> Iterator[Publisher]:
    """A publisher of the company at `url`, with everything imported and read that it needs."""
    command = [sys.executable, "-m", "tests.benchmarks.publisher", url]
    process = subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        told = Publisher(process)
        told.burn(0)
        yield told
    finally:
        process.communicate()


def _publish_fields(company: Company, number: int) -> None:
    """Twenty fields more for deals."""
    with company.read(SYSTEM) as unit:
        tree = revisions.tree_of(unit.connection, unit.runtime.revision)
    added = (
        Component("field", name, {"kind": "field", "name": name, "type": "text", "length": 40, "label": {"en": name}})
        for name in (f"opportunity.x{number}_{at}" for at in range(FIELDS))
    )
    publish(company, Publication(tree=tree.put(*added)))


def _burn(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def main(url: str) -> None:
    """Do what is told until there is nothing more to read."""
    company = opened(url)
    company.runtime()
    for line in sys.stdin:
        what, _, seconds = line.strip().partition(" ")
        began = time.process_time()
        if what == "publish":
            _publish_fields(company, int(time.time() * 10))
        else:
            _burn(float(seconds))
        sys.stdout.write(f"{time.process_time() - began}\n")
        sys.stdout.flush()
    company.close()


if __name__ == "__main__":
    main(sys.argv[1])
