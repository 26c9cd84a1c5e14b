"""What each type says of its JSON holds of every value."""

from __future__ import annotations

import jsonschema
import orjson
import pytest

from tests.engine.fields.case import Case
from tests.engine.fields.cases import CASES

CHECKING = jsonschema.Draft202012Validator


@pytest.mark.parametrize("case", [each for each in CASES if not each.field.type.refers], ids=lambda case: case.id)
def test_every_value_is_of_the_schemas(case: Case) -> None:
    """As the API answers it, and as it takes it back; references have one schema for all, in the API."""
    field = case.field
    schemas = (field.type.json_schema(field), field.type.accepted_schema(field))
    for schema in schemas:
        CHECKING.check_schema(schema)
        assert schema, "says nothing"
    for value in case.values:
        said = orjson.loads(orjson.dumps(field.type.to_json(field, value), default=str))
        for schema in schemas:
            CHECKING(schema, format_checker=CHECKING.FORMAT_CHECKER).validate(said)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("text", "x" * 5000),
        ("integer", "many"),
        ("decimal", "1,5"),
        ("money", 1.5),
        ("date", 20260101),
        ("duration", "long"),
        ("rating", 99),
        ("picklist", "no such value"),
        ("multi_picklist", ["no such value"]),
        ("address", {"planet": "Earth"}),
        ("geolocation", {"latitude": 91, "longitude": 0}),
        ("json", "text"),
        ("boolean", "perhaps"),
    ],
)
def test_a_wrong_value_is_not_of_the_accepted_schema(name: str, wrong: object) -> None:
    case = next(each for each in CASES if each.name == name)
    accepted = case.field.type.accepted_schema(case.field)
    assert not CHECKING(accepted).is_valid(wrong)
