"""Formulas that people wrote: they parse, and those whose references are known pass the checker."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from dougong.base.errors import FormulaError
from dougong.formulas import FieldInfo, Type, compile
from dougong.formulas import Path as FieldPath
from dougong.formulas.formatting import formatted
from dougong.formulas.parser import parse
from dougong.formulas.tree import to_prefix

FILE = Path(__file__).parents[3] / "shared" / "sfdx_sample" / "formulas.jsonl"

NOT_FORMULAS = {"ProgramEngagement__c.CreateServiceDelivery/Contact__c"}
"""Names whose text holds marks of a build tool, to be replaced before it is a formula."""

TYPES = {
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
}
BY_NAME = {name: type for type, names in TYPES.items() for name in names}


class CorpusScope:
    """The fields that the file resolves; a summary or a global may be of any type, for the file does not say."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = {name.casefold(): kind for name, kind in fields.items()}

    def resolve(self, path: FieldPath) -> FieldInfo | None:
        if path[0].startswith("$"):
            return FieldInfo(Type.UNKNOWN)
        kind = self.fields.get(".".join(path).casefold())
        if kind is None:
            return None
        kind = kind.removeprefix("Formula(").rstrip(")") if kind.startswith("Formula(") else kind.split("(")[0]
        return FieldInfo(BY_NAME.get(kind, Type.UNKNOWN))

    def names(self) -> Iterable[str]:
        return self.fields


@pytest.fixture(scope="module")
def corpus() -> list[dict[str, Any]]:
    if not FILE.exists():
        pytest.skip(f"the sample of formulas is not at {FILE}")
    with FILE.open(encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    return [each for each in found if each["name"] not in NOT_FORMULAS]


def test_all_parse_and_survive_formatting(corpus: list[dict[str, Any]]) -> None:
    """Formatting changes neither meaning nor, done again, itself."""
    for each in corpus:
        tree = parse(each["formula"])
        text = formatted(tree)
        again = parse(text)
        assert formatted(again) == text
        assert to_prefix(again).upper().replace("( ! ", "( NOT ") == _canonical(to_prefix(tree))


def _canonical(shape: str) -> str:
    return shape.upper().replace("( ! ", "( NOT ").replace("( == ", "( = ").replace("( != ", "( <> ")


def test_all_whose_references_are_known_type_check(corpus: list[dict[str, Any]]) -> None:
    failures = []
    checked = 0
    for each in corpus:
        if each["unresolved"]:
            continue
        checked += 1
        try:
            compile(each["formula"], CorpusScope(each["fields"]))
        except FormulaError as error:
            failures.append(f"{each['name']}: {each['formula']}\n{error}")
    assert checked > 500
    assert not failures, "\n".join(failures)
