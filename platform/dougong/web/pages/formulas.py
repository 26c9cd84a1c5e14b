"""The formula editor: write a formula over an object, be told what is wrong, try it on a record, publish it as a field.

Everything is one form, which comes back with what its button asked for; with scripts the part that says what the text
means is asked for while one types.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response

from dougong.base.errors import DougongError, Forbidden, Problem
from dougong.base.ids import is_record_id
from dougong.base.language import LANGUAGES, Message, label, msg
from dougong.engine.fields.formula import RETURNS
from dougong.metadata.model import Object
from dougong.web import formula_check, formula_names, formula_publishing, list_views
from dougong.web.formula_check import Meaning, Wanted
from dougong.web.formula_publishing import NewField, Planned
from dougong.web.frame import framed
from dougong.web.lookup_filter import in_force
from dougong.web.navigation import apps
from dougong.web.pages.search import hits_of
from dougong.web.routing import Page
from dougong.web.visit import Visit, whole_number, with_query

HERE = "/formulas"
MOST_DECIMALS = 6
SCALED = ("decimal", "percent", "money")
"""The types whose decimals can be chosen; `USUAL` where nobody did."""
USUAL = 2
RETURN_NAMES: Mapping[str, Message] = {
    "text": msg("Text"),
    "integer": msg("Whole number"),
    "decimal": msg("Decimal number"),
    "percent": msg("Percent"),
    "money": msg("Money"),
    "boolean": msg("Checkbox"),
    "date": msg("Date"),
    "datetime": msg("Date and time"),
    "time": msg("Time"),
}


def may_design(visit: Visit) -> bool:
    """Whether somebody may change metadata, as the API decides it."""
    return visit.actor.kind in ("internal", "system") and visit.unit.access.has("design")


def entered(visit: Visit, right: str = "design") -> None:
    """Turn away who may not design.

    Raises:
        Forbidden: they may not change metadata.
    """
    if not (may_design(visit) and visit.unit.access.has(right)):
        raise Forbidden(Problem(code="right-missing", thing="metadata", reason=msg("You may not change metadata.")))


# -- the form --------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Draft:
    """The form as it was sent, or as an address says it."""

    object: Object
    text: str
    record: str
    name: str
    labels: Mapping[str, str]
    returns: str
    scale: str
    blanks: str

    @property
    def wanted(self) -> Wanted:
        """What is to be read as a formula."""
        return Wanted(
            object=self.object,
            text=self.text,
            returns=self.returns,
            scale=self._rounded(),
            blanks=self.blanks,
            record=self.record,
        )

    @property
    def decimals(self) -> int | None:
        """The scale; None where none, or none that a field can have, was typed."""
        found = whole_number(self.scale)
        return found if found is not None and found <= MOST_DECIMALS else None

    def _rounded(self) -> int | None:
        """The decimals of a number that the field would keep."""
        if self.returns == "integer":
            return 0
        return USUAL if self.decimals is None else self.decimals

    def field(self, found: Meaning) -> NewField:
        """The field that the draft makes, of the type that it yields where none was chosen."""
        returns = self.returns or (formula_check.yields(found.formula) if found.formula else "text")
        text = found.canonical or self.text
        scaled = self.decimals if returns in SCALED else None
        return NewField(self.object, self.name, self.labels, returns, scaled, self.blanks, text)


def _draft(visit: Visit, said: Callable[[str], str]) -> Draft:
    """The draft of the form or the address, whose values `said` gives by name."""
    obj = object_named(visit, said("object"))
    returns, blanks = said("returns"), said("blanks")
    return Draft(
        object=obj,
        text=said("formula").replace("\r\n", "\n"),
        record=record_chosen(visit, obj, said("record"), said("record_text")),
        name=said("name").strip(),
        labels={tag: said(f"label.{tag}").strip()[:100] for tag in LANGUAGES},
        returns=returns if returns in RETURNS else "",
        scale=said("scale").strip(),
        blanks="zero" if blanks == "zero" else "blank",
    )


def object_named(visit: Visit, name: str) -> Object:
    """The object with this name; without one the first that stands in the navigation.

    Raises:
        NotFound: there is none, or the reader may not see it.
    """
    if name:
        return visit.object(name)
    placed = [item.target for app in apps(visit) for item in app.items]
    known = [obj.name for obj in objects(visit)]
    return visit.object(next((each for each in placed if each in known), known[0]))


def objects(visit: Visit) -> list[Object]:
    """The objects that the reader may see, by what they are called."""
    found = [obj for obj in visit.model.objects.values() if visit.unit.access.may("read", obj)]
    return sorted(found, key=lambda each: label(each.label, visit.language))


def record_chosen(visit: Visit, obj: Object, chosen: str, text: str) -> str:
    """The record chosen; without scripts the first one that the words find."""
    if is_record_id(chosen):
        return chosen
    if not text.strip():
        return ""
    hits, _ = hits_of(visit, obj, text.strip()[:100], 1, in_force(obj))
    return hits[0].url.rpartition("/")[2] if hits else ""


# -- the page --------------------------------------------------------------------------------------------------
def show(visit: Visit) -> Response:
    """The editor, empty or with what the address says; after a publish, where the new column is to be seen."""
    entered(visit)
    draft = _draft(visit, visit.asked)
    return _page(visit, draft, made=_made(visit, draft.object, visit.asked("made")))


def _page(
    visit: Visit, draft: Draft, planned: Planned | None = None, error: DougongError | None = None, **values: Any
) -> Response:
    found = formula_check.meaning(visit, draft.wanted) if draft.text.strip() else None
    values = {"made": None, "note": "", "tested": (), "new_test": None, **values, "draft": draft, "found": found}
    if visit.partial:
        return visit.page("parts/formula_meaning.html", **values)
    return framed(
        visit,
        "formulas.html",
        HERE,
        visit.say(msg("Formula editor")),
        error.status if error else 200,
        objects=[(each.name, label(each.label, visit.language)) for each in objects(visit)],
        returns=[(name, visit.say(RETURN_NAMES[name])) for name in RETURNS],
        languages=LANGUAGES,
        planned=planned,
        errors=formula_publishing.said(error, visit.language) if error else (),
        **values,
    )


def _made(visit: Visit, obj: Object, name: str) -> tuple[str, str] | None:
    """The label of a field just published, and the address of the list with its column, sorted by it."""
    known = obj.fields.get(name)
    if known is None:
        return None
    view = list_views.chosen(visit.unit, list_views.all_of(visit.unit, obj), "", obj)
    columns = ",".join([*(each.field for each in view.columns), name])
    return label(known.label, visit.language), with_query(f"/o/{obj.name}", [("columns", columns)])


# -- what its buttons do ---------------------------------------------------------------------------------------
def act(visit: Visit) -> Response:
    """Do what the button says: check, format, mend a mistake, plan, publish."""
    with visit.read() as reading:
        entered(reading)
        draft = _draft(reading, visit.sent)
        asked, _, rest = visit.sent("do", "check").partition(":")
        if asked == "format":
            return _format(reading, draft)
        if asked == "mend":
            return _page(reading, replace(draft, text=formula_check.mended_at(draft.text, rest)))
        if asked not in ("plan", "publish"):
            return _page(reading, draft)
        found = formula_check.meaning(reading, draft.wanted)
        if found.formula is None:
            return _page(reading, draft, note=visit.say(msg("Mend the formula first.")))
        wanted = draft.field(found)
    return _plan(visit, draft, wanted) if asked == "plan" else _publish(visit, draft, wanted)


def _format(visit: Visit, draft: Draft) -> Response:
    found = formula_check.meaning(visit, draft.wanted)
    if found.canonical:
        return _page(visit, replace(draft, text=found.canonical))
    note = msg("Formatting would lose the comments.") if found.formula else msg("Mend the formula first.")
    return _page(visit, draft, note=visit.say(note))


def _plan(visit: Visit, draft: Draft, wanted: NewField) -> Response:
    return _shown_after(visit, draft, functools.partial(formula_publishing.planned, visit, wanted))


def _shown_after(visit: Visit, draft: Draft, work: Callable[[], Planned]) -> Response:
    """The page with what `work` found, or with what it refused."""
    planned, refused = None, None
    try:
        planned = work()
    except DougongError as error:
        refused = error
    with visit.read() as reading:
        return _page(reading, draft, planned, refused)


def _publish(visit: Visit, draft: Draft, wanted: NewField) -> Response:
    base = whole_number(visit.sent("base")) or 0
    with visit.read() as reading:
        entered(reading, "publish")
    try:
        formula_publishing.published(visit, wanted, base, visit.sent("planned"))
    except DougongError as error:
        with visit.read() as reading:
            return _page(reading, draft, error=error)
    return visit.go(with_query(HERE, [("object", draft.object.name), ("made", wanted.name)]))


def names(visit: Visit) -> Response:
    """What may be written at an object: for completion, or as a page of its own."""
    entered(visit)
    obj = object_named(visit, visit.asked("object"))
    found = formula_names.names(visit, obj)
    if visit.partial:
        return visit.kept(visit.page("parts/formula_names.html", names=found))
    title = visit.say(msg("Fields and functions"))
    return framed(visit, "formula_names.html", HERE, title, names=found, object=obj)


PAGES = (
    Page("GET", HERE, show, right="design"),
    Page("POST", HERE, act, right="design"),
    Page("GET", f"{HERE}/names", names, right="design"),
)
