"""One request as the handlers see it: who asks, what was sent, and the few things a handler may do about it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import SplitResult, quote, quote_plus, urlencode, urlsplit

from markupsafe import Markup
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from dougong.base.errors import BadRequest, Forbidden, NotFound, Problem
from dougong.base.field_types import Reading
from dougong.base.language import LANGUAGES, Message, msg
from dougong.engine.access import kept_in_metadata
from dougong.engine.actor import Actor, Channel
from dougong.engine.company import Company
from dougong.engine.unit import Unit
from dougong.metadata.model import Model, Object
from dougong.web.context import Context
from dougong.web.protection import token
from dougong.web.sessions import Session

if TYPE_CHECKING:
    from dougong.web.site import Site

T = TypeVar("T")

IN_ADDRESSES = "/#%[]=:;$&()+,!?*@'~"
"""What stays as it is where an address goes into a header; headers hold no other letters than those of Latin-1."""

SMALLEST_PACKED = 1400
"""Answers below this many bytes are sent as they are: they fit one packet."""


@dataclass(slots=True)
class Visit:
    """A request to one company. `unit` is open while a page is read; a change opens its own by `write`."""

    site: Site
    request: Request
    company: Company
    session: Session | None
    language: str
    unit_or_none: Unit | None = None
    form: FormData = field(default_factory=FormData)
    door: str = ""
    """The cookie of those who have not signed in, which form tokens are made from."""
    proved: bool = False
    """True when the person has lately proved who they are: then they may change how they sign in."""
    csrf_of: tuple[str, Markup] = ("", Markup(""))
    """The form token that this page has been given, after what it was made from: its forms share one."""

    # -- who and where ----------------------------------------------------------------------------------
    @property
    def unit(self) -> Unit:
        """The unit of work in which this page is read."""
        assert self.unit_or_none is not None, "a handler of a change reads inside visit.read()"
        return self.unit_or_none

    @property
    def signed_in(self) -> Session:
        """The session of a page that only those who are signed in see."""
        assert self.session is not None
        return self.session

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.signed_in.actor

    @property
    def address(self) -> str:
        """The network address that asks; "" where the server does not know it."""
        return self.request.client.host if self.request.client else ""

    @property
    def model(self) -> Model:
        """The metadata in force."""
        return self.unit.runtime.model

    @property
    def reading(self) -> Reading:
        """The reader's language, zone and clock."""
        return self.unit.reading

    @property
    def context(self) -> Context:
        """`x` of the templates."""
        return Context.of(self.reading, self.site.templates.icons, self.model.rights.queue_labels)

    @property
    def partial(self) -> bool:
        """True when htmx asks for a part of the page."""
        return self.request.headers.get("hx-request-type") == "partial"

    @property
    def scripted(self) -> bool:
        """True when htmx asks, for a part or the whole."""
        return "hx-request" in self.request.headers

    @property
    def shown_at(self) -> SplitResult:
        """The address of the page that the browser shows, as htmx tells it; empty where it tells none."""
        try:
            return urlsplit(self.request.headers.get("hx-current-url", ""))
        except ValueError:  # a host that is none, such as "http://["
            return urlsplit("")

    def object(self, name: str) -> Object:
        """The object of the model with this `name`.

        Raises:
            NotFound: there is none, or the reader may not see it.
        """
        found = self.model.object_named(name)
        if found is None or not self.unit.access.may("read", found):
            raise NotFound(Problem(code="object-unknown", reason=msg("There is no such page."), thing=name))
        return found

    # -- what was sent ----------------------------------------------------------------------------------
    def asked(self, name: str, default: str = "") -> str:
        """A parameter of the address, without NUL: PostgreSQL fails over a text with one."""
        return self.request.query_params.get(name, default).replace("\x00", "")

    def sent(self, name: str, default: str = "") -> str:
        """A text field of the form."""
        value = self.form.get(name, default)
        return value if isinstance(value, str) else default

    def sent_all(self, name: str) -> list[str]:
        """Every text sent under `name`."""
        return [value for value in self.form.getlist(name) if isinstance(value, str)]

    def uploads(self, name: str) -> list[UploadFile]:
        """Every file sent under `name`; a file field left empty sends none."""
        return [value for value in self.form.getlist(name) if isinstance(value, UploadFile) and value.filename]

    def back(self, default: str) -> str:
        """Where the form says to go afterwards: a path of this site, else `default`."""
        return safe_path(self.sent("back") or self.asked("back")) or default

    # -- what to do -------------------------------------------------------------------------------------
    def write(self, work: Callable[[Unit], T], why: str = "", channel: Channel = "form") -> T:
        """Run `work` in a transaction as this person."""
        return self.company.write(replace(self.actor, channel=channel), work, why=why)

    @contextmanager
    def read(self, why: str = "") -> Iterator[Visit]:
        """This visit with a unit of its own, as for a page shown after a change failed; `why` is for the audit log."""
        with self.company.read(self.actor, why=why) as unit:
            yield replace(self, unit_or_none=unit)

    def page(self, template: str, /, status: int = 200, **values: Any) -> Response:
        """The template within the shell, or its fragment, as an answer."""
        return self.html(self.render(template, **values), status)

    def render(self, template: str, /, **values: Any) -> str:
        """The template as text, with what every template knows."""
        return self.site.templates.render(template, self.language, **self.values(), **values)

    def values(self) -> Mapping[str, Any]:
        """What every template knows."""
        return {
            "x": self.context if self.unit_or_none else None,
            "r": self.reading if self.unit_or_none else None,
            "session": self.session,
            "csrf": self.csrf,
            "visit": self,
            "company_name": self.site.settings.company_name,
        }

    def say(self, message: Message) -> str:
        """A sentence in the reader's language."""
        return message.to(self.language)

    def csrf(self) -> Markup:
        """The hidden form field that proves a form to be ours."""
        seed = self.session.token if self.session else self.door
        if self.csrf_of[0] != seed or not seed:
            self.csrf_of = seed, Markup('<input type="hidden" name="csrf" value="{}">').format(token(seed))
        return self.csrf_of[1]

    def html(self, text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """`text` as an answer, compressed where the browser takes it."""
        body = text.encode()
        sent = {"cache-control": "no-store", "vary": "Accept-Encoding, HX-Request-Type, Cookie", **(headers or {})}
        if len(body) >= SMALLEST_PACKED and "gzip" in self.request.headers.get("accept-encoding", ""):
            packer = zlib.compressobj(level=4, wbits=31)
            body = packer.compress(body) + packer.flush()
            sent["content-encoding"] = "gzip"
        return HTMLResponse(body, status, sent)

    def kept(self, answer: Response) -> Response:
        """`answer`, which the browser may keep and asks for again: where it is as it was, that alone is said (304)."""
        tag = f'"{blake2b(bytes(answer.body), digest_size=12).hexdigest()}"'
        answer.headers.update({"etag": tag, "cache-control": "private, no-cache"})
        if self.request.headers.get("if-none-match") != tag:
            return answer
        return Response(
            status_code=304, headers={name: answer.headers[name] for name in ("etag", "cache-control", "vary")}
        )

    def go(self, url: str, told: str = "", undo: str = "") -> Response:
        """Send the browser to `url` (303), with a message to show there and the address that takes it back."""
        answer = Response(status_code=204 if self.scripted else 303)
        answer.headers["hx-redirect" if self.scripted else "location"] = quote(url, safe=IN_ADDRESSES)
        if told:
            kept = _cookie_text(f"{undo}\n{told}")
            answer.set_cookie("told", kept, max_age=30, path="/", samesite="lax", secure=self.site.secure)
        return answer


def _cookie_text(text: str) -> str:
    return urlencode({"t": text})[2:]


def safe_path(path: str) -> str:
    """`path` when it is a path of this site; "" for anything that could lead elsewhere."""
    if not path.startswith("/") or path.startswith(("//", "/\\")) or "\\" in path or any(ord(c) < 32 for c in path):
        return ""
    parts = urlsplit(path)
    return "" if parts.netloc or parts.scheme else path


def with_query(path: str, pairs: Iterable[tuple[str, str]]) -> str:
    """`path` with a query of `pairs`."""
    query = "&".join([f"{_quoted(name)}={_quoted(value)}" for name, value in pairs])
    return f"{path}?{query}" if query else path


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    """`text` as it stands in a query. A record page says its own address and its fields there again and again."""
    return quote_plus(text)


def whole_number(text: str) -> int | None:
    """The number that a hidden field says; None for anything else, and for more digits than a version can have."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def forbidden(what: str) -> Forbidden:
    """The error for a page that this person may not use."""
    return Forbidden(Problem(code="not-allowed", reason=msg("You may not do this."), thing=what))


def refused(obj: Object) -> Forbidden:
    """The error for making or changing records of an object that this person may not make or change."""
    return Forbidden(kept_in_metadata(obj)) if obj.rows == "metadata" else forbidden(obj.name)


def broken(what: str) -> BadRequest:
    """The error for an address or form that says nothing sensible."""
    return BadRequest(Problem(code="request-broken", reason=msg("This request cannot be understood."), thing=what))


def preferred_language(accepts: str, default: str) -> str:
    """The best of our languages for an Accept-Language header."""
    wanted = []
    for position, part in enumerate(accepts.split(",")):
        tag, _, quality = part.strip().partition(";q=")
        try:
            wanted.append((-float(quality or 1), position, tag.lower()))
        except ValueError:
            continue
    for _, _, tag in sorted(wanted):
        for language in LANGUAGES:
            if tag and language.lower().split("-")[0] == tag.split("-")[0]:
                return language
    return default
