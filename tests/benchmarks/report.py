"""What is printed and written."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.benchmarks.measuring import Measured

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"


def say(text: str) -> None:
    """Tell what is going on."""
    sys.stderr.write(text + "\n")


def show(kind: str, deals: int, results: Sequence[Measured]) -> None:
    """Print one database's table."""
    sys.stdout.write(f"\n{kind}, {deals:,} deals\n" + "\n".join(table(results)) + "\n")


def table(results: Sequence[Measured]) -> list[str]:
    """Markdown rows."""
    lines = [
        "| operation | engine ms | floor ms | ratio | bar | statements | bytes |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for each in results:
        statements = f"{each.statements[0]} / {each.statements[1]}" if each.statements else ""
        size = f"{each.size[0]:,} / {each.size[1]:,}" if each.size else ""
        bar = f"{each.bar:g}×" if each.bar else ""
        mark = f"{each.ratio:.2f}×" + ("" if not each.bar or each.ratio <= each.bar else " (above)")
        lines.append(
            f"| {each.name} | {each.engine:.2f} | {each.floor:.2f} | {mark} | {bar} | {statements} | {size} |"
        )
    return lines


def write(deals: int, rounds: int, results: Mapping[str, Sequence[Measured]]) -> None:
    """Write the page of measured numbers."""
