"""Records out as CSV, XLSX, JSON lines: what a query finds, through the same access as every list."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from dougong.base.errors import Forbidden, Problem
from dougong.base.language import label, msg
from dougong.engine.audit import Event, record
from dougong.engine.query import Condition, Page, Query
from dougong.engine.reading.filters import both, dump
from dougong.engine.reading.listing import readable, refuse_unreadable
from dougong.engine.reading.paths import ResolvedPath, resolve
from dougong.engine.transfer import limits
from dougong.engine.transfer.guard import guarded
from dougong.engine.transfer.mapping import SETTABLE
from dougong.engine.transfer.origin import Said, origin, rows
from dougong.engine.transfer.sheets import OURS, REASON, Table
from dougong.metadata.model import Object

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

WORKBOOK = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
"""Row by row, and no text is taken for more than text."""

DIGITS = 15
"""How many digits the numbers of a spreadsheet keep; longer ones are written as text."""

LONGEST_FOOTER = 240
"""Characters of the foot of a sheet, which may have 255 with what puts it to the left."""

PAGE = 1000
"""How many records are read at a time; the whole export never stands in memory."""


def exported(unit: Unit, query: Query, among: Sequence[str] | None = None) -> Iterator[tuple[Any, ...]]:
    """The values of every record that `query` finds, in its order, page by page. The audit log has how many went out.

    `among`: of these records alone, a page of them at a time, so that they may be more than a statement has parameters.

    Raises:
        NotFound: the object is unknown.
        Forbidden: the actor may not export it.
        BadRequest: the query is wrong.
        Rejected, TooLarge: it takes a reason, or is too much (`limits.check`).
    """
    obj = exportable(unit, query.object)
    limits.check(unit, query, None if among is None else len(among))
    number = 0
    try:
        for page in _pages(unit, query) if among is None else _pages_among(unit, query, among):
            for row in page.rows:
                number += 1
                yield (row.id, *row.values)
    finally:
        asked = {"filter": dump(query.where), "search": query.search}
        data = {"records": number, "columns": list(query.columns)}
        record(
            unit, Event("exported", f"object:{obj.name}", data, {key: value for key, value in asked.items() if value})
        )


def exportable(unit: Unit, object_name: str) -> Object:
    """The object, whose records the actor may export.

    Raises:
        NotFound: it is unknown.
        Forbidden: the actor may not export it, or nobody may.
    """
    obj = readable(unit, object_name)
    refuse_unreadable(unit, obj, "export")
    if not obj.features["export"]:
        reason = msg("{object} records are not exported: the object is set so.", object=obj.label)
        raise Forbidden(Problem(code="export-off", thing=f"object:{obj.name}", reason=reason))
    return obj


def _pages(unit: Unit, query: Query) -> Iterator[Page]:
    page = unit.records.query(replace(query, limit=PAGE, cursor=None))
    while True:
        yield page
        if page.next is None:
            return
        page = unit.records.query(replace(query, limit=PAGE, cursor=page.next))


def _pages_among(unit: Unit, query: Query, ids: Sequence[str]) -> Iterator[Page]:
    for at in range(0, len(ids), PAGE):
        where = both(query.where, Condition("id", "in", tuple(ids[at : at + PAGE])))
        yield unit.records.query(replace(query, where=where, limit=PAGE, cursor=None))


def every_field(unit: Unit, object_name: str) -> tuple[str, ...]:
    """The columns of a whole export, by which an import finds the records again: the id, then what people see.

    Raises:
        NotFound: the object is unknown.
    """
    obj = readable(unit, object_name)
    shown = [
        each.name
        for each in obj.fields.values()
        if (not each.system or each.name in SETTABLE) and unit.access.seen(obj, each) is not None
    ]
    return ("id", *shown)


def paths_of(unit: Unit, query: Query) -> list[ResolvedPath]:
    """The fields behind the query's columns."""
    obj = readable(unit, query.object)
    return [resolve(unit.runtime.model, unit.access, obj, text) for text in query.columns]


def titles(unit: Unit, query: Query, names: bool) -> list[str]:
    """The header: API paths with `names`, else labels in the actor's language, where two are alike with the path."""
    if names:
        return list(query.columns)
    language = unit.reading.language
    found = [
        " · ".join(label(step.label, language) for step in (*path.steps, path.field)) for path in paths_of(unit, query)
    ]
    return [
        title if found.count(title) == 1 else f"{title} ({path})"
        for title, path in zip(found, query.columns, strict=True)
    ]


def texts(unit: Unit, query: Query, among: Sequence[str] | None = None) -> Iterator[list[str]]:
    """Every record, or each that is `among` them, as text cells that an import reads back."""
    paths = paths_of(unit, query)
    reading = unit.reading
    for _, *values in exported(unit, query, among):
        yield [_text(path, value, reading) for path, value in zip(paths, values, strict=True)]


