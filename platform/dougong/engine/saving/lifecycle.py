"""The life of a document: draft, in review, effective, in change, void; and records that nothing may change."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from dougong.base.language import Labels, msg
from dougong.engine import tables
from dougong.engine.saving.row import Batch, Row, grouped

IN_FORCE = ("effective", "in_change")
"""The life statuses in which a record counts: for roll-ups, lookups and uniqueness."""

NEXT: Mapping[str, tuple[str, ...]] = {
    "draft": ("in_review", "effective", "void"),
    "in_review": ("draft", "effective", "void"),
    "effective": ("in_change", "void"),
    "in_change": ("effective", "void"),
    "void": (),
}
"""Where a document may go from each life status. A voided one stays so and keeps its number."""

FIRST = ("draft", "effective")
"""The life statuses that a new document may have."""

IN_REVIEW = ("in_review",)
"""The life status of a new document that an approval holds back."""


REVIEWED = "saving.reviewed"
"""Under this key `Unit.memory` holds the ids of new documents that begin in review: whoever gates them put them so."""


def check(batch: Batch, why: str) -> None:
    """Note changes that a record's life does not allow; `why` is the reason given for the whole batch.

    What takes an operation back may do all that: it restores what was, and removes what should not have come.
    """
    if batch.reverting:
        return
    _check_ledgers(batch)
    reviewed = batch.unit.memory.get(REVIEWED, ())
    for plan, rows in grouped(batch.people("create", "update", "delete")):
        obj = plan.object
        for row in rows:
            if row.doing == "delete":
                _check_deletion(row)
            elif obj.effective:
                _check_status(row, row.why or why, FIRST if row.id not in reviewed else IN_REVIEW)


def _check_ledgers(batch: Batch) -> None:
    """Note changes and deletions of entries that stay as they are, also those that a deletion would bring with it."""
    for row in batch.rows:
        if not row.plan.object.append_only or row.doing not in ("update", "delete"):
            continue
        label = row.plan.object.label
        if row.extra:
            row.refuse(
                "append-only",
                msg("{object} records name this record, and are never changed or deleted.", object=label),
                msg("Keep the record; take it out of use instead."),
            )
        elif row.doing == "delete" or row.stored_changes():
            row.refuse(
                "append-only",
                msg("{object} records are never changed or deleted.", object=label),
                msg("Correct this one by a further entry."),
            )


def check_locks(batch: Batch) -> None:
    """Note changes of records that were converted for good: one statement, for objects that have such a conversion."""
    watched = [row for row in batch.people("update") if _may_be_locked(row)]
    if not watched:
        return
    operations = tables.operations
    statement = select(operations.c.record_id, operations.c.details).where(
        operations.c.record_id.in_(sorted(row.id for row in watched)), operations.c.kind == "conversion",
        operations.c.state == "done",
    )  # fmt: skip
    locked = {str(id) for id, details in batch.unit.connection.execute(statement) if details.get("lock")}
    for row in watched:
        if row.id in locked:
            row.refuse(
                "record-converted",
                msg("This record has been converted and can no longer be changed."),
                msg("Change what it was converted to, or take the conversion back."),
            )


def _may_be_locked(row: Row) -> bool:
    return any(each.after_lock for each in row.plan.object.conversions.values())


def _check_deletion(row: Row) -> None:
    if row.plan.object.delete == "never":
        row.refuse(
            "delete-never",
            msg("{object} records are never deleted.", object=row.plan.object.label),
            msg("Void the document instead.") if row.plan.object.void else None,
        )


def _check_status(row: Row, why: str, first: tuple[str, ...]) -> None:
    old, new = row.before.get("life_status"), row.values.get("life_status")
    if row.new:
        if new not in first:
            row.refuse("life-status-first", msg("A new document is a draft or in effect."), at="life_status")
        return
    if old == "void":
        if row.stored_changes():
            row.refuse("document-void", msg("A voided document can no longer be changed."))
        return
    if new == old:
        return
    if new is None or new not in NEXT.get(old or "draft", ()):
        row.refuse(
            "life-status-step",
            msg("A document cannot go from {old} to {new}.", old=_label(row, old), new=_label(row, new)),
            at="life_status",
        )
    elif new == "void":
        _check_void(row, why)


def _check_void(row: Row, why: str) -> None:
    if not row.plan.object.void:
        row.refuse(
            "void-not-allowed",
            msg("{object} documents cannot be voided.", object=row.plan.object.label),
            at="life_status",
        )
    elif not why.strip():
        row.refuse("reason-missing", msg("Voiding a document needs a reason."), msg("Say why."), at="life_status")


def _label(row: Row, status: str | None) -> Labels | str:
    picklist = row.plan.object.fields["life_status"].picklist
    found = picklist.values.get(status) if picklist and status else None
    return found.label if found else (status or "")
