"""What is kept of pools: since when somebody has a record, what they were told, and who claimed and lost what."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from dougong.engine.columns import Day, Id, Instant
from dougong.engine.tables import PLATFORM

holds = Table(
    "dg_pool_hold",
    PLATFORM,
    Column("object", Text, primary_key=True),
    Column("record_id", Id(), primary_key=True),
    Column("owner_id", Id(), nullable=False),
    Column("since", Instant(), nullable=False),
    Column("gained", Text, nullable=False),
    Column("warned_rule", Text),
    Column("warned_due", Day()),
    Column("warned_on", Day()),
    comment="Since when the owner of a record of an object with pools has it, how they got it, what they were told.",
)

events = Table(
    "dg_pool_event",
    PLATFORM,
    Column("id", Id(), primary_key=True),
    Column("object", Text, nullable=False),
    Column("record_id", Id(), nullable=False),
    Column("pool", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("person", Id()),
    Column("by", Id()),
    Column("rule", Text),
    Column("reason", Text, nullable=False),
    Column("day", Day(), nullable=False),
    Column("at", Instant(), nullable=False),
    Index("dg_pool_event_record", "record_id", "id"),
    Index("dg_pool_event_person", "person", "pool", "day"),
    comment="What entered and left pools: claimed, assigned, returned, reclaimed, entered. `person` gained or lost it.",
)
