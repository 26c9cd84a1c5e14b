"""Questions that are asked again and again, put to the driver itself (decision 32).

SQLAlchemy turns a statement into SQL, and its types say how parameters are written and values read. Both come out the
same each time for a statement that is kept, so it is asked for both once; from then on the statement, its parameters
and its rows pass by what else it does for each execution.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Protocol

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.sql.compiler import SQLCompiler

from dougong.engine.dialects.compiled import Compiled

Convert = Callable[[Any], Any] | None


class Rows(Protocol):
    """What a question gives: each row a sequence of values, read once."""

    def one(self) -> Any:
        """The only row, by the names of its columns too."""
        ...

    def all(self) -> Sequence[Sequence[Any]]:
        """Every row that was not read yet."""
        ...

    def first(self) -> Sequence[Any] | None:
        """The first row, the others are left; None where there is none."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """Row by row."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """A statement as the driver takes it.

    `given` says by key under which names a parameter stands in the SQL and how it is written, `values` what stands
    there where none is given, `required` which must be. `order` are the names where parameters go by position.
    `readers` are the columns whose values the driver gives in another form than ours, `names` how all are called.
    """

    sql: str
    given: Mapping[str, tuple[tuple[str, Convert], ...]]
    values: Mapping[str, Any]
    required: frozenset[str]
    order: tuple[str, ...] | None
    readers: tuple[tuple[int, Callable[[Any], Any]], ...]
    names: tuple[str, ...]

    def parameters(self, named: Mapping[str, Any]) -> dict[str, Any] | tuple[Any, ...]:
        """The parameters of one execution, in the driver's form."""
        values = dict(self.values)
        for key, value in named.items():
            for name, write in self.given.get(key, ()):
                values[name] = value if write is None else write(value)
        return values if self.order is None else tuple([values[name] for name in self.order])

    def read(self, row: Sequence[Any]) -> Sequence[Any]:
        """A row of the driver in our form."""
        if not self.readers:
            return row
        values = list(row)
        for at, read in self.readers:
            values[at] = read(values[at])
        return values


class Answer:
    """The rows of a question (see `Rows`); errors are SQLAlchemy's, as ever."""

    __slots__ = ("_connection", "_cursor", "_given", "_question")

    def __init__(self, connection: Connection, question: Question, given: Any) -> None:
        """Ask the driver."""
        self._connection, self._question, self._given = connection, question, given
        self._cursor = cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
        heard, noted = connection.dispatch, SimpleNamespace()  # where who listens notes what they want to know after it
        heard.before_cursor_execute(connection, cursor, question.sql, given, noted, False)
        self._told(cursor.execute, question.sql, given)
        heard.after_cursor_execute(connection, cursor, question.sql, given, noted, False)

    def one(self) -> Any:
        """The only row."""
        (row,) = self.all()
        return _named(self._question.names)(row)

    def all(self) -> list[Sequence[Any]]:
        """Every row."""
        rows: list[Sequence[Any]] = self._told(self._cursor.fetchall)
        if self._question.readers:
            rows = [self._question.read(row) for row in rows]
        return rows

    def first(self) -> Sequence[Any] | None:
        """One row."""
        row = self._told(self._cursor.fetchone)
        self._cursor.close()  # SQLite's statement would go on, and its snapshot with it
        return None if row is None else self._question.read(row)

    def __iter__(self) -> Iterator[Sequence[Any]]:
        """Row by row."""
        return iter(self.all())

    def _told(self, call: Callable[..., Any], *given: Any) -> Any:
        try:
            return call(*given)
        except self._connection.dialect.loaded_dbapi.Error as error:
            self._connection._handle_dbapi_exception(error, self._question.sql, self._given, self._cursor, None)


def ask(connection: Connection, statement: Select[Any], parameters: Mapping[str, Any]) -> Rows:
    """The rows of `statement`, which is kept and asked again; who asks may go by the places of its columns alone.

    Raises:
        sqlalchemy.exc.StatementError: a parameter is missing, or the database refuses; where statements are sent
            together, when the rows are read.
    """
    memory = isinstance(connection, Connection) and connection.get_execution_options().get("compiled_cache")
    if not isinstance(memory, Compiled):  # what stands for a connection keeps what it is asked
        return connection.execute(statement, parameters)
    question = memory.question(statement)
    if isinstance(question, Question) and question.required <= parameters.keys():
        return Answer(connection, question, question.parameters(parameters))
    asked = connection.execute(statement, parameters)
    if question is None and memory.meets(statement):
        memory.keep(statement, question_of(statement, connection.dialect, asked.cursor.description))
    return asked


@lru_cache
def _named(names: tuple[str, ...]) -> Callable[[Sequence[Any]], Any]:
    make: Callable[[Sequence[Any]], Any] = namedtuple("Named", names, rename=True)._make  # type: ignore[attr-defined]
    return make


def question_of(statement: Select[Any], dialect: Dialect, described: Sequence[Sequence[Any]]) -> Question | Select[Any]:
    """`statement` for the driver, which `described` its columns; itself where that needs more than is known here."""
    compiled = statement.compile(dialect=dialect)
    columns = list(statement.selected_columns)
    if not isinstance(compiled, SQLCompiler) or len(columns) != len(described) or not _plain(statement, compiled):
        return statement
    given: dict[str, tuple[tuple[str, Convert], ...]] = {}
    values: dict[str, Any] = {}
    for parameter, name in compiled.bind_names.items():
        write = parameter.type.dialect_impl(dialect).bind_processor(dialect)
        given[parameter.key] = (*given.get(parameter.key, ()), (name, write))
        values[name] = parameter.value if write is None or parameter.required else write(parameter.value)
    readers = [
        each.type.dialect_impl(dialect).result_processor(dialect, told[1])
        for each, told in zip(columns, described, strict=True)
    ]
    return Question(
        sql=str(compiled),
        given=given,
        values=values,
        required=frozenset(each.key for each in compiled.bind_names if each.required),
        order=tuple(compiled.positiontup) if compiled.positional and compiled.positiontup is not None else None,
        readers=tuple((at, read) for at, read in enumerate(readers) if read is not None),
        names=tuple(statement.selected_columns.keys()),
    )


def _plain(statement: Select[Any], compiled: SQLCompiler) -> bool:
    """Whether the SQL is the same whatever the parameters are, and nothing about its execution is special."""
    special = compiled.literal_execute_params or compiled.post_compile_params or compiled.escaped_bind_names
    options = statement.get_execution_options()
    return not special and not options and all(each.callable is None for each in compiled.bind_names)
