"""How long requests wait for a publish: two processes serve pages and changes while a third one publishes.

    python -m tests.benchmarks.publishing [--database sqlite|postgresql] [--tries 5]

For each publish of twenty fields of the very object that is read and written, by what was asked: how long a request
took in quiet times, usually and at most; how long one took at most while the third process did nothing but take as much
of the processor as the publish before (the control); and how long one took at most during the publish and just after.
At the end by how much that was more than usual: it should be at most `ALLOWED` ms. The same of the control is what the
machine makes anybody wait beside a process that only computes.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from tests.benchmarks import data, engine, report
from tests.benchmarks.__main__ import KINDS, databases, fill_engine
from tests.benchmarks.client import Request, Side, serving
from tests.benchmarks.place import place
from tests.benchmarks.publisher import publisher
from tests.companies import opened

DEALS = 10_000
QUIET_SECONDS = 6.0
AFTER_SECONDS = 2.0
PROCESSES = 2

ALLOWED = 100
"""How many ms longer than usual a request may take because of a publish."""


@dataclass(slots=True)
class Traffic:
    """Clients that ask without end: when each request began and how long it took, by what was asked."""

    stop: threading.Event = field(default_factory=threading.Event)
    turns: list[tuple[str, float, float]] = field(default_factory=list)
    failed: list[Exception] = field(default_factory=list)

    @contextmanager
    def of(self, side: Side) -> Iterator[None]:
        """Three clients of one server: one reads record pages, one list pages, one writes."""
        threads = [threading.Thread(target=self._run, args=(side.again(), *each)) for each in WORKS.items()]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def _run(self, side: Side, name: str, make: Callable[[int], Request]) -> None:
        number = 0
        try:
            while not self.stop.is_set():
                number += 1
                begun = time.perf_counter()
                side.ask(make(number))
                self.turns.append((name, begun, time.perf_counter() - begun))
                time.sleep(0.02)
        except Exception as error:
            self.failed.append(error)

    def usual(self, name: str, since: float, until: float) -> float:
        """Milliseconds of the middle one of the requests that were under way between two moments."""
        return statistics.median(took for asked, at, took in self.turns if asked == name and since <= at < until) * 1000

    def longest(self, name: str, since: float, until: float) -> float:
        """Milliseconds of the longest request that was under way between two moments."""
        return (
            max(
                (took for asked, at, took in self.turns if asked == name and at + took >= since and at < until),
                default=0.0,
            )
            * 1000
        )


def record_page(number: int) -> Request:
    return Request("GET", f"/o/opportunity/{data.identity('opportunity', number * data.BUSY % DEALS)}")


def list_page(number: int) -> Request:
    return Request("GET", "/o/opportunity?view=open")


def update(number: int) -> Request:
    path = f"/api/v1/records/opportunity/{data.identity('opportunity', number * 7919 % DEALS)}"
    return Request("PATCH", path, orjson.dumps({"next_step": f"Call {time.time_ns()}"}))


WORKS: Mapping[str, Callable[[int], Request]] = {"record page": record_page, "list page": list_page, "update": update}


@dataclass(frozen=True, slots=True)
class Waits:
    """How long requests of one kind took, in ms: in quiet times usually and at most, and at most in the two trials."""

    usual: float
    quiet: float
    control: float
    publish: float

    def __str__(self) -> str:
        return f"{self.usual:.0f} / {self.quiet:.0f} / {self.control:.0f} / {self.publish:.0f}"


def measure(url: str, tries: int) -> Iterator[dict[str, Waits]]:
    """For each publish, by what was asked: how long requests took before, beside the control and beside the publish."""
    company = opened(url)
    token, cookie = engine.token_and_cookie(company)
    company.close()
    environment = {"DATABASE_URL": url, "LOG_LEVEL": "warning", "DATA_DIR": tempfile.gettempdir()}
    headers = {"authorization": f"Bearer {token}", "cookie": f"dougong={cookie}", "content-type": "application/json"}
    traffic = Traffic()
    with ExitStack() as stack:
        third = stack.enter_context(publisher(url))
        for _ in range(PROCESSES):
            side = stack.enter_context(serving("engine", environment, headers, counting=False))
            stack.enter_context(traffic.of(side))
        time.sleep(QUIET_SECONDS)
        for _ in range(tries):
            published, took = _span(third.publish, AFTER_SECONDS)
            quiet, _ = _span(lambda: 0.0, QUIET_SECONDS)
            control, _ = _span(lambda took=took: third.burn(took), AFTER_SECONDS)  # type: ignore[misc]
            yield {
                name: Waits(
                    traffic.usual(name, *quiet), *(traffic.longest(name, *span) for span in (quiet, control, published))
                )
                for name in WORKS
            }
    if traffic.failed:
        raise traffic.failed[0]


def _span(work: Callable[[], float], seconds: float) -> tuple[tuple[float, float], float]:
    """The moments between which `work` was done and requests may have felt it, and what it answered."""
    begun = time.perf_counter()
    found = work()
    time.sleep(seconds)
    return (begun, time.perf_counter()), found


def _report(tries: Iterator[Mapping[str, Waits]]) -> None:
    found = []
    for waits in tries:
        found.append(waits)
        report.say(", ".join(f"{name} {each}" for name, each in waits.items()))
    for name in WORKS:
        control = [waits[name].control - waits[name].usual for waits in found]
        excess = [waits[name].publish - waits[name].usual for waits in found]
        within = sum(each <= ALLOWED for each in excess)
        report.say(
            f"{name}: longer than usual by at most {max(excess):.0f} ms (control {max(control):.0f}), in the middle by "
            f"{statistics.median(excess):.0f} (control {statistics.median(control):.0f}); "
            f"{within} of {len(excess)} publishes within {ALLOWED} ms"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.publishing", description=__doc__)
    parser.add_argument("--database", action="append", choices=KINDS)
    parser.add_argument("--tries", type=int, default=5)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the databases there, and use those that are")
    arguments: Any = parser.parse_args()
    with place(arguments.keep) as folder:
        for kind in arguments.database or KINDS:
            with databases(folder, kind, (f"engine_{DEALS}",)) as (ours,):
                url = fill_engine(kind, *ours, DEALS)
                report.say(
                    f"{kind}: ms in quiet times usually / at most / at most beside the control / and the publish"
                )
                _report(measure(url, arguments.tries))


if __name__ == "__main__":
    main()
