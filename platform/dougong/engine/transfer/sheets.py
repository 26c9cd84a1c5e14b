"""Tables from files: CSV in any usual encoding and separator, and the first or a named sheet of an XLSX book."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dougong.base.errors import BadRequest, Place, Problem, TooLarge
from dougong.base.language import Message, msg
from dougong.engine.beside import uncollected
from dougong.engine.transfer.books import broken, harmless
from dougong.engine.transfer.guard import unguarded

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

LARGEST_FILE = 200 * 2**20
"""Bytes of the largest file that is read."""

LARGEST_CELL = 1_000_000
"""Characters of the longest cell; the fields have narrower limits of their own."""

MOST_COLUMNS = 500
"""Columns of the widest table."""

SEPARATORS = ",;\t|"
"""What may stand between the cells of a CSV file."""

OLD_EXCEL = b"\xd0\xcf\x11\xe0"
"""How files of Excel 97–2003 begin."""

OURS = "dougong: "
"""What the heads of columns begin with that Dougong adds to its own files; an import passes over them."""

REASON = f"{OURS}reason"
"""The column that an error file adds; an import passes it over, so that a mended file can be given back."""


@dataclass(frozen=True, slots=True)
class Table:
    """A header and rows: (line or row number in the file, cells). Cells are text, or Python values of XLSX."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[Any, ...]], ...]


def read(name: str, data: bytes, *, encoding: str = "", separator: str = "", sheet: str = "") -> Table:
    """The table in a file's bytes; `name` tells the format by its ending.

    Raises:
        BadRequest: no table can be read: encoding, quoting, header or format.
        TooLarge: past the limits of this module.
    """
    if len(data) > LARGEST_FILE:
        raise TooLarge(
            _problem(name, "file-too-large", msg("The file is larger than {most} MB.", most=LARGEST_FILE >> 20))
        )
    if data.startswith(OLD_EXCEL):
        reason, fix = msg("The file is an Excel book of the old kind (XLS)."), msg("Save it as XLSX, or as CSV.")
        raise BadRequest(_problem(name, "file-old-excel", reason, fix))
    rows = _xlsx(name, data, sheet) if data[:4] == b"PK\x03\x04" else _csv(name, data, encoding, separator)
    with uncollected():
        return _table(name, rows)


def _problem(name: str, code: str, reason: Message, fix: Message | None = None, line: int | None = None) -> Problem:
    return Problem(code=code, thing=name, place=Place(file=name, line=line), reason=reason, fix=fix)


def _table(name: str, rows: Iterator[tuple[int, Sequence[Any]]]) -> Table:
    first = next(((at, row) for at, row in rows if any(not _blank(cell) for cell in row)), None)
    if first is None:
        raise BadRequest(
            _problem(name, "file-empty", msg("The file holds no rows."), msg("Its first row names the columns."))
        )
    header = [str(cell).strip() if cell is not None else "" for cell in first[1]]
    while header and not header[-1]:
        header.pop()
    problems = _header_problems(name, header)
    found: list[tuple[int, tuple[Any, ...]]] = []
    width = len(header)
    for at, row in rows:
        if all(map(_blank, row)):
            continue
        if not all(map(_blank, row[width:])):
            problems.append(
                _problem(
                    name,
                    "row-too-long",
                    msg("Row {row} has more cells than the header.", row=at),
                    msg("Quote cells that hold the separator."),
                    at,
                )
            )
            if len(problems) > 20:
                break
        found.append((at, tuple(row[:width]) + (None,) * (width - len(row))))
    if problems:
        raise BadRequest(problems)
    return Table(name, tuple(header), tuple(found))


def _header_problems(name: str, header: list[str]) -> list[Problem]:
    problems = []
    if len(header) > MOST_COLUMNS:
        problems.append(
            _problem(name, "too-many-columns", msg("The file has more than {most} columns.", most=MOST_COLUMNS))
        )
    for at, title in enumerate(header):
        if not title:
            problems.append(
                _problem(name, "column-unnamed", msg("Column {at} has no name in the first row.", at=at + 1))
            )
        elif title in header[:at]:
            problems.append(_problem(name, "column-twice", msg("Two columns are named {title}.", title=title)))
    return problems


