"""The contract of where companies stand: what only the operator's own account of a database may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Engine


@dataclass(frozen=True, slots=True)
class Account:
    """The account by which the server of the database knows a company: with it one reaches that company alone."""

    name: str
    secret: str


class Places(Protocol):
    """The place of each company in one database server or folder, and of the list of them all."""

    def directory(self, make: bool = False) -> Engine | None:
        """Connections to where the list of companies stands; None where there is none and none is to be made."""
        ...

    def isolates(self) -> bool:
        """Whether each company can have an account of its own, or needs none."""
        ...

    def taken(self, company: str) -> bool:
        """Whether something stands at the company's place already."""
        ...

    def make(self, company: str) -> Account | None:
        """Make the company's place, or take over what stands there, with an account of its own.

        None where the kind of database has no accounts.
        """
        ...

    def archive(self, company: str, account: Account | None) -> str:
        """Take the place out of everybody's reach, with all that is in it; what the archive is called."""
        ...
