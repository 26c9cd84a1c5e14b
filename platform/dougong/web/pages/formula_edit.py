"""Formulas that stand somewhere are opened, changed with the same help as new ones, and published.

What a package brought is changed by an overlay of the company, so its upgrades still come; what the platform itself
says is shown and not changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response

from dougong.base.errors import Conflict, DougongError, Problem
from dougong.base.language import LANGUAGES, label, msg
from dougong.engine.formula_scope import scope_of
from dougong.metadata.checking.formula_tests import Outcome, outcomes
from dougong.metadata.component import same
from dougong.metadata.index import Index
from dougong.metadata.model import Object
from dougong.web import formula_check, formula_publishing
from dougong.web.formula_change import SEVERITIES, TIMES, Edit, FieldForm, RuleForm, with_tests
from dougong.web.formula_check import Meaning, Wanted
from dougong.web.formula_places import EDIT, FormulaPlace, all_of, due, place
from dougong.web.formula_publishing import Planned
from dougong.web.frame import framed
from dougong.web.pages.formulas import HERE, MOST_DECIMALS, entered, object_named, objects, record_chosen
from dougong.web.routing import Page
from dougong.web.visit import Visit, whole_number, with_query

TESTED = ("/formula", "/compute/formula", "/when")
"""Where formulas stand that tests beside them are of."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A formula as the form has it: its place, the text, what goes with it, what its tests expect."""

    object: Object
    place: FormulaPlace
    text: str
    record: str
    rule: RuleForm | None
    field: FieldForm | None
    expected: Mapping[str, Any]
    dropped: frozenset[str]

    @property
    def tested(self) -> bool:
        """Whether tests may stand beside it."""
        return self.place.component.kind in ("field", "validation_rule") and self.place.pointer in TESTED

    def edit(self, text: str) -> Edit:
        """The change that the form makes, the formula written as `text`."""
        body = self.place.component.body
        values: dict[str, Any] = {self.place.path: text}
        for beside in (self.rule, self.field):
            values |= beside.values(body) if beside else {}
        values |= with_tests(body, self.expected, self.dropped) if self.tested else {}
        return Edit(self.place, values)


# -- reading ---------------------------------------------------------------------------------------------------
def _opened(visit: Visit, address: str, pointer: str, sent: bool) -> Opened:
    """The formula as it stands, or as the form `sent` has it."""
    index = _index(visit)
    found = place(visit, index, address, pointer)
    component = found.component
    obj = visit.object(component.name if component.kind == "object" else component.object or "")
    said = visit.sent if sent else visit.asked
    is_rule = component.kind == "validation_rule"
    is_field = component.kind == "field" and pointer == "/formula"
    rule, field = RuleForm.of(component.body) if is_rule else None, FieldForm.of(component.body) if is_field else None
    tests = {str(each.get("key")): each.get("expect") for each in component.body.get("tests", ())}
    if sent:
        rule, field = rule and _rule(visit), field and _field(visit)
        tests = {key: _expected(visit.sent(f"test.{key}", _typed(was)), was) for key, was in tests.items()}
    return Opened(
        object=obj,
        place=found,
        text=visit.sent("formula").replace("\r\n", "\n") if sent else found.text,
        record=record_chosen(visit, obj, said("record"), said("record_text")),
        rule=rule,
        field=field,
        expected=tests,
        dropped=frozenset(visit.sent_all("drop")) if sent else frozenset(),
    )


def _index(visit: Visit) -> Index:
    return scope_of(visit.unit, "").index


def _rule(visit: Visit) -> RuleForm:
    severity, active = visit.sent("severity"), visit.sent("active")
    return RuleForm(
        messages={tag: visit.sent(f"message.{tag}").strip()[:2000] for tag in LANGUAGES},
        at=tuple(dict.fromkeys(visit.sent_all("at"))),
        severity=severity if severity in SEVERITIES else SEVERITIES[0],
        on=tuple(each for each in TIMES if each in visit.sent_all("on")),
        record_types=tuple(dict.fromkeys(visit.sent_all("record_types"))),
        active=active if active in ("on", "off", "by") else "on",
        switch=visit.sent("switch").strip(),
    )


def _field(visit: Visit) -> FieldForm:
    scale = whole_number(visit.sent("scale"))
    return FieldForm(
        labels={tag: visit.sent(f"label.{tag}").strip()[:100] for tag in LANGUAGES},
        scale="" if scale is None or scale > MOST_DECIMALS else str(scale),
        blanks="zero" if visit.sent("blanks") == "zero" else "blank",
    )


def _typed(value: Any) -> str:
    """What a test expects, as it is typed: yes and no as such, a blank as nothing, an error as its JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _expected(typed: str, was: Any) -> Any:
    """What was typed as a test says it; what stands there already stays as it is."""
    if typed == _typed(was):
        return was
    if typed in ("true", "false"):
        return typed == "true"
    return typed or None


# -- pages -----------------------------------------------------------------------------------------------------
def listed(visit: Visit) -> Response:
    """Every formula of an object, to open."""
    entered(visit)
    obj = object_named(visit, visit.asked("object"))
    groups: dict[str, list[FormulaPlace]] = {}
    for each in all_of(visit, _index(visit), obj):
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
    """A formula as it stands."""
    entered(visit)
    opened = _opened(visit, visit.asked("of"), visit.asked("at"), sent=False)
    return _page(visit, opened, made=visit.asked("made") == "1")


def _page(
    visit: Visit, opened: Opened, planned: Planned | None = None, error: DougongError | None = None, **values: Any
) -> Response:
    found = formula_check.meaning(visit, _wanted(visit, opened)) if opened.text.strip() else None
    values = {"made": False, "note": "", **values, "draft": opened, "found": found}
    values["tested"] = _tested(visit, opened, found)
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
        **values,
    )


def _wanted(visit: Visit, opened: Opened) -> Wanted:
    wants = due(_index(visit), opened.place)
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
    tests = [{**each, "expect": opened.expected.get(each.get("key"))} for each in component.body.get("tests", ())]
    run = outcomes(_index(visit), replace(component, body={**component.body, "tests": tests}), found.formula)
    return [_shown_test(visit, each, each.key in opened.dropped) for each in run]


def _shown_test(visit: Visit, each: Outcome, gone: bool) -> ShownTest:
    given, before = each.test.get("given", {}), each.test.get("before", {})
    return ShownTest(
        key=each.key,
        given=tuple((path, _typed(value)) for path, value in given.items()),
        before=tuple((path, _typed(value)) for path, value in before.items()),
        at=str(each.test.get("at", "")),
        expects=_typed(each.test.get("expect")),
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
        opened = _opened(reading, reading.sent("of"), reading.sent("place"), sent=True)
        asked, _, rest = visit.sent("do", "check").partition(":")
        if asked == "mend":
            return _page(reading, replace(opened, text=formula_check.mended_at(opened.text, rest)))
        found = formula_check.meaning(reading, _wanted(reading, opened)) if opened.text.strip() else None
        if asked == "format" and found and found.canonical:
            return _page(reading, replace(opened, text=found.canonical))
        if asked == "format" and found and found.formula:
            return _page(reading, opened, note=visit.say(msg("Formatting would lose the comments.")))
        if asked in ("format", "plan", "publish") and (found is None or found.formula is None):
            return _page(reading, opened, note=visit.say(msg("Mend the formula first.")))
        if asked not in ("plan", "publish"):
            return _page(reading, opened)
        edit = opened.edit(opened.text)
    try:
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
