"""The kinds of notices: what people choose channels for."""

from __future__ import annotations

from dataclasses import dataclass

from dougong.base.language import Message, msg
from dougong.base.registry import Registry


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """One kind: its name in `Notice.kind`, what people call it, and whether it goes by mail unless they say otherwise.

    A notice whose kind is not here goes by the kind before its last dot.
    """

    name: str
    label: Message
    mail: bool = False


KINDS: Registry[NoticeKind] = Registry("kind of notice")
"""Every kind by name; rooms and plugins add theirs."""

for _each in (
    NoticeKind("approval.task", msg("Something to approve"), mail=True),
    NoticeKind("approval.ended", msg("My request was decided"), mail=True),
    NoticeKind("approval.copy", msg("Copies of approvals")),
    NoticeKind("approval", msg("Other news of approvals")),
    NoticeKind("automation", msg("Messages of automations")),
    NoticeKind("pool", msg("What goes back to a pool")),
    NoticeKind("other", msg("Everything else")),
):
    KINDS.add(_each)


def kind_of(name: str) -> NoticeKind:
    """The kind that a notice of `name` counts as."""
    while name:
        if name in KINDS:
            return KINDS[name]
        name = name.rpartition(".")[0]
    return KINDS["other"]
