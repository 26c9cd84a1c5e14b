"""A company whose processes are killed at random moments while people work: what is started, killed, and counted."""

from __future__ import annotations

import base64
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx2

from tests.forked import Forked
from tests.receivers import Calls, Mailbox, free_port
from tests.system.serving import START_SECONDS, Person, Place

HASTY = """
import os
import random
from datetime import timedelta
from dougong.engine import outbox
from dougong.engine.dialects import queue
from dougong.workflows.approvals import world
horizon = float(os.environ["HORIZON"])
world.due_at = lambda start, *_: start + timedelta(seconds=random.uniform(1, horizon))
outbox.LEASE, outbox.RENEWED = timedelta(seconds=4), timedelta(seconds=0.5)
queue.SWEEP_SECONDS = 1.0
from dougong.cli import main
main()
"""
"""The program, in which a dead worker's work is another's after some seconds, and time limits are short as well."""

SIGNED = "whsec_" + base64.b64encode(b"kill" * 8).decode()


@dataclass
class Process:
    """One of the company's processes: `again` starts it anew after it was killed."""

    place: Place
    arguments: tuple[str, ...]
    settings: dict[str, str]
    running: Forked | None = None

    def again(self) -> None:
        """Start it."""
        log = (self.place.folder / f"{self.arguments[0]}-{id(self)}.log").open("ab")
        with log:
            environment = self.place.environment() | self.settings
            self.running = Forked(HASTY, self.arguments, environment, self.place.folder, log)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self.running is not None:
            self.running.kill()
            self.running = None


@dataclass
class Working:
    """The processes of a company and a person who works in it without end."""

    place: Place
    person: Person
    mailbox: Mailbox
    calls: Calls
    horizon: float
    """Seconds within which a time limit is over."""
    port: int = field(default_factory=free_port)
    acknowledged: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def settings(self) -> dict[str, str]:
        """What all processes run with."""
        return {
            "SMTP_URL": self.mailbox.url, "MAIL_FROM": "crm@example.com", "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "NEAR_HOSTS": "127.0.0.1", "DOUGONG_SECRET_HOOK": SIGNED, "BACKGROUND": "no",
            "HORIZON": str(self.horizon),
        }  # fmt: skip

    @contextmanager
    def processes(self) -> Iterator[list[Process]]:
        """A server and two workers, gone at the end of the block."""
        serve = ("serve", "--port", str(self.port))
        found = [Process(self.place, each, self.settings) for each in (serve, ("worker",), ("worker",))]
        try:
            for each in found:
                each.again()
            self._wait()
            yield found
        finally:
            for each in found:
                each.kill()

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            try:
                httpx2.get(f"http://127.0.0.1:{self.port}/health")
                return
            except httpx2.TransportError:
                time.sleep(0.05)
        raise AssertionError("the server did not listen")

    def work(self, count: int) -> None:
        """Make tasks by the API until so many were acknowledged; whatever was not is never asked for again."""
        headers = {"authorization": f"Bearer {self.person.token}"}
        number = 0
        while len(self.acknowledged) < count and not self.over.is_set():
            number += 1
            values = {"subject": f"task {number:05}", "status": "open", "priority": "normal"}
            try:
                with httpx2.Client(base_url=f"http://127.0.0.1:{self.port}/api/v1", timeout=10) as client:
                    answer = client.post(
                        "/records/task", json={**values, "owner": self.person.user_id}, headers=headers
                    )
                assert answer.status_code == 201, answer.text
                self.acknowledged.append(answer.json()["id"])
            except httpx2.TransportError:
                time.sleep(0.05)


def kill_at_random(working: Working, processes: list[Process], kills: int, chance: random.Random) -> None:
    """Kill one process after another, each at a moment of its own, and start it anew."""
    for _ in range(kills):
        time.sleep(chance.uniform(0.2, 1.5))
        victim = chance.choice(processes)
        victim.kill()
        victim.again()
