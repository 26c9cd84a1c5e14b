"""Where names stand in each kind of document: patterns, the sort of name there, and from where it is seen.

A pattern's steps are keys, ``*`` (each element of a list, each value of a map), ``**`` (any depth) and ``@`` (each key
of a map); what is found there is a name of the given sort, seen from an object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dougong.metadata.component import Component
from dougong.metadata.index import Index
from dougong.metadata.positions import steps


@dataclass(frozen=True, slots=True)
class Found:
    """A name that a pattern led to: its text, the maps around it (outermost first), its place."""

    component: Component
    pointer: str
    text: str
    around: tuple[Mapping[str, Any], ...]
    in_key: bool

    @property
    def own(self) -> str:
        """The object that the component stands below, or is."""
        return self.component.name if self.component.kind == "object" else self.component.object or ""


From = Callable[[Index, Found], str]
"""The object from which a name is to be understood."""


def _own(index: Index, found: Found) -> str:
    return found.own


def _target(index: Index, found: Found) -> str:
    facts = index.field(found.own, found.component.own_name)
    return facts.targets[0] if facts and facts.targets else ""


def _before_point(key: str, level: int = -1) -> From:
    """The child object that a relation (``child.field``) around the name starts with."""
    return lambda index, found: str(found.around[level].get(key, "")).partition(".")[0]


def _related(index: Index, found: Found) -> str:
    """The child of the related list whose filter the name stands in, however deep."""
    listed = next((each for each in found.around if isinstance(each.get("from"), str)), {})
    return str(listed.get("from", "")).partition(".")[0]


def _named(key: str, level: int = -1) -> From:
    """The object that the map around the name has under `key`."""
    return lambda index, found: str(found.around[level].get(key, ""))


def _looked_up(index: Index, found: Found) -> str:
    facts = index.field(found.own, str(found.around[-1].get("field", "")))
    return (facts.leads_to if facts else None) or ""


def _looked_up_below(index: Index, found: Found) -> str:
    child = _before_point("from", -3)(index, found)
    facts = index.field(child, str(found.around[-1].get("field", "")))
    return (facts.leads_to if facts else None) or ""


def _filled_from(index: Index, found: Found) -> str:
    """The object that a fill chooses from."""
    return index.fill_source(found.own, found.component.body)


def _valued(index: Index, found: Found) -> str:
    """Of a value in a row, the object that its field refers to; "" where it refers to none."""
    facts = index.field(found.own, steps(found.pointer)[1])
    return facts.targets[0] if facts and facts.targets else ""


def _scoped(index: Index, found: Found) -> str:
    """Of a formula in a role's scope, the object whose records it is asked of."""
    return steps(found.pointer)[1]


def _keyed(index: Index, found: Found) -> str:
    """The object that is the key of the name."""
    return steps(found.pointer)[-1]


def _tried(index: Index, found: Found) -> str:
    """Of a value in a test, the object of the record that it is a value of."""
    around = found.around[-2]
    for key in ("create", "object"):
        if isinstance(around.get(key), str):
            return str(around[key])
    names = [str(around[each]).removeprefix("@") for each in ("update", "record") if each in around]
    made = found.component.body.get("when", {}).get("create", "")
    given = {each.get("key"): each for each in found.component.body.get("given", ())}
    return next((_made(given.get(each)) or str(made) for each in names), "")


def _made(given: Mapping[str, Any] | None) -> str:
    """The object of a record that a test is given; "" where it is not given one."""
    if given is None:
        return ""
    return "user" if "user" in given else str(given.get("record") or given.get("do", {}).get("create") or "")


def _users(index: Index, found: Found) -> str:
    return "user"


Row = tuple[str, str, From]
"""A pattern, the sort of name that stands there, and from where it is seen."""

APPROVERS = ("nodes/*/approvers", "nodes/*/to", "nodes/*/timeout/to")
"""Where sets of approvers stand."""


def _approvers(place: str) -> tuple[Row, ...]:
    return (
        (f"{place}/*/role", "role of", _own),
        (f"{place}/*/queue", "queue of", _own),
        (f"{place}/*/field", "path", _own),
        (f"{place}/*/department_head", "path", _own),
        (f"{place}/*/formula", "formula", _own),
        (f"{place}/*/from", "people", _own),
        (f"{place}/*/when", "formula", _own),
    )


