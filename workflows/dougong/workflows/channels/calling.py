"""Calls to the outside: guarded, cut short, and a failure unless the other side says that it went well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dougong.base import secrets
from dougong.base.failures import Explained, storable
from dougong.base.language import msg

if TYPE_CHECKING:
    from dougong.engine.company import Company


class CallFailed(Explained):
    """The other side answered that it did not go well.

    The address is not told: it may be the secret itself. Nor is what was said: it may repeat what was sent.
    """

    def __init__(self, status: str) -> None:
        """Fail with the status of the answer."""
        super().__init__(msg("The other side answered that it did not go well."), status)


class NoSecret(Explained):
    """A secret that the metadata names and the operator has not set."""

    def __init__(self, variable: str) -> None:
        """Fail for want of this variable of the environment."""
        super().__init__(msg("{variable} is not set.", variable=variable))


@dataclass(frozen=True, slots=True)
class Calling:
    """What a channel of a company sends by: see `dougong.base.channel_types.Way`."""

    company: Company
    options: Mapping[str, Any]
    answers: list[str] = field(default_factory=list)
    """What each call was answered: the status, and in lines below the beginning of what was said."""

    def secret(self, key: str) -> str:
        """The secret that the definition names under `key`.

        Raises:
            NoSecret: the operator has set none of this name.
        """
        name = str(self.options[key])
        found = secrets.secret(self.company.name, name)
        if found is None:
            raise NoSecret(secrets.variable(self.company.name, name))
        return found

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """The answer to a call that went well.

        Raises:
            CallFailed: the answer is no success.
            httpx2.HTTPError: nobody answered in time.
        """
        from dougong.engine import outbound  # httpx2 takes a while

        with outbound.client(self.company.near) as client:
            answer = client.post(url, content=body, headers=dict(headers))
            said = f"{answer.status_code} {answer.reason_phrase}\n{answer.text[:300]}".strip()
            self.answers.append(storable(said))
            if not answer.is_success:
                raise CallFailed(f"{answer.status_code} {answer.reason_phrase}".strip())
            return bytes(answer.content)
