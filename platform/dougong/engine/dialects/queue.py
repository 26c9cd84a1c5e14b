"""How tasks travel on PostgreSQL: a queue of Procrastinate's in the schema `jobs`, shared by all companies.

A job carries the company and the id of an outbox row and nothing else. It is queued in the transaction that writes the
row; whatever happens to the queue, a sweep finds rows that are due and were not worked on.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.schema import SchemaManager
from psycopg import sql

SCHEMA = "jobs"
"""The schema of the queue; no company may have this name."""

TASK = "dougong.outbox"
SWEEP_SECONDS = 30.0

Perform = Callable[[str, str], None]
"""Claims and does one task: company, outbox id."""


def create(connection: psycopg.Connection[Any]) -> None:
    """Make the queue where it is not there. The caller holds a lock against others who do the same."""
    if connection.execute("SELECT to_regclass('jobs.procrastinate_jobs')").fetchone() != (None,):
        return
    connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(SCHEMA)))
    path = connection.execute("SHOW search_path").fetchone()
    connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(sql.Identifier(SCHEMA)))
    connection.execute(SchemaManager.get_schema())
    connection.execute("SELECT set_config('search_path', %s, true)", path)


ADMISSION = """
CREATE TABLE IF NOT EXISTS {schema}.dg_member (role name PRIMARY KEY, company text NOT NULL);
CREATE OR REPLACE FUNCTION {schema}.dg_announce(task text, due timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    -- The role that signed in says the company; nobody says it themselves.
    asking text := (SELECT company FROM dg_member WHERE role = session_user);
BEGIN
    IF asking IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'this role queues for no company';
    END IF;
    PERFORM procrastinate_defer_jobs_v1(ARRAY[ROW(
        'default', {task}, 0, NULL, NULL, jsonb_build_object('company', asking, 'outbox', task), due
    )::procrastinate_job_to_defer_v1]);
END $$;
REVOKE ALL ON FUNCTION {schema}.dg_announce(text, timestamptz) FROM PUBLIC
"""


def admit(connection: psycopg.Connection[Any], company: str, role: str) -> None:
    """Let `role` queue tasks of `company` and nothing else: it cannot read what is queued."""
    names = {"schema": sql.Identifier(SCHEMA), "role": sql.Identifier(role)}
    connection.execute(sql.SQL(ADMISSION).format(task=sql.Literal(TASK), **names))
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {schema} TO {role}").format(**names))
    allowed = sql.SQL("GRANT EXECUTE ON FUNCTION {schema}.dg_announce(text, timestamptz) TO {role}")
    connection.execute(allowed.format(**names))
    dismiss(connection, company)
    add = sql.SQL("INSERT INTO {schema}.dg_member (role, company) VALUES (%s, %s)")
    connection.execute(add.format(**names), [role, company])


def dismiss(connection: psycopg.Connection[Any], company: str) -> None:
    """Let nobody queue for `company` any more."""
    if connection.execute("SELECT to_regclass('jobs.dg_member')").fetchone() == (None,):
        return
    remove = sql.SQL("DELETE FROM {}.dg_member WHERE company = %s")
    connection.execute(remove.format(sql.Identifier(SCHEMA)), [company])


def announce_own(connection: psycopg.Connection[Any], id: str, when: datetime) -> None:
    """Queue a task of the company that the connection's role is for."""
    later = when if when > datetime.now(UTC) else None
    connection.execute("SELECT jobs.dg_announce(%s, %s)", [id, later])


@functools.cache
def _queue() -> App:
    """An application that only queues, on connections of ours."""
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    return App(connector=SyncPsycopgConnector())


def announce(connection: psycopg.Connection[Any], company: str, id: str, when: datetime) -> None:
    """Queue a task in the open transaction; its search path must reach the queue."""
    later = when if when > datetime.now(UTC) else None
    _queue().configure_task(TASK, connection=connection, schedule_at=later).defer(company=company, outbox=id)


def work(conninfo: str, perform: Perform, sweep: Callable[[], int], stop: threading.Event) -> None:
    """Work on the queue until `stop`; what nobody works on is found by `sweep`."""
    asyncio.run(_work(conninfo, perform, sweep, stop))


async def _work(conninfo: str, perform: Perform, sweep: Callable[[], int], stop: threading.Event) -> None:
    connector = PsycopgConnector(
        conninfo=conninfo, kwargs={"options": f"-c search_path={SCHEMA}"}, min_size=1, max_size=3
    )
    app = App(connector=connector)

    @app.task(name=TASK, pass_context=False)
    def outbox(company: str, outbox: str) -> None:
        perform(company, outbox)

    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(install_signal_handlers=False, delete_jobs="always", fetch_job_polling_interval=2.0)
        )
        try:
            await _sweeping(sweep, stop, worker)
        finally:
            worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await worker


async def _sweeping(sweep: Callable[[], int], stop: threading.Event, worker: asyncio.Task[None]) -> None:
    while not stop.is_set():
        await asyncio.to_thread(sweep)
        for _ in range(int(SWEEP_SECONDS / 0.2)):
            if stop.is_set():
                return
            if worker.done():
                worker.result()
            await asyncio.sleep(0.2)
