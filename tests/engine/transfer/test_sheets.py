"""Files to tables: encodings, separators, quoting, spreadsheets; and files that are none."""

from __future__ import annotations

import io
import zipfile
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from dougong.base.errors import DougongError, TooLarge
from dougong.engine.transfer import sheets
from dougong.engine.transfer.guard import guarded, unguarded

TEXT = "客户,金额\n远澜新能源,1286000\nÉtude,“7”\n"


def cells(data: bytes, **options: str) -> list[tuple[Any, ...]]:
    table = sheets.read("file.csv", data, **options)
    return [table.header, *(row for _, row in table.rows)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_encodings_are_recognised_or_stated(encoding: str) -> None:
    stated = {"encoding": encoding} if encoding == "utf-16-le" else {}
    assert cells(TEXT.encode(encoding), **stated) == [("客户", "金额"), ("远澜新能源", "1286000"), ("Étude", "“7”")]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_are_recognised(separator: str) -> None:
    text = f'name{separator}note\nA{separator}"x{separator}y"\nB{separator}z\n'
    assert cells(text.encode()) == [("name", "note"), ("A", f"x{separator}y"), ("B", "z")]


def test_one_column_needs_no_separator() -> None:
    assert cells(b"name\nA B\nC D\n") == [("name",), ("A B",), ("C D",)]


def test_quoted_line_breaks_stay_and_rows_are_numbered_by_line() -> None:
    table = sheets.read("f.csv", b'name,note\nA,"one\ntwo"\n\nB,"say ""hi"""\n')
    assert table.rows == ((3, ("A", "one\ntwo")), (5, ("B", 'say "hi"')))


def test_short_rows_are_filled_and_blank_ones_passed_over() -> None:
    assert cells(b"a,b\n1\n,\n2,3\n") == [("a", "b"), ("1", None), ("2", "3")]


def book(*rows: tuple[Any, ...], name: str = "Sheet") -> bytes:
    file = io.BytesIO()
    made = xlsxwriter.Workbook(file, {"default_date_format": "yyyy-mm-dd"})
    made.add_worksheet("First").write_row(0, 0, ("only", "this"))
    sheet = made.add_worksheet(name)
    for at, row in enumerate(rows):
        sheet.write_row(at, 0, row)
    made.close()
    return file.getvalue()


def test_a_book_gives_numbers_and_dates_as_such() -> None:
    """A phone number has no decimals, a price the digits that people saw."""
    data = book(("name", "phone", "price", "day", "yes"), ("A", 13800138000, 0.1, date(2024, 3, 5), True))
    table = sheets.read("book.xlsx", data, sheet="Sheet")
    assert table.rows == ((2, ("A", Decimal(13800138000), Decimal("0.1"), date(2024, 3, 5), True)),)
    assert sheets.read("book.xlsx", data).header == ("only", "this")


def zipped(name: str, size: int) -> bytes:
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w", force_zip64=True) as entry,
    ):
        for _ in range(size >> 20):
            entry.write(bytes(1 << 20))
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "options", "code"),
    [
        (b"", {}, "file-empty"),
        (b"\n\n , \n", {}, "file-empty"),
        (b'name,note\nA,"open\n', {}, "file-broken"),
        (b'name\n"A"B\n', {}, "file-broken"),
        (b"name,,note\nA,B,C\n", {}, "column-unnamed"),
        (b"name,name\nA,B\n", {}, "column-twice"),
        (b"name\nA,B\n", {"separator": ","}, "row-too-long"),
        (b"\x00\x01\x02\xff\xfe", {}, "file-encoding"),
        (b"\xff\xfeA", {}, "file-encoding"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", {}, "file-encoding"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), {}, "file-old-excel"),
        ("näme\nA\n".encode("latin-1"), {"encoding": "utf-8"}, "file-encoding"),
        (b"name\nA\n", {"encoding": "klingon"}, "file-encoding"),
        (b"name,amount\nA-b,1\n", {"encoding": "punycode"}, "file-encoding"),
        (b"name\n" + b"x" * 50_000_000 + b"\n", {}, "file-broken"),
        (b"PK\x03\x04 no archive", {}, "file-broken"),
        (zipped("other.txt", 1 << 20), {}, "file-broken"),
        (book(("a",)), {"sheet": "Third"}, "sheet-unknown"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_table_is_refused(data: bytes, options: dict[str, str], code: str) -> None:
    with pytest.raises(DougongError) as refused:
        sheets.read("file", data, **options)
    assert {problem.code for problem in refused.value.problems} == {code}
    assert all(problem.place.file == "file" for problem in refused.value.problems)


def test_a_file_that_is_too_large_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "LARGEST_FILE", 10)
    with pytest.raises(TooLarge):
        sheets.read("f.csv", b"name\nABCDEFG\n")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"), ("+86 138", "+86 138"), ("-5", "-5"), ("-5%", "-5%"), ("-a", "'-a"), ("@x", "'@x"),
        ("'=x", "''=x"), ("'quoted'", "'quoted'"), ("\tx", "'\tx"), ("plain", "plain"), ("", ""),
        ("+1,234.50", "+1,234.50"), ("\n=x", "'\n=x"), ("＝1+1", "'＝1+1"), ("＠x", "'＠x"), ("-2+3", "'-2+3"),
    ],
)  # fmt: skip
def test_cells_that_would_run_are_guarded(text: str, cell: str) -> None:
    assert guarded(text) == cell


@given(st.text(alphabet="'=+-@\t\r\nab1＝＋－＠", max_size=6))
def test_a_guarded_cell_is_read_back_as_it_was(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith("=")


def test_times_of_a_book() -> None:
    """A spreadsheet's time of day is a fraction of a day."""
    file = io.BytesIO()
    made = xlsxwriter.Workbook(file)
    sheet = made.add_worksheet()
    sheet.write_row(0, 0, ("at",))
    sheet.write_datetime(1, 0, time(9, 30), made.add_format({"num_format": "hh:mm"}))
    made.close()
    assert sheets.read("t.xlsx", file.getvalue()).rows == ((2, (time(9, 30),)),)
