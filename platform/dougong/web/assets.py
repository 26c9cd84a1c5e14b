"""Static files of a theme, served from memory under names that carry their content hash.

A page names an asset by its plain name (``app.css``); the address holds the hash of what is in it, so that a
browser may keep it for ever and still never sees an old one.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

FOREVER = "public, max-age=31536000, immutable"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
PREFIX = "/static/"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its address, its bytes and the same bytes compressed."""

    url: str
    content_type: str
    body: bytes
    packed: bytes


def read(theme: Path) -> Iterator[tuple[str, bytes]]:
    """The assets of a theme folder by plain name: all style sheets in order as ``app.css``, each script, the icons."""
    yield "app.css", b"".join(file.read_bytes() for file in sorted((theme / "css").glob("*.css")))
    for file in sorted((theme / "js").glob("*.js")):
        yield file.name, file.read_bytes()
    yield "htmx.js", (theme / "vendor/htmx/htmx.min.js").read_bytes()
    yield "squire.js", (theme / "vendor/squire/squire.mjs").read_bytes()
    yield "icons.svg", (theme / "icons/sprite.svg").read_bytes()
    yield "mark.svg", (theme / "icons/mark.svg").read_bytes()


class Assets:
    """The ASGI application that serves the assets of `theme`, and the addresses that pages use."""

    def __init__(self, theme: Path) -> None:
        """Read every asset of `theme` into memory (about 300 KB)."""
        self._named = {name: _asset(name, body) for name, body in read(theme)}
        self._served: Mapping[str, Asset] = {asset.url: asset for asset in self._named.values()}
        self.icons = frozenset(_symbols(self._named["icons.svg"].body))

    def url(self, name: str) -> str:
        """The address of the asset with the plain `name`. Raises KeyError when there is none."""
        return self._named[name].url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the asset at the path, or 404."""
        asset = self._served.get(scope["path"])
        if asset is None:
            start = {"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]}
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return
        packs = "gzip" in Headers(scope=scope).get("accept-encoding", "")
        body = asset.packed if packs else asset.body
        headers = [
            (b"content-type", asset.content_type.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", FOREVER.encode()),
            (b"vary", b"Accept-Encoding"),
            (b"x-content-type-options", b"nosniff"),
        ]
        headers += [(b"content-encoding", b"gzip")] if packs else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _asset(name: str, body: bytes) -> Asset:
    stem, _, suffix = name.rpartition(".")
    digest = hashlib.sha256(body).hexdigest()[:12]
    packed = gzip.compress(body, compresslevel=9, mtime=0)
    return Asset(f"{PREFIX}{stem}.{digest}.{suffix}", TYPES[f".{suffix}"], body, packed)


def _symbols(sprite: bytes) -> Iterator[str]:
    for piece in sprite.decode().split('<symbol id="')[1:]:
        yield piece.partition('"')[0]
