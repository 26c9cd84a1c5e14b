"""Identities: time-ordered ids of records, short random ids of metadata components."""

from __future__ import annotations

import secrets

import uuid_utils

_ALPHABET = "0123456789abcdefghijkmnpqrstuvwxyz"


def record_id() -> str:
    """A new UUIDv7 (RFC 9562) as 36 lower-case characters: sortable by time, safe to make anywhere."""
    return str(uuid_utils.uuid7())


def component_id() -> str:
    """A new component identity: a letter and 11 characters of a 34-letter alphabet (about 60 bits)."""
    return secrets.choice("abcdefghijkmnpqrstuvwxyz") + "".join(secrets.choice(_ALPHABET) for _ in range(11))
