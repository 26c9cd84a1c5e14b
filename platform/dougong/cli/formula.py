"""`dougong formula check|eval|explain`: what one formula means, over fields given with it or over an object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import click

from dougong.base.errors import BadRequest, FormulaError, NotFound, Problem
from dougong.base.language import msg
from dougong.cli.formula_suites import conformance, corpus
from dougong.cli.opening import chosen_company, for_company, open_company, operator
from dougong.cli.terminal import explain as told
from dougong.cli.terminal import say, text
from dougong.engine import revisions
from dougong.engine.saving.expressions import reader
from dougong.engine.unit import Unit
from dougong.engine.variables import formula_context
from dougong.formulas import (
    RESULT_TYPES,
    Context,
    EvaluationError,
    FieldInfo,
    Formula,
    NamedFields,
    Path,
    Type,
    Value,
    compile,
)
from dougong.metadata.index import Index
from dougong.metadata.layers import effective
from dougong.metadata.scope import FieldScope


@click.group(help=text(msg("Check, evaluate and explain formulas.")))
def formula() -> None:
    """The group; the subcommands do the work."""


formula.add_command(conformance)
formula.add_command(corpus)


# -- what a formula is about -----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class About:
    """What a formula is read over: fields given with their values, or an object and perhaps one of its records."""

    fields: tuple[str, ...]
    object: str
    record: str
    blanks: str
    returns: str | None = None

    def __post_init__(self) -> None:
        """Refuse options that would have no effect.

        Raises:
            BadRequest: fields are given to an object, or a record to none.
        """
        if self.object and self.fields:
            reason = msg("An object has its own fields.")
            raise BadRequest(Problem(code="option-unused", thing="--field", reason=reason))
        if self.record and not self.object:
            reason = msg("A record is one of an object.")
            fix = msg("Name the object with --object.")
            raise BadRequest(Problem(code="option-unused", thing="--record", reason=reason, fix=fix))


_READ: Mapping[Type, Callable[[str], Any]] = {
    Type.NUMBER: Decimal,
    Type.BOOLEAN: lambda given: {"true": True, "false": False}[given.lower()],
    Type.DATE: lambda given: datetime.strptime(given, "%Y-%m-%d").date(),
    Type.DATETIME: lambda given: datetime.fromisoformat(given).astimezone(UTC),
    Type.TIME: lambda given: datetime.strptime(given, "%H:%M:%S").time(),
    Type.MULTI_PICKLIST: lambda given: tuple(given.split(";")),
}


def given_fields(texts: tuple[str, ...]) -> tuple[NamedFields, dict[Path, Value]]:
    """Fields named on the command line (``amount:number=100``), and their values.

    Raises:
        BadRequest: those that are not written so, or whose value is not of their type; all are named.
    """
    fields: dict[Path, FieldInfo] = {}
    values: dict[Path, Value] = {}
    problems = []
    for each in texts:
        head, _, value = each.partition("=")
        name, _, kind = head.partition(":")
        path = tuple(name.strip().split("."))
        try:
            fields[path] = FieldInfo(Type(kind.strip() or "text"))
            values[path] = _READ.get(fields[path].type, str)(value) if value else None
        except (ValueError, ArithmeticError, LookupError):
            reason = msg("{text} names no field.", text=each)
            fix = msg("Write name:type=value, for example amount:number=100 or due:date=2026-05-01.")
            problems.append(Problem(code="field-unread", thing="--field", reason=reason, fix=fix))
    if problems:
        raise BadRequest(problems)
    return NamedFields(fields), values


@dataclass(frozen=True, slots=True)
class Read:
    """A compiled formula; `values` are those given with it, `unit` the company's where it is about an object."""

    formula: Formula
    about: About
    values: Mapping[Path, Value]
    unit: Unit | None

    def row(self) -> tuple[Any, Context]:
        """What the formula reads, and what it knows beside.

        Raises:
            NotFound: there is no such record.
            BadRequest: it reads fields, and no record is named.
        """
        if self.unit is None:
            return self.values, Context(now=datetime.now(UTC))
        if not self.about.record:
            if self.formula.references:
                reason = msg("The formula reads fields, so it has a value for a record only.")
                fix = msg("Name one with --record.")
                raise BadRequest(Problem(code="record-missing", thing="--record", reason=reason, fix=fix))
            return {}, formula_context(self.unit)
        values = self.unit.records.get(self.about.object, self.about.record).values
        return reader(self.unit, self.about.object, values, self.formula), formula_context(self.unit)


