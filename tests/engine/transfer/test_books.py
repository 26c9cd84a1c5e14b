"""Books that were made to hurt: bombs, cells far away, one text shown a million times, XXE, lies about sizes.

None of them may reach the parser; each is refused in little time and memory, whatever it would have unpacked to.
"""

from __future__ import annotations

import io
import re
import struct
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest
import xlsxwriter

from dougong.base.errors import DougongError
from dougong.engine.transfer import books, sheets

SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
MEMORY = 64 << 20
"""Bytes that refusing a book of some kilobytes may take."""

Parts = dict[str, bytes]


def parts() -> Parts:
    """The parts of an honest book: a header and two rows."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate((("name", "n"), ("Aldgate", 1), ("Bramley & <Sons>", 2.5))):
            sheet.write_row(at, 0, row)
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(given: Parts) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in given.items():
            archive.writestr(name, part)
    return file.getvalue()


def changed(name: str, pattern: bytes, put: bytes) -> bytes:
    """An honest book in which one part says something else."""
    given = parts()
    part, number = re.subn(pattern, lambda _: put, given[name], count=1)
    assert number == 1, "the pattern is there"
    return packed(given | {name: part})


def far_away(cell: bytes) -> bytes:
    return changed(SHEET, rb"</sheetData>", b'<row r="9"><c r="' + cell + b'"><v>1</v></c></row></sheetData>')


def repeated(value: bytes, text: int = 1_000_000, times: int = 20_000) -> bytes:
    """A book of some kilobytes whose every cell shows one long text."""
    given = parts()
    long = b"<sst><si><t>" + b"ab" * (text // 2) + b"</t></si></sst>"
    rows = b"".join(b'<row><c t="s">%s</c></row>' % value for _ in range(times))
    sheet = re.sub(rb"<sheetData>.*</sheetData>", b"<sheetData>" + rows + b"</sheetData>", given[SHEET])
    return packed(given | {STRINGS: long, SHEET: sheet})


def lying() -> bytes:
    """A part that unpacks to more than the archive says of it, in both places where it says so."""
    data = bytearray(packed(parts() | {SHEET: parts()[SHEET].replace(b"</worksheet>", b" " * 5000 + b"</worksheet>")}))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = -1
        while (at := data.find(mark, at + 1)) >= 0:
            name = at + (30 if mark == b"PK\x03\x04" else 46)
            if data[name : name + len(SHEET)] == SHEET.encode():
                struct.pack_into("<I", data, at + offset, 100)
    return bytes(data)


def twice() -> bytes:
    """Two parts of one name: two readers could read two books."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        for name, part in (*parts().items(), (SHEET, b"<worksheet/>")):
            archive.writestr(name, part)
    return file.getvalue()


