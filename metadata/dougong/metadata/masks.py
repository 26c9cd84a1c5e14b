"""Masks: what is left to see of a value that is shown only in part, as 138****1234."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

STARS = "****"
"""What stands for all that is not shown, however much that is: the length of a value tells of it."""

LEAST = 4
"""How many characters are hidden at the least: where fewer would be, less is shown at the ends."""

_BETWEEN_DIGITS = re.compile(r"[\s()-]")


@dataclass(frozen=True, slots=True)
class Mask:
    """How a field is masked. `show` is one of `KINDS`, or how many characters are shown at the beginning and the end.

    `reveal_right` is the system right that it takes to see a value whole; with `reason`, only who says why does.
    """

    show: str | tuple[int, int]
    reveal_right: str = "reveal"
    reason: bool = True

    def of(self, text: str) -> str:
        """`text` as it is shown."""
        return KINDS[self.show](text) if isinstance(self.show, str) else ends(text, *self.show)


def mask_of(body: Any, usual: str) -> Mask:
    """The mask that a field's document says, as its type `usual`ly is masked where it says nothing."""
    said: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
    show = said.get("show", usual)
    return Mask(
        show=(show.get("first", 0), show.get("last", 0)) if isinstance(show, Mapping) else show,
        reveal_right=said.get("reveal_right", "reveal"),
        reason=said.get("reason", True),
    )


def ends(text: str, first: int, last: int) -> str:
    """The beginning and the end of a text; less of it where too little would be hidden."""
    if len(text) - first - last < LEAST:
        first = 0
    if len(text) - first - last < LEAST:
        last = 0
    return text[:first] + STARS + text[len(text) - last :]


def _phone(text: str) -> str:
    """Three digits and four, without the country code of China and without an extension: 138****1234."""
    number = _BETWEEN_DIGITS.sub("", text.partition(";")[0]).removeprefix("+86")
    return ends(number, 3, 4)


def _email(text: str) -> str:
    """The first letter, and where the mail goes: l****@example.com."""
    local, at, domain = text.rpartition("@")
    return f"{local[:1] if len(local) > 1 else ''}{STARS}{at}{domain}" if at else STARS


def _name(text: str) -> str:
    """The first character: 张**."""
    return f"{text[:1] if len(text) > 1 else ''}**"


KINDS: Mapping[str, Callable[[str], str]] = MappingProxyType({
    "phone": _phone,
    "email": _email,
    "id_card": lambda text: ends(text, 3, 4),
    "bank_account": lambda text: ends(_BETWEEN_DIGITS.sub("", text), 0, 4),
    "name": _name,
    "nothing": lambda text: STARS,
})  # fmt: skip
"""What is shown, by the kind of value."""
