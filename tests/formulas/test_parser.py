"""Syntax: precedence, literals, comments; and that nothing but a `FormulaError` ever comes out."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong.base.errors import FormulaError
from dougong.formulas.formatting import formatted
from dougong.formulas.parser import MAX_DEPTH, MAX_LENGTH, parse
from dougong.formulas.tree import Literal, to_prefix
from tests.benchmarks.formulas import HOSTILE

SHAPES = [
    ("1 + 2 * 3", "( + 1 ( * 2 3 ) )"),
    ("1 - 2 - 3", "( - ( - 1 2 ) 3 )"),
    ("2 * 3 ^ 2", "( ^ ( * 2 3 ) 2 )"),
    ("-2 ^ 2", "( ^ ( - 2 ) 2 )"),
    ('"a" & 1 + 2', '( + ( & "a" 1 ) 2 )'),
    ("a || b && c", "( || a ( && b c ) )"),
    ("a = b < c", "( = a ( < b c ) )"),
    ("NOT a = b", "( = ( NOT a ) b )"),
    ("not(a) && !b", "( && ( not a ) ( ! b ) )"),
    ("NOT ISBLANK(x)", "( NOT ( ISBLANK x ) )"),
    ("notes + nullable", "( + notes nullable )"),
    ("a/*x*/.b", "SYNTAX"),
    ("a /* x ** / */ + b", "( + a b )"),
    ("Account.Owner:User.Name", "Account.Owner:User.Name"),
    ("$User.Id", "$User.Id"),
    ("金额 * 2", "( * 金额 2 )"),
    ("TODAY()", "TODAY"),
    ("1.", "SYNTAX"),
    (".5", "SYNTAX"),
    ("1e5", "SYNTAX"),
    ("'a\nb'", "SYNTAX"),
    ("1 2", "SYNTAX"),
    ("f(1,)", "SYNTAX"),
]


@pytest.mark.parametrize(("text", "shape"), SHAPES)
def test_shape(text: str, shape: str) -> None:
    try:
        found = to_prefix(parse(text))
    except FormulaError:
        found = "SYNTAX"
    assert shape == found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"say \"hi\""', 'say "hi"'),
        (r'"C:\\temp"', r"C:\temp"),
        (r'"\\n"', r"\n"),
        (r"'it\'s'", r"it\'s"),
        (r'"a\nb"', r"a\nb"),
        ('"客户 😀"', "客户 😀"),
    ],
)
def test_escapes(text: str, value: str) -> None:
    r"""Only \" and \\ mean one character; other escapes are admitted and left as written."""
    literal = parse(text)
    assert isinstance(literal, Literal)
    assert value == literal.value


def test_a_long_chain_is_no_deep_formula() -> None:
    assert parse("+".join(["a"] * 2000))


@pytest.mark.parametrize("text", ["(" * 5000 + "1" + ")" * 5000, "-" * 5000 + "1", "f(" * 300 + "1" + ")" * 300])
def test_nesting_is_limited(text: str) -> None:
    """Deep nesting is refused with its own problem unless the brackets mean nothing."""
    try:
        parse(text)
    except FormulaError as error:
        assert error.problems[0].code == "formula-too-deep"
        assert str(MAX_DEPTH) in str(error)
    else:
        assert text.startswith("((")


def test_length_is_limited() -> None:
    with pytest.raises(FormulaError, match=f"the limit is {MAX_LENGTH}"):
        parse("1 " * MAX_LENGTH)


PIECES = st.sampled_from(
    [
        "a",
        "1",
        "1.5",
        '"x"',
        "'",
        '"',
        "(",
        ")",
        ",",
        "+",
        "-",
        "*",
        "/",
        "^",
        "&",
        "&&",
        "||",
        "!",
        "=",
        "<>",
        "IF(",
        "NOT",
        "TRUE",
        "/*",
        "*/",
        "\\",
        "\n",
        " ",
        "$",
        ".",
        "{",
        "#",
        "（",
        "，",
        "客",
        "😀",
        "\x00",
    ]
)


@given(st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=200))
def test_a_fuzzed_parser_raises_nothing_else(text: str) -> None:
    """What parses also survives formatting."""
    try:
        tree = parse(text)
    except FormulaError as error:
        (problem,) = error.problems
        assert problem.place.line
        assert problem.text("zh-CN") != problem.text("en")
    else:
        assert formatted(parse(formatted(tree))) == formatted(tree)


@pytest.mark.parametrize("piece", HOSTILE)
def test_4000_characters_of_anything_end_in_a_tree_or_in_its_own_error(piece: str) -> None:
    """How long that takes, the benchmarks tell."""
    with suppress(FormulaError):
        parse((piece * 4000)[:4000])
