"""Which formula fields of an object have no value for some of its records, and for how many."""

from __future__ import annotations

from starlette.responses import Response

from dougong.base.language import label, msg
from dougong.web import formula_failures
from dougong.web.frame import framed
from dougong.web.pages.formulas import HERE, entered, object_named, objects
from dougong.web.routing import Page
from dougong.web.visit import Visit

ERRORS = f"{HERE}/errors"


def show(visit: Visit) -> Response:
    """The fields in error of one object: each is counted, so the others are left until they are asked for."""
    entered(visit)
    obj = object_named(visit, visit.asked("object"))
    return framed(
        visit,
        "formula_errors.html",
        HERE,
        visit.say(msg("Formulas in error")),
        object=obj,
        objects=[(each.name, label(each.label, visit.language)) for each in objects(visit)],
        found=list(formula_failures.of_object(visit, obj)),
    )


PAGES = (Page("GET", ERRORS, show, right="design"),)
