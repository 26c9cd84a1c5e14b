"""Pages for what went wrong: what happened, what is safe, what to do. Never a stack trace."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import Response

from dougong.base.errors import DougongError
from dougong.base.language import Message, msg

if TYPE_CHECKING:
    from dougong.web.visit import Visit

TITLES: Mapping[int, Message] = {
    400: msg("This request cannot be understood"),
    403: msg("Not among your rights"),
    404: msg("Nothing is here"),
    405: msg("This address is not for that"),
    409: msg("Somebody else was first"),
    413: msg("Too large"),
    422: msg("This cannot be saved as it is"),
    429: msg("Too many tries"),
    500: msg("Something broke on our side"),
}
ADVICE: Mapping[int, Message] = {
    400: msg("Nothing was changed. Go back and try again from the page."),
    403: msg("Nothing was changed. An administrator can give you this right."),
    404: msg("It may have been deleted or moved, or it may not be yours to see."),
    409: msg("Nothing of yours was lost. Load the page again and compare."),
    413: msg("Nothing was changed. Send less at once."),
    422: msg("Nothing was changed. Go back and mend what is named here."),
    429: msg("Wait a little, then try again."),
    500: msg(
        "Nothing half-done was kept. Try again; if it happens again, give the number below to your administrator."
    ),
}


def answer(visit: Visit, error: DougongError) -> Response:
    """The page, or the note for htmx, that says what an error says."""
    return _answer(visit, error.status, [problem.text(visit.language) for problem in error.problems])


def failed(visit: Visit) -> Response:
    """The page for a fault of ours."""
    return _answer(visit, int(HTTPStatus.INTERNAL_SERVER_ERROR), [])


def plain(visit: Visit, status: int) -> Response:
    """The page for a status alone: an address that leads nowhere."""
    return _answer(visit, status, [])


def _answer(visit: Visit, status: int, reasons: list[str]) -> Response:
    values = {
        "status": status,
        "title": TITLES.get(status, TITLES[500]).to(visit.language),
        "advice": ADVICE.get(status, ADVICE[400]).to(visit.language),
        "reasons": reasons,
        "request_id": visit.request.scope.get("state", {}).get("request_id", ""),
        "session": visit.session,
        "csrf": visit.csrf,
        "company_name": visit.site.settings.company_name,
    }
    template = "fault_note.html" if visit.partial else "fault.html"
    answer = visit.html(visit.site.templates.render(template, visit.language, **values), status)
    if visit.partial:
        answer.headers["hx-retarget"], answer.headers["hx-reswap"] = "#toasts", "beforeend"
    return answer
