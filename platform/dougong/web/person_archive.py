"""What a person is given of what is kept of them: a ZIP archive with one JSON file and the bytes of their files."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import IO

from dougong.engine import file_contents
from dougong.engine.privacy import find, given_out
from dougong.engine.unit import Unit


def write_archive(unit: Unit, object_name: str, record_id: str, data_dir: Path, file: IO[bytes] | Path) -> None:
    """Write ``person.json`` and ``files/…`` to `file`; that it was given out is in the audit log.

    Raises:
        Forbidden, NotFound, BadRequest: as `find`.
    """
    given, kept = given_out(unit, object_name, record_id), find(unit, object_name, record_id)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("person.json", json.dumps(given, ensure_ascii=False, indent=2, default=str))
        for content in kept.contents:
            path = file_contents.place(data_dir, content)
            if path.is_file():
                archive.write(path, f"files/{content}")
