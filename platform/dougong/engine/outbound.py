"""Calls to other servers, so that nobody makes this one ask where they cannot reach themselves (SSRF).

A name is resolved once, every address that it has is judged, and the connection goes to one of these: a name that
answers otherwise a moment later (DNS rebinding) gains nothing. Redirects are not followed, proxies of the environment
not used, answers cut off where they grow too large. Import this where calls are made, not before: httpx2 takes a while.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from socket import SOCK_STREAM, getaddrinfo

import httpx2

from dougong.base.language import Message, msg

SECONDS = 10
"""How long a server may take for each answer."""

LARGEST_ANSWER = 2**20
"""Bytes of the largest answer that is read."""

TransportError = httpx2.TransportError
"""What is raised where nobody answered."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_EMBEDDING = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")))
"""Networks whose last 32 bits are an IPv4 address that a gateway, or this machine, may lead to."""


class NotCalled(httpx2.ConnectError):
    """There is nothing to connect to, for a `reason` of ours."""

    def __init__(self, reason: Message) -> None:
        """Fail for this reason."""
        super().__init__(str(reason))
        self.reason = reason


class CallRefused(NotCalled):
    """The call is not made: it would lead somewhere that a stranger must not reach through this server."""


class AnswerTooLarge(httpx2.ReadError):
    """The answer is not read to its end."""

    reason = msg("The answer is larger than {n} bytes.", n=LARGEST_ANSWER)


REASONS: tuple[tuple[type[Exception], Message], ...] = (
    (httpx2.TimeoutException, msg("The other side did not answer in time.")),
    (httpx2.ConnectError, msg("The other side cannot be reached.")),
    (httpx2.TransportError, msg("The connection to the other side broke off.")),
)
"""What went wrong, by the class of the error, what is special first (`dougong.engine.causes`)."""


def client(near: Iterable[str] = ()) -> httpx2.Client:
    """A client for calls to the internet, and to the hosts `near` also where these stand in a private network.

    `near` are hosts that the operator named; a host that a document or a person named is never among them.
    """
    return httpx2.Client(transport=Guarded(near), timeout=SECONDS, follow_redirects=False)


class Guarded(httpx2.BaseTransport):
    """Sends requests to judged addresses alone. Certificates are checked against the name, not the address."""

    def __init__(self, near: Iterable[str] = ()) -> None:
        """Let the hosts `near` stand in a private network."""
        self._near = frozenset(host.lower().rstrip(".") for host in near)
        self._way = httpx2.HTTPTransport(limits=httpx2.Limits(max_keepalive_connections=0))

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Judge, then send.

        Raises:
            CallRefused: the address is none that may be called.
            httpx2.HTTPError: the server cannot be reached or answers too much.
        """
        url = request.url
        if url.scheme not in ("http", "https"):
            raise CallRefused(msg("Addresses of the kind {scheme} are not called.", scheme=url.scheme))
        host = url.raw_host.decode("ascii")
        address = allowed(host, url.port or {"http": 80, "https": 443}[url.scheme], self._near)
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = url.copy_with(host=address)
        try:
            answer = self._way.handle_request(request)
        finally:
            request.url = url
        assert isinstance(answer.stream, httpx2.SyncByteStream)
        answer.stream = _Capped(answer.stream)
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._way.close()


class _Capped(httpx2.SyncByteStream):
    """A body that ends in an error where it grows too large."""

    def __init__(self, stream: httpx2.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        read = 0
        for piece in self._stream:
            read += len(piece)
            if read > LARGEST_ANSWER:
                raise AnswerTooLarge(str(AnswerTooLarge.reason))
            yield piece

    def close(self) -> None:
        self._stream.close()


def allowed(host: str, port: int, near: frozenset[str] = frozenset()) -> str:
    """The address to connect to for `host`.

    Raises:
        CallRefused: one of its addresses may not be called: a name with such an address beside others is an attack.
        NotCalled: it has none.
    """
    try:
        found = getaddrinfo(host, port, type=SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotCalled(msg("{host} has no address.", host=host)) from error
    addresses = [str(each[4][0]) for each in found]
    for address in addresses:
        if not _may_call(ipaddress.ip_address(address.partition("%")[0]), host.lower().rstrip(".") in near):
            reason = msg("{host} has the address {address}, which may not be called.", host=host, address=address)
            raise CallRefused(reason)
    return addresses[0]


def _may_call(address: Address, near: bool) -> bool:
    """Whether an address is of the internet; of a `near` host also one of this machine or a private network.

    Link-local addresses never: there clouds answer with the credentials of the machine.
    """
    inner = _embedded(address)
    if inner is not None:
        return _may_call(inner, near)
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    return address.is_global or (near and address.is_private)


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(address, ipaddress.IPv4Address) or address in (
        ipaddress.IPv6Address("::1"),
        ipaddress.IPv6Address("::"),
    ):
        return None
    if any(address in network for network in _EMBEDDING):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
