"""Where the clocks of records are kept."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from dougong.engine.columns import Document, Id, Instant
from dougong.engine.tables import PLATFORM

clocks = Table(
    "dg_sla_clock",
    PLATFORM,
    Column("id", Id(), primary_key=True),
    Column("sla", Text, nullable=False),
    Column("clock", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("record_id", Id(), nullable=False),
    Column("state", Text, nullable=False),
    Column("began_at", Instant(), nullable=False),
    Column("target", Document()),
    Column("due_at", Instant()),
    Column("paused_at", Instant()),
    Column("gaps", Document(), nullable=False),
    Column("climbed", Document(), nullable=False),
    Column("next_at", Instant()),
    Column("missed_at", Instant()),
    Column("ended_at", Instant()),
    Index("dg_sla_clock_record", "record_id", "id"),
    comment="Clocks of service levels: one that has not ended for each record and clock of a document. `state`: "
    "running, paused, met, missed, anew, ended. `target` as it was when the clock began: seconds, and what counts; "
    "`gaps` are pauses that are over, each from when to when; `climbed` the keys of rungs that are done or were "
    "passed; `next_at` is the next rung or the target, whichever comes first.",
)
adopted = Table(
    "dg_sla",
    PLATFORM,
    Column("sla", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    comment="Service levels by the hash of the document that the clocks of all records go by, or soon will.",
)
Index(
    "dg_sla_clock_open",
    clocks.c.record_id,
    clocks.c.sla,
    clocks.c.clock,
    unique=True,
    sqlite_where=clocks.c.ended_at.is_(None),
    postgresql_where=clocks.c.ended_at.is_(None),
)
Index(
    "dg_sla_clock_next",
    clocks.c.next_at,
    sqlite_where=clocks.c.next_at.is_not(None),
    postgresql_where=clocks.c.next_at.is_not(None),
)
Index(
    "dg_sla_clock_due",
    clocks.c.due_at,
    clocks.c.id,
    sqlite_where=clocks.c.ended_at.is_(None),
    postgresql_where=clocks.c.ended_at.is_(None),
)
