"""Small forms: in the sheet of the page that asked, or as pages of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from dougong.metadata.model import Object
from dougong.web import (
    submission,
)
from dougong.web.frame import framed
from dougong.web.visit import Visit


def sheet(visit: Visit, obj: Object, values: Mapping[str, Any], status: int) -> Response:
    """A small form: in the sheet of the page that asked, or as a page of its own."""
    if visit.partial or visit.scripted:
        answer = visit.page("sheet_fields.html", status=status, **values)
        if submission.redraws(visit):
            return answer
        answer.headers["hx-retarget"], answer.headers["hx-reswap"] = "#sheet", "innerHTML"
        return answer
    rest = {key: value for key, value in values.items() if key != "title"}
    return framed(visit, "page_fields.html", obj.name, values["title"], status, **rest)
