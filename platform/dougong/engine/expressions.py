"""SQL that the databases spell differently, as constructs of SQLAlchemy: the engine names the meaning once.

`local_day`, which the SQLite spelling of `DateBucket` calls for instants, is registered on every connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, lru_cache
from itertools import chain, repeat
from operator import add
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    DDL,
    Boolean,
    ColumnElement,
    Select,
    Table,
    Text,
    bindparam,
    event,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from dougong.engine.columns import Day
from dougong.formulas.decimals import WIDE
from dougong.formulas.sql.sortable import decoded, encoded
from dougong.formulas.sql.types import LongNumber


class DateBucket(FunctionElement[Any]):
    """The first day of the period that a date or an instant falls into: day, week (Monday), month, quarter, year.

    An instant is taken in the time zone `zone`, a name of the IANA database.
    """

    name = "date_bucket"
    inherit_cache = True
    type = Day()

    def __init__(self, column: ColumnElement[Any], unit: str, zone: str | None = None) -> None:
        """Bucket `column` by `unit`; `zone` for instants alone."""
        super().__init__(column, literal_column(f"'{unit}'"), *([literal(zone, Text)] if zone else []))


@compiles(DateBucket, "postgresql")
def _postgresql_bucket(element: DateBucket, compiler: Any, **options: Any) -> str:
    column, unit, *zone = element.clauses
    if zone:
        column = func.timezone(zone[0], column)
    return f"{compiler.process(func.date_trunc(unit, column), **options)}::date"


@compiles(DateBucket, "sqlite")
def _sqlite_bucket(element: DateBucket, compiler: Any, **options: Any) -> str:
    column, unit, *zone = element.clauses
    day = compiler.process(func.local_day(column, zone[0]) if zone else column, **options)
    spelt: dict[str, str] = {
        "day": day,
        "week": f"date({day}, '-6 days', 'weekday 1')",
        "month": f"date({day}, 'start of month')",
        "quarter": f"date({day}, 'start of month', printf('-%d months', (strftime('%m', {day}) - 1) % 3))",
        "year": f"date({day}, 'start of year')",
    }
    return spelt[str(unit.name).strip("'")]


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local_day(instant: str | None, zone: str) -> str | None:
    """The calendar day of a stored instant in a time zone, as SQLite keeps both."""
    if instant is None:
        return None
    return datetime.fromisoformat(instant).replace(tzinfo=UTC).astimezone(_zone(zone)).date().isoformat()


class InPlace(FunctionElement[Any]):
    """A column of a joined table that a page's order is not to be given up for.

    SQLite plans without regard to LIMIT: it would begin with the joined table and sort everything that belongs to it,
    where walking the order finds a page's rows in a moment. PostgreSQL weighs this by itself.
    """

    name = "in_place"
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any]) -> None:
        """Stand for `column`."""
        super().__init__(column)
        self.type = column.type


@compiles(InPlace)
def _in_place(element: InPlace, compiler: Any, **options: Any) -> str:
    (column,) = element.clauses
    return str(compiler.process(column, **options))


@compiles(InPlace, "sqlite")
def _sqlite_in_place(element: InPlace, compiler: Any, **options: Any) -> str:
    (column,) = element.clauses
    return f"+{compiler.process(column, **options)}"


class OneOf(FunctionElement[bool]):
    """Whether an id is one of those that a query of few rows finds; the search begins with these.

    PostgreSQL takes a query behind IN for any number of rows, and would rather walk the order of the page.
    """

    name = "one_of"
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], ids: Select[Any]) -> None:
        """Compare `column` with `ids`."""
        super().__init__(column, ids.scalar_subquery())
        self.type = Boolean()

    def self_group(self, against: Any = None) -> Any:
        """As it is: SQLAlchemy would compare a function with 1 on SQLite, which no index serves."""
        return self


@compiles(OneOf)
def _one_of(element: OneOf, compiler: Any, **options: Any) -> str:
    column, ids = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN {ids}"


@compiles(OneOf, "postgresql")
def _postgresql_one_of(element: OneOf, compiler: Any, **options: Any) -> str:
    column, ids = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} = ANY (ARRAY{ids})"


class Decided(FunctionElement[bool]):
    """A comparison of what is computed, false where that is NULL.

    Each database in the way in which it computes the value once for most rows and still sees that a joined row which
    is not there does not count: then it may begin with the joined table.
    """

    name = "decided"
    inherit_cache = True
    type = Boolean()

    def __init__(self, condition: ColumnElement[bool], value: ColumnElement[Any]) -> None:
        """`condition` compares `value`, and is NULL where that is."""
        super().__init__(condition, value)

    def self_group(self, against: Any = None) -> Any:
        """Itself: it has its brackets, and needs no comparison with true."""
        return self


@compiles(Decided)
def _decided(element: Decided, compiler: Any, **options: Any) -> str:
    condition, _ = element.clauses
    return f"(({compiler.process(condition, **options)}) IS TRUE)"


@compiles(Decided, "sqlite")
def _sqlite_decided(element: Decided, compiler: Any, **options: Any) -> str:
    condition, value = (compiler.process(each, **options) for each in element.clauses)
    return f"(({condition}) AND ({value}) IS NOT NULL)"


class Total(FunctionElement[Any]):
    """The exact sum of a number column or expression, whichever form its numbers have."""

    name = "total"
    inherit_cache = True

    def __init__(self, value: ColumnElement[Any]) -> None:
        """Sum `value`."""
        super().__init__(value)
        self.type = value.type


@compiles(Total)
def _total(element: Total, compiler: Any, **options: Any) -> str:
    return str(compiler.process(func.sum(*element.clauses), **options))


@compiles(Total, "sqlite")
def _sqlite_total(element: Total, compiler: Any, **options: Any) -> str:
    name = "exact_total" if isinstance(element.type, LongNumber) else "sum"
    return str(compiler.process(getattr(func, name)(*element.clauses), **options))


class ExactTotal:
    """SQLite's aggregate ``exact_total``: the sum of numbers that are texts (see `LongNumber`), again such a text."""

    def __init__(self) -> None:
        """Begin with nothing, whose sum is NULL."""
        self._sum: Decimal | None = None

    def step(self, text: str | None) -> None:
        """Add one."""
        if text is not None:
            self._sum = WIDE.add(self._sum or Decimal(0), decoded(text))

    def finalize(self) -> str | None:
        """The sum."""
        return None if self._sum is None else encoded(self._sum)


