"""Makes docs/reference/metadata.md and its Chinese sister from the schemas of metadata and the field types."""

from __future__ import annotations

from pathlib import Path

import dougong.engine.fields  # noqa: F401  the field types
from dougong.metadata.reference import page

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
PAGES = {"metadata.md": "en", "metadata.zh-CN.md": "zh-CN"}

if __name__ == "__main__":
    for name, language in PAGES.items():
        (FOLDER / name).write_text(page(language), "utf-8")
