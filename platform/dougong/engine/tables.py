"""The platform's own tables, beside those of records. All begin with ``dg_``."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)

from dougong.engine.columns import Day, Document, Flag, Id, Instant
from dougong.engine.expressions import Words, index_words

PLATFORM = MetaData()
"""Everything here; made when a company's database is opened for the first time."""

bodies = Table(
    "dg_body",
    PLATFORM,
    Column("hash", Text, primary_key=True),
    Column("body", Text, nullable=False),
    comment="Metadata documents and trees in canonical JSON, by the SHA-256 of it; never changed.",
)

revisions = Table(
    "dg_revision",
    PLATFORM,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("parent", Integer),
    Column("tree", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("author_id", Id()),
    Column("author", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("at", Instant(), nullable=False),
    comment="What was published: a tree, on which parent, by whom, when and why. Counted from 1.",
)

head = Table(
    "dg_head",
    PLATFORM,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", Integer, nullable=False),
    CheckConstraint("id = 1", name="dg_head_single"),
    comment="One row: the revision in force.",
)

drafts = Table(
    "dg_draft",
    PLATFORM,
    Column("id", Id(), primary_key=True),
    Column("title", Text, nullable=False),
    Column("owner_id", Id()),
    Column("owner", Text, nullable=False),
    Column("base", Integer, nullable=False),
    Column("tree", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant(), nullable=False),
    Column("updated_at", Instant(), nullable=False),
    comment="Trees that people work on, each on a base revision.",
)

installed = Table(
    "dg_package",
    PLATFORM,
    Column("name", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("tree", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    comment="The tree that each package was installed from: what an upgrade merges against.",
)

storage = Table(
    "dg_storage",
    PLATFORM,
    Column("kind", Text, primary_key=True),
    Column("component", Text, primary_key=True),
    Column("shape", Text, primary_key=True),
    Column("table_name", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("since", Integer, nullable=False),
    UniqueConstraint("table_name", "name", name="dg_storage_place"),
    comment="The ledger: which table or column holds what a stable id names. Names are given once.",
)

preparations = Table(
    "dg_preparation",
    PLATFORM,
    Column("table_name", Text, primary_key=True),
    Column("plan", Text, nullable=False),
    Column("last_id", Id()),
    Column("done", Flag(), nullable=False),
    comment="Tables whose new columns are being filled for a publish to come, and how far that has got.",
)

touched = Table(
    "dg_touched",
    PLATFORM,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("table_name", Text, nullable=False),
    Column("record_id", Id(), nullable=False),
    comment="Rows written while their table is in `dg_preparation`: a log, so that writers never wait for it.",
)

coming = Table(
    "dg_coming",
    PLATFORM,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", Integer, nullable=False),
    Column("tree", Text, nullable=False),
    CheckConstraint("id = 1", name="dg_coming_single"),
    comment="At most one row: the revision that was announced last, and its tree. It may never come.",
)

processes = Table(
    "dg_process",
    PLATFORM,
    Column("id", Id(), primary_key=True),
    Column("seen_at", Instant(), nullable=False),
    Column("ready", Text, nullable=False),
    comment="Processes that serve, when each was last seen, and which announced tree it has compiled.",
)

history = Table(
    "dg_history",
    PLATFORM,
    Column("id", Id(), primary_key=True),
    Column("object", Text, nullable=False),
    Column("record_id", Id(), nullable=False),
    Column("version", Integer, nullable=False),
    Column("action", Text, nullable=False),
    Column("at", Instant(), nullable=False),
    Column("actor_id", Id()),
    Column("actor", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("why", Text, nullable=False, server_default=""),
    Column("operation_id", Id()),
    Column("changes", Document(), nullable=False),
    Index("dg_history_record", "record_id", "id"),
    Index("dg_history_operation", "operation_id"),
    comment="Every change of every record: {field id: [old, new]}. `object` is the object's stable id.",
)

search = Table(
    "dg_search",
    PLATFORM,
    Column("record_id", Id(), primary_key=True),
    Column("object", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("words", Words(), nullable=False),
    comment="What search reads of each live record: its title and the tokens of its fields, in order.",
)
index_words(search)

numbers = Table(
    "dg_number",
    PLATFORM,
    Column("series", Text, primary_key=True),
    Column("last", BigInteger, nullable=False),
    comment="The last number given in each auto-number series.",
)

operations = Table(
    "dg_operation",
    PLATFORM,
    Column("id", Id(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("object", Text),
    Column("record_id", Id()),
    Column("actor_id", Id()),
    Column("actor", Text, nullable=False),
    Column("at", Instant(), nullable=False),
    Column("state", Text, nullable=False),
    Column("undo_until", Instant()),
    Column("undone_at", Instant()),
    Column("details", Document()),
    Index("dg_operation_at", "at"),
    Index("dg_operation_record", "record_id"),
    comment="What changed many records together and can be undone together: imports, conversions, mass changes.",
)

imports = Table(
    "dg_import",
    PLATFORM,
    Column("id", Id(), primary_key=True),
    Column("object", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("batches", Integer, nullable=False),
    Column("actor_id", Id()),
    Column("at", Instant(), nullable=False),
    Column("details", Document(), nullable=False),
    comment="Runs of an import, batch by batch. `id` is that of its operation.",
)

outbox = Table(
    "dg_outbox",
    PLATFORM,
    Column("id", Id(), primary_key=True),
    Column("job", Text, nullable=False),
    Column("key", Text),
    Column("payload", Document(), nullable=False),
    Column("state", Text, nullable=False),
    Column("run_at", Instant(), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Instant(), nullable=False),
    Column("claimed_at", Instant()),
    Column("done_at", Instant()),
    Column("error", Text),
    Column("forgiven", Integer, nullable=False, server_default="0"),
    Column("ordered", Flag(), nullable=False, server_default=false()),
    Column("failure", Document()),
    Index("dg_outbox_key", "key", unique=True),
    comment="Work that leaves the transaction it was asked for in. The truth about a job, whatever carries it. "
    "`error` is the trace of the program, `failure` what people read of it.",
)
Index(
    "dg_outbox_due",
    outbox.c.run_at,
    sqlite_where=outbox.c.state == "ready",
    postgresql_where=outbox.c.state == "ready",
)

tickets = Table(
    "dg_ticket",
    PLATFORM,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("task", Id(), nullable=False),
    Index("dg_ticket_task", "task"),
    sqlite_autoincrement=True,
    comment="The places in lanes of work of the outbox, one for each piece of work; numbered by the database.",
)

lanes = Table(
    "dg_lane",
    PLATFORM,
    Column("task", Id(), primary_key=True),
    Column("lane", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("live", Flag(), nullable=False, server_default=true()),
    comment="Work of the outbox that must not overtake other work: what stands in one lane is done in this order. Who "
    "is not `live` has failed for good, and keeps nobody waiting.",
)
Index(
    "dg_lane_first",
    lanes.c.lane,
    lanes.c.position,
    sqlite_where=lanes.c.live.is_(True),
    postgresql_where=lanes.c.live.is_(True),
)

views = Table(
    "dg_view",
    PLATFORM,
    Column("id", Id(), primary_key=True),
    Column("object", Text, nullable=False),
    Column("owner_id", Id()),
    Column("shared", Flag(), nullable=False),
    Column("body", Document(), nullable=False),
    Column("updated_at", Instant(), nullable=False),
    Index("dg_view_object", "object", "owner_id"),
    comment="List views that people saved for themselves or for all. `body` is as in a list_view document.",
)

audit = Table(
    "dg_audit",
    PLATFORM,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", Instant(), nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor_id", Id()),
    Column("target", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("personal", Text),
    Column("hash", Text, nullable=False),
    Index("dg_audit_kind", "kind", "seq"),
    Index("dg_audit_actor", "actor_id", "seq"),
    Index("dg_audit_target", "target", "seq"),
    Index("dg_audit_at", "at"),
    comment="The audit log, append-only. `hash` covers `body` and the hash before it; `body` has the digest of "
    "`personal`, which may be erased.",
)

audit_head = Table(
    "dg_audit_head",
    PLATFORM,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    CheckConstraint("id = 1", name="dg_audit_head_single"),
    comment="One row: the last entry of the audit log. Who appends locks it.",
)

circuits = Table(
    "dg_circuit",
    PLATFORM,
    Column("name", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("since", Instant(), nullable=False),
    Column("error", Text, nullable=False),
    Column("until", Instant()),
    Column("failure", Document()),
    comment="Places outside that have not answered: how often in a row, and until when they are left alone.",
)

settings = Table(
    "dg_setting",
    PLATFORM,
    Column("owner", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Document()),
    comment='Values of settings: of the company (owner "") and of each user (owner = user id).',
)

memberships = Table(
    "dg_membership",
    PLATFORM,
    Column("grp", Text, primary_key=True),
    Column("user_id", Id(), primary_key=True),
    Index("dg_membership_user", "user_id"),
    comment="Who belongs to what, closed over managers and departments: role:sales, within:<department>.",
)

people = Table(
    "dg_people",
    PLATFORM,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="dg_people_single"),
    comment="One row: raised by every change of who belongs to what.",
)

lent = Table(
    "dg_lent",
    PLATFORM,
    Column("user_id", Id(), primary_key=True),
    Column("object", Text, primary_key=True),
    Column("record_id", Id(), primary_key=True),
    Column("source", Text, primary_key=True),
    Column("edit", Flag(), nullable=False),
    Column("until", Day()),
    Index("dg_lent_source", "source"),
    comment="Records that somebody may read (or change) for as long as the platform needs them to: `source` says what "
    "for (an approval), `object` is the object's stable id, `until` the last day.",
)
