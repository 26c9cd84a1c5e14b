"""Cells that a spreadsheet would run as formulas: written so that it shows them, read back as they were."""

from __future__ import annotations

import re

_RISKY = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")  # the wide ones run where spreadsheets speak Chinese or Japanese
_NUMBER = re.compile(r"[+-]?\d[\d,. ]*%?")


def guarded(text: str) -> str:
    """`text` as a CSV cell that no spreadsheet runs: an apostrophe goes before it. Numbers stay as they are."""
    return "'" + text if _RISKY.match(text) and not _NUMBER.fullmatch(text) else text


def unguarded(text: str) -> str:
    """What `guarded` was given. An apostrophe that stands before anything else is part of the text."""
    return text[1:] if text[:1] == "'" and _RISKY.match(text[1:]) else text
