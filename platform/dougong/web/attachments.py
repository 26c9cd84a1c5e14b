"""The bytes of files: one file each below DATA_DIR/files, named by record, never by what a person called it."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import BinaryIO

import filetype
from starlette.datastructures import UploadFile

from dougong.base.errors import Place, Problem
from dougong.base.ids import record_id
from dougong.base.language import msg
from dougong.engine.file_contents import place

LARGEST_MB = 20
LONGEST_NAME = 200
REFUSED = frozenset({"exe", "dll", "bat", "cmd", "com", "msi", "scr", "ps1", "vbs", "js", "jar", "sh", "hta", "lnk"})
"""Endings of programs: a CRM need not pass them on."""

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


def rename(data_dir: Path, old: str, new: str) -> None:
    """Give a stored content the id of its record."""
    target = place(data_dir, new)
    target.parent.mkdir(parents=True, exist_ok=True)
    place(data_dir, old).rename(target)


def is_really(path: Path, kind: str) -> bool:
    """Whether the bytes are of the kind that the name says."""
    guessed = filetype.guess(str(path))
    return guessed is not None and guessed.mime == kind
