"""Server-side request forgery: what the server calls, and what it must not be led to call."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx2
import pytest

from dougong.engine import outbound

INSIDE = (
    "127.0.0.1", "127.8.8.8", "10.0.0.8", "172.16.3.4", "192.168.1.1", "100.64.0.9", "0.0.0.0", "::1", "::",
    "169.254.169.254", "fe80::1", "fd00:ec2::254", "fc00::1", "224.0.0.1", "ff02::1", "192.0.2.7", "255.255.255.255",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "::7f00:1",
)  # fmt: skip
NEVER = ("169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe")
OUTSIDE = ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822")


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: tuple[str, ...]) -> list[str]:
    """Let every name resolve to the addresses of `answers`, one after the other; what was asked."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(outbound, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_inside_is_called(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """By whatever name it goes, alone or beside one that might be called."""
    for addresses in ((address,), (OUTSIDE[0], address)):
        resolving(monkeypatch, addresses)
        with pytest.raises(outbound.CallRefused):
            outbound.allowed("innocent.example", 443)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "::1", "localhost"])
def test_other_spellings_of_this_machine_are_seen_through(host: str) -> None:
    with pytest.raises(outbound.CallRefused):
        outbound.allowed(host, 9)


@pytest.mark.parametrize("address", INSIDE)
def test_what_the_operator_named_may_stand_near(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """In a private network or on this machine; never where clouds hand out credentials."""
    resolving(monkeypatch, (address,))
    near = frozenset({"login.internal"})
    if address in NEVER or address == "ff02::1":
        with pytest.raises(outbound.CallRefused):
            outbound.allowed("login.internal", 443, near)
    elif address not in ("100.64.0.9",):  # shared by customers of one provider: neither private nor of the internet
        assert outbound.allowed("LOGIN.internal.", 443, near) == address
    with pytest.raises(outbound.CallRefused):
        outbound.allowed("other.internal", 443, near)


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_internet_is_called(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolving(monkeypatch, (address,))
    assert outbound.allowed("login.example.com", 443) == address


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.com/", "gopher://example.com:25/x", "unix:///run/x"]
)
def test_no_other_scheme_is_called(url: str) -> None:
    with outbound.client() as client, pytest.raises(httpx2.HTTPError):
        client.get(url)


class Server(BaseHTTPRequestHandler):
    """Leads on to another place, or answers for ever."""

    seen: list[tuple[str, str]] = []

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers["host"]))
        self.send_response(302 if self.path == "/on" else 200)
        self.send_header("location", "http://169.254.169.254/latest/meta-data/")
        self.end_headers()
        try:
            for _ in range(80 if self.path == "/much" else 1):
                self.wfile.write(b"x" * (1 << 15))
        except OSError:
            return

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """The port of a server on this machine."""
    with HTTPServer(("127.0.0.1", 0), Server) as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made.server_address[1]
        made.shutdown()


def test_a_redirect_is_not_followed(server: int) -> None:
    with outbound.client(["localhost"]) as client:
        assert client.get(f"http://localhost:{server}/on").status_code == 302


def test_an_answer_without_end_is_cut_off(server: int) -> None:
    with outbound.client(["localhost"]) as client, pytest.raises(httpx2.ReadError):
        client.get(f"http://localhost:{server}/much")


def test_a_name_is_resolved_once_and_called_where_it_was_judged(server: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that says another address at the second question is still called where the first one led."""
    asked = resolving(monkeypatch, ("127.0.0.1",), ("169.254.169.254",))
    with outbound.client(["rebinding.example"]) as client:
        assert client.get(f"http://rebinding.example:{server}/here").status_code == 200
        assert asked[0] == "rebinding.example"
        assert Server.seen[-1] == ("/here", f"rebinding.example:{server}")
        with pytest.raises(outbound.CallRefused):
            client.get(f"http://rebinding.example:{server}/again")


def test_proxies_of_the_environment_see_nothing(server: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with outbound.client(["localhost"]) as client:
        assert client.get(f"http://localhost:{server}/direct").status_code == 200
