"""`dougong import` and `dougong export`: files into records and back."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click

from dougong.base.errors import BadRequest, Place, Problem
from dougong.base.language import msg
from dougong.cli.opening import for_company, open_company, operator
from dougong.cli.query import condition
from dougong.cli.terminal import language, say, text
from dougong.engine.company import Company
from dougong.engine.query import All, Query, Written
from dougong.engine.reading.filters import both, parse, parse_sort
from dougong.engine.transfer import sheets
from dougong.engine.transfer.exporting import WRITERS, error_file, every_field
from dougong.engine.transfer.importing import ImportReport, run_import
from dougong.engine.transfer.runs import unfinished
from dougong.engine.undoing import undo as take_back
from dougong.engine.unit import Unit
from dougong.metadata.model import Model

WARNINGS = 10
"""How many kinds of warnings are told."""


def _separator(context: click.Context, parameter: click.Parameter, given: str) -> str:
    """One sign; a tab may be written out, since shells make it hard to type."""
    sign = {"tab": "\t", "\\t": "\t"}.get(given, given)
    if len(sign) > 1 or sign in ("\r", "\n", '"', " "):
        raise click.BadParameter(text(msg('One sign stands between cells, such as a comma; "tab" is a tab.')))
    return sign


def _encoding(context: click.Context, parameter: click.Parameter, given: str) -> str:
    """An encoding of texts: Python knows codecs by name that are none, or read one kind of text alone."""
    try:
        if not given or "名 a,;\t\n".encode(given, "ignore").decode(given) is not None:
            return given
    except (LookupError, ValueError):
        pass
    raise click.BadParameter(text(msg("'{name}' is no encoding, such as gb18030 or cp1252.", name=given[:40])))


@click.command("import", help=text(msg("Bring a CSV or XLSX file in.")))
@click.argument("object_name", metavar="OBJECT", required=False, default="")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--map", "mapping", help=text(msg("A mapping: a JSON file, or the name of one in the metadata.")))
@click.option("--key", "keys", default="", help=text(msg("Fields by which records are found and updated.")))
@click.option("--dry-run", is_flag=True, help=text(msg("Do it all, report, and take it back batch by batch.")))
@click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), help=text(msg("Where refused rows go.")))
@click.option(
    "--encoding",
    default="",
    callback=_encoding,
    help=text(msg("The encoding of a CSV file, if it is not recognised.")),
)
@click.option(
    "--separator", default="", callback=_separator, help=text(msg("What stands between the cells of a CSV file."))
)
@click.option("--sheet", default="", help=text(msg("The sheet of an XLSX book.")))
@click.option("--resume", metavar="RUN", help=text(msg("Go on with a run that did not finish.")))
@click.option("--undo", metavar="RUN", help=text(msg("Take a run back.")))
@for_company
def import_(
    object_name: str,
    file: Path | None,
    mapping: str | None,
    keys: str,
    dry_run: bool,
    errors: Path | None,
    encoding: str,
    separator: str,
    sheet: str,
    resume: str | None,
    undo: str | None,
) -> None:
    """Import `file` into the object, or undo a run."""
    with open_company() as company:
        if undo:
            _take_back(company, undo)
            return
        if not object_name and file is None:
            _list_unfinished(company)
            return
        if file is None:
            raise click.UsageError(text(msg("Name the object and the file.")))
        table = sheets.read(file.name, file.read_bytes(), encoding=encoding, separator=separator, sheet=sheet)
        document = _mapping(company.runtime().model, mapping) if mapping else None
        report = run_import(
            company,
            operator(),
            table,
            object_name=object_name,
            mapping=document,
            key=tuple(filter(None, keys.split(","))),
            dry=dry_run,
            resume=resume,
            progress=_progress,
        )
    _tell(report)
    if report.problems:
        place = errors or file.with_suffix(".errors.csv")
        place.write_bytes(error_file(table, report.problems, language()))
        say(msg("The rows left out are in {file}, each with its reason.", file=str(place)))


def _progress(done: int, rows: int) -> None:
    """One line that is written over, on a terminal alone."""
    if sys.stderr.isatty():
        click.echo(f"\r{done} / {rows}", nl=done >= rows, err=True)


def _take_back(company: Company, run: str) -> None:
    taken_back, kept = take_back(company, operator(), run, ("import",))
    say(msg("{n} record is as before.", "{n} records are as before.", n=taken_back))
    for reason in kept:
        click.echo(f"  {reason.to(language())}")


def _list_unfinished(company: Company) -> None:
    with company.read(operator()) as unit:
        found = list(unfinished(unit))
    if not found:
        raise click.UsageError(text(msg("Name the object and the file.")))
    for each in found:
        say(
            msg(
                "{run}: {file} into {object}, {done} of {rows} rows done. Resume or undo it.",
                run=each.id,
                file=each.source,
                object=each.object,
                done=each.progress.done,
                rows=each.progress.rows,
            )
        )


def _mapping(model: Model, given: str) -> dict[str, Any]:
    known = model.import_mappings.get(given)
    if known is not None:
        return dict(known)
    try:
        document = json.loads(Path(given).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = msg("The mapping cannot be read: {error}.", error=str(error))
        raise BadRequest(Problem(code="mapping-unread", thing=given, place=Place(file=given), reason=reason)) from error
    if not isinstance(document, dict):
        reason = msg("The mapping is no JSON object.")
        raise BadRequest(Problem(code="mapping-unread", thing=given, place=Place(file=given), reason=reason))
    return document


def _tell(report: ImportReport) -> None:
    if report.dry:
        said = msg(
            "{rows} rows: {created} would be created, {updated} updated, {unchanged} left as is, {refused} left out.",
            rows=report.rows,
            created=report.created,
            updated=report.updated,
            unchanged=report.unchanged,
            refused=len(report.problems),
        )
    else:
        said = msg(
            "{rows} rows: {created} created, {updated} updated, {unchanged} left as is, {refused} left out.",
            rows=report.rows,
            created=report.created,
            updated=report.updated,
            unchanged=report.unchanged,
            refused=len(report.problems),
        )
    say(said)
    if report.ignored:
        say(msg("Columns passed over: {names}.", names=", ".join(report.ignored)))
    if report.absent:
        say(msg("Columns that the file does not have: {names}.", names=", ".join(report.absent)))
    if report.warnings:
        _tell_warnings(report)
    if not report.dry:
        say(msg("Run {run}; take it back with: dougong import --undo {run}", run=report.run))


def _tell_warnings(report: ImportReport) -> None:
    """Each kind of warning once, with the number of rows that it is about."""
    kinds = Counter(each.text(language()) for found in report.warnings.values() for each in found)
    for said, rows in kinds.most_common(WARNINGS):
        say(msg("{n} row: {warning}", "{n} rows: {warning}", n=rows, warning=said))
    if len(kinds) > WARNINGS:
        say(msg("{n} more kind of warning", "{n} more kinds of warnings", n=len(kinds) - WARNINGS))


@click.command("export", help=text(msg("Write records to a CSV, XLSX or NDJSON file.")))
@click.argument("object_name", metavar="OBJECT")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--view", default="", help=text(msg("A list view: its columns, filter and order.")))
@click.option("--columns", default="", help=text(msg("Field paths to list, with commas between them.")))
@click.option("--where", "wheres", multiple=True, help=text(msg("A condition; several all hold.")))
@click.option("--sort", default="", help=text(msg("Field paths, with - before one for descending.")))
@click.option("--names", is_flag=True, help=text(msg("Head the columns with API names instead of labels.")))
@for_company
def export(
    object_name: str, file: Path, view: str, columns: str, wheres: tuple[str, ...], sort: str, names: bool
) -> None:
    """Write the records to `file`, in the format of its ending."""
    if _ending(file) not in WRITERS:
        raise click.UsageError(text(msg("The file ends in none of: {endings}.", endings=", ".join(WRITERS))))
    with open_company() as company, company.read(operator()) as unit:
        obj = unit.runtime.model.object_named(object_name)
        shown = obj.list_views.get(view) if obj and view else None
        if view and shown is None:
            known = ", ".join(obj.list_views) if obj else ""
            raise click.UsageError(text(msg("There is no list {name}; there are: {known}.", name=view, known=known)))
        wanted = tuple(filter(None, columns.split(",")))
        if not wanted and shown:
            wanted = tuple(column.field for column in shown.columns)
        wanted = wanted or every_field(unit, object_name)
        query = Query(
            object=object_name,
            columns=wanted,
            where=both(
                parse(shown.filter) if shown else None,
                Written(shown.when.source) if shown and shown.when else None,
                All(tuple(condition(each) for each in wheres)) if wheres else None,
            ),
            sort=parse_sort([each for each in sort.split(",") if each] or (shown.sort if shown else ())),
        )
        number = _write(unit, query, file, names)
    say(msg("{n} record written to {file}.", "{n} records written to {file}.", n=number, file=str(file)))


def _write(unit: Unit, query: Query, file: Path, names: bool) -> int:
    """Write the export beside `file`, and put it there when it is whole."""
    beside = file.with_name(f".{file.name}.part")
    try:
        with beside.open("wb") as target:
            number = WRITERS[_ending(file)](unit, query, target, names=names)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
    return number


def _ending(file: Path) -> str:
    return file.suffix.removeprefix(".").lower()
