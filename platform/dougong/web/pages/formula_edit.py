"""Formulas that stand somewhere are opened, changed with the same help as new ones, and published.

What a package brought is changed by an overlay of the company, so its upgrades still come; what the platform itself
says is shown and not changed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response

from dougong.base.errors import Conflict, DougongError, Problem
from dougong.base.language import LANGUAGES, label, msg
from dougong.engine.formula_scope import scope_of
from dougong.formulas import Formula
from dougong.metadata.checking.formula_tests import Outcome, outcomes
from dougong.metadata.component import same
from dougong.web import formula_check, formula_publishing
from dougong.web.formula_change import Edit
from dougong.web.formula_check import Meaning, Wanted
from dougong.web.formula_places import EDIT, FormulaPlace, all_of, due
from dougong.web.formula_publishing import Planned
from dougong.web.formula_tests_form import NewTest, being_written, made_of, typed
from dougong.web.frame import framed
from dougong.web.pages.formula_opened import Opened, index_of, rule_to_be, sent, standing
from dougong.web.pages.formulas import HERE, entered, object_named, objects
from dougong.web.routing import Page
from dougong.web.visit import Visit, whole_number, with_query


# -- pages -----------------------------------------------------------------------------------------------------
def listed(visit: Visit) -> Response:
    """Every formula of an object, to open."""
    entered(visit)
    obj = object_named(visit, visit.asked("object"))
    groups: dict[str, list[FormulaPlace]] = {}
    for each in all_of(visit, index_of(visit), obj):
        groups.setdefault(visit.say(each.kind), []).append(each)
    return framed(
        visit,
        "formula_list.html",
        HERE,
        visit.say(msg("Formulas of {object}", object=obj.label)),
        object=obj,
        objects=[(each.name, label(each.label, visit.language)) for each in objects(visit)],
        groups=list(groups.items()),
    )


def show(visit: Visit) -> Response:
    """A formula as it stands, or an empty rule."""
    entered(visit)
    opened = rule_to_be(visit) if visit.asked("rule_of") else standing(visit, visit.asked("of"), visit.asked("at"))
    return _page(visit, opened, made=visit.asked("made") == "1")


def _page(
    visit: Visit, opened: Opened, planned: Planned | None = None, error: DougongError | None = None, **values: Any
) -> Response:
    found = formula_check.meaning(visit, _wanted(visit, opened)) if opened.text.strip() else None
    values = {"made": False, "note": "", **values, "draft": opened, "found": found}
    values["tested"], values["new_test"] = _tested(visit, opened, found), _new_test(visit, opened, found)
    values["adding_test"] = visit.request.method == "POST" and visit.sent("do") in ("test", "fill")
    if visit.partial:
        return visit.page("parts/formula_meaning.html", **values)
    return framed(
        visit,
        "formula_edit.html",
        HERE,
        opened.place.title,
        error.status if error else 200,
        languages=LANGUAGES,
        planned=planned,
        errors=formula_publishing.said(error, visit.language) if error else (),
        kind=visit.say(opened.place.kind),
        package=_package(visit, opened),
        at_fields=_places(visit, opened),
        record_types=[(each.name, label(each.label, visit.language)) for each in opened.object.record_types.values()],
        action=EDIT,
        made_tests=[json.dumps(each, ensure_ascii=False) for each in opened.made],
        **values,
    )


def _wanted(visit: Visit, opened: Opened) -> Wanted:
    wants = due(index_of(visit), opened.place)
    scale, blanks = wants.scale, wants.blanks
    if opened.field:
        scale, blanks = whole_number(opened.field.scale), opened.field.blanks
    return Wanted(
        object=opened.object,
        text=opened.text,
        returns=wants.returns,
        result=wants.result,
        scale=scale,
        blanks=blanks,
        record=opened.record,
    )


@dataclass(frozen=True, slots=True)
class ShownTest:
    """A test beside the formula: `wrong` says why it fails as the formula is typed now, `gone` that it is to go."""

    key: str
    given: tuple[tuple[str, str], ...]
    before: tuple[tuple[str, str], ...]
    at: str
    expects: str
    wrong: tuple[str, ...]
    gone: bool


def _tested(visit: Visit, opened: Opened, found: Meaning | None) -> list[ShownTest]:
    if not opened.tested or found is None or found.formula is None:
        return []
    component = opened.place.component
    run = outcomes(index_of(visit), replace(component, body={**component.body, "tests": opened.tests}), found.formula)
    return [_shown_test(visit, each, each.key in opened.dropped) for each in run]


def _new_test(visit: Visit, opened: Opened, found: Meaning | None) -> NewTest | None:
    if not opened.tested or opened.place.fixed or found is None or found.formula is None:
        return None
    filled = visit.sent("do") == "fill"
    return being_written(visit, opened.object, found.formula, opened.record, len(opened.tests), filled)


def _with_new_test(visit: Visit, opened: Opened, formula: Formula) -> Response:
    """The page with one test more, or with why there is none."""
    row = being_written(visit, opened.object, formula, "", len(opened.tests), filled=False)
    if any(each.get("key") == row.key for each in opened.tests):
        return _page(visit, opened, note=visit.say(msg("There is a test {name} already.", name=row.key)))
    made = made_of(row, scope_of(visit.unit, opened.object.name))
    return _page(
        visit, replace(opened, made=(*opened.made, made), expected={**opened.expected, row.key: made["expect"]})
    )


def _shown_test(visit: Visit, each: Outcome, gone: bool) -> ShownTest:
    given, before = each.test.get("given", {}), each.test.get("before", {})
    return ShownTest(
        key=each.key,
        given=tuple((path, typed(value)) for path, value in given.items()),
        before=tuple((path, typed(value)) for path, value in before.items()),
        at=str(each.test.get("at", "")),
        expects=typed(each.test.get("expect")),
        wrong=tuple(problem.text(visit.language) for problem in each.problems),
        gone=gone,
    )


def _package(visit: Visit, opened: Opened) -> str:
    """What the package is called that made the component; "" for what the company made."""
    layer = opened.place.layer
    if not opened.place.packaged:
        return ""
    body = visit.model.packages.get(layer, {})
    return f"{label(body.get('label'), visit.language) or layer} {body.get('version', '')}".strip()


def _places(visit: Visit, opened: Opened) -> list[tuple[str, str]]:
    """Where the message of a rule may stand: fields that people fill and the reader has, lines, and where it stands."""
    if opened.rule is None:
        return []
    obj, access = opened.object, visit.unit.access
    fields = [each for each in obj.fields.values() if each.type.writable and not each.system]
    found = {each.name: label(each.label, visit.language) for each in fields if access.seen(obj, each) is not None}
    for relation in opened.object.lines:
        child = visit.model.objects.get(relation.partition(".")[0])
        found[relation] = label(child.label, visit.language) if child else relation
    return [*found.items(), *((each, each) for each in opened.rule.at if each not in found)]


# -- what its buttons do ---------------------------------------------------------------------------------------
def act(visit: Visit) -> Response:
    """Do what the button says: check, format, mend a mistake, plan, publish."""
    with visit.read() as reading:
        entered(reading)
        opened = sent(reading)
        asked, _, rest = visit.sent("do", "check").partition(":")
        if asked == "mend":
            return _page(reading, replace(opened, text=formula_check.mended_at(opened.text, rest)))
        found = formula_check.meaning(reading, _wanted(reading, opened)) if opened.text.strip() else None
        if asked == "format" and found and found.canonical:
            return _page(reading, replace(opened, text=found.canonical))
        if asked == "format" and found and found.formula:
            return _page(reading, opened, note=visit.say(msg("Formatting would lose the comments.")))
        if asked in ("format", "plan", "publish", "test") and (found is None or found.formula is None):
            return _page(reading, opened, note=visit.say(msg("Mend the formula first.")))
        if asked == "test" and found and found.formula and opened.tested:
            return _with_new_test(reading, opened, found.formula)
        if asked not in ("plan", "publish"):
            return _page(reading, opened)
        edit, index = opened.edit(opened.text), index_of(reading)
    try:
        opened.refuse_incomplete(index)
        return _carried_out(visit, opened, edit, asked)
    except DougongError as error:
        with visit.read() as reading:
            return _page(reading, opened, error=error)


def _carried_out(visit: Visit, opened: Opened, edit: Edit, asked: str) -> Response:
    address = opened.place.component.address
    if opened.place.fixed:
        reason = msg("What the platform itself says is not changed.")
        raise Conflict(Problem(code="formula-fixed", thing=address, reason=reason))
    if same(dict(edit.component.body), dict(opened.place.component.body)):
        reason = msg("Nothing was changed.")
        raise Conflict(Problem(code="formula-unchanged", thing=address, reason=reason))
    if asked == "plan":
        planned = formula_publishing.planned_of(visit, address, edit.digest, edit.of, opened.object)
        with visit.read() as reading:
            return _page(reading, opened, planned)
    formula_publishing.refuse_old(address, visit.sent("planned"), edit.digest)
    formula_publishing.publish_of(visit, address, edit.of, whole_number(visit.sent("base")) or 0)
    return visit.go(with_query(EDIT, [("of", address), ("at", opened.place.pointer), ("made", "1")]))


PAGES = (
    Page("GET", f"{HERE}/all", listed, right="design"),
    Page("GET", EDIT, show, right="design"),
    Page("POST", EDIT, act, right="design"),
)
