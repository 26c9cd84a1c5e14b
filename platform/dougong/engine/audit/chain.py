"""The arithmetic of the log: canonical text, digests, and the link from one entry to the next."""

from __future__ import annotations

import hashlib
import json
from typing import Any

BEGINNING = ""
"""What stands for the hash before the first entry."""


def canonical(value: Any) -> str:
    """`value` as JSON that is the same for equal values, in ASCII: no database or transport changes a letter of it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)


def digest(text: str) -> str:
    """The SHA-256 of `text`, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def link(previous: str, body: str) -> str:
    """The hash of the entry with `body` that follows the one with the hash `previous`."""
    return digest(f"{previous}\n{body}")
