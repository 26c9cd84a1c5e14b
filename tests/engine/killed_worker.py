"""A worker that is killed in the middle of a task.  python -m tests.engine.killed_worker URL"""

from __future__ import annotations

import os
import signal
import sys

from sqlalchemy.engine import make_url

from dougong.engine.company import Companies, Company, PlainSettings
from dougong.engine.jobs import JOBS, Job
from dougong.engine.outbox import Task
from dougong.engine.workers import Worker


def die(company: Company, task: Task) -> None:
    """The task: the process is gone before it can say so."""
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    JOBS.add(Job("test-note", die))
    Worker(Companies(PlainSettings(database_url=make_url(sys.argv[1])))).run()