@contextmanager
def _read(source: str, about: About) -> Iterator[Read]:
    """The formula, ready; what is wrong with it is marked where it stands."""
    with _marked(source):
        if not about.object:
            if chosen_company() is not None:
                raise click.UsageError(text(msg("--company goes with --object.")))
            scope, values = given_fields(about.fields)
            yield Read(_compiled(source, scope, about), about, values, None)
            return
        with open_company() as company, company.read(operator()) as unit:
            index = Index(effective(revisions.tree_of(unit.connection, unit.runtime.revision)))
            if about.object not in index.fields:
                reason = msg("There is no object {name}.", name=about.object)
                raise NotFound(Problem(code="object-unknown", thing=about.object, reason=reason))
            yield Read(_compiled(source, FieldScope(index, about.object), about), about, {}, unit)


def _compiled(source: str, scope: NamedFields | FieldScope, about: About) -> Formula:
    return compile(source, scope, about.returns, about.blanks)  # type: ignore[arg-type]


@contextmanager
def _marked(source: str) -> Iterator[None]:
    """Show where in the text a formula is wrong: the line, and a mark below the place."""
    try:
        yield
    except FormulaError as error:
        lines = source.splitlines() or [""]
        for each in error.problems:
            if each.place.line and each.place.column:
                click.echo(f"{lines[each.place.line - 1]}\n{' ' * (each.place.column - 1)}^", err=True)
        raise


# -- the commands ----------------------------------------------------------------------------------------------
_object = click.option("--object", "object_name", default="", help=text(msg("The object whose fields it may read.")))
_field = click.option("--field", "fields", multiple=True, help=text(msg("A field and its value: amount:number=100.")))
_record = click.option("--record", default="", help=text(msg("The id of a record of the object.")))
_blanks = click.option("--blanks", type=click.Choice(["blank", "zero"]), default="blank", show_default=True,
                       help=text(msg("What a blank number means.")))  # fmt: skip
_returns = click.option("--returns", type=click.Choice(list(RESULT_TYPES)), default=None,
                        help=text(msg("The type that it has to yield.")))  # fmt: skip


@formula.command(help=text(msg("Say what a formula yields and reads, or everything that is wrong with it.")))
@click.argument("source", metavar="FORMULA")
@_object
@_field
@_returns
@_blanks
@for_company
def check(source: str, object_name: str, fields: tuple[str, ...], returns: str | None, blanks: str) -> None:
    """Check one formula."""
    with _read(source, About(fields, object_name, "", blanks, returns)) as found:
        made = found.formula
        click.echo(made.text)
        say(msg("Yields: {type}", type=made.type.label))
        if made.references:
            say(msg("Reads: {fields}", fields=", ".join(".".join(path) for path in made.references)))
        for remark in made.remarks:
            say(remark)
        for each in made.warnings:
            click.echo(told(each))


@formula.command("eval", help=text(msg("Evaluate a formula on the fields given, or on a record.")))
@click.argument("source", metavar="FORMULA")
@_object
@_record
@_field
@_returns
@_blanks
@for_company
def evaluate(
    source: str, object_name: str, record: str, fields: tuple[str, ...], returns: str | None, blanks: str
) -> None:
    """Evaluate one formula."""
    with _read(source, About(fields, object_name, record, blanks, returns)) as found:
        try:
            click.echo(_shown(found.formula.evaluate(*found.row())))
        except EvaluationError as error:
            raise BadRequest(Problem(code="formula-no-value", thing=source, reason=error.kind.reason)) from error


@formula.command(help=text(msg("Evaluate a formula part by part.")))
@click.argument("source", metavar="FORMULA")
@_object
@_record
@_field
@_blanks
@for_company
def explain(source: str, object_name: str, record: str, fields: tuple[str, ...], blanks: str) -> None:
    """Each part of a formula with its value."""
    with _read(source, About(fields, object_name, record, blanks)) as found:
        for depth, step in found.formula.explain(*found.row()).lines():
            value = f"#Error! {text(step.failure.reason)}" if step.failure else _shown(step.value)
            click.echo(f"{'  ' * depth}{step.text}  =  {value}")


def _shown(value: Value) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, frozenset):
        return ";".join(sorted(value))
    return "" if value is None else str(value)
