"""Makes docs/reference/functions.md and its Chinese sister from the definitions of formula functions."""

from __future__ import annotations

from pathlib import Path

from dougong.formulas.reference import page

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
PAGES = {"functions.md": "en", "functions.zh-CN.md": "zh-CN"}

if __name__ == "__main__":
    for name, language in PAGES.items():
        (FOLDER / name).write_text(page(language), "utf-8")
