"""`dougong formula conformance|corpus`: suites of cases and collections of real formulas."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import URL, create_engine, event

from dougong.base.errors import DougongError, Problem
from dougong.base.language import Message, msg
from dougong.base.settings import Settings
from dougong.cli import temporary_postgresql
from dougong.cli.terminal import say, text
from dougong.formulas import EvaluationError
from dougong.formulas.conformance import Evaluate, Result, evaluate_in_python, run
from dougong.formulas.corpus import STAGES, measure
from dougong.formulas.sql import installation
from dougong.formulas.sql.evaluation import SqlEvaluation

BACKENDS = ("python", "sqlite", "postgresql")


@click.command(help=text(msg("Run a file of conformance cases; say which rows fail.")))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--backend", type=click.Choice(BACKENDS), default="python", show_default=True,
              help=text(msg("What evaluates: Python, or SQL on one of the databases.")))  # fmt: skip
def conformance(file: Path, backend: str) -> None:
    """Print failing cases, contested rows apart, and how many rows passed, failed and were skipped."""
    results: list[Result] = []
    with _backend(backend) as evaluates, file.open(encoding="utf-8") as lines:
        results.extend(run(lines, evaluates))
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


@click.command(help=text(msg("Try a file of real formulas: how many parse, pass the checker and have SQL.")))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def corpus(file: Path) -> None:
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