def _text(path: ResolvedPath, value: Any, reading: Any) -> str:
    if value is None or value == ():
        return ""
    if path.attribute or path.aspect:
        return str(value)
    if path.field.type.refers and len(path.field.targets) == 1:
        named = value if isinstance(value, tuple) else (value,)
        return "; ".join(str(each.title or each.id) for each in named)
    return path.field.type.to_text(path.field, value, reading)


def write_csv(
    unit: Unit,
    query: Query,
    file: BinaryIO,
    *,
    names: bool = False,
    said: Said = (),
    among: Sequence[str] | None = None,
) -> int:
    """Write CSV in UTF-8 with a mark, as spreadsheets open it; the number of records written.

    Of a person's export the head of a last, empty column says who made it and when. `among`: of these records alone.
    """
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    mark = [] if unit.actor.is_system else [OURS + origin(unit).sentence]
    writer.writerow([guarded(title) for title in (*titles(unit, query, names), *mark)])
    number = 0
    for row in texts(unit, query, among):
        writer.writerow([guarded(cell) for cell in row] + [""] * len(mark))
        number += 1
    text.detach()
    return number


def write_xlsx(unit: Unit, query: Query, file: BinaryIO, *, names: bool = False, said: Said = ()) -> int:
    """Write a sheet of records, and one that tells who made it, when and what is `said`; the number of records.

    Every cell is text or a number, never a formula. The file's properties and the foot of each printed page say who
    made it as well.
    """
    import xlsxwriter

    obj = exportable(unit, query.object)
    paths, number, made = paths_of(unit, query), 0, origin(unit)
    numeric = {at for at, path in enumerate(paths) if path.field.type.numeric and not path.attribute}
    with xlsxwriter.Workbook(file, WORKBOOK) as book:
        bold = book.add_format({"bold": True})
        name = label(obj.plural or obj.label, unit.reading.language)
        book.set_properties({"title": name, "author": made.who, "comments": made.sentence})
        sheet = book.add_worksheet("".join(char for char in name if char not in "[]:*?/\\")[:31].strip("'") or None)
        sheet.set_footer("&L" + made.sentence.replace("&", "&&")[:LONGEST_FOOTER])
        sheet.write_row(0, 0, titles(unit, query, names), bold)
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(texts(unit, query), start=1):
            for at, cell in enumerate(row):
                amount = _number(cell) if at in numeric else None
                if amount is None:
                    sheet.write_string(number, at, cell)
                else:
                    sheet.write_number(number, at, amount)
        about = book.add_worksheet()
        about.set_column(0, 1, 40)
        for at, (known, text) in enumerate(rows(unit, number, said)):
            about.write_string(at, 0, known, bold)
            about.write_string(at, 1, text)
    return number


def _number(cell: str) -> float | None:
    """The number that a cell is, where a spreadsheet can hold it to the last digit."""
    try:
        found = Decimal(cell)
    except InvalidOperation:
        return None
    return float(found) if found.is_finite() and len(found.as_tuple().digits) <= DIGITS else None


def write_lines(unit: Unit, query: Query, file: BinaryIO, *, names: bool = True, said: Said = ()) -> int:
    """Write one JSON object a line, as the API answers records; the number of records written."""
    paths = paths_of(unit, query)
    number = 0
    for record_id, *values in exported(unit, query):
        body = {"id": record_id} | {path.text: as_json(path, value) for path, value in zip(paths, values, strict=True)}
        file.write(orjson.dumps(body) + b"\n")
        number += 1
    return number


def as_json(path: ResolvedPath, value: Any) -> Any:
    """A value as the API answers it: decimals as text, lookups with their title."""
    if value is None:
        return None
    if path.attribute or path.aspect:
        return value if isinstance(value, bool | int | str) else str(value)
    if path.field.type.refers:
        if isinstance(value, tuple):
            return [reference_json(each) for each in value]
        return reference_json(value)
    return path.field.type.to_json(path.field, value)


def reference_json(value: Any) -> dict[str, str]:
    """A reference as the API answers it."""
    return {"object": value.object, "id": value.id, "title": value.title}


WRITERS = {"csv": write_csv, "xlsx": write_xlsx, "ndjson": write_lines}
"""Formats by the ending of a file."""


def error_file(table: Table, problems: dict[int, list[Problem]], language: str) -> bytes:
    """The refused rows as they were, with the reasons in a column of their own: mend it and import it again."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    keep: Sequence[int] = [at for at, title in enumerate(table.header) if title != REASON]
    writer.writerow([*(guarded(table.header[at]) for at in keep), REASON])
    for number, cells in table.rows:
        if number in problems:
            reasons = "; ".join(
                f"{problem.place.field}: {problem.text(language)}" if problem.place.field else problem.text(language)
                for problem in problems[number]
            )
            writer.writerow([*(guarded("" if cells[at] is None else str(cells[at])) for at in keep), guarded(reasons)])
    return text.getvalue().encode("utf-8-sig")