def dated(number: bytes) -> bytes:
    """A book with a cell of this number that is shown as a day."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ("name", "day"))
        sheet.write(1, 0, "Aldgate")
        sheet.write_number(1, 1, 45000, book.add_format({"num_format": "yyyy-mm-dd"}))
    with zipfile.ZipFile(file) as archive:
        given = {name: archive.read(name) for name in archive.namelist()}
    assert given[SHEET].count(b"<v>45000</v>") == 1
    return packed(given | {SHEET: given[SHEET].replace(b"<v>45000</v>", b"<v>" + number + b"</v>")})


def displaced() -> bytes:
    """A book whose list of parts says that it begins elsewhere."""
    data = bytearray(packed(parts()))
    end = data.rfind(b"PK\x05\x06")
    struct.pack_into("<I", data, end + 16, 0x7FFFFFFF)
    return bytes(data)


XXE = b'<!DOCTYPE sst [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n<sst'
LAUGHS = b'<!DOCTYPE sst [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">]>\n<sst'

HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "zeros by the gigabyte": (lambda: packed(parts() | {SHEET: bytes(64 << 20)}), "file-too-large"),
    "blanks by the gigabyte": (lambda: packed(parts() | {STRINGS: b" " * (64 << 20)}), "file-too-large"),
    "thousands of parts": (
        lambda: packed(parts() | {f"xl/worksheets/{at}.xml": b"<a/>" for at in range(books.MOST_PARTS)}),
        "file-too-large",
    ),
    "a cell at the end of the sheet": (lambda: far_away(b"XFD1048576"), "file-too-large"),
    "a cell far below": (lambda: far_away(b"AZ1048576"), "file-too-large"),
    "a cell far out, in small letters": (lambda: far_away(b"xfd99999"), "file-too-large"),
    "a cell beyond all sheets": (lambda: far_away(b"ZZZZZZZ4294967295"), "file-too-large"),
    "a row far below": (
        lambda: changed(SHEET, rb"</sheetData>", b"<row r = '4294967295'><c><v>1</v></c></row></sheetData>"),
        "file-too-large",
    ),
    "one text in every cell": (lambda: repeated(b"<v>0</v>"), "file-too-large"),
    "one text in every cell, spaced": (lambda: repeated(b"<v > 0 </v >"), "file-too-large"),
    "one text in every cell, escaped": (lambda: repeated(b"<v>&#48;</v>"), "file-too-large"),
    "one text in every cell, by prefix": (lambda: repeated(b"<x:v>0</x:v>"), "file-too-large"),
    "an external entity": (lambda: changed(STRINGS, rb"<sst", XXE), "file-broken"),
    "entities of entities": (lambda: changed(STRINGS, rb"<sst", LAUGHS), "file-broken"),
    "an entity in the workbook": (
        lambda: changed("xl/workbook.xml", rb"<workbook", b"<!DOCTYPE a>\n<workbook"),
        "file-broken",
    ),
    "another encoding": (
        lambda: packed(parts() | {STRINGS: parts()[STRINGS].decode().encode("utf-16")}),
        "file-broken",
    ),
    "a lie about its size": (lying, "file-broken"),
    "two parts of one name": (twice, "file-broken"),
    "an archive that is no book": (lambda: packed({"a.txt": b"a"}), "file-broken"),
    "an OpenDocument sheet": (lambda: packed({"mimetype": b"x", "content.xml": b"<a/>"}), "file-broken"),
    "a binary book": (lambda: packed({"xl/workbook.bin": b"\x00"}), "file-broken"),
    "a day before all calendars": (lambda: dated(b"-1e300"), "file-broken"),
    "a list of parts that is elsewhere": (displaced, "file-broken"),
    "half a book": (lambda: packed(parts())[:2000], "file-broken"),
    "a book without sheets": (lambda: changed("xl/workbook.xml", rb"<sheets>.*</sheets>", b""), "file-broken"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_book_is_refused_before_it_hurts(kind: str) -> None:
    make, code = HOSTILE[kind]
    data = make()
    tracemalloc.start()
    try:
        with pytest.raises(DougongError) as refused:
            sheets.read("book.xlsx", data)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert {problem.code for problem in refused.value.problems} == {code}
    assert most < MEMORY, f"{most >> 20} MB for a book of {len(data) >> 10} KB"


def test_an_honest_book_is_read_as_before() -> None:
    rows = [cells for _, cells in sheets.read("book.xlsx", packed(parts())).rows]
    assert [cells[0] for cells in rows] == ["Aldgate", "Bramley & <Sons>"]


def test_parts_that_no_table_needs_never_reach_the_parser() -> None:
    """Pictures, links elsewhere and entries that name a place outside."""
    extra = {
        "xl/media/a.png": b"x",
        "xl/externalLinks/externalLink1.xml": b"<!x>",
        "../../evil.xml": b"x",
        "xl/worksheets/../../e": b"x",
    }
    with zipfile.ZipFile(books.harmless("book.xlsx", packed(parts() | extra))) as kept:
        assert not set(extra) & set(kept.namelist())
        assert SHEET in kept.namelist()
