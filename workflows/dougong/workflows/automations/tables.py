"""Where runs of automations are kept: what set each off, what each step was given and gave."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from dougong.engine.columns import Document, Id, Instant
from dougong.engine.tables import PLATFORM

runs = Table(
    "dg_run",
    PLATFORM,
    Column("id", Id(), primary_key=True),
    Column("automation", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("object", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("records", Document(), nullable=False),
    Column("trigger", Document(), nullable=False),
    Column("actor_id", Id()),
    Column("chain", Id(), nullable=False),
    Column("depth", Integer, nullable=False),
    Column("way", Document(), nullable=False),
    Column("cause", Id()),
    Column("status", Text, nullable=False),
    Column("created_at", Instant(), nullable=False),
    Column("started_at", Instant()),
    Column("ended_at", Instant()),
    Column("error", Document()),
    Column("repeats", Id()),
    Index("dg_run_repeats", "repeats"),
    Index("dg_run_automation", "automation", "id"),
    Index("dg_run_status", "status", "id"),
    Index("dg_run_chain", "chain"),
    comment="Runs of automations: waiting, running, done, failed, stopped. `way` are the automations that led here; "
    "`repeats` is the run that is done once more.",
)

run_steps = Table(
    "dg_run_step",
    PLATFORM,
    Column("run_id", Id(), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("at", Instant(), nullable=False),
    Column("input", Document()),
    Column("output", Document()),
    Column("error", Document()),
    comment="Steps of runs: done, failed. Written in the transaction of what the step did, so that it happens once.",
)

turns = Table(
    "dg_turn",
    PLATFORM,
    Column("rule", Text, primary_key=True),
    Column("user_id", Id(), nullable=False),
    comment="Who was last given a record by a rule that takes people in turn.",
)

clocks = Table(
    "dg_clock",
    PLATFORM,
    Column("automation", Text, primary_key=True),
    Column("until", Instant(), nullable=False),
    comment="Up to which moment the dates and schedules of an automation were looked at.",
)

occurrences = Table(
    "dg_occurrence",
    PLATFORM,
    Column("automation", Text, primary_key=True),
    Column("record_id", Id(), primary_key=True),
    Column("occurrence", Text, primary_key=True),
    Column("at", Instant(), nullable=False),
    comment="What an automation has been set off by once: a date of a record, a run of a day.",
)
