"""What is printed and written."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.benchmarks.measuring import Measured

BEGIN, END = "<!-- measured -->", "<!-- /measured -->"
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
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
        lines.append(f"| {each.name} | {each.engine:.2f} | {each.floor:.2f} | {mark} | {bar} | {statements} | {size} |")
    return lines


def show_growth(few: float, many: float) -> None:
    """Print what a hundred times as many records do to the list page."""
    sys.stdout.write(f"list page at 1,000,000 deals: {many:.2f} ms, at 10,000: {few:.2f} ms, {many / few:.2f}×\n")


def write(
    deals: int,
    rounds: int,
    results: Mapping[str, Sequence[Measured]],
    growth: Mapping[str, tuple[float, float]],
) -> None:
    """Put the measured numbers into the page, between its marks; the rest of the page is written by hand."""
    parts = [f"Measured on {_machine()}; {deals:,} deals, medians of {rounds} rounds.", ""]
    for kind, found in results.items():
        parts += [f"### {NAMES[kind]}", "", *table(found), ""]
        if kind in growth:
            few, many = growth[kind]
            parts += [
                f"List page at 1,000,000 deals: {many:.2f} ms; at 10,000: {few:.2f} ms; {many / few:.2f}×.",
                "",
            ]
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n" + "\n".join(parts) + f"{END}{after}", "utf-8")


def _machine() -> str:
    """The machine in neutral words."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB of memory, {platform.system()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )
