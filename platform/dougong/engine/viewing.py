"""Looking on as another user: what somebody sees in their place is read, and never written."""

from __future__ import annotations

from dougong.base.errors import Forbidden, Problem
from dougong.base.language import msg
from dougong.engine.actor import Actor


def refuse_viewing(actor: Actor) -> None:
    """Turn away whoever only looks on as `actor`. Every way to write asks it first.

    Raises:
        Forbidden: they do.
    """
    if actor.viewer is not None:
        reason = msg("You are looking on as {name}: nothing can be changed.", name=actor.name)
        fix = msg("Go back to your own view to change something.")
        raise Forbidden(Problem(code="viewing-as", thing=f"user:{actor.user_id}", reason=reason, fix=fix))
