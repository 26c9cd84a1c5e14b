"""Foreign keys as each database wants them declared."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateColumn
from sqlalchemy.sql.compiler import DDLCompiler


class LookupKey(ForeignKeyConstraint):
    """The foreign key of one column to the id of a table; a transaction may ask to have it checked at its end.

    SQLite gets it as part of the column: it does not drop a column that a constraint of the table names.
    """

    def __init__(self, name: str, column: str, target: str) -> None:
        """Lead from `column` to the ids of table `target`."""
        super().__init__([column], [f"{target}.id"], name=name, deferrable=True)
        self.target = target


@compiles(LookupKey, "sqlite")
def _no_constraint(key: LookupKey, compiler: DDLCompiler, **_: Any) -> None:
    """Nothing: the column says it."""


@compiles(CreateColumn, "sqlite")
def _column(element: CreateColumn, compiler: DDLCompiler, **options: Any) -> str | None:
    text: str | None = compiler.visit_create_column(element, **options)  # type: ignore[no-untyped-call]
    column = element.element
    for key in column.table.foreign_key_constraints if text else ():
        if isinstance(key, LookupKey) and key.column_keys == [column.name]:
            quote = compiler.preparer.quote_identifier
            text = f"{text} REFERENCES {quote(key.target)} (id) DEFERRABLE"
    return text
