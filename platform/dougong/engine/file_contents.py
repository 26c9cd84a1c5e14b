"""Where the bytes of files stand: in folders by the end of their id, under the folder of their company."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def place(data_dir: Path, file_id: str) -> Path:
    """Where the content of a file stands."""
    return data_dir / "files" / file_id[-2:] / file_id


def forget(data_dir: Path, blob: str) -> None:
    """Remove a content that no record has, or has any more."""
    place(data_dir, blob).unlink(missing_ok=True)


def forget_all(data_dir: Path | None, blobs: Iterable[str]) -> None:
    """Remove several; nothing where there is no folder: code without a server around it keeps no files."""
    if data_dir is not None:
        for each in blobs:
            forget(data_dir, each)