def _choices(place: str) -> tuple[Row, ...]:
    """What a rule of an assignment names."""
    return (
        (f"{place}/when", "formula", _own),
        (f"{place}/to/*", "recipient", _own),
        (f"{place}/counts", "formula", _own),
        (f"{place}/queue", "queue of", _own),
        (f"{place}/matrix/object", "object", _own),
        (f"{place}/matrix/match/@", "path", _named("object", -2)),
        (f"{place}/matrix/match/*", "formula", _own),
        (f"{place}/matrix/to", "path", _named("object")),
    )


TABLE: Mapping[str, tuple[Row, ...]] = {
    "package": (("requires/@", "package", _own),),
    "object": (
        ("title/field", "path", _own),
        ("title/template", "formula", _own),
        ("title/subtitle/*", "path", _own),
        ("highlights/*/field", "path", _own),
        ("search/*/field", "path", _own),
        ("access/parent", "path", _own),
        ("access/children_follow/*", "relation", _own),
        ("hierarchy/parent", "path", _own),
        ("effective_dates/from", "path", _own),
        ("effective_dates/to", "path", _own),
        ("effective_dates/keys/*", "path", _own),
        ("constraints/*/fields/*", "path", _own),
        ("constraints/*/keys/*", "path", _own),
        ("constraints/*/range/from", "path", _own),
        ("constraints/*/range/to", "path", _own),
        ("constraints/*/field", "path", _own),
        ("constraints/*/at/*", "path", _own),
        ("constraints/*/when", "formula", _own),
        ("constraints/*/formula", "formula", _own),
        ("retention/*/since", "path", _own),
        ("retention/*/when", "formula", _own),
        ("currency/rate_date", "path", _own),
        ("currency/freeze_when", "formula", _own),
        ("lines/*/field", "relation", _own),
        ("completeness/*/field", "path", _own),
        ("completeness/*/when", "formula", _own),
    ),
    "field": (
        ("target", "object", _own),
        ("targets/*", "object", _own),
        ("picklist", "picklist", _own),
        ("through", "object", _own),
        ("depends_on/field", "path", _own),
        ("other/text", "path", _own),
        ("from", "relation", _own),
        ("field", "path", _before_point("from")),
        ("where", "formula", _before_point("from")),
        ("order/*/field", "path", _before_point("from", -2)),
        ("window/field", "path", _before_point("from", -2)),
        ("filter", "formula", _target),
        ("default", "formula", _own),
        ("compute/formula", "formula", _own),
        ("compute/when", "formula", _own),
        ("formula", "formula", _own),
        ("copy/@", "path", _own),
        ("copy/*/from", "path", _target),
        ("tests/*/given/@", "formula", _own),
        ("tests/*/before/@", "formula", _own),
    ),
    "record_type": (
        ("object", "object", _own),
        ("values/@", "path", _own),
        ("defaults/@", "path", _own),
        ("defaults/*", "formula", _own),
        ("path", "path of", _own),
        ("layouts/*", "layout of", _own),
        ("switch_to/*", "record_type", _own),
        ("default_for/*", "role of", _own),
    ),
    "path": (
        ("object", "object", _own),
        ("field", "path", _own),
        ("record_types/*", "record_type", _own),
        ("stages/*/required/*", "path", _own),
        ("stages/*/gate/*/when", "formula", _own),
        ("stages/*/approval", "approval of", _own),
    ),
    "validation_rule": (
        ("object", "object", _own),
        ("when", "formula", _own),
        ("active", "formula", _own),
        ("at/*", "place", _own),
        ("record_types/*", "record_type", _own),
        ("tests/*/given/@", "formula", _own),
        ("tests/*/before/@", "formula", _own),
    ),
    "fill": (
        ("object", "object", _own),
        ("from", "object", _own),
        ("lookup", "path", _own),
        ("match/@", "path", _filled_from),
        ("match/*", "formula", _own),
        ("where", "formula", _filled_from),
        ("on", "formula", _own),
        ("order/*/field", "path", _filled_from),
        ("set/@", "path", _own),
        ("set/*", "formula", _filled_from),
        ("watch/*", "path", _own),
        ("otherwise", "fill", _own),
        ("reason/*", "text", _filled_from),
    ),
    "layout": (
        ("object", "object", _own),
        ("for/record_types/*", "record_type", _own),
        ("for/roles/*", "role of", _own),
        ("highlights/*/field", "path", _own),
        ("actions/*/key", "action", _own),
        ("tabs/*/visible_when", "formula", _own),
        ("tabs/*/sections/*/visible_when", "formula", _own),
        ("tabs/*/sections/*/items/*/field", "path", _own),
        ("tabs/*/sections/*/items/*/visible_when", "formula", _own),
        ("tabs/*/sections/*/items/*/required_when", "formula", _own),
        ("tabs/*/sections/*/items/*/read_only_when", "formula", _own),
        ("tabs/*/sections/*/lines", "relation", _own),
        ("tabs/*/sections/*/columns/*/field", "path", _before_point("lines", -2)),
        ("tabs/*/sections/*/columns/*/visible_when", "formula", _before_point("lines", -2)),
        ("tabs/*/sections/*/columns/*/required_when", "formula", _before_point("lines", -2)),
        ("tabs/*/sections/*/columns/*/read_only_when", "formula", _before_point("lines", -2)),
        ("related/*/from", "relation", _own),
        ("related/*/columns/*", "path", _before_point("from")),
        ("related/*/sort/*/field", "path", _before_point("from", -2)),
        ("related/*/filter/**/field", "path", _related),
    ),
    "list_view": (
        ("object", "object", _own),
        ("columns/*/field", "path", _own),
        ("sort/*/field", "path", _own),
        ("filter/**/field", "path", _own),
        ("when", "formula", _own),
        ("shared_with/*", "people", _own),
        ("default_for/*", "role of", _own),
    ),
    "app": (
        ("for/*", "people", _own),
        ("items/*/object", "object", _own),
        ("items/*/view", "list_view", _named("object")),
        ("items/*/pool", "pool of", _own),
    ),
    "action": (
        ("object", "object", _own),
        ("does/create/object", "object", _own),
        ("does/create/layout", "layout of", _own),
        ("does/create/record_type", "record_type", _named("object")),
        ("does/create/prefill/@", "path", _named("object", -2)),
        ("does/create/prefill/*", "formula", _own),
        ("does/edit/fields/*", "path", _own),
        ("does/edit/set/@", "path", _own),
        ("does/edit/set/*", "formula", _own),
        ("does/convert", "conversion of", _own),
        ("does/run", "runnable", _own),
        ("visible_when", "formula", _own),
    ),
    "conversion": (
        ("object", "object", _own),
        ("when", "formula", _own),
        ("into/*/object", "object", _own),
        ("into/*/record_type", "record_type", _named("object")),
        ("into/*/find/same/*", "path", _named("object", -2)),
        ("into/*/map/@", "path", _named("object", -2)),
        ("into/*/map/*", "formula", _own),
        ("into/*/link/@", "path", _named("object", -2)),
        ("into/*/children/*/from", "relation", _own),
        ("into/*/children/*/into", "relation", _own),
        ("into/*/children/*/map/@", "path", _before_point("into", -2)),
        ("into/*/children/*/map/*", "formula", _before_point("from", -2)),
        ("after/set/@", "path", _own),
        ("after/set/*", "formula", _own),
    ),
    "row": (
        ("object", "object", _own),
        ("values/@", "path", _own),
        ("values/*", "row", _valued),
        ("values/*/*", "row", _valued),
    ),
    "import_mapping": (
        ("object", "object", _own),
        ("key/*", "path", _own),
        ("columns/*/field", "path", _own),
        ("columns/*/look_up/*", "path", _looked_up),
        ("set/@", "path", _own),
        ("children/*/from", "relation", _own),
        ("children/*/key/*", "path", _before_point("from")),
        ("children/*/set/@", "path", _before_point("from", -2)),
        ("children/*/columns/*/field", "path", _before_point("from", -3)),
        ("children/*/columns/*/look_up/*", "path", _looked_up_below),
    ),
    "permission_set": (
        ("objects/@", "object", _own),
        ("tabs/@", "object", _own),
        ("fields/@", "relation", _own),
        ("record_types/@", "record_type of", _own),
        ("apps/@", "app of", _own),
        ("actions/@", "action of", _own),
        ("requires/*", "permission_set of", _own),
        ("excludes/*", "permission_set of", _own),
    ),
    "role": (
        ("parent", "role of", _own),
        ("permission_sets/*", "permission_set of", _own),
        ("app", "app of", _own),
        ("layouts/@", "object", _own),
        ("layouts/*", "layout of", _own),
        ("scope/@", "object", _own),
        ("scope/*/*/when", "formula", _scoped),
    ),
    "sharing_rule": (
        ("object", "object", _own),
        ("when", "formula", _own),
        ("with/*", "object", _own),
        ("to/*", "people", _own),
        ("owned_by/*", "people", _own),
    ),
    "territory": (
        ("parent", "territory of", _own),
        ("objects/@", "object", _own),
        ("objects/*/when", "formula", _scoped),
        ("members/*", "people", _own),
    ),
    "queue": (
        ("objects/*", "object", _own),
        ("members/*", "people", _own),
    ),
    "partition": (
        ("user_field", "path", _users),
        ("objects/@", "object", _own),
        ("objects/*", "path", _keyed),
        ("across/*", "people", _own),
        ("may_move/*", "people", _own),
    ),
    "approval": (
        ("object", "object", _own),
        ("active", "formula", _own),
        ("start/when", "formula", _own),
        ("start/by/*", "starter", _own),
        ("start/gates/*", "gate", _own),
        ("start/refuse/*/when", "formula", _own),
        ("binds/fields/*", "place", _own),
        ("binds/free/*", "path", _own),
        ("lock/except/*", "path", _own),
        ("people/nobody/*", "people", _own),
        ("messages/*", "message_template of", _own),
        *(row for place in APPROVERS for row in _approvers(place)),
        ("nodes/*/fields/@", "path", _own),
        ("nodes/*/branches/*/when", "formula", _own),
        ("nodes/*/approval", "approval of", _own),
    ),
    "automation": (
        ("object", "object", _own),
        ("trigger/fields/*", "path", _own),
        ("trigger/field", "path", _own),
        ("trigger/endpoint", "endpoint of", _own),
        ("when", "formula", _own),
        ("active", "formula", _own),
    ),
    "assignment_rule": (
        ("object", "object", _own),
        ("fields/*", "path", _own),
        ("when", "formula", _own),
        ("active", "formula", _own),
        *_choices("rules/*"),
        *_choices("fallback"),
    ),
    "message_template": (
        ("object", "object", _own),
        *((f"{way}{key}/*", "text", _own) for way in ("", "mail/", "bot/") for key in ("subject", "body")),
    ),
    "pool": (
        ("object", "object", _own),
        ("when", "formula", _own),
        ("active", "formula", _own),
        ("members/*", "people", _own),
        ("assign/*", "people", _own),
        ("shows/*", "path", _own),
        ("claim/*", "formula", _own),
        ("protect", "formula", _own),
        ("reclaim/*/when", "formula", _own),
        ("reclaim/*/since/*", "path", _own),
        ("reclaim/*/days", "formula", _own),
        ("exceptions/*/when", "formula", _own),
    ),
    "sla": (
        ("object", "object", _own),
        ("when", "formula", _own),
        ("active", "formula", _own),
        *((f"clocks/*/{key}", "formula", _own) for key in ("start", "begins", "stop", "pause")),
        ("clocks/*/calendar", "calendar of", _own),
        ("clocks/*/target/object", "object", _own),
        ("clocks/*/target/match/@", "path", _named("object", -2)),
        ("clocks/*/target/match/*", "formula", _own),
        ("clocks/*/target/field", "path", _named("object")),
        ("clocks/*/ladder/*/when", "formula", _own),
    ),
    "test": (
        ("given/*/user/role", "role of", _own),
        ("given/*/user/values/@", "path", _users),
        ("given/*/record", "object", _own),
        ("given/*/values/@", "path", _named("record", -2)),
        ("given/*/setting", "setting of", _own),
        ("given/*/do/create", "object", _own),
        ("given/*/do/values/@", "path", _tried),
        ("given/*/do/to", "address", _own),
        ("when/create", "object", _own),
        ("when/values/@", "path", _tried),
        ("when/to", "address", _own),
        ("then/*/refused_by", "component", _own),
        ("then/*/warned_by", "address", _own),
        ("then/*/object", "object", _own),
        ("then/*/has/@", "path", _tried),
    ),
    "overlay": (("target", "address", _own),),
    "translation": (("texts/@", "address", _own),),
}
"""Where names stand in each kind of document."""


STEPS: Mapping[str, tuple[str, ...]] = {
    "approval": ("nodes/*/steps", "outcomes/*"),
    "automation": ("steps",),
    "sla": ("clocks/*/ladder/*/steps",),
}
"""Where lists of steps stand in each kind of document."""
