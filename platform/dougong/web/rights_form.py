"""The way through a form of rights: shown, planned, published; what each kind adds is in the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dougong.base.errors import DougongError
from dougong.base.language import LANGUAGES
from dougong.web import formula_publishing
from dougong.web.frame import framed
from dougong.web.pages.formulas import entered
from dougong.web.rights_change import Opened, Planned, Wish, planned, publish_wish
from dougong.web.visit import Visit

HERE = "/access/roles"


@dataclass(frozen=True, slots=True)
class Form:
    """A form of rights: its template, and what that is shown with beside what all have."""

    template: str
    title: str
    opened: Opened
    values: Mapping[str, Any]


def page(visit: Visit, form: Form, plan: Planned | None = None, error: DougongError | None = None) -> Response:
    """The form, with what publishing would do, or with what was refused."""
    return framed(
        visit,
        form.template,
        HERE,
        form.title,
        error.status if error else 200,
        opened=form.opened,
        languages=LANGUAGES,
        planned=plan,
        errors=formula_publishing.said(error, visit.language) if error else (),
        made=visit.asked("made") == "1" and plan is None and error is None,
        **form.values,
    )


def act(visit: Visit, wish: Wish, taken: Mapping[str, Any], form: Callable[[Visit], Form], there: str) -> Response:
    """Plan or publish `wish`, as the button says; `form` is shown again, `there` leads to what was published."""
    plan: Planned | None = None
    refused: DougongError | None = None
    try:
        wish.refuse_incomplete(taken)
        if visit.sent("do") == "publish":
            with visit.read() as reading:
                entered(reading, "publish")
            publish_wish(visit, wish)
            return visit.go(there)
        plan = planned(visit, wish)
    except DougongError as error:
        refused = error
    with visit.read() as reading:
        return page(reading, form(reading), plan, refused)
