"""Reads collections of formulas that people wrote, and says how many parse, pass the checker and have SQL.

A file holds one JSON object a line: ``formula``; ``fields``, which gives each reference its type as the file spells it
(``Number``, ``Formula(Text)``, ``Lookup(Account)``); ``unresolved``, the references whose type it does not know;
``blanks``. What the file does not tell cannot be checked, so formulas with unresolved references are counted apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Numeric, bindparam, cast
from sqlalchemy.types import TypeEngine

from dougong.base.errors import FormulaError
from dougong.formulas.conformance import cases_in
from dougong.formulas.evaluation import Context
from dougong.formulas.formula import Formula, compile
from dougong.formulas.parser import parse
from dougong.formulas.scopes import NamedFields
from dougong.formulas.sql.types import TYPES, ScaledInteger
from dougong.formulas.typed import Field, walk
from dougong.formulas.types import FieldInfo, Path, Type

KINDS: Mapping[Type, tuple[str, ...]] = {
    Type.NUMBER: ("Number", "Currency", "Percent"),
    Type.TEXT: (
        *("Text", "TextArea", "LongTextArea", "Html", "EncryptedText", "Email", "Phone", "Url"),
        *("AutoNumber", "Name", "Combobox"),
    ),
    Type.BOOLEAN: ("Checkbox",),
    Type.DATE: ("Date",),
    Type.DATETIME: ("DateTime",),
    Type.TIME: ("Time",),
    Type.PICKLIST: ("Picklist",),
    Type.MULTI_PICKLIST: ("MultiselectPicklist",),
    Type.ID: ("Id", "Lookup", "MasterDetail", "Hierarchy", "MetadataRelationship"),
    Type.GEOLOCATION: ("Location",),
}
"""The types of fields as such files spell them."""

_BY_KIND = {kind: type for type, kinds in KINDS.items() for kind in kinds}

STAGES = ("parse", "check", "sqlite", "postgresql")
"""What is tried of each formula, in this order; a formula that fails at one is not tried at the next but one."""

COLUMNS: Mapping[Type, TypeEngine[Any]] = {
    **TYPES,
    Type.NUMBER: Numeric(18, 6).with_variant(ScaledInteger(6), "sqlite"),
}
"""The column of each type; such files do not say how many digits their numbers have."""

_ANY = Context(now=datetime(2024, 2, 29, tzinfo=UTC))
"""No statement is run, so any moment will do."""

_DIGITS = {"sqlite": 18, "postgresql": 39}


class CorpusScope(NamedFields):
    """The names of one formula, as its file gives them. A summary or a global may be of any type: nobody says."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        """Know `fields`: reference as written to type as spelt."""
        super().__init__({tuple(name.split(".")): FieldInfo(_type(kind)) for name, kind in fields.items()})

    def resolve(self, path: Path) -> FieldInfo | None:
        """A field of the file, or a global."""
        return FieldInfo(Type.UNKNOWN) if path[0].startswith("$") else super().resolve(path)


def _type(kind: str) -> Type:
    inner = kind.removeprefix("Formula(").removesuffix(")") if kind.startswith("Formula(") else kind.partition("(")[0]
    return _BY_KIND.get(inner, Type.UNKNOWN)


@dataclass(slots=True)
class Corpus:
    """What came of a file. `tried` and `passed` count formulas by stage; `failures` are (name, stage, reason).

    `unresolved` were not checked. Of those that passed the checker, `untyped` have a field whose type the file does not
    tell, and `save_only` mean something only while a record is saved: neither is asked for SQL.
    """

    total: int = 0
    unresolved: int = 0
    untyped: int = 0
    save_only: int = 0
    tried: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))
    passed: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))
    failures: list[tuple[str, str, str]] = field(default_factory=list)

    def note(self, name: str, stage: str, error: FormulaError | None) -> bool:
        """Count one try; True where it passed."""
        self.tried[stage] += 1
        if error is None:
            self.passed[stage] += 1
            return True
        self.failures.append((name, stage, "; ".join(dict.fromkeys(str(each.reason) for each in error.problems))))
        return False


def measure(lines: Iterable[str]) -> Corpus:
    """Try every formula of a file.

    Raises:
        BadRequest: a line holds no case.
    """
    found = Corpus()
    for case in cases_in(lines, ("formula",)):
        found.total += 1
        _try(found, case)
    return found


def _try(found: Corpus, case: Mapping[str, Any]) -> None:
    name, text = f"{case.get('object', '')}/{case.get('name', '')}", case["formula"]
    try:
        parse(text)
    except FormulaError as error:
        found.note(name, "parse", error)
        return
    found.note(name, "parse", None)
    if case.get("unresolved"):
        found.unresolved += 1
        return
    blanks = "zero" if case.get("blanks") == "BlankAsZero" else "blank"
    try:
        formula = compile(text, CorpusScope(case.get("fields", {})), None, blanks)  # type: ignore[arg-type]
    except FormulaError as error:
        found.note(name, "check", error)
        return
    found.note(name, "check", None)
    if formula.save_only:
        found.save_only += 1
        return
    kinds = {each.path: each.info.type for each in walk(formula.node) if isinstance(each, Field)}
    columns = {path: COLUMNS.get(kinds[path]) for path in formula.references}
    if None in columns.values():
        found.untyped += 1
        return
    for backend, digits in _DIGITS.items():
        found.note(name, backend, _sql_error(formula, columns, digits))


def _sql_error(formula: Formula, kinds: Mapping[Path, Any], digits: int) -> FormulaError | None:
    """Why a formula has no SQL; None where it has."""
    columns: dict[Path, ColumnElement[Any]] = {
        path: cast(bindparam(None, None, type_=kind), kind) for path, kind in kinds.items()
    }
    try:
        formula.sql(columns, _ANY, digits=digits)
        formula.sql_error(columns, _ANY, digits=digits)
    except FormulaError as error:
        return error
    return None
