"""XLSX books from strangers, made harmless before a parser sees them.

A book is an archive of XML. A few kilobytes of it can unpack to gigabytes, name one cell far off (parsers keep every
cell up to it), repeat one long text a million times, or refer to files and addresses (XXE). So its parts are unpacked
here within limits, judged, and packed anew: the parser reads what was judged, never the file that was sent.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator

from dougong.base.errors import BadRequest, DougongError, Place, Problem, TooLarge
from dougong.base.language import Message, msg

MOST_PARTS = 2000
"""Entries of the archive."""

LARGEST_UNPACKED = 512 * 2**20
"""Bytes of all parts that are read."""

HIGHEST_RATIO = 200
"""How often its packed size a part may unpack to, where it is larger than `UNSUSPICIOUS`."""

UNSUSPICIOUS = 8 * 2**20
"""Bytes that a part may unpack to whatever its ratio."""

LARGEST_AREA = 40_000_000
"""Cells between the first one and the farthest: empty ones take memory too."""

LARGEST_TEXT = 1024 * 2**20
"""Characters of all cells, those of a shared text counted at each cell that shows it."""

_READ = re.compile(
    r"(\[Content_Types\]\.xml|_rels/[^/]*\.rels|xl/[\w.-]+\.xml|xl/_rels/[\w.-]+\.rels|xl/worksheets/.+)"
)
_STRINGS = "xl/sharedStrings.xml"
_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,8})([0-9]{1,18})""")
_SHARED = re.compile(rb"<(?:[\w-]+:)?si[\s/>]")
_VALUE = re.compile(rb"<(?:[\w-]+:)?v[\s>]")
_INDEX = re.compile(rb"<v>([0-9]{1,9})</v>")
_NUMBER = re.compile(rb"<v>(?:[0-9]{1,9}|-?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]{1,3})?)</v>")
_SLICE = 16 * 2**20
_OVERLAP = 128


def harmless(name: str, data: bytes) -> io.BytesIO:
    """The book in `data` with the parts that tables are read from, and no others.

    Raises:
        BadRequest: it is no XLSX book, or says what no spreadsheet program writes.
        TooLarge: past the limits of this module.
    """
    made = io.BytesIO()
    lengths: list[int] = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as given, zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as kept:
            wanted = _wanted(name, given)
            for entry in wanted:
                part = _unpacked(name, given, entry)
                if entry.filename == _STRINGS:
                    lengths = _lengths(part)
                elif entry.filename.startswith("xl/worksheets/"):
                    _check_sheet(name, part, lengths)
                kept.writestr(entry.filename, part)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, ValueError, OSError):
        raise broken(name) from None
    made.seek(0)
    return made


def broken(name: str) -> DougongError:
    """The error for a file that is no book."""
    return BadRequest(
        _problem(
            name,
            "file-broken",
            msg("The file is no readable XLSX book."),
            msg("Save it again as XLSX, or as CSV."),
        )
    )


def _problem(name: str, code: str, reason: Message, fix: Message | None = None) -> Problem:
    return Problem(code=code, thing=name, place=Place(file=name), reason=reason, fix=fix)


SMALLER = msg("Save the sheet alone, without empty rows and columns, as XLSX or as CSV.")


def _wanted(name: str, given: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The entries that are read, shared texts first; their sizes are what the archive says of them."""
    entries = given.infolist()
    if len(entries) > MOST_PARTS:
        raise TooLarge(
            _problem(name, "file-too-large", msg("The book has more than {most} parts.", most=MOST_PARTS), SMALLER)
        )
    found = [entry for entry in entries if _READ.fullmatch(entry.filename) and ".." not in entry.filename]
    names = {entry.filename for entry in found}
    if "xl/workbook.xml" not in names or len(names) < len(found):
        raise broken(name)
    if sum(entry.file_size for entry in found) > LARGEST_UNPACKED:
        raise TooLarge(
            _problem(
                name,
                "file-too-large",
                msg("The book unpacks to more than {most} MB.", most=LARGEST_UNPACKED >> 20),
                SMALLER,
            )
        )
    for entry in found:
        if entry.file_size > max(UNSUSPICIOUS, entry.compress_size * HIGHEST_RATIO):
            raise TooLarge(
                _problem(
                    name,
                    "file-too-large",
                    msg("A part of the book unpacks to {n} times its size.", n=HIGHEST_RATIO),
                    SMALLER,
                )
            )
    return sorted(found, key=lambda entry: entry.filename != _STRINGS)


def _unpacked(name: str, given: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """A part: never more bytes than the archive said, and XML without declarations, comments or other encodings."""
    with given.open(entry) as opened:
        part = opened.read(entry.file_size + 1)
    if len(part) != entry.file_size or b"<!" in part or b"\x00" in part:
        raise broken(name)
    return part


def _lengths(part: bytes) -> list[int]:
    """The length of each shared text, its markup included."""
    starts = [found.start() for found in _SHARED.finditer(part)]
    return [after - start for start, after in zip(starts, [*starts[1:], len(part)], strict=True)]


def _slices(part: bytes) -> Iterator[bytes]:
    """The part in pieces that overlap by more than a cell's reference is long."""
    for start in range(0, len(part), _SLICE):
        yield part[start : start + _SLICE + _OVERLAP]


def _check_sheet(name: str, part: bytes, lengths: list[int]) -> None:
    """Check how far the cells of a sheet reach, and how much text they show."""
    rows = columns = 1
    for piece in _slices(part):
        for letters, digits in set(_REFERENCE.findall(piece)):
            rows, columns = max(rows, int(digits)), max(columns, _column(letters))
    if rows * columns > LARGEST_AREA:
        raise TooLarge(
            _problem(
                name,
                "file-too-large",
                msg("The cells of a sheet reach too far: {rows} × {columns}.", rows=rows, columns=columns),
                SMALLER,
            )
        )
    if _text(part, lengths) > LARGEST_TEXT:
        raise TooLarge(
            _problem(
                name,
                "file-too-large",
                msg("The cells of a sheet hold more than {most} MB of text.", most=LARGEST_TEXT >> 20),
                SMALLER,
            )
        )


def _column(letters: bytes) -> int:
    at = 0
    for letter in letters.upper():
        at = at * 26 + letter - 64
    return at


def _text(part: bytes, lengths: list[int]) -> int:
    """At most how much shared text the cells show. A value in no usual form counts as the longest text there is."""
    if not lengths or len(part) // 8 * max(lengths) <= LARGEST_TEXT:
        return 0
    shown: Counter[bytes] = Counter()
    unusual = 0
    for start in range(0, len(part), _SLICE):  # a value that is cut in two counts as unusual
        piece = part[start : start + _SLICE]
        shown.update(_INDEX.findall(piece))
        unusual += len(_VALUE.findall(piece)) - sum(1 for _ in _NUMBER.finditer(piece))
    known = sum(count * lengths[int(at)] for at, count in shown.items() if int(at) < len(lengths))
    return known + max(unusual, 0) * max(lengths)
