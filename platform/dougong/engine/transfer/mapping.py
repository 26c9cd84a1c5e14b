"""Which column of a file goes into which field, and how its text is to be read.

The document is an `import_mapping` component or a file of the same keys:

    {"object": "opportunity", "source": "deals.csv", "formats": {"date": "dmy", "decimal": "."},
     "columns": {"Deal": {"field": "external_no"},
                 "Customer": {"field": "account", "look_up": ["credit_code", "name"], "missing": "refuse"},
                 "Product": {"field": "product", "look_up": ["name"], "values": {"GTXPro": "GTX Pro"}},
                 "Notes": {"ignore": true}},
     "set": {"name": "{Product} for {Customer}", "stage": "qualify"},
     "key": ["external_no"],
     "children": [{"from": "contact.account", "columns": {"Person": {"field": "name"}}, "key": ["mobile"]}]}
"""

from __future__ import annotations

import dataclasses
import difflib
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dougong.base.errors import BadRequest, Place, Problem
from dougong.base.language import msg
from dougong.engine.access import Access
from dougong.engine.search.tokens import fold
from dougong.engine.transfer.keys import folded
from dougong.engine.transfer.sheets import REASON
from dougong.metadata.model import Field, Model, Object

Missing = Literal["refuse", "empty", "create"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPlan:
    """One column of the file. `values` replaces texts (folded) before they are read."""

    title: str
    field: Field
    look_up: tuple[str, ...] = ()
    missing: Missing = "refuse"
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPlan:
    """The records of one object that each row of the file makes or changes.

    `templates` fill fields from other columns: ``{"name": "{Product} for {Customer}"}``. `key` names the fields that
    find an existing record, tried in order; empty means that every row makes a new one. `back` is, of a child, the
    lookup field to the row's parent.
    """

    object: Object
    columns: tuple[ColumnPlan, ...]
    templates: Mapping[str, str] = dataclasses.field(default_factory=dict)
    key: tuple[str, ...] = ()
    back: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """A whole mapping, resolved against the model and the header of a file."""

    parent: TargetPlan
    children: tuple[TargetPlan, ...] = ()
    date_order: str = "ymd"
    decimal_mark: str = "."
    ignored: tuple[str, ...] = ()


def plan(
    model: Model,
    access: Access,
    header: Sequence[str],
    *,
    object_name: str = "",
    document: Mapping[str, Any] | None = None,
) -> ImportPlan:
    """The plan for a file with `header`. Without a `document`, columns are matched to fields by name and label.

    Raises:
        BadRequest: everything in the mapping that fits neither the model nor the file.
    """
    document = document or {}
    problems: list[Problem] = []
    obj = model.object_named(document.get("object", object_name))
    if obj is None or not access.may("import", obj):
        raise BadRequest(
            _problem("object-unknown", msg("There is no object {name}.", name=document.get("object", object_name)))
        )
    reader = _Reader(model, access, list(header), problems)
    taken = {title for child in document.get("children", ()) for title in child.get("columns", {})}
    parent = reader.target(obj, document, automatic="columns" not in document, taken=taken)
    children = tuple(reader.child(each) for each in document.get("children", ()))
    formats = document.get("formats", {})
    date_order, decimal_mark = formats.get("date", "ymd"), formats.get("decimal", ".")
    if sorted(date_order) != ["d", "m", "y"]:
        problems.append(
            _problem("format-date", msg("The date order {order} is none of ymd, dmy, mdy.", order=date_order))
        )
    if decimal_mark not in (".", ","):
        problems.append(
            _problem(
                "format-decimal",
                msg("The decimal mark is a point or a comma, not {mark}.", mark=decimal_mark),
            )
        )
    if problems:
        raise BadRequest(problems)
    used = {column.title for target in (parent, *children) for column in target.columns}
    return ImportPlan(
        parent=parent,
        children=tuple(child for child in children if child is not None),
        date_order=date_order,
        decimal_mark=decimal_mark,
        ignored=tuple(title for title in header if title not in used and title != REASON),
    )


def _problem(code: str, reason: Any, fix: Any = None, column: str = "") -> Problem:
    return Problem(code=code, thing="import mapping", place=Place(field=column or None), reason=reason, fix=fix)


class _Reader:
    """Reads the parts of one mapping document, collecting what is wrong."""

    def __init__(self, model: Model, access: Access, header: list[str], problems: list[Problem]) -> None:
        self.model, self.access, self.header, self.problems = model, access, header, problems

    def target(self, obj: Object, document: Mapping[str, Any], automatic: bool, taken: set[str]) -> TargetPlan:
        columns: list[ColumnPlan] = []
        if automatic:
            for title in self.header:
                found = self.matching(obj, title) if title not in taken else None
                if found is not None:
                    columns.append(ColumnPlan(title=title, field=found, look_up=self.look_ups(found)))
        for title, body in document.get("columns", {}).items():
            column = self.column(obj, title, body)
            if column is not None:
                columns.append(column)
        if not columns:
            known = ", ".join(each.name for each in list(self.writable(obj))[:12])
            self.problems.append(
                _problem(
                    "mapping-empty",
                    msg("No column of the file goes into a field of {object}.", object=obj.label),
                    msg("Name columns after fields ({names} …), or give a mapping.", names=known),
                )
            )
        templates = self.templates(obj, document.get("set", {}))
        key = tuple(name for name in document.get("key", ()) if self.known(obj, name) is not None)
        return TargetPlan(object=obj, columns=tuple(columns), templates=templates, key=key)

    def child(self, document: Mapping[str, Any]) -> TargetPlan | None:
        name, _, back = document.get("from", "").partition(".")
        obj = self.model.object_named(name)
        if obj is None or obj.field_named(back) is None or not self.access.may("import", obj):
            self.problems.append(
                _problem("child-unknown", msg("There is no child {name}.", name=document.get("from", "")))
            )
            return None
        made = self.target(obj, document, automatic=False, taken=set())
        return TargetPlan(object=obj, columns=made.columns, templates=made.templates, key=made.key, back=back)

    def column(self, obj: Object, title: str, body: Mapping[str, Any]) -> ColumnPlan | None:
        if body.get("ignore"):
            return None
        if title not in self.header:
            near = difflib.get_close_matches(title, self.header, n=1)
            if not body.get("optional", False):
                self.problems.append(
                    _problem(
                        "column-missing",
                        msg("The file has no column {title}.", title=title),
                        msg("Did you mean {near}?", near=near[0]) if near else None,
                        title,
                    )
                )
            return None
        found = self.known(obj, body.get("field", ""), title)
        if found is None:
            return None
        look_up = tuple(body.get("look_up", ())) or self.look_ups(found)
        for name in look_up if found.type.refers else ():
            if name != "id":
                self.known(self.model.objects[found.targets[0]], name, title)
        values = {folded(text): str(value) for text, value in body.get("values", {}).items()}
        return ColumnPlan(
            title=title, field=found, look_up=look_up, missing=body.get("missing", "refuse"), values=values
        )

    def known(self, obj: Object, name: str, title: str = "") -> Field | None:
        found = obj.field_named(name)
        if found is not None and found in self.writable(obj):
            return found
        if found is not None and not found.type.writable:
            pass
        names = [each.name for each in self.writable(obj)]
        near = difflib.get_close_matches(name, names, n=1)
        self.problems.append(
            _problem(
                "field-unknown",
                msg("{object} has no field {name} to write.", object=obj.label, name=name),
                msg("Did you mean {near}?", near=near[0]) if near else None,
                title,
            )
        )
        return None

    def writable(self, obj: Object) -> list[Field]:
        """The fields that an import may fill, and the auto-numbers that it may look records up by."""
        settable = ("owner", "record_type", "currency", "life_status")
        return [
            each
            for each in obj.fields.values()
            if (not each.system or each.name in settable)
            and (each.type.writable or each.type.name == "auto_number")
            and self.access.may_field("edit", obj, each)
        ]

    def matching(self, obj: Object, title: str) -> Field | None:
        """The field whose name, former name or label in any language is `title`."""
        wanted = fold(title).strip()
        for each in self.writable(obj):
            names = (each.name, *each.formerly, *each.label.values())
            if wanted in (fold(name) for name in names):
                return each
        return None

    def look_ups(self, found: Field) -> tuple[str, ...]:
        """How a lookup is resolved unless the mapping says it: by external keys and unique fields, then the title."""
        if not found.type.refers or not found.targets or found.targets[0] not in self.model.objects:
            return ()
        target = self.model.objects[found.targets[0]]
        unique = [each.name for each in target.fields.values() if each.unique or each.external_key]
        return tuple(dict.fromkeys([*unique, target.title]))

    def templates(self, obj: Object, document: Mapping[str, str]) -> Mapping[str, str]:
        for name, text in document.items():
            self.known(obj, name)
            try:
                wanted = [part for _, part, _, _ in string.Formatter().parse(str(text)) if part]
            except ValueError:
                wanted = []
                self.problems.append(
                    _problem(
                        "template-broken",
                        msg("{text} has a brace without its partner.", text=str(text)),
                        None,
                        name,
                    )
                )
            for title in wanted:
                if title not in self.header:
                    self.problems.append(
                        _problem("column-missing", msg("The file has no column {title}.", title=title), None, name)
                    )
        return dict(document)


def filled(template: str, row: Mapping[str, Any]) -> str:
    """A template with the cells of a row; doubled and outer blanks, as empty cells leave them, are closed up."""
    pieces = []
    for text, title, _, _ in string.Formatter().parse(template):
        pieces.append(text)
        if title:
            value = row.get(title)
            pieces.append("" if value is None else str(value))
    return " ".join("".join(pieces).split())
