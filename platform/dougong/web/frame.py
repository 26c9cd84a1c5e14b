"""A page within the shell: rail, top bar, message from the page before."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

from starlette.responses import Response

from dougong.web.navigation import navigation
from dougong.web.visit import Visit, safe_path


def framed(visit: Visit, template: str, here: str, title: str, status: int = 200, **values: Any) -> Response:
    """The `template` within the shell; `here` marks the place in the navigation."""
    told = unquote_plus(visit.request.cookies.get("told", "")) if not visit.scripted else ""
    undo, _, told = told.rpartition("\n")
    obj = visit.model.objects.get(here)
    return visit.page(
        template,
        status=status,
        title=title,
        nav=navigation(visit, here),
        told=told[:500],
        undo=safe_path(undo),
        here=here,
        printed=obj is None or visit.unit.access.may("print", obj),
        **values,
    )
