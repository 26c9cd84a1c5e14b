"""The bytes of files: one file each below DATA_DIR/files, named by record, never by what a person called it.

They are given out as what they are and never as a page of ours.
"""

from __future__ import annotations

import mimetypes
import os
import re
import shutil
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import filetype
from starlette.datastructures import UploadFile
from starlette.responses import FileResponse

from dougong.base.errors import NotFound, Place, Problem
from dougong.base.ids import record_id
from dougong.base.language import msg
from dougong.engine.file_contents import place

LARGEST_MB = 20
LONGEST_NAME = 200
REFUSED = frozenset({"exe", "dll", "bat", "cmd", "com", "msi", "scr", "ps1", "vbs", "js", "jar", "sh", "hta", "lnk"})
"""Endings of programs: a CRM need not pass them on."""

SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"})

_UNFIT = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')


def clean_name(name: str) -> str:
    """A file name without path, control characters and what file systems refuse."""
    bare = _UNFIT.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip(" .")
    return bare[-LONGEST_NAME:] or "file"


def refusal(name: str, sent: UploadFile, most: int = LARGEST_MB) -> Problem | None:
    """Why a file is not taken, if it is not: larger than `most` megabytes, empty, a program."""
    size = sent.size or 0
    if size > most << 20:
        reason = msg("{name} is larger than {most} MB.", name=name, most=most)
        return Problem(code="file-large", reason=reason, place=Place(field="file"))
    if size == 0:
        return Problem(code="file-empty", reason=msg("{name} is empty.", name=name), place=Place(field="file"))
    ending = name.rpartition(".")[2].lower()
    if ending in REFUSED:
        reason = msg("Files that end in .{ending} are not taken.", ending=ending)
        return Problem(code="file-kind", reason=reason, fix=msg("Pack it into a .zip file."), place=Place(field="file"))
    return None


def store(data_dir: Path, content: BinaryIO) -> str:
    """Write the bytes under a new id, safely on disk, and return the id."""
    blob = record_id()
    path = place(data_dir, blob)
    path.parent.mkdir(parents=True, exist_ok=True)
    content.seek(0)
    with path.open("xb") as target:
        shutil.copyfileobj(content, target, 1 << 20)
        target.flush()
        os.fsync(target.fileno())
    return blob


def size(data_dir: Path, content: str | None) -> int | None:
    """How many bytes stand under an id; None where there are none."""
    path = place(data_dir, content) if content else None
    return path.stat().st_size if path is not None and path.is_file() else None


def is_really(path: Path, kind: str) -> bool:
    """Whether the bytes are of the kind that the name says."""
    guessed = filetype.guess(str(path))
    return guessed is not None and guessed.mime == kind


def given_out(data_dir: Path, content: str, name: str) -> FileResponse:
    """The bytes that stand under `content`, as the file called `name`: shown where that is safe, else to be kept.

    Raises:
        NotFound: they are missing.
    """
    path = place(data_dir, content)
    if not path.is_file():
        reason = msg("The file's content is missing.")
        raise NotFound(Problem(code="file-missing", reason=reason, thing=content, place=Place()))
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    shown = kind in SHOWN_INLINE and is_really(path, kind)
    headers = {
        "content-disposition": f"{'inline' if shown else 'attachment'}; filename*=utf-8''{quote(name)}",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "cache-control": "private, max-age=3600",
    }
    return FileResponse(path, media_type=kind if shown else "application/octet-stream", headers=headers)
