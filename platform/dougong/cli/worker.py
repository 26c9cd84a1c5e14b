"""`dougong worker`: a process that does background work and serves nobody; any number of them beside the servers."""

from __future__ import annotations

import signal
import threading

import click

from dougong.base import logs
from dougong.base.language import msg
from dougong.base.settings import Settings
from dougong.cli.assembly import plugins
from dougong.cli.terminal import say, text
from dougong.engine.company import Companies
from dougong.engine.workers import Worker


@click.command(help=text(msg("Do background work, beside the servers.")))
@click.option(
    "--threads", type=click.IntRange(1, 64), default=1, show_default=True,
    help=text(msg("How many jobs to do at once; with SQLite one at a time writes.")),
)  # fmt: skip
def worker(threads: int) -> None:
    """Work until told to stop (SIGTERM, or Ctrl+C); what is at hand is finished first."""
    settings = Settings.from_environment()
    logs.configure(settings.log_level, settings.log_format)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    companies = Companies(settings, plugins().hook)
    companies.open()
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    working = [Worker(companies).start() for _ in range(threads)]
    say(msg("Working. {n} job at once", "Working. {n} jobs at once", n=threads))
    told.wait()
    for each in working:
        each.stop()
    companies.close()
