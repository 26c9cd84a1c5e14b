"""What names mean in a formula of metadata: the record's fields, its parents', picklist attributes, variables."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

from dougong.base.errors import FormulaError
from dougong.base.field_types import FIELD_TYPES, FieldLike, FieldType
from dougong.base.language import label
from dougong.formulas import Blanks, FieldInfo, Formula, Path, Type
from dougong.formulas import compile as compile_formula
from dougong.formulas.typed import Field as FormulaReference
from dougong.formulas.typed import with_fields
from dougong.metadata.index import ROLLUP_COUNTS, FieldFacts, Index

LONGEST_PATH = 6
"""Names in a path: five lookups and a field, as queries allow."""

_ATTRIBUTES: Mapping[str, FieldInfo] = MappingProxyType(
    {
        "text": FieldInfo(Type.TEXT),
        "integer": FieldInfo(Type.NUMBER, scale=0),
        "decimal": FieldInfo(Type.NUMBER),
        "percent": FieldInfo(Type.NUMBER),
        "boolean": FieldInfo(Type.BOOLEAN),
    }
)
"""The types that an attribute of picklist values may have."""


_NO_NAMES: Mapping[str, str] = MappingProxyType({})


class FieldScope:
    """The names at an object. With `record`, ``$Record`` is a record of that object (lookup filters)."""

    def __init__(self, index: Index, object_name: str, record: str | None = None) -> None:
        """Start paths at `object_name`."""
        self.index, self.object, self.record = index, object_name, record

    def resolve(self, path: Path) -> FieldInfo | None:
        """The field at `path`; names are found whatever their case, and under former names."""
        if path[0].startswith("$"):
            return self._variable(path)
        return self._walk(self.object, path, ())

    def names(self) -> Iterable[str]:
        """The fields of the object and, one step on, of its parents."""
        for name, facts in self.index.fields.get(self.object, {}).items():
            yield name
            if facts.leads_to:
                yield from (f"{name}.{below}" for below in self.index.fields.get(facts.leads_to, {}))

    def _variable(self, path: Path) -> FieldInfo | None:
        head, rest = path[0].lower(), path[1:]
        if head == "$record" and self.record and rest:
            return self._walk(self.record, rest, ("$Record",))
        if head == "$user" and rest:
            return self._walk("user", rest, ("$User",))
        if head == "$setup" and rest:
            return self._setting(".".join(rest))
        if head == "$label" and ".".join(rest) in self.index.named("label"):
            return FieldInfo(Type.TEXT)
        return None

    def _setting(self, name: str) -> FieldInfo | None:
        body = self.index.body("setting", name)
        kinds = {"date": FieldInfo(Type.DATE), "picklist": FieldInfo(Type.TEXT), **_ATTRIBUTES}
        return kinds.get(str(body.get("type"))) if body else None

    def _walk(self, object_name: str, path: Path, spelt: Path) -> FieldInfo | None:
        if len(path) > LONGEST_PATH:
            return None
        facts = self._field(object_name, path[0])
        if facts is None:
            return None
        spelt = (*spelt, facts.name)
        rest = path[1:]
        if not rest:
            return self._info(facts, spelt)
        part = self._part(facts, rest, spelt)
        if part is not None:
            return part
        if self.index.is_open(facts) or self._has_no_picklist(facts):
            return FieldInfo(Type.UNKNOWN)
        return self._walk(facts.leads_to, rest, spelt) if facts.leads_to else None

    def _has_no_picklist(self, facts: FieldFacts) -> bool:
        """True for a picklist field whose values are missing, which is reported at the field itself."""
        offers = facts.type is not None and "picklist" in facts.type.keys
        return offers and self.index.picklist_body(facts) is None

    def _field(self, object_name: str, name: str) -> FieldFacts | None:
        found = self.index.field(object_name, name)
        if found is not None:
            return found
        lower = name.lower()
        return self.index.field(object_name, lower) if lower != name else None

    def _part(self, facts: FieldFacts, rest: Path, spelt: Path) -> FieldInfo | None:
        """What a name after a field's own stands for, where it is no field: money's aspects, attributes."""
        if len(rest) != 1:
            return None
        if is_money(self.index, facts):
            scale, company = facts.option("scale"), None if is_stored(facts) else company_formula(self.index, facts)
            money = {"company": FieldInfo(Type.NUMBER, scale=scale, formula=company), "currency": FieldInfo(Type.TEXT)}
            found = money.get(rest[0].lower())
            return _at(found, (*spelt, rest[0].lower())) if found else None
        body = self.index.picklist_body(facts) or {}
        kind = body.get("attributes_schema", {}).get(rest[0])
        found = _ATTRIBUTES.get(str(kind))
        return _at(found, (*spelt, rest[0])) if found else None

    def _info(self, facts: FieldFacts, spelt: Path) -> FieldInfo | None:
        if facts.type is None:
            return FieldInfo(Type.UNKNOWN, path=spelt)
        kind = formula_type(self.index, facts)
        if kind is None:
            return None
        read = self.index.result(facts) or facts
        values = self.index.values(read) if kind in (Type.PICKLIST, Type.MULTI_PICKLIST) else ()
        precision, scale = read.option("precision"), read.option("scale")
        return FieldInfo(
            kind,
            precision=precision if isinstance(precision, int) else None,
            scale=scale if isinstance(scale, int) else None,
            values=values,
            formula=None if is_stored(facts) else formula_of(self.index, facts),
            path=spelt,
            label=label(facts.body.get("label"), "en", facts.name),
            called=self.index.called(read) if values else _NO_NAMES,
        )


def formula_type(index: Index, facts: FieldFacts) -> Type | None:
    """The type that a field has in formulas; None where formulas cannot use it."""
    if facts.type is None:
        return None
    if facts.type.name == "rollup":
        read = index.result(facts)
        if facts.body.get("op") in ROLLUP_COUNTS or read is None:
            return Type.NUMBER
        if facts.body.get("op") == "concat":
            return Type.TEXT
        return formula_type(index, read)
    if facts.type.name == "formula":
        return Type(returned(facts).formula_type or Type.UNKNOWN)
    return Type(facts.type.formula_type) if facts.type.formula_type else None


def is_money(index: Index, facts: FieldFacts) -> bool:
    """Whether the values of a field are amounts of money, those of roll-ups and formula fields included."""
    if facts.type is None:
        return False
    if facts.type.name == "formula":
        return returned(facts).money
    read = index.result(facts)
    return is_money(index, read) if read is not None else facts.type.money


# -- formula fields -----------------------------------------------------------------------------------------
def is_stored(facts: FieldFacts) -> bool:
    """True for a formula field that has a column of its own; other formulas read that."""
    return facts.body.get("type") == "formula" and bool(facts.option("stored"))


def returned(facts: FieldFacts) -> FieldType:
    """The type of the values of a formula field; text where its document says none that there is."""
    said = facts.body.get("returns")
    return FIELD_TYPES[said if isinstance(said, str) and said in FIELD_TYPES else "text"]


def formula_of(index: Index, facts: FieldFacts) -> Formula | None:
    """The compiled formula of a formula field, compiled once.

    None where the field has none, or none that can be compiled, or one that reads itself over others: all of this is
    reported by a rule.
    """
    text, address = facts.body.get("formula"), facts.component.address
    if facts.body.get("type") != "formula" or not isinstance(text, str):
        return None
    if address not in index.formulas:
        index.formulas[address] = None
        with contextlib.suppress(FormulaError):
            index.formulas[address] = compiled(index, facts, text)
    return index.formulas[address]


def company_formula(index: Index, facts: FieldFacts) -> Formula | None:
    """Of a formula field that returns money, the formula of the amount in the company's currency.

    It is the same formula over the company's amounts of the money that it reads.
    """
    formula = formula_of(index, facts)
    if formula is None or not returned(facts).money:
        return None

    def in_company(field: FormulaReference) -> FormulaReference:
        aspect = (*field.path, "company")
        return dataclasses.replace(field, path=aspect) if _ends_in_money(index, facts.object, field.path) else field

    return dataclasses.replace(formula, node=with_fields(formula.node, in_company))


def _ends_in_money(index: Index, object_name: str, path: Path) -> bool:
    facts = index.field(object_name, path[0])
    if facts is None or len(path) == 1:
        return facts is not None and is_money(index, facts)
    return facts.leads_to is not None and _ends_in_money(index, facts.leads_to, path[1:])


def compiled(index: Index, facts: FieldFacts, text: str) -> Formula:
    """The formula `text` as that of the formula field `facts`: of its type, rounded to its scale.

    Raises:
        FormulaError: every mistake in it.
    """
    kind = returned(facts)
    blanks: Blanks = "zero" if facts.option("blanks") == "zero" else "blank"
    scale = kind.scale(cast(FieldLike, _Options(facts.body)))
    return compile_formula(text, FieldScope(index, facts.object), kind.formula_type, blanks, scale=scale)


@dataclass(frozen=True, slots=True)
class _Options:
    """What a number type asks of a field to know its decimals."""

    options: Mapping[str, Any]


def _at(info: FieldInfo, path: Path) -> FieldInfo:
    return FieldInfo(info.type, info.precision, info.scale, info.percent, info.values, info.formula, path, info.label)