# -- search ---------------------------------------------------------------------------------------------------
class Words(TypeDecorator[str]):
    """Search tokens separated by blanks, in order. PostgreSQL keeps them as a tsvector with their positions."""

    impl = Text
    cache_ok = True
    shape = "words"

    def load_dialect_impl(self, dialect: Any) -> Any:
        """`tsvector`, or text beside which an FTS5 table is kept."""
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """Tokens are letters and digits alone, so they need no quotes."""
        if value is None or dialect.name != "postgresql":
            return value
        places = _places()
        return " ".join(map(add, value.split(), chain(places, repeat(places[-1]))))


@cache
def _places() -> tuple[str, ...]:
    """What says where a token stands in a tsvector, from the first place to the last that there is, 16,383."""
    return tuple(f":{at}" for at in range(1, 16_384))


def _ddl(statement: str, dialect: str) -> Any:
    ddl: Any = DDL(statement)  # type: ignore[no-untyped-call]
    return ddl.execute_if(dialect=dialect)


def index_words(table: Table) -> None:
    """Keep a full-text index of ``words`` beside `table`, made with it."""
    name = table.name
    event.listen(
        table,
        "after_create",
        _ddl(f"CREATE INDEX {name}_words ON {name} USING gin (words)", "postgresql"),
    )
    fts = f"{name}_words"
    for statement in (
        f"CREATE VIRTUAL TABLE {fts} USING fts5(words, content='{name}', content_rowid='rowid', "
        "tokenize='unicode61 remove_diacritics 0')",
        f"CREATE TRIGGER {name}_added AFTER INSERT ON {name} BEGIN "
        f"INSERT INTO {fts}(rowid, words) VALUES (new.rowid, new.words); END",
        f"CREATE TRIGGER {name}_removed AFTER DELETE ON {name} BEGIN "
        f"INSERT INTO {fts}({fts}, rowid, words) VALUES ('delete', old.rowid, old.words); END",
        f"CREATE TRIGGER {name}_changed AFTER UPDATE OF words ON {name} WHEN old.words <> new.words BEGIN "
        f"INSERT INTO {fts}({fts}, rowid, words) VALUES ('delete', old.rowid, old.words); "
        f"INSERT INTO {fts}(rowid, words) VALUES (new.rowid, new.words); END",
    ):
        event.listen(table, "after_create", _ddl(statement, "sqlite"))


class Phrases(TypeDecorator[Any]):
    """The operand of `WordsMatch`: lists of tokens that must follow one another, in each database's query language."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[Sequence[str]] | None, dialect: Any) -> str | None:
        """Spell the query."""
        if value is None:
            return None
        return _postgresql_query(value) if dialect.name == "postgresql" else _sqlite_query(value)


class WordsMatch(FunctionElement[bool]):
    """True where the words of a search table hold every phrase; a phrase of one character is a prefix.

    The phrases are the statement's parameter `PHRASES`, so that one statement serves every text.
    """

    name = "words_match"
    inherit_cache = True

    def __init__(self, table: Table) -> None:
        """Match the words of `table`."""
        super().__init__(
            table.c.words,
            literal_column(f"{table.name}.rowid"),
            literal_column(f"{table.name}_words"),
            bindparam(PHRASES, type_=Phrases()),
        )


PHRASES = "phrases"


def _sqlite_query(phrases: Sequence[Sequence[str]]) -> str:
    return " ".join(f'"{" ".join(phrase)}"' + ("*" if _is_prefix(phrase) else "") for phrase in phrases)


def _postgresql_query(phrases: Sequence[Sequence[str]]) -> str:
    return " & ".join(
        f"{phrase[0]}:*" if _is_prefix(phrase) else "(" + " <-> ".join(phrase) + ")" for phrase in phrases
    )


def _is_prefix(phrase: Sequence[str]) -> bool:
    return len(phrase) == 1 and len(phrase[0]) == 1


@compiles(WordsMatch, "postgresql")
def _postgresql_match(element: WordsMatch, compiler: Any, **options: Any) -> str:
    words, _, _, query = element.clauses
    return f"{compiler.process(words, **options)} @@ ({compiler.process(query, **options)})::tsquery"


@compiles(WordsMatch, "sqlite")
def _sqlite_match(element: WordsMatch, compiler: Any, **options: Any) -> str:
    _, rowid, index, query = (compiler.process(each, **options) for each in element.clauses)
    return f"{rowid} IN (SELECT rowid FROM {index} WHERE {index} MATCH {query})"


def search_matches(table: Table, object_id: str) -> Select[Any]:
    """The ids of records of one object whose search words hold the statement's `PHRASES`."""
    return select(table.c.record_id).where(table.c.object == object_id, WordsMatch(table))
