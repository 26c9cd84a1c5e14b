"""Sealing what has to be read again and must not lie open in the database: secrets of authenticator apps."""

from __future__ import annotations

import base64
import functools
import os
import secrets
from hashlib import sha256
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from dougong.base.settings import Secret, Settings

KEY_FILE = "secret.key"


def seal(settings: Settings, text: str) -> str:
    """`text` so that only the site's key opens it (AES-128-CBC with HMAC, as Fernet says)."""
    return _box(settings.secret_key, settings.data_dir).encrypt(text.encode()).decode()


def opened(settings: Settings, sealed: str) -> str | None:
    """What was sealed, by the present key or an older one; None where none of them fits."""
    try:
        return _box(settings.secret_key, settings.data_dir).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


@functools.lru_cache(maxsize=8)
def _box(key: Secret | None, folder: Path) -> MultiFernet:
    keys = [part.strip() for part in key.text.split(",")] if key else [_key_of(folder)]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(sha256(part.encode()).digest())) for part in keys if part])


def _key_of(folder: Path) -> str:
    """The key in the data folder, made where there is none; of several processes that make one, all take the first."""
    path = folder / KEY_FILE
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = folder / f".{KEY_FILE}.{secrets.token_hex(6)}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(32), encoding="ascii")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()
