"""Which column of a file goes into which field, and how its text is to be read.

The document is an `import_mapping` component or a file of the same keys (`docs/import.md` explains each):

    {"object": "opportunity", "formats": {"date": "dmy", "decimal": "."},
     "columns": {"Deal": {"field": "external_no"},
                 "Customer": {"field": "account", "look_up": ["credit_code", "name"], "missing": "refuse"},
                 "Product": {"field": "product", "look_up": ["name"], "values": {"GTXPro": "GTX Pro"}}},
     "set": {"name": "{Product} for {Customer}", "source": "fair"},
     "key": ["external_no"],
     "children": [{"from": "contact.account", "columns": {"Person": {"field": "name"}}, "key": ["mobile"]}]}
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from dougong.base.errors import BadRequest, Place, Problem
from dougong.base.language import Message, msg
from dougong.engine.access import Access, kept_in_metadata
from dougong.engine.search.tokens import fold
from dougong.engine.transfer.keys import folded
from dougong.engine.transfer.plans import ColumnPlan, ImportPlan, TargetPlan, fields_of
from dougong.engine.transfer.sheets import OURS
from dougong.metadata.component import Component
from dougong.metadata.model import Field, Model, Object
from dougong.metadata.violations import problems as shape_problems

DATES = ("ymd", "dmy", "mdy")
"""The orders in which dates are written."""

DECIMALS = (".", ",")
"""What stands before the decimals of a number."""

SETTABLE = frozenset({"owner", "record_type", "currency", "life_status", "created_at", "created_by"})
"""The system fields that an import may fill; the last two of new records alone."""


def plan(
    model: Model,
    access: Access,
    header: Sequence[str],
    *,
    object_name: str = "",
    document: Mapping[str, Any] | None = None,
    key: Sequence[str] = (),
) -> ImportPlan:
    """The plan for a file with `header`. Without a `document`, columns are matched to fields by name and label.

    `key` stands for the document's, where it has none. A mapping of the metadata is for many files, so a file need not
    have all of its columns; one that was written for a file must fit it.

    Raises:
        BadRequest: everything in the mapping that fits neither the schema, nor the model, nor the file.
    """
    document = dict(document or {})
    obj = model.object_named(document.get("object") or object_name)
    if obj is None or not obj.features["import"] or not (access.may("import", obj) or obj.rows == "metadata"):
        raise BadRequest(_unknown_object(model, document.get("object") or object_name))
    if obj.rows == "metadata":
        raise BadRequest(kept_in_metadata(obj))
    problems: list[Problem] = list(_shape(document, obj)) if document else []
    if problems:
        raise BadRequest(problems)
    if key and "key" not in document:
        document["key"] = list(key)
    reader = _Reader(
        model, access, list(header), problems, model.import_mappings.get(document.get("name", "")) is not None
    )
    taken = {title for child in document.get("children", ()) for title in child.get("columns", {})}
    parent = reader.target(obj, document, automatic="columns" not in document, taken=taken)
    children = tuple(reader.child(obj, each) for each in document.get("children", ()))
    formats = document.get("formats", {})
    if problems:
        raise BadRequest(problems)
    targets = (parent, *(child for child in children if child is not None))
    used = {title for target in targets for column in target.columns for title in _titles(column)}
    return ImportPlan(
        parent=parent,
        children=targets[1:],
        date_order=formats.get("date", "ymd"),
        decimal_mark=formats.get("decimal", "."),
        ignored=tuple(title for title in header if title not in used and not title.startswith(OURS)),
        absent=tuple(reader.absent),
    )


def _titles(column: ColumnPlan) -> Iterable[str]:
    return (column.title,) if column.template is None else fields_of(column.template)


def _shape(document: Mapping[str, Any], obj: Object) -> Iterator[Problem]:
    """What the schema of mappings says against it; a file need not name its kind, its object and itself."""
    body = {"kind": "import_mapping", "name": f"{obj.name}.file", "object": obj.name, "columns": {"-": {"field": "id"}}}
    yield from shape_problems(Component("import_mapping", body["name"], body | dict(document)))  # type: ignore[arg-type]


def _problem(code: str, reason: Message, fix: Message | None = None, column: str = "") -> Problem:
    return Problem(code=code, thing="import mapping", place=Place(field=column or None), reason=reason, fix=fix)


def _near(name: str, known: Iterable[str]) -> Message | None:
    found = difflib.get_close_matches(name, list(known), n=1)
    return msg("Did you mean {near}?", near=found[0]) if found else None


def _unknown_object(model: Model, name: str) -> Problem:
    reason = msg("There is no object {name}.", name=name)
    return _problem("object-unknown", reason, _near(name, model.objects))


class _Reader:
    """Reads the parts of one mapping document, collecting what is wrong."""

    def __init__(self, model: Model, access: Access, header: list[str], problems: list[Problem], lenient: bool) -> None:
        self.model, self.access, self.header, self.problems = model, access, header, problems
        self.lenient, self.absent = lenient, list[str]()

    # -- records -------------------------------------------------------------------------------------------
    def target(
        self, obj: Object, document: Mapping[str, Any], automatic: bool, taken: set[str], back: str = ""
    ) -> TargetPlan:
        columns = self._matched(obj, taken) if automatic else []
        for title, body in document.get("columns", {}).items():
            columns += self._column(obj, title, body)
        if (automatic or self.lenient) and not columns:
            names = ", ".join(list(self._writable(obj))[:12])
            reason = msg("No column of the file goes into a field of {object}.", object=obj.label)
            fix = msg("Name columns after fields ({names} …), or give a mapping.", names=names)
            self.problems.append(_problem("mapping-empty", reason, fix))
        for name, template in document.get("set", {}).items():
            columns += self._template(obj, name, template)
        key = tuple(document.get("key", ()))
        if automatic and not key and any(column.field.name == "id" for column in columns):
            key = ("id",)
        for name in key:
            self._check_key(obj, name)
        self._check_twice(obj, columns)
        if "id" not in key:
            columns = [column for column in columns if column.field.name != "id"]
        return TargetPlan(object=obj, columns=tuple(columns), key=key, back=back)

    def child(self, parent: Object, document: Mapping[str, Any]) -> TargetPlan | None:
        name, _, back = document.get("from", "").partition(".")
        obj = self.model.object_named(name)
        field = obj.fields.get(back) if obj else None
        if obj is None or field is None or parent.name not in field.targets or not self.access.may("import", obj):
            reason = msg("There is no child {name}.", name=document.get("from", ""))
            self.problems.append(_problem("child-unknown", reason))
            return None
        return self.target(obj, document, automatic=False, taken=set(), back=back)

    def _check_key(self, obj: Object, name: str) -> None:
        found = obj.fields.get(name)
        if found is None:
            self._no_field(obj, name)
        elif self.access.seen(obj, found) is None:
            self._no_field(obj, name)  # whether a record is found would tell the value
        elif name != "id" and (
            found.type.refers
            or not found.type.stored
            or found.type.many
            or not self.access.may_field("read", obj, found)
        ):
            reason = msg("Records cannot be found by {label}.", label=found.label)
            self.problems.append(_problem("key-refused", reason, column=name))

    def _check_twice(self, obj: Object, columns: Sequence[ColumnPlan]) -> None:
        seen: dict[str, str] = {}
        for column in columns:
            other = seen.setdefault(column.field.name, column.title)
            if other != column.title:
                reason = msg("{one} and {other} both go into {label}.", one=other, other=column.title,
                             label=column.field.label)  # fmt: skip
                self.problems.append(_problem("field-twice", reason, column=column.title))

    # -- columns -------------------------------------------------------------------------------------------
    def _matched(self, obj: Object, taken: set[str]) -> list[ColumnPlan]:
        """The columns that are called like a field; of two for one field, the first."""
        found: dict[str, ColumnPlan] = {}
        for title in self.header:
            field = self._matching(obj, title) if title not in taken else None
            if field is not None:
                found.setdefault(field.name, ColumnPlan(title=title, field=field, look_up=self._look_ups(field)))
        return list(found.values())

    def _column(self, obj: Object, title: str, body: Mapping[str, Any]) -> list[ColumnPlan]:
        if title not in self.header and self.lenient:
            self.absent.append(title)
            return []
        if title not in self.header:
            reason = msg("The file has no column {title}.", title=title)
            self.problems.append(_problem("column-missing", reason, _near(title, self.header), title))
            return []
        found = self._known(obj, str(body.get("field", "")), title)
        if found is None:
            return []
        said = body.get("format", "")
        return [
            ColumnPlan(
                title=title,
                field=found,
                look_up=self._asked(found, body, title),
                missing=body.get("missing", "refuse"),
                values={folded(text): str(value) for text, value in body.get("values", {}).items()},
                date_order=said if said in DATES else "",
                decimal_mark=said if said in DECIMALS else "",
            )
        ]

    def _asked(self, found: Field, body: Mapping[str, Any], title: str) -> tuple[str, ...]:
        names = tuple(body.get("look_up", ()))
        if not names or not _resolvable(found):
            return self._look_ups(found)
        target = self.model.objects[found.targets[0]]
        for name in names:
            field = target.fields.get(name)
            if field is None or not self.access.may_field("read", target, field):
                self._no_field(target, name, title)
        return names

    def _template(self, obj: Object, name: str, template: Any) -> list[ColumnPlan]:
        found = self._known(obj, name)
        text = str(template)
        try:
            wanted = fields_of(text)
        except ValueError:
            reason = msg("{text} has a brace without its partner.", text=text)
            self.problems.append(_problem("template-broken", reason, column=name))
            return []
        for title in wanted:
            if title not in self.header:
                reason = msg("The file has no column {title}.", title=title)
                self.problems.append(_problem("column-missing", reason, _near(title, self.header), name))
        if found is None or any(title not in self.header for title in wanted):
            return []
        return [ColumnPlan(title=name, field=found, look_up=self._look_ups(found), template=text)]

    # -- fields --------------------------------------------------------------------------------------------
    def _known(self, obj: Object, name: str, title: str = "") -> Field | None:
        found = obj.field_named(name)
        if found is not None and found.name in self._writable(obj):
            return found
        self._no_field(obj, name, title)
        return None

    def _no_field(self, obj: Object, name: str, title: str = "") -> None:
        reason = msg("{object} has no field {name} to write.", object=obj.label, name=name)
        self.problems.append(_problem("field-unknown", reason, _near(name, self._writable(obj)), title))

    def _writable(self, obj: Object) -> Mapping[str, Field]:
        """What an import may fill: nothing computed, nothing that follows from other records; numbers and ids find."""
        return {
            each.name: each
            for each in obj.fields.values()
            if each.name == "id"
            or (
                (each.name in SETTABLE or not each.system)
                and (each.type.writable or each.type.name == "auto_number")
                and not each.options.get("through")
                and not (each.compute is not None and each.compute.mode == "always")
                and self.access.may_field("edit", obj, each)
                and self.access.seen(obj, each) is not None
            )
        }

    def _matching(self, obj: Object, title: str) -> Field | None:
        """The field whose name, former name or label in any language is `title`."""
        wanted = fold(title).strip()
        for each in self._writable(obj).values():
            if wanted in (fold(name) for name in (each.name, *each.formerly, *each.label.values())):
                return each
        return None

    def _look_ups(self, found: Field) -> tuple[str, ...]:
        """How a lookup is resolved unless the mapping says it: by external keys and unique fields, then the title.

        A field that the actor may not read finds nothing: what it finds would tell its value.
        """
        if not _resolvable(found) or found.targets[0] not in self.model.objects:
            return ()
        target = self.model.objects[found.targets[0]]
        unique = [each for each in target.fields.values() if each.unique or each.external_key]
        known = [each for each in (*unique, target.fields[target.title]) if self.access.may_field("read", target, each)]
        return tuple(dict.fromkeys(["id", *(each.name for each in known)]))


def _resolvable(field: Field) -> bool:
    """Whether a field names records of one object, which can then be looked up by what people call them."""
    return field.type.refers and field.name != "id" and len(field.targets) == 1
