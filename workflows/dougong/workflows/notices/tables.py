"""The tables of notices: what people were told, and what became of each message on its way to them."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text, UniqueConstraint, false

from dougong.engine.columns import Document, Flag, Id, Instant
from dougong.engine.tables import PLATFORM

notices = Table(
    "dg_notice",
    PLATFORM,
    Column("id", Id(), primary_key=True),
    Column("user_id", Id(), nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("title", Document(), nullable=False),
    Column("body", Document(), nullable=False),
    Column("url", Text, nullable=False),
    Column("object", Text),
    Column("record", Id()),
    Column("urgent", Flag(), nullable=False),
    Column("at", Instant(), nullable=False),
    Column("read_at", Instant()),
    UniqueConstraint("user_id", "key", name="dg_notice_once"),
    Index("dg_notice_user", "user_id", "id"),
    comment="What each person was told: once for each `key`. `title` and `body` are texts by language.",
)
Index(
    "dg_notice_unread",
    notices.c.user_id,
    sqlite_where=notices.c.read_at.is_(None),
    postgresql_where=notices.c.read_at.is_(None),
)

deliveries = Table(
    "dg_delivery",
    PLATFORM,
    Column("id", Id(), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("user_id", Id()),
    Column("notice_id", Id()),
    Column("subject", Text, nullable=False),
    Column("content", Document()),
    Column("message_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("digest", Flag(), nullable=False, server_default=false()),
    Column("attempts", Integer, nullable=False),
    Column("error", Text),
    Column("at", Instant(), nullable=False),
    Column("due_at", Instant(), nullable=False),
    Column("sent_at", Instant()),
    Column("endpoint", Text),
    Column("object", Text),
    Column("record", Id()),
    Column("job_key", Text),
    Column("origin", Text),
    Column("answer", Text),
    Column("failure", Document()),
    Index("dg_delivery_notice", "notice_id"),
    Index("dg_delivery_endpoint", "endpoint", "id"),
    Index("dg_delivery_fate", "state", "id"),
    Index("dg_delivery_record", "record", "id"),
    Index("dg_delivery_origin", "origin", "id"),
    Index("dg_delivery_at", "at"),
    Index("dg_delivery_state", "channel", "state", "at"),
    comment="Messages that leave, one row for each channel and receiver: waiting, sent, failed, dropped, and why. "
    "`endpoint` is the channel, or the address that is called; `job_key` the key of the job that sends it; `origin` "
    "the step of a run that asked for it; `failure` is why it has not left, by language (`error`: in English alone); "
    "`answer` what the other side said last.",
)
