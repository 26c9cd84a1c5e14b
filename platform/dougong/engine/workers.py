"""Workers: they carry out what the outboxes ask for, until told to stop."""

from __future__ import annotations

import threading
from datetime import date, datetime

import structlog
from sqlalchemy.exc import DBAPIError

from dougong.engine import abandoned, aftermath, jobs, midnight
from dougong.engine.company import Companies
from dougong.engine.privacy import nightly

_log = structlog.get_logger()

JOBS_OF_THE_ENGINE = (abandoned, aftermath, midnight, nightly)
"""The modules whose jobs every worker knows, by importing them."""


class Worker:
    """A thread of this process that does background work; any number of them, in any number of processes."""

    def __init__(self, companies: Companies) -> None:
        """Work for `companies`, in the way of their database."""
        self._companies, self._stop = companies, threading.Event()
        self._days: dict[str, date] = {}
        self._thread = threading.Thread(target=self.run, name="dougong-worker", daemon=True)

    def start(self) -> Worker:
        """Begin, in the background."""
        self._thread.start()
        return self

    def stop(self, timeout_seconds: float = 10.0) -> None:
        """Take no further task and wait for the one at hand; what is not done in time another worker does."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def run(self) -> None:
        """Work in this thread until `stop`."""
        self._companies.open().database.work(self._perform, self._sweep, self._stop)

    def _perform(self, company: str, id: str) -> None:
        if self._companies.serves(company):  # else the outbox keeps it until the company is switched on again
            jobs.perform(self._companies.open(company), id)

    def _sweep(self) -> int:
        return sum(map(self._due, self._companies.active()))

    def _due(self, company: str) -> int:
        """What is due in one company; one that cannot be worked for just now keeps nobody else waiting."""
        try:
            opened = self._companies.open(company)
            today = datetime.now(opened.zone).date()
            if self._days.get(company) != today:
                jobs.ask_daily(opened, today)
                self._days[company] = today
            return jobs.run_due(opened)
        except DBAPIError as error:
            _log.warning("company not worked for", company=company, error=str(error.orig))
            return 0
