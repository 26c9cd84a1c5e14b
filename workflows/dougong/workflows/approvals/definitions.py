"""Definitions that running approvals are pinned to: each its own document, read in the application as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dougong.base.errors import NotFound, Problem
from dougong.base.language import msg
from dougong.metadata.approval import Approval
from dougong.metadata.building.approvals import build_approval
from dougong.workflows import pinning

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


def current(unit: Unit, name: str) -> Approval | None:
    """The approval of this name in the application as it is now."""
    return unit.runtime.model.workflows.approvals.get(name)


def in_force(unit: Unit, name: str) -> Approval:
    """The approval of this name in the application as it is now.

    Raises:
        NotFound: there is none.
    """
    found = current(unit, name)
    if found is None:
        raise unknown(name)
    return found


def unknown(name: str) -> NotFound:
    """What is said where there is no approval of a name, or none for who asks."""
    reason = msg("There is no approval {name}.", name=name)
    return NotFound(Problem(code="approval-undefined", thing=f"approval:{name}", reason=reason))


def pinned(unit: Unit, name: str, digest: str) -> Approval | None:
    """The approval whose document has the hash `digest`; None where it names what is no longer there."""
    now = current(unit, name)
    body = now.body if now is not None else None
    return pinning.pinned(
        unit, "approvals.pinned", digest, now, body, lambda index, found: build_approval(index, name, found)
    )
