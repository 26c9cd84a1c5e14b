"""Publishing: a tree becomes the metadata in force, its tables and its place in the log, in one transaction.

    merge with what others published → check → prepare (fill new columns) → switch

Only the switch can be felt, and only as a moment's wait: it takes the company's lock alone, adds tables and columns,
writes the revision and moves the head, or does nothing. Whatever a killed publish leaves behind is invisible (a column
that no revision names) and is used or cleared by the next.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from dougong.base.errors import Conflict, Problem
from dougong.base.language import msg
from dougong.engine import revisions
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.dialects import Busy
from dougong.engine.ledger import Ledger
from dougong.engine.runtime import Runtime
from dougong.engine.schema_steps import SchemaSteps, add_column, make_tables, schema_steps
from dougong.engine.storage import Storage
from dougong.metadata.compile import compile_tree
from dougong.metadata.trees import Tree

PATIENCE_SECONDS = 30
"""How long a publish keeps asking for its moment alone before it gives up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What is to be published: `tree` made from revision `base` (None: from the head, whatever it is)."""

    tree: Tree
    author: Actor = SYSTEM
    message: str = ""
    base: int | None = None
    kind: str = "publish"


def publish(company: Company, wanted: Publication) -> int:
    """Make `wanted` the revision in force; its number.

    Raises:
        MetadataError: the tree does not pass its check.
        Conflict: somebody else's publish stands against it, is under way, or others never let go of the tables.
    """
    with company.database.preparing() as connection:
        parent = revisions.head(connection)
        known = revisions.get_ledger(connection)
        before = company.runtime()
        model = compile_tree(wanted.tree, str(parent + 1))
        ledger = known.extended(model)
        after = Storage.build(model, ledger)
        steps = schema_steps(known, ledger, before.storage, after)
        number = _switched(company, wanted, parent, steps, known, ledger)
        for index in steps.indexes:
            company.database.create_index(connection, index)
    company.remember(Runtime(number, model, after))
    return number


def _switched(
    company: Company, wanted: Publication, parent: int, steps: SchemaSteps, known: Ledger, ledger: Ledger
) -> int:
    """The number of the new revision, once a moment alone was to be had."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with company.database.switch() as connection:
                return _switch(company, connection, wanted, parent, steps, known, ledger)
        except Busy as busy:
            if time.monotonic() > until:
                raise Conflict(_busy()) from busy
            time.sleep(random.uniform(0.02, 0.1))


def _switch(
    company: Company,
    connection: Connection,
    wanted: Publication,
    parent: int,
    steps: SchemaSteps,
    known: Ledger,
    ledger: Ledger,
) -> int:
    make_tables(connection, steps.tables)
    for table, column in steps.columns:
        add_column(connection, table, column)
    for index in steps.uniques:
        index.create(connection)
    digest = revisions.put_tree(connection, wanted.tree)
    number = revisions.append(
        connection,
        parent=parent,
        digest=digest,
        kind=wanted.kind,
        author=wanted.author,
        message=wanted.message,
        at=datetime.now(UTC),
    )
    revisions.put_places(connection, [place for key, place in ledger.items() if key not in known], number, "live")
    return number


def _busy() -> Problem:
    return Problem(
        code="publish-locked",
        thing="revision",
        reason=msg("The tables are in use without a pause; nothing was changed."),
        fix=msg("Try again when a long import or report has ended."),
    )
