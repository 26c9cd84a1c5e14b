"""`tell`: the one door by which anything of the platform tells people something.

A notice is written with what it tells of, in one transaction: in the inbox of each person at once; by mail, web hook
or bot through a job for each, whose key is the notice's, so that nothing is sent twice but by a killed worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dougong.base.language import Labels, Message

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

Text = Message | Labels | str
"""Told in the language of each who reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to tell.

    `kind` groups notices for preferences ("approval.task", "approval.ended", "approval.copy", "automation"). `key` is
    the same for the same thing told again: it is told once to each person. `url` is a path of this site. `channels`
    are told beside what each person chose, where the sender insists ("mail", "wecom", …).
    """

    kind: str
    title: Text
    body: Text = ""
    url: str = ""
    object: str | None = None
    record: str | None = None
    key: str
    channels: tuple[str, ...] = ()
    urgent: bool = False
    """Whether it does not wait for the end of quiet hours or the digest."""


def tell(unit: Unit, people: Sequence[str], notice: Notice) -> None:
    """Tell users (by id), in the unit's transaction. Nobody is told twice of one `key`; who is inactive is left out."""
    raise NotImplementedError
