"""The floor's import: the same CSV file, read row by row, written by executemany in one transaction."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from sqlalchemy import Connection, insert, select

from dougong.base.ids import record_id
from tests.benchmarks.floor.api import PROBABILITY
from tests.benchmarks.floor.tables import account, opportunity, person

AT_ONCE = 1000


def import_rows(connection: Connection, who: str, raw: bytes) -> int:
    """Insert every row of the file; how many there were."""
    customers = {name: id for id, name in connection.execute(select(account.c.id, account.c.name))}
    people = {name: id for id, name in connection.execute(select(person.c.id, person.c.name))}
    rows = (_row(line, customers, people, who) for line in csv.DictReader(io.StringIO(raw.decode())))
    made = 0
    while batch := list(islice(rows, AT_ONCE)):
        connection.execute(insert(opportunity), batch)
        made += len(batch)
    return made


def _row(line: dict[str, str], customers: dict[str, str], people: dict[str, str], who: str) -> dict[str, Any]:
    amount, probability, now = Decimal(line["Amount"]), PROBABILITY[line["Stage"]], datetime.now(UTC)
    return {
        "id": record_id(), "created_at": now, "created_by": who, "updated_at": now, "updated_by": who, "version": 1,
        "record_type": "standard", "external_no": line["Number"], "name": line["Name"], "stage": line["Stage"],
        "account": customers[line["Customer"]], "owner": people[line["Owner"]], "amount": amount,
        "probability": probability, "weighted": round(amount * probability, 2), "source": line["Source"],
        "start_date": now.date(), "close_date": date.fromisoformat(line["Close date"]), "next_step": line["Next step"],
        "is_closed": line["Stage"] in ("won", "lost"), "is_won": line["Stage"] == "won",
    }  # fmt: skip