def _blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


# -- CSV ----------------------------------------------------------------------------------------------------
def decode(name: str, data: bytes, encoding: str = "") -> str:
    """The text of a file: as stated, else by its byte-order mark, else UTF-8, else GB18030.

    Raises:
        BadRequest: the bytes are of no known encoding.
    """
    marks = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
    marked = next((known for mark, known in marks if data.startswith(mark)), "")
    for candidate in (encoding,) if encoding else (marked,) if marked else ("utf-8", "gb18030"):
        try:
            text = data.decode(candidate)
        except (UnicodeError, LookupError):
            continue
        if "\x00" not in text:
            return text
    raise BadRequest(
        _problem(
            name,
            "file-encoding",
            msg("The file is no text in {encoding}.", encoding=encoding or marked or "UTF-8, GB18030"),
            msg("Save it as CSV in UTF-8, or state its encoding."),
        )
    )


def _csv(name: str, data: bytes, encoding: str, separator: str) -> Iterator[tuple[int, Sequence[Any]]]:
    text = decode(name, data, encoding)
    csv.field_size_limit(LARGEST_CELL)
    is_guarded = "'" in text
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator or _separator(text), strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadRequest(
                _problem(
                    name,
                    "file-broken",
                    msg("The file breaks off in line {line}: {error}.", line=reader.line_num, error=str(error)),
                    msg("Look for a quote that is opened and not closed."),
                    reader.line_num,
                )
            ) from None
        yield reader.line_num, [unguarded(cell) for cell in row] if is_guarded else row


def _separator(text: str) -> str:
    """The separator by the first lines; a comma where they do not tell."""
    sample = "\n".join(text[:20_000].splitlines()[:50])
    try:
        return csv.Sniffer().sniff(sample, delimiters=SEPARATORS).delimiter
    except csv.Error:
        head = sample.split("\n", 1)[0]
        return max(SEPARATORS, key=head.count) if any(each in head for each in SEPARATORS) else ","


# -- XLSX ---------------------------------------------------------------------------------------------------
PANIC = "PanicException"
"""What compiled code raises that gives up, as over a day before all calendars: no `Exception`, nowhere to import it."""


def _xlsx(name: str, data: bytes, sheet: str) -> Iterator[tuple[int, Sequence[Any]]]:
    from python_calamine import CalamineError, CalamineWorkbook  # compiled code: for those who read books

    try:
        book = CalamineWorkbook.from_filelike(harmless(name, data))
        if not book.sheet_names:
            raise broken(name)
        chosen = _chosen(name, book, sheet).to_python(skip_empty_area=False)
    except CalamineError:
        raise broken(name) from None
    except BaseException as error:
        if (
            type(error).__name__ != "PanicException"
        ):  # of the compiled code: no subclass of Exception, and nowhere to import
            raise
        raise broken(name) from None
    for at, row in enumerate(chosen, start=1):
        yield at, [_cell(value) for value in row]


def _chosen(name: str, book: CalamineWorkbook, sheet: str) -> CalamineSheet:
    if sheet and sheet not in book.sheet_names:
        raise BadRequest(
            _problem(
                name,
                "sheet-unknown",
                msg("The book has no sheet {sheet}.", sheet=sheet),
                msg("It has {names}.", names=", ".join(book.sheet_names)),
            )
        )
    return book.get_sheet_by_name(sheet or book.sheet_names[0])


def _cell(value: Any) -> Any:
    """An XLSX cell as a field reads it. A spreadsheet's numbers are binary; their shortest text is what people saw."""
    if isinstance(value, bool | date | time):
        return value
    if isinstance(value, float):
        return Decimal(repr(value)) if not value.is_integer() else Decimal(int(value))
    if isinstance(value, timedelta):
        return (datetime.min + value).time()
    return value
