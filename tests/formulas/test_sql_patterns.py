"""REGEX: the patterns that both databases share match what RE2 matches; the others are refused with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, Text

from dougong.base.errors import FormulaError
from dougong.formulas import FieldInfo, NamedFields, Type, compile
from dougong.formulas.sql.regular_expressions import MAX_SIZE
from tests.formulas.sql_rows import Database, filled

TEXTS = [
    None, "a", "ab", "aab", "abab", "A", "aA", "b", "ba", "c", "-", "]", "a-b", "a.b", "1", "12", "1a", "a1_", " ",
    "a b", "a\nb", "\n", "\t", "客户", "客a", "😀", "a😀", "\u212a", "k", "K", "ſ", "s", "é", "e\u0301", "a" * 30,
    "a" * 300, "^a$", "{2}", "\\", "aaab", "(a)", "a|b", "a\n", "\na", "_", "é1", "\u00a0", "\x0b",
]  # fmt: skip


SCOPE = NamedFields({("name",): FieldInfo(Type.TEXT)})


@pytest.fixture(scope="module")
def databases(fresh_database_url: Callable[[str], str]) -> Iterator[list[Database]]:
    rows = [{"name": text} for text in TEXTS]
    made = []
    for kind, digits in (("sqlite", 18), ("postgresql", 39)):
        table = Table("names", MetaData(), Column("row", Integer, primary_key=True), Column("name", Text))
        made.append(filled(fresh_database_url(kind), digits, table, rows))
    yield made
    for each in made:
        each.engine.dispose()


def matching(pattern: str) -> str:
    """The formula that asks for the pattern, as it would be written."""
    escaped = pattern.replace("\\", "\\\\").replace('"', '\\"')
    return f'REGEX(name, "{escaped}")'


def agree_on(databases: list[Database], pattern: str) -> None:
    formula = compile(matching(pattern), SCOPE)
    for database in databases:
        for row, expected, found in database.compare(formula):
            assert (expected, type(expected)) == (found, type(found)), (database.engine.dialect.name, pattern, row)


SHARED = r"""
\p{Alpha}+
[\p{Digit}_]*a?
\P{Punct}
[^\p{Space}\P{ASCII}]+
[\[\sa]*
[^\S]
a*
(a*)+b
^a$
a{2}b
a{2,}b?
a{0,2}b{1,2}
a{30}
a{300}
a{0,290}a{10,}
(ab){2}
(?:a|b)+
(?P<first>a)b
a|
|a
(|a)b
()
.
.*
(?s).*
(?s)a.b
(?i)k
(?i)S
(?i)[a-c]+
(?i)[^a]
(?i)\W
(?i)\w+
(?i)[\Wk]
(?i)[^\Wk]
(?i)[[:upper:]]+
(?i)[[:^upper:]]
(?i)[^k-s]
[a-\d]
[\d-a]+
(?is)A.B
[abc]+
[a-c1-3_]+
[^a]
[^a-z]+
[]a]
[^]a]
[a-]+
[-a]+
[a\]]+
[\d\s]+
[^\d]+
[\D]+
[\W_]
\d+
\D
\w+
\W
\s+
\S+
\.
a\.b
\^a\$
\x41
\x{5BA2}户
\u5BA2\u6237
[\u4e00-\u9fa5]+a?
[一-龥]+
😀
a[😀-😂]
[[:alpha:]]+
[[:^alpha:]]
[[:digit:][:space:]a]+
\bab\b
a\b.\bb
a\Bb
\A\w+\z
a??b
a+?b
a*?
{2}
a{
{
\{2\}
\\
\t
\n
a\nb
$a
a^
(?:^|a)b
(
[
a**
(?=a)
\1
a{1001}
[z-a]
""".strip().splitlines()


@pytest.mark.parametrize("pattern", SHARED)
def test_patterns_that_are_shared_agree(databases: list[Database], pattern: str) -> None:
    """Those that are no pattern fail alike."""
    agree_on(databases, pattern)


REFUSED = {
    r"\p{Han}+": "no common meaning",
    r"\pL": "no common meaning",
    r"\Qa.b\E": "no common meaning",
    r"(?m)^a$": "no common meaning",
    r"(\ba?)*": "no common meaning",
    r"^*a": "no common meaning",
    r"a(?i)b": "no common meaning",
    r"(?i)é": "no common meaning",
    r"[\x{0}]": "no common meaning",
    r"(a{40}){20}b{300}": "longer than",
    r"(.?){300}": "longer than",
    "a" * (MAX_SIZE + 1): "longer than",
}


@pytest.mark.parametrize(("pattern", "reason"), REFUSED.items(), ids=lambda each: each[:20])
def test_others_are_refused_with_the_reason(databases: list[Database], pattern: str, reason: str) -> None:
    formula = compile(matching(pattern), SCOPE)
    for database in databases:
        with pytest.raises(FormulaError, match=reason):
            list(database.compare(formula))


def test_a_pattern_of_the_record_is_refused(databases: list[Database]) -> None:
    """What it means in PostgreSQL is known only for a pattern that is known."""
    formula = compile("REGEX(name, name)", SCOPE)
    with pytest.raises(FormulaError, match="must not depend on the record"):
        list(databases[0].compare(formula))


ATOMS = st.sampled_from(
    ["a", "b", "c", "1", "客", "😀", ".", "-", " ", r"\d", r"\w", r"\s", r"\W", r"\.", r"\n", "[ab]",
     "[^a]", "[a-c客]", "^", "$", r"\b"]
)  # fmt: skip
REPEATS = st.sampled_from(["", "", "*", "+", "?", "{2}", "{0,2}", "{1,}", "*?", "+?"])


def longer(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Groups, alternatives and sequences of parts, repeated."""
    pairs = st.lists(parts, min_size=1, max_size=3)
    return st.tuples(pairs.map("".join) | pairs.map("|".join), REPEATS).map(lambda each: f"({each[0]}){each[1]}")


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(["", "(?i)", "(?s)"]), st.recursive(st.tuples(ATOMS, REPEATS).map("".join), longer, max_leaves=6)
)
def test_random_patterns_agree(databases: list[Database], flags: str, pattern: str) -> None:
    try:
        agree_on(databases, flags + pattern)
    except FormulaError as error:
        assert "no common meaning" in str(error)
