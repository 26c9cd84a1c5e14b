"""Problems: what is wrong, where, and how to mend it, said once for page, API and command line.

DougongError                 carries one or more Problems and the HTTP status that fits
├── MetadataError      422   documents, packages, drafts: bad JSON, schema, references
├── FormulaError       422   a formula that cannot be compiled
├── Rejected           422   a record that breaks a rule; every broken rule at once
├── Conflict           409   somebody else was first: stale version, unique key, second publisher
├── Forbidden          403   known to exist, not allowed
├── NotFound           404   does not exist, or may not be known to exist
├── BadRequest         400   the call itself is wrong: unknown filter, broken cursor, bad JSON
├── TooLarge           413   over a stated limit
└── SettingError       500   the operator's settings are wrong; the server does not start
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from dougong.base.language import LANGUAGES, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a problem is. Only the parts that apply are set.

    `pointer` is a JSON Pointer (RFC 6901) into `file`; `field` the API name of a field; `row` counts from 1
    in a batch or an import file; `line` and `column` count from 1.
    """

    file: str | None = None
    pointer: str | None = None
    line: int | None = None
    column: int | None = None
    field: str | None = None
    row: int | None = None

    def __str__(self) -> str:
        parts = [self.file or "", self.pointer or ""]
        parts += [f"row {self.row}"] if self.row else []
        parts += [self.field] if self.field else []
        parts += [f"line {self.line}"] if self.line else []
        parts += [f"column {self.column}"] if self.column else []
        return ", ".join(part for part in parts if part)


NOWHERE = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong. `code` is stable and has a row in docs/reference/problems.md.

    `thing` is the address of what is wrong (``field:opportunity.amount``) or the name of a record.
    """

    code: str
    reason: Message
    fix: Message | None = None
    thing: str = ""
    place: Place = NOWHERE
    severity: Literal["error", "warning"] = "error"

    def text(self, language: str = LANGUAGES[0]) -> str:
        """Reason and fix as one or two sentences, without the place."""
        said = self.reason.to(language)
        if not self.fix:
            return said
        return f"{_ended(said, language)}{self.fix.to(language)}"

    def to_json(self, language: str = LANGUAGES[0]) -> dict[str, Any]:
        """The problem as the API answers it."""
        place = {key: getattr(self.place, key) for key in Place.__slots__ if getattr(self.place, key) is not None}
        body: dict[str, Any] = {"code": self.code, "message": self.reason.to(language)}
        if self.fix:
            body["fix"] = self.fix.to(language)
        if self.thing:
            body["thing"] = self.thing
        if self.severity != "error":
            body["severity"] = self.severity
        return body | place

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.thing, str(self.place)) if part)
        return f"{where}: {self.text()} [{self.code}]" if where else f"{self.text()} [{self.code}]"


_STOPS = {"zh": ("。", "")}
"""The stop that ends a sentence, and the room after it; elsewhere a point and a blank."""


def _ended(said: str, language: str) -> str:
    """A sentence that another one may follow: messages of rules are written by people, with a stop or without."""
    stop, room = _STOPS.get(language.partition("-")[0], (".", " "))
    if said.endswith(("。", "！", "？", "：")):  # full-width signs bring their own room
        return said
    return f"{said}{'' if said.endswith(('.', '!', '?', ':')) else stop}{room}"


class DougongError(Exception):
    """The root of every error that a user, admin, consultant or operator can cause."""

    status: ClassVar[int] = 400

    def __init__(self, *problems: Problem | Iterable[Problem]) -> None:
        """Carry `problems`, given one by one or as iterables; at least one."""
        flat: list[Problem] = []
        for problem in problems:
            flat.extend([problem] if isinstance(problem, Problem) else problem)
        self.problems: tuple[Problem, ...] = tuple(flat)
        super().__init__("\n".join(map(str, flat)))

    def by_field(self) -> Mapping[str | None, tuple[Problem, ...]]:
        """The problems of a form, by field; those of no field under None."""
        found: dict[str | None, tuple[Problem, ...]] = {}
        for problem in self.problems:
            found[problem.place.field] = (*found.get(problem.place.field, ()), problem)
        return found


class MetadataError(DougongError):
    """Documents that do not pass: bad JSON, schema, references, layers."""

    status = 422


class FormulaError(DougongError):
    """A formula that cannot be compiled."""

    status = 422


class Rejected(DougongError):
    """Records that break rules; every broken rule is carried."""

    status = 422


class Conflict(DougongError):
    """Somebody else was first."""

    status = 409


class Forbidden(DougongError):
    """Known to exist, not allowed."""

    status = 403


class NotFound(DougongError):
    """Does not exist, or may not be known to exist."""

    status = 404


class BadRequest(DougongError):
    """The call itself is wrong."""

    status = 400


class TooLarge(DougongError):
    """Over a stated limit."""

    status = 413


class SettingError(DougongError):
    """The operator's settings are wrong."""

    status = 500
