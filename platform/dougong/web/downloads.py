"""A file that is made for one answer: spooled beside the memory, sent piece by piece, and gone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, BinaryIO, cast
from urllib.parse import quote

from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

IN_MEMORY = 4 << 20
"""Bytes that stay in memory; a larger file is a temporary one."""

CHUNK = 1 << 16


def download(write: Callable[[BinaryIO], str], media_type: str) -> Response:
    """The file that `write` fills, under the name that it returns; nothing is left of it where it raises."""
    spool = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  closed when it is sent
    file = cast(BinaryIO, spool)
    try:
        name = write(file)
    except BaseException:
        spool.close()
        raise
    file.seek(0, 2)
    headers = {
        "content-disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}",
        "content-length": str(file.tell()),
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
    file.seek(0)
    return StreamingResponse(_chunks(file), 200, headers, media_type, BackgroundTask(spool.close))


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    yield from iter(partial(file.read, CHUNK), b"")
