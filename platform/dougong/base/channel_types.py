"""The contract of a kind of channel: by what people are told things outside of the application.

One kind is one class in one file, registered by the hook `channel_types`. Its keys are JSON Schema, as those of steps
are, so that `check` and the reference read the same definition. A secret is never among them: a key that ends in
``secret`` holds the name of one, which the operator keeps (`dougong.base.secrets`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

from dougong.base.language import Message
from dougong.base.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Whom a message is for. `email` and `phone` are "" where they are not known."""

    name: str
    language: str
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message to one person, in their language. `id` is the same for each attempt to send it.

    `html` is what a mail says in markup that is already harmless; "" where `text` is all that there is.
    """

    id: str
    subject: str
    text: str
    url: str
    to: Receiver
    at: datetime
    html: str = ""


class Way(Protocol):
    """What a channel sends by: what its definition says, the secrets that it names, calls to the outside."""

    @property
    def options(self) -> Mapping[str, Any]:
        """What the definition says under the keys of its kind."""

    def secret(self, key: str) -> str:
        """The secret that the definition names under `key`.

        Raises:
            Explained: the operator has set none of this name.
        """

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Call `url`, where a server of the internet may be called; the answer of a call that went well.

        Raises:
            Exception: nobody answered in time, or the answer is no success.
        """


class ChannelType:
    """One kind of channel. `needs` is what a person must have to be told by it: "email", "mobile" or nothing."""

    name: ClassVar[str]
    label: ClassVar[Message]
    keys: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    """JSON Schema of each key of its own, with `description` and `x-zh-CN`."""
    required_keys: ClassVar[tuple[str, ...]] = ()
    other_keys: ClassVar[bool] = False
    """Whether it takes keys that are not among `keys`."""
    needs: ClassVar[str] = ""
    in_order: ClassVar[bool] = False
    """Whether messages about one record arrive in the order in which they were told: programs want that, people not."""

    def send(self, way: Way, letter: Letter) -> None:
        """Hand a message over; it may be called again with the same one.

        Raises:
            Explained: it was not taken, and people read why in their language (`dougong.base.failures`).
            Exception: the same, for a reason that is shown as it is said.

        Either way it is tried again later, and kept as a dead letter at last.
        """
        raise NotImplementedError


CHANNEL_TYPES: Registry[ChannelType] = Registry("kind of channel")
"""Every kind of channel by name; rooms and plugins add theirs."""
