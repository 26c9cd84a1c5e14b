"""Upper and lower case: every letter alike in Python and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from dougong.formulas.lettercase import has_case, initial_capitals, lower, upper
from dougong.formulas.sql.letters import LAST
from tests.formulas.sql_rows import taught

SIGNS = [chr(code) for code in range(1, 0x110000) if not 0xD800 <= code <= 0xDFFF]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("ΟΔΟΣ", "οδος"),
        ("ΟΔΟΣ ΣΑΣ Σ", "οδος σας σ"),
        ("ΣΣ", "σς"),
        ("AΣ.", "aς."),
        ("İI", "i̇i"),
    ],
)
def test_a_sigma_is_final_behind_a_letter_and_before_none(given: str, expected: str) -> None:
    assert lower(given) == expected


def test_the_table_holds_every_letter() -> None:
    """A Python that knows letters beyond the table's end must fail here."""
    assert not [each for each in SIGNS if ord(each) >= LAST and (has_case(each) or each.isalnum())]


def test_every_letter_has_the_same_cases_in_postgresql(fresh_database_url: Callable[[str], str]) -> None:
    letters = [each for each in SIGNS if has_case(each)]
    words = [f"{each}a {each}A{each}" for each in letters]
    cases = "dg_upper(word), dg_lower(word), dg_initcap(word), dg_upper(word, 'tr'), dg_lower(word, 'az_AZ')"
    statement = text(f"SELECT {cases} FROM unnest(CAST(:words AS text[])) WITH ORDINALITY AS all_words (word, place)")
    engine = taught(fresh_database_url("postgresql"))
    with engine.connect() as connection:
        found = connection.execute(statement, {"words": words}).all()
    engine.dispose()
    assert len(letters) > 2_700
    for word, row in zip(words, found, strict=True):
        assert tuple(row) == (upper(word), lower(word), initial_capitals(word), upper(word, "tr"), lower(word, "az_AZ"))
