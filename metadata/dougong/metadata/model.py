"""The compiled model: one revision of a company's metadata, resolved, frozen, shared by all readers.

Nothing downstream of this module sees raw JSON of objects, fields, picklists, layouts or views.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

from dougong.base.field_types import FieldType
from dougong.base.language import Labels
from dougong.formulas import MONDAY_TO_FRIDAY, Formula, WorkingCalendar
from dougong.metadata.app import App
from dougong.metadata.calendar import Calendar
from dougong.metadata.conversion import Conversion
from dougong.metadata.fill import Fill
from dougong.metadata.masks import Mask
from dougong.metadata.retention import Retention
from dougong.metadata.rights import Rights
from dougong.metadata.row_record import RowRecord
from dougong.metadata.workflows import Workflows

NOTHING: Mapping[str, Any] = MappingProxyType({})


def _nothing() -> Any:
    """The default of a mapping; Python 3.11 takes no mapping proxy as the default itself."""
    return field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class PicklistValue:
    """One value of a picklist. `attributes` are typed by the picklist's schema (percent as Decimal)."""

    value: str
    label: Labels
    colour: str | None = None
    icon: str | None = None
    active: bool = True
    aliases: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = _nothing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picklist:
    """An ordered set of values, of a field alone (`name` is then ``object.field``) or shared."""

    name: str
    label: Labels
    values: Mapping[str, PicklistValue]
    attributes_schema: Mapping[str, str] = _nothing()

    def digits(self, attribute: str) -> tuple[int, int]:
        """The precision and scale in which every number under `attribute` fits."""
        numbers = [each.attributes[attribute] for each in self.values.values() if attribute in each.attributes]
        scale = max((max(0, -int(each.as_tuple().exponent)) for each in numbers), default=0)
        return max((max(1, each.adjusted() + 1) for each in numbers), default=1) + scale, scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute:
    """How a stored field gets its value by itself."""

    formula: Formula
    mode: Literal["always", "until_edited", "when"] = "always"
    when: Formula | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of an object. `id` is the stable identity, `name` the API name of this revision.

    `options` holds the keys of its type, defaults filled in. `system` marks the columns that every record
    has (id, owner, created_at …): they are fields like others for reading, and never written by people
    except `owner` and `record_type`.
    """

    object: str
    name: str
    id: str
    type: FieldType
    label: Labels
    help: Labels = _nothing()
    placeholder: Labels = _nothing()
    required: bool = False
    unique: bool = False
    external_key: bool = False
    indexed: bool = False
    searchable: bool = False
    track: bool = True
    copy: bool = True
    retired: bool = False
    system: bool = False
    formerly: tuple[str, ...] = ()
    default: Formula | None = None
    compute: Compute | None = None
    options: Mapping[str, Any] = _nothing()
    targets: tuple[str, ...] = ()
    picklist: Picklist | None = None
    filter: Formula | None = None
    """Of a lookup: which records may be chosen; `$Record` is the record being edited."""
    where: Formula | None = None
    """Of a roll-up: which children count."""
    formula: Formula | None = None
    """Of a formula field: what gives its value. In other formulas it stands in the field's place, unless stored."""
    company: Formula | None = None
    """Of a formula field that returns money: what gives the amount in the company's currency."""
    mask: Mask | None = None
    """What is shown of its values to whom no permission set gives them whole."""
    layer: str = "company"

    @property
    def address(self) -> str:
        """``field:object.name``."""
        return f"field:{self.object}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A relation seen from the parent: field `field` of object `object` points here."""

    object: str
    field: str
    name: str
    label: Labels
    cascade: bool
    on_delete: Literal["cascade", "restrict", "set_null"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordType:
    """A variant of an object: its picklist subsets, defaults, path and layouts."""

    object: str
    name: str
    label: Labels
    active: bool = True
    values: Mapping[str, Mapping[str, Any]] = _nothing()
    """Per picklist field: ``{"only": tuple of values, "default": value or None}``."""
    defaults: Mapping[str, Formula] = _nothing()
    path: str | None = None
    layouts: Mapping[str, str] = _nothing()
    switch_to: tuple[str, ...] | None = None
    default_for: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A condition that keeps a record out of a stage while `when` is true."""

    key: str
    when: Formula
    message: Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of a path: what it asks for and where one may go from it."""

    value: str
    guidance: Labels = _nothing()
    required: tuple[str, ...] = ()
    gates: tuple[Gate, ...] = ()
    next: tuple[str, ...] | None = None
    back: Literal["yes", "with_reason", "no"] = "yes"
    limit_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationRule:
    """What must not be in a record.

    `at` are the fields at which `message` stands, or lines (``child.field``). A "warning" is let through with a
    reason. `active` is None for a rule that always holds, else a formula over settings that switches it.
    """

    object: str
    name: str
    label: Labels
    when: Formula
    message: Labels
    at: tuple[str, ...] = ()
    on: frozenset[str] = frozenset({"create", "update"})
    record_types: tuple[str, ...] = ()
    severity: Literal["error", "warning"] = "error"
    active: Formula | None = None

    @property
    def address(self) -> str:
        """``validation_rule:object.name``."""
        return f"validation_rule:{self.object}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The stages of a picklist field in order, as the record page's bar shows them."""

    object: str
    name: str
    field: str
    stages: Mapping[str, Stage]
    record_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutItem:
    """One place in a section: a field path; when it is shown, must be filled in, and cannot be changed."""

    field: str
    wide: bool = False
    visible_when: Formula | None = None
    required_when: Formula | None = None
    read_only_when: Formula | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineColumn:
    """A column of a line-item table; `total` is "sum" or None. The conditions are judged line by line."""

    field: str
    total: str | None = None
    visible_when: Formula | None = None
    required_when: Formula | None = None
    read_only_when: Formula | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A group of items, or the lines of a child object (`lines` = ``child.field``)."""

    key: str
    label: Labels = _nothing()
    columns: int = 2
    collapsed: bool = False
    items: tuple[LayoutItem, ...] = ()
    lines: str | None = None
    line_columns: tuple[LineColumn, ...] = ()
    visible_when: Formula | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutTab:
    """A tab of sections."""

    key: str
    label: Labels
    sections: tuple[Section, ...]
    visible_when: Formula | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedList:
    """A list of records that point here, over one hop (``quote.opportunity``) or two (``receipt.contract.account``).

    `path` is (child object, field, …): the child's field leads to the next object, the last one here.
    """

    key: str
    label: Labels
    path: tuple[str, ...]
    columns: tuple[str, ...]
    sort: tuple[Mapping[str, str], ...] = ()
    limit: int = 5
    filter: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a record is shown and edited for some purposes, record types and roles; `chosen_by` roles name it."""

    object: str
    name: str
    purposes: tuple[str, ...]
    record_types: tuple[str, ...]
    roles: frozenset[str] = frozenset()
    chosen_by: frozenset[str] = frozenset()
    highlights: tuple[str, ...]
    actions: tuple[Mapping[str, Any], ...]
    tabs: tuple[LayoutTab, ...]
    related: tuple[RelatedList, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListColumn:
    """A column of a list: a field path, and the total asked of it (sum, avg, min, max) or None."""

    field: str
    total: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView:
    """A saved list: `filter` and `sort` in the JSON filter language of `dougong.engine.query`.

    `when`, a formula over the record, holds beside the filter.
    """

    object: str
    name: str
    label: Labels
    columns: tuple[ListColumn, ...]
    filter: Mapping[str, Any] | None = None
    when: Formula | None = None
    sort: tuple[Mapping[str, str], ...] = ()
    shared_with: tuple[str, ...] = ()
    default: bool = False
    default_for: frozenset[str] = frozenset()


EFFECTIVE_DATES = "effective_dates"
"""The name of the constraint that an object's effective dates are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The fields between which the range of a record lies: dates, or dates and times.

    A blank end leaves it open. `closed`: the end is a day that still belongs to the range. `unbounded`: a blank start
    means since ever; else a record without a start has no range.
    """

    start: str
    end: str
    closed: bool = False
    unbounded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """A named rule over several fields or records: kind is unique, no_overlap, balance or check.

    `fields` are what is unique, or the keys that a range (`range`) or a sum (of `summed`, from `least` to `most`)
    belongs to. A check is a `formula`, told at the fields `at`.
    """

    name: str
    kind: Literal["unique", "no_overlap", "balance", "check"]
    fields: tuple[str, ...] = ()
    when: Formula | None = None
    fold: Mapping[str, bool] = _nothing()
    message: Labels = _nothing()
    range: Range | None = None
    summed: str | None = None
    least: Decimal | None = None
    most: Decimal | None = None
    formula: Formula | None = None
    at: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """How an object's money is denominated. `parent` mode: the currency of the master record."""

    mode: Literal["company", "record", "parent"] = "company"
    rate_date: str | None = None
    freeze_when: Formula | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchField:
    """A field that search reads, with its weight."""

    field: str
    weight: int = 1
    pinyin: bool = False


@dataclass(frozen=True)
class Object:
    """An object of the company: everything about it, resolved."""

    name: str
    id: str
    label: Labels
    plural: Labels
    icon: str
    colour: str | None
    help: Labels
    title: str
    subtitle: tuple[str, ...]
    highlights: tuple[str, ...]
    search: tuple[SearchField, ...]
    owner: Literal["user", "user_or_queue", "none"]
    access: Mapping[str, Any]
    rows: Literal["data", "metadata"]
    effective: bool
    begins: Literal["draft", "effective"]
    void: bool
    delete: Literal["bin", "never"]
    append_only: bool
    hierarchy: str | None
    """The lookup field to the parent of the same object, where the object is a tree."""
    constraints: Mapping[str, Constraint]
    """By name; effective dates are one of them, `EFFECTIVE_DATES`."""
    currency: Currency
    retention: tuple[Retention, ...]
    lines: tuple[str, ...]
    """``child_object.field`` of the line items that its form edits."""
    features: Mapping[str, bool]
    formerly: tuple[str, ...]
    layer: str
    fields: Mapping[str, Field]
    """By API name, system fields included, in the order of the documents."""
    record_types: Mapping[str, RecordType]
    paths: Mapping[str, Path]
    validation_rules: Mapping[str, ValidationRule]
    """Those that may hold; one switched off for good is none."""
    fills: Mapping[str, Fill]
    layouts: Mapping[str, Layout]
    list_views: Mapping[str, ListView]
    conversions: Mapping[str, Conversion]
    actions: Mapping[str, Mapping[str, Any]]
    children: tuple[Child, ...]
    rollups_from: tuple[Field, ...] = ()
    """Roll-up fields of other objects that read this object's records."""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def master(self) -> Field | None:
        """The master-detail field, where the object has one."""
        return next((each for each in self.fields.values() if each.type.name == "master_detail"), None)

    def layout_for(self, purpose: str, record_type: str | None, roles: Set[str] = frozenset()) -> Layout | None:
        """The layout for view, edit or quick_create that somebody with `roles` has.

        The one that a role of theirs names comes first, then one for a role of theirs, then those for everybody; among
        these the record type's own, one for the type, one for all types.
        """
        chosen = self.record_types.get(record_type or "")
        own = chosen.layouts.get(purpose) if chosen is not None else None
        fitting = [
            each
            for each in self.layouts.values()
            if (not each.roles or each.roles & roles)
            and (
                each.name == own
                or (purpose in each.purposes and (not each.record_types or record_type in each.record_types))
            )
        ]
        rank = lambda each: (  # noqa: E731
            not roles.isdisjoint(each.chosen_by), bool(each.roles), each.name == own, bool(each.record_types)
        )  # fmt: skip
        return max(fitting, key=rank, default=None)

    def field_named(self, name: str) -> Field | None:
        """The field under `name` or a former name of it."""
        found = self.fields.get(name)
        if found:
            return found
        return next((each for each in self.fields.values() if name in each.formerly), None)


@dataclass(frozen=True)
class Model:
    """One revision, compiled. `revision` is its id; `tree` the address → content hash map it came from."""

    revision: str
    objects: Mapping[str, Object]
    picklists: Mapping[str, Picklist]
    apps: Mapping[str, App]
    settings: Mapping[str, Any]
    labels: Mapping[str, Labels]
    import_mappings: Mapping[str, Mapping[str, Any]]
    packages: Mapping[str, Mapping[str, Any]]
    rows: Mapping[str, Mapping[str, RowRecord]]
    """By object whose records are metadata, and by record id."""
    components: Mapping[str, Mapping[str, Any]]
    """Address → merged document body, for showing and editing metadata."""
    layers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Address → JSON pointer → the layer that the key came from ("" is the whole document)."""
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    rights: Rights = field(default_factory=Rights)
    workflows: Workflows = field(default_factory=Workflows)

    @cached_property
    def by_field_id(self) -> Mapping[str, Field]:
        """Every stored field by stable id, for history and the storage ledger."""
        return {each.id: each for obj in self.objects.values() for each in obj.fields.values()}

    @cached_property
    def working_calendar(self) -> WorkingCalendar:
        """The company's calendar; without one, Monday to Friday are worked and there are no holidays."""
        return next((each.working for each in self.calendars.values() if each.default), MONDAY_TO_FRIDAY)

    def object_named(self, name: str) -> Object | None:
        """The object under `name` or a former name of it."""
        found = self.objects.get(name)
        if found:
            return found
        return next((each for each in self.objects.values() if name in each.formerly), None)
