"""A sales company to import into, and short words for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dougong.base.field_types import Reference
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Query, Sort
from dougong.engine.saving.batch import Change, Create, Saved
from dougong.engine.transfer import sheets
from dougong.engine.transfer.importing import ImportReport, run_import
from dougong.engine.undoing import undo


class Office:
    """A company with the sales package."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.actor = replace(SYSTEM, channel="cli")

    def load(self, object_name: str, text: str | bytes, **options: Any) -> ImportReport:
        """Import a CSV file; a mapping's keys may be given as options."""
        table = sheets.read("file.csv", text.encode() if isinstance(text, str) else text, separator=",")
        keys = {name: options.pop(name) for name in ("columns", "formats", "set", "key", "children") if name in options}
        mapping = {"object": object_name, **keys} if keys else options.pop("mapping", None)
        return run_import(self.company, self.actor, table, object_name=object_name, mapping=mapping, **options)

    def undo(self, report: ImportReport) -> tuple[int, list[str]]:
        done, kept = undo(self.company, self.actor, report.run, ("import",))
        return done, [str(reason) for reason in kept]

    def save(self, *changes: Change, **options: Any) -> Saved:
        return self.company.write(SYSTEM, lambda unit: unit.records.save(list(changes), **options))

    def make(self, object_name: str, **values: Any) -> str:
        return self.save(Create(object_name, values)).changes[0].id

    def rows(self, object_name: str, *columns: str) -> list[tuple[Any, ...]]:
        """The values of all records, by their first column; of references the titles."""
        with self.company.read(SYSTEM) as unit:
            query = Query(object=object_name, columns=columns, sort=(Sort(columns[0]),), limit=1000)
            return [tuple(map(plain, row.values)) for row in unit.records.query(query).rows]


def plain(value: Any) -> Any:
    """A value without what differs between two runs."""
    if isinstance(value, Reference):
        return value.title
    return [plain(each) for each in value] if isinstance(value, tuple) else value


def codes(report: ImportReport) -> Mapping[int, Sequence[str]]:
    """Why rows were left out, by row."""
    return {row: sorted(problem.code for problem in problems) for row, problems in report.problems.items()}


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, left out."""
    return report.created, report.updated, report.unchanged, len(report.problems)
