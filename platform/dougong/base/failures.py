"""Why background work failed, as it is kept until somebody reads it: in our words and in those of others.

Who will read it is not known when it fails. So a failure is kept in every language; what another server or a library
said is kept beside it as it was said, and shown as a quotation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dougong.base.language import LANGUAGES, Labels, Message, label, msg

LONGEST = 1000
"""Characters of what others said that are kept."""

_NEVER_KEPT = re.compile("[\0\ud800-\udfff]")


class Explained(Exception):
    """Something outside did not do what was asked of it: why, and what it `said` itself.

    Channels and steps of plugins raise this, so that people read the reason in their language.
    """

    def __init__(self, reason: Message, said: str = "") -> None:
        """Fail for this reason."""
        super().__init__(f"{reason} {said}".strip())
        self.reason, self.said = reason, said


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something failed, by language; `said` is verbatim. One that was kept before there were languages has no text.

    The text tells nothing that was sent or answered: it is for everybody who may know that there is a failure.
    """

    text: Labels
    said: str = ""

    @classmethod
    def of(cls, reason: Message, said: str = "") -> Failure:
        """A failure for this reason."""
        return cls({language: reason.to(language) for language in LANGUAGES}, storable(said)[:LONGEST].strip())

    @classmethod
    def read(cls, kept: Mapping[str, Any] | None, before: str | None) -> Failure | None:
        """What `kept` made; where it is None, `before`, as rows of earlier versions have it; None for no failure."""
        if kept is not None:
            return cls(kept["text"], kept.get("said", ""))
        return cls({}, before) if before else None

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        return {"text": dict(self.text), **({"said": self.said} if self.said else {})}

    def reason(self, language: str) -> str:
        """Our words alone."""
        return label(self.text, language)

    def to(self, language: str) -> str:
        """Our words, and those of others as a quotation."""
        if not (self.text and self.said):
            return self.reason(language) or self.said
        return msg("{reason} Verbatim: “{said}”", reason=self.text, said=self.said).to(language)


def storable(said: str) -> str:
    """A text from outside without what no database keeps: NUL, and halves of characters."""
    return _NEVER_KEPT.sub("\ufffd", said)
