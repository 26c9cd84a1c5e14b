"""Identities: time-ordered ids of records, short random ids of metadata components."""

from __future__ import annotations

import re
import secrets
import uuid
from datetime import datetime
from typing import Any

import uuid_utils

_NAMES = uuid.UUID("6f0e3c1e-8d1b-4a39-9a53-0d4f2b6c7e11")
"""The namespace of ids that are made from names; it never changes."""

_ALPHABET = "0123456789abcdefghijkmnpqrstuvwxyz"


def record_id() -> str:
    """A new UUIDv7 (RFC 9562) as 36 lower-case characters: sortable by time, safe to make anywhere."""
    return str(uuid_utils.uuid7())


def first_id(moment: datetime) -> str:
    """The first id that a record may have which is made at `moment`: what is made before has an earlier one."""
    since_1970 = max(0, int(moment.timestamp() * 1000))
    return str(uuid.UUID(int=since_1970 << 80 | 0x7000_8000_0000_0000_0000))


_RECORD_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def is_record_id(value: Any) -> bool:
    """Whether `value` has the form of a record id, so that no database needs to refuse it."""
    return isinstance(value, str) and _RECORD_ID.fullmatch(value) is not None


def named_id(name: str) -> str:
    """The record id that belongs to `name` (a UUIDv5), the same in every company and at any time."""
    return str(uuid.uuid5(_NAMES, name))


def component_id() -> str:
    """A new component identity: a letter and 11 characters of a 34-letter alphabet (about 60 bits)."""
    return secrets.choice("abcdefghijkmnpqrstuvwxyz") + "".join(secrets.choice(_ALPHABET) for _ in range(11))
