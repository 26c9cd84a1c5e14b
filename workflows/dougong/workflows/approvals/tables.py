"""The tables of running approvals. Nobody writes them but this room; see decision 21."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from dougong.engine.columns import Day, Document, Exact, Id, Instant
from dougong.engine.tables import PLATFORM

instances = Table(
    "dg_approval",
    PLATFORM,
    Column("id", Id(), primary_key=True),
    Column("approval", Text, nullable=False),
    Column("definition", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("record_id", Id(), nullable=False),
    Column("title", Text, nullable=False),
    Column("initiator", Id()),
    Column("status", Text, nullable=False),
    Column("state", Document(), nullable=False),
    Column("round", Integer, nullable=False),
    Column("snapshot", Text, nullable=False),
    Column("gated", Document()),
    Column("parent", Id()),
    Column("parent_visit", Integer),
    Column("started_at", Instant(), nullable=False),
    Column("ended_at", Instant()),
    Column("number", Integer, nullable=False),
    Index("dg_approval_record", "record_id", "id"),
    Index("dg_approval_initiator", "initiator", "id"),
    Index("dg_approval_name", "approval", "status", "id"),
    comment="Approvals that run or ran. `definition` is the hash of the document that one goes on with (dg_body); "
    "`object` the object's stable id; `state` what the machine knows; `snapshot` the hash of the values bound; "
    "`gated` a change that waits for the approval; `number` counts the acts.",
)
Index(
    "dg_approval_open",
    instances.c.record_id,
    sqlite_where=instances.c.ended_at.is_(None),
    postgresql_where=instances.c.ended_at.is_(None),
)

tasks = Table(
    "dg_approval_task",
    PLATFORM,
    Column("id", Id(), primary_key=True),
    Column("instance", Id(), nullable=False),
    Column("entry", Text, nullable=False),
    Column("person", Id(), nullable=False),
    Column("stands_for", Id()),
    Column("node", Text, nullable=False),
    Column("label", Document(), nullable=False),
    Column("status", Text, nullable=False),
    Column("opened_at", Instant(), nullable=False),
    Column("closed_at", Instant()),
    Column("due_at", Instant()),
    Index("dg_approval_task_entry", "instance", "entry", unique=True),
    comment="Whose turn it is and was: one row for each part of a person whose turn has come. `label` is the node's; "
    "`status` as of the part in the state of the approval.",
)
Index(
    "dg_approval_task_todo",
    tasks.c.person,
    tasks.c.id,
    sqlite_where=tasks.c.closed_at.is_(None),
    postgresql_where=tasks.c.closed_at.is_(None),
)
Index(
    "dg_approval_task_done",
    tasks.c.person,
    tasks.c.closed_at,
    tasks.c.id,
    sqlite_where=tasks.c.closed_at.is_not(None),
    postgresql_where=tasks.c.closed_at.is_not(None),
)

copies = Table(
    "dg_approval_copy",
    PLATFORM,
    Column("id", Id(), primary_key=True),
    Column("instance", Id(), nullable=False),
    Column("person", Id(), nullable=False),
    Column("node", Text, nullable=False),
    Column("label", Document(), nullable=False),
    Column("at", Instant(), nullable=False),
    Column("read_at", Instant()),
    Index("dg_approval_copy_person", "person", "id"),
    Index("dg_approval_copy_instance", "instance"),
    comment="Who was sent a copy of what, and when they read it.",
)

acts = Table(
    "dg_approval_act",
    PLATFORM,
    Column("id", Id(), primary_key=True),
    Column("instance", Id(), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Instant(), nullable=False),
    Column("actor_id", Id()),
    Column("actor", Text, nullable=False),
    Column("stands_for", Id()),
    Column("act", Text, nullable=False),
    Column("node", Text),
    Column("entry", Text),
    Column("opinion", Text, nullable=False),
    Column("files", Document(), nullable=False),
    Column("details", Document(), nullable=False),
    Index("dg_approval_act_instance", "instance", "id"),
    comment="Every act, append-only: who, for whom, when, what, and the number of the state that it led to.",
)

files = Table(
    "dg_approval_file",
    PLATFORM,
    Column("id", Id(), primary_key=True),
    Column("instance", Id(), nullable=False),
    Column("act", Id(), nullable=False),
    Index("dg_approval_file_instance", "instance"),
    comment="Files that belong to an act of an approval, by the id of their record; nobody exchanges or deletes them.",
)

snapshots = Table(
    "dg_approval_snapshot",
    PLATFORM,
    Column("instance", Id(), primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("at", Instant(), nullable=False),
    Column("hash", Text, nullable=False),
    Column("bound", Document(), nullable=False),
    comment="What an approval was bound to in each round: {field id: JSON value}, and the SHA-256 of it.",
)

delegations = Table(
    "dg_approval_delegation",
    PLATFORM,
    Column("id", Id(), primary_key=True),
    Column("person", Id(), nullable=False),
    Column("delegate", Id(), nullable=False),
    Column("since", Day(), nullable=False),
    Column("until", Day(), nullable=False),
    Column("object", Text),
    Column("approval", Text),
    Column("up_to", Exact(18, 2)),
    Column("made_by", Id()),
    Column("made_at", Instant(), nullable=False),
    Column("ended_at", Instant()),
    Index("dg_approval_delegation_person", "person", "until"),
    Index("dg_approval_delegation_delegate", "delegate", "until"),
    comment="Who decides for somebody from one day to another: for records of one object, in one process, or all; up "
    "to an amount in the company's currency, or any.",
)
