"""`dougong formula`: check, evaluate and explain formulas; run suites of cases and collections of real formulas."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any

import click
from sqlalchemy import URL, create_engine, event

from dougong.base.errors import BadRequest, DougongError, FormulaError, Problem
from dougong.base.language import Message, msg
from dougong.base.settings import Settings
from dougong.cli import temporary_postgresql
from dougong.cli.opening import open_company, operator
from dougong.cli.terminal import explain as told
from dougong.cli.terminal import say, text
from dougong.engine import revisions
from dougong.engine.saving.expressions import accessor
from dougong.engine.saving.plan import plan_of
from dougong.engine.saving.related import Related, needs_of
from dougong.engine.unit import Unit
from dougong.engine.variables import formula_context
from dougong.formulas import Context, EvaluationError, FieldInfo, Formula, Path, Type, Value, compile
from dougong.formulas.conformance import Evaluate, Result, evaluate_in_python
from dougong.formulas.conformance import run as run_cases
from dougong.formulas.corpus import STAGES, measure
from dougong.formulas.sql import installation
from dougong.formulas.sql.evaluation import SqlEvaluation
from dougong.metadata.index import Index
from dougong.metadata.layers import effective
from dougong.metadata.scope import FieldScope

BACKENDS = ("python", "sqlite", "postgresql")


@click.group(help=text(msg("Check, evaluate and explain formulas.")))
def formula() -> None:
    """The group; the subcommands do the work."""


# -- one formula -----------------------------------------------------------------------------------------------
class GivenScope:
    """Fields named on the command line: ``amount:number=100``."""

    def __init__(self, given: tuple[str, ...]) -> None:
        """Read the fields and their values.

        Raises:
            BadRequest: one is not written so, or its value is not of its type.
        """
        self.fields: dict[Path, FieldInfo] = {}
        self.values: dict[Path, Value] = {}
        problems = []
        for each in given:
            try:
                self._add(each)
            except ValueError:
                reason = msg("{text} names no field.", text=each)
                fix = msg("Write name:type=value, for example amount:number=100 or due:date=2026-05-01.")
                problems.append(Problem(code="field-unread", thing="--field", reason=reason, fix=fix))
        if problems:
            raise BadRequest(problems)

    def _add(self, given: str) -> None:
        head, _, value = given.partition("=")
        name, _, kind = head.partition(":")
        path = tuple(name.strip().split("."))
        self.fields[path] = FieldInfo(Type(kind.strip() or "text"))
        self.values[path] = _READ.get(self.fields[path].type, str)(value) if value else None

    def resolve(self, path: Path) -> FieldInfo | None:
        """The field at `path`, whatever the case it is written in."""
        lower = {tuple(part.lower() for part in each): each for each in self.fields}
        known = lower.get(tuple(part.lower() for part in path))
        if known is None:
            return None
        info = self.fields[known]
        return FieldInfo(info.type, path=known)

    def names(self) -> Iterator[str]:
        """The fields."""
        return (".".join(path) for path in self.fields)


_READ: Mapping[Type, Any] = {
    Type.NUMBER: Decimal,
    Type.BOOLEAN: lambda given: {"true": True, "false": False}[given.lower()],
    Type.DATE: lambda given: datetime.strptime(given, "%Y-%m-%d").date(),
    Type.DATETIME: lambda given: datetime.fromisoformat(given).astimezone(UTC),
    Type.TIME: lambda given: datetime.strptime(given, "%H:%M:%S").time(),
    Type.MULTI_PICKLIST: lambda given: tuple(given.split(";")),
}

_object = click.option("--object", "object_name", default="", help=text(msg("The object whose fields it may read.")))
_field = click.option("--field", "fields", multiple=True, help=text(msg("A field and its value: amount:number=100.")))
_record = click.option("--record", default="", help=text(msg("The id of a record of the object.")))
_blanks = click.option("--blanks", type=click.Choice(["blank", "zero"]), default="blank", show_default=True,
                       help=text(msg("What a blank number means.")))  # fmt: skip
_returns = click.option("--returns", default=None, help=text(msg("The type that it has to yield.")))


@contextmanager
def _compiled(
    source: str, object_name: str, fields: tuple[str, ...], returns: str | None, blanks: str
) -> Iterator[tuple[Formula, GivenScope, Unit | None]]:
    """The formula, over an object of the company or over the fields given."""
    given = GivenScope(fields)
    if not object_name:
        yield compile(source, given, returns, blanks), given, None  # type: ignore[arg-type]
        return
    with open_company() as company, company.read(operator()) as unit:
        tree = revisions.tree_of(unit.connection, unit.runtime.revision)
        index = Index(effective(tree))
        if object_name not in index.fields:
            reason = msg("There is no object {name}.", name=object_name)
            raise BadRequest(Problem(code="object-unknown", thing=object_name, reason=reason))
        yield compile(source, FieldScope(index, object_name), returns, blanks), given, unit  # type: ignore[arg-type]


@formula.command(help=text(msg("Say what a formula yields and reads, or everything that is wrong with it.")))
@click.argument("source", metavar="FORMULA")
@_object
@_field
@_returns
@_blanks
def check(source: str, object_name: str, fields: tuple[str, ...], returns: str | None, blanks: str) -> None:
    """Check one formula."""
    with _marked(source), _compiled(source, object_name, fields, returns, blanks) as (found, _, _unit):
        click.echo(found.text)
        say(msg("Yields: {type}", type=found.type.label))
        if found.references:
            say(msg("Reads: {fields}", fields=", ".join(".".join(path) for path in found.references)))
        for holds, remark in (
            (found.uses_clock, msg("Depends on the moment: it cannot be stored.")),
            (found.uses_user, msg("Depends on who reads: it cannot be stored.")),
            (found.uses_calendar, msg("Depends on the company's calendar: it cannot be stored.")),
            (found.save_only, msg("Means something only while a record is saved.")),
        ):
            if holds:
                say(remark)
        for each in found.warnings:
            click.echo(told(each))


@formula.command("eval", help=text(msg("Evaluate a formula on the fields given, or on a record.")))
@click.argument("source", metavar="FORMULA")
@_object
@_record
@_field
@_returns
@_blanks
def evaluate(
    source: str, object_name: str, record: str, fields: tuple[str, ...], returns: str | None, blanks: str
) -> None:
    """Evaluate one formula."""
    with _marked(source), _compiled(source, object_name, fields, returns, blanks) as (found, given, unit):
        values, context = _row(found, given, unit, object_name, record)
        try:
            click.echo(_shown(found.evaluate(values, context)))
        except EvaluationError as error:
            raise BadRequest(Problem(code="formula-no-value", thing=source, reason=error.kind.reason)) from error


@formula.command(help=text(msg("Evaluate a formula part by part.")))
@click.argument("source", metavar="FORMULA")
@_object
@_record
@_field
@_blanks
def explain(source: str, object_name: str, record: str, fields: tuple[str, ...], blanks: str) -> None:
    """Each part of a formula with its value."""
    with _marked(source), _compiled(source, object_name, fields, None, blanks) as (found, given, unit):
        for depth, step in found.explain(*_row(found, given, unit, object_name, record)).lines():
            value = f"#Error! {text(step.failure.reason)}" if step.failure else _shown(step.value)
            click.echo(f"{'  ' * depth}{step.text}  =  {value}")


def _row(found: Formula, given: GivenScope, unit: Unit | None, object_name: str, record: str) -> tuple[Any, Context]:
    """What a formula reads, and what it knows beside."""
    if unit is None:
        return given.values, Context(now=datetime.now(UTC))
    context = formula_context(unit)
    if not record:
        return {}, context
    plan, related = plan_of(unit.runtime, object_name), Related(unit)
    values = unit.records.get(object_name, record).values
    related.follow((values,), needs_of(plan, found.references))
    return lambda path: accessor(plan, path)(values, related), context


@contextmanager
def _marked(source: str) -> Iterator[None]:
    """Show where in the text a formula is wrong: the line, and a mark below the place."""
    try:
        yield
    except FormulaError as error:
        lines = source.splitlines()
        for each in error.problems:
            if each.place.line and each.place.column:
                click.echo(f"{lines[each.place.line - 1]}\n{' ' * (each.place.column - 1)}^", err=True)
        raise


def _shown(value: Value) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, frozenset):
        return ";".join(sorted(value))
    return "" if value is None else str(value)


# -- suites ----------------------------------------------------------------------------------------------------
@formula.command(help=text(msg("Run a file of conformance cases; say which rows fail.")))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=FilePath))
@click.option("--backend", type=click.Choice(BACKENDS), default="python", show_default=True,
              help=text(msg("What evaluates: Python, or SQL on one of the databases.")))  # fmt: skip
def conformance(file: FilePath, backend: str) -> None:
    """Print failing cases, contested rows apart, and how many rows passed, failed and were skipped."""
    results: list[Result] = []
    with _backend(backend) as evaluates, file.open(encoding="utf-8") as lines:
        results.extend(run_cases(lines, evaluates))
    found = Counter(each.outcome for each in results)
    for each in results:
        if each.outcome == "failed":
            click.echo(_case(each))
    if found["contested"]:
        say(msg("Contested rows, on which the suite itself holds two answers:"))
        for each in results:
            if each.outcome == "contested":
                click.echo(_case(each))
    skipped = Counter(str(each.found) for each in results if each.outcome == "skipped")
    for reason, count in skipped.most_common():
        click.echo(f"{count} × {reason}")
    click.echo(f"{found['passed']} passed, {found['failed']} failed, {found['skipped']} skipped")
    raise SystemExit(1 if found["failed"] else 0)


def _case(result: Result) -> str:
    inputs = json.dumps(dict(result.inputs), ensure_ascii=False, default=str)
    got = result.found.kind if isinstance(result.found, EvaluationError) else result.found
    return f"{result.case}: {result.formula}\n  {inputs}\n  expected {result.expected!r}, got {got!r}"


@contextmanager
def _backend(name: str) -> Iterator[Evaluate]:
    if name == "python":
        yield evaluate_in_python
        return
    with _database(name) as url:
        engine = create_engine(url)
        if name == "sqlite":
            event.listen(engine, "connect", lambda connection, _: installation.register(connection))
        with engine.connect() as connection, connection.begin() as transaction:
            if name == "postgresql":
                connection.exec_driver_sql("CREATE SCHEMA dg_conformance")
                connection.exec_driver_sql("SET LOCAL search_path TO dg_conformance")
                connection.exec_driver_sql(installation.postgresql().replace("%", "%%"))
            yield SqlEvaluation(connection)
            transaction.rollback()
        engine.dispose()


@contextmanager
def _database(name: str) -> Iterator[str | URL]:
    """SQLite in memory; the PostgreSQL server of the settings, of which nothing is kept, else one made for the run."""
    configured = Settings.from_environment().database_url
    if name == "sqlite":
        yield "sqlite://"
    elif configured.get_backend_name() == "postgresql":
        yield configured
    else:
        try:
            with temporary_postgresql.started() as url:
                yield url
        except temporary_postgresql.Unavailable as error:
            reason = msg("There is no PostgreSQL server: {reason}", reason=str(error))
            fix = msg("Set DATABASE_URL to one.")
            raise DougongError(Problem(code="postgresql-missing", reason=reason, fix=fix)) from error


@formula.command(help=text(msg("Try a file of real formulas: how many parse, pass the checker and have SQL.")))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=FilePath))
def corpus(file: FilePath) -> None:
    """Counts by stage, and what failed, by reason."""
    with file.open(encoding="utf-8") as lines:
        found = measure(lines)
    stages: Mapping[str, Message] = {
        "parse": msg("parse"),
        "check": msg("pass the checker"),
        "sqlite": msg("have SQL for SQLite"),
        "postgresql": msg("have SQL for PostgreSQL"),
    }
    for stage in STAGES:
        said = msg(
            "{passed} of {tried} {what}", passed=found.passed[stage], tried=found.tried[stage], what=stages[stage]
        )
        say(said)
    if found.unresolved:
        say(msg("{n} name fields whose type the file does not tell: they were not checked.", n=found.unresolved))
    if found.untyped:
        say(msg("{n} name a field of unknown type, {m} mean something only while saving: no SQL was asked for.",
                n=found.untyped, m=found.save_only))  # fmt: skip
    reasons = Counter((stage, reason) for _, stage, reason in found.failures)
    for (stage, reason), count in reasons.most_common():
        names = [name for name, at, why in found.failures if (at, why) == (stage, reason)]
        click.echo(f"{count} × {stage}: {reason}\n    {', '.join(names[:5])}")
