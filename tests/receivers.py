"""What messages arrive at: a mail server and an HTTP server on this machine, which keep and count what they get."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Mailbox:
    """A mail server: its address for SMTP_URL, what it got, and how many more it will refuse."""

    url: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    broken: int = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Keep a mail."""
        if self.broken:
            self.broken -= 1
            return "451 try again later"
        found = message_from_bytes(envelope.original_content or envelope.content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.mails.append(found)
        return "250 kept"

    @property
    def ids(self) -> list[str]:
        """The Message-ID of each mail, in the order of arrival."""
        return [str(each["Message-ID"]) for each in self.mails]


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """A mail server, as long as the block takes."""
    box, port = Mailbox(), free_port()
    box.url = f"smtp+plain://127.0.0.1:{port}"
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield box
    finally:
        server.stop()


@dataclass(frozen=True)
class Call:
    """One call: its path, headers in lower case, body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Calls:
    """An HTTP server: its address, what it got, and what it answers (`status`, `answer`, after `seconds`)."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    status: int = 200
    answer: bytes = b'{"errcode": 0, "code": 0}'
    seconds: float = 0.0

    @property
    def ids(self) -> list[str]:
        """The id of each signed call, in the order of arrival."""
        return [each.headers["webhook-id"] for each in self.calls]


@contextmanager
def http_server() -> Iterator[Calls]:
    """An HTTP server, as long as the block takes."""
    kept = Calls()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            kept.calls.append(Call(self.path, {name.lower(): text for name, text in self.headers.items()}, body))
            time.sleep(kept.seconds)
            self.send_response(kept.status)
            self.send_header("content-length", str(len(kept.answer)))
            self.end_headers()
            self.wfile.write(kept.answer)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
