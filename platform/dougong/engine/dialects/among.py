"""`among`: a column has one of many values, which are one parameter whatever their number.

An IN of so many parameters is another statement for each number of them: built anew, prepared anew, and from some
hundred on SQLite reads the whole table in place of the index.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, ColumnElement, Dialect, Text, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from dougong.engine.columns import Processor, dump_json
from dougong.engine.dialects.arrays import array_of


class _JsonList(Text):
    """Values as the elements of one JSON text."""

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def bind_processor(self, dialect: Dialect) -> Processor:
        process = self.item.dialect_impl(dialect).bind_processor(dialect)
        if process is None:
            return lambda values: dump_json(list(values))
        return lambda values: dump_json([process(value) for value in values])


class _Array(ARRAY[Any]):
    """Values as the text of an array, of which the statement says the type."""

    render_bind_cast = True

    def bind_processor(self, dialect: Dialect) -> Processor:
        process = self.item_type.dialect_impl(dialect).bind_processor(dialect)
        if process is None:
            return array_of
        return lambda values: array_of([process(value) for value in values])


class _Several(TypeDecorator[Any]):
    """Values of one type: an array, or JSON where the database has no arrays."""

    impl = Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return _Array(self.item)
        return _JsonList(self.item)


class _Among(FunctionElement[bool]):
    type = Boolean()
    name = "among"
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """A condition as it is: SQLAlchemy would have SQLite compare it with 1, which no index serves."""
        return self


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether `column` has one of the values that the parameter `name` lists; they are as the column takes them."""
    return _Among(column, bindparam(name, type_=_Several(column.type)))


@compiles(_Among)
def _in_json(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"


@compiles(_Among, "postgresql")
def _any_of_array(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} = ANY ({values})"
