"""One meaning of "the same but for case" for both databases and Python."""

from __future__ import annotations


def lowered(text: str) -> str:
    """`text` in lower case, letter by letter.

    As PostgreSQL's lower() does it: a capital sigma never becomes a final one, a dotted capital I an i.
    """
    if "Σ" in text or "İ" in text:
        text = text.replace("Σ", "σ").replace("İ", "i")
    return text.lower()
