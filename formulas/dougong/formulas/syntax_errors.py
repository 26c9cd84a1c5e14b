"""Failed parses in the author's terms: looks at the place in the text, not at parser states."""

from __future__ import annotations

from collections.abc import Callable

from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.formulas.problems import problem
from dougong.formulas.tree import Span

_LONGEST_WORD = 40
_BEGINS_VALUE = ("NAME", "NUMBER", "STRING", "LPAR", "TRUE", "FALSE", "NULL", "NOT", "BANG")
_FULL_WIDTH = dict(zip("（），＋－＊／＝＜＞＆“”‘’；！", "(),+-*/=<>&\"\"'',!", strict=True))


def explained(text: str, error: UnexpectedInput, open_brackets: Callable[[str], list[int]]) -> Problem:
    """What is wrong with `text`. `open_brackets` gives the offsets of brackets that are never closed."""
    if isinstance(error, UnexpectedEOF) or (isinstance(error, UnexpectedToken) and error.token.type == "$END"):
        return _unfinished(text, open_brackets)
    at = error.pos_in_stream or 0
    if text[at - 1 : at + 1] == "/*":
        span = Span(at - 1, at + 1)
        return problem(text, span, "formula-syntax", msg("This comment is never closed."), msg("End it with */."))
    if isinstance(error, UnexpectedCharacters):
        return _bad_character(text, at)
    assert isinstance(error, UnexpectedToken)
    return _misplaced(text, at, str(error.token), error.token.type)


def _unfinished(text: str, open_brackets: Callable[[str], list[int]]) -> Problem:
    span = Span(len(text), len(text))
    if not text.strip():
        fix = msg("Write an expression, such as amount * 2.")
        return problem(text, span, "formula-empty", msg("The formula is empty."), fix)
    missing = open_brackets(text)
    if missing:
        span = Span(missing[-1], missing[-1] + 1)
        return problem(
            text, span, "formula-syntax", msg("This bracket is never closed."), msg("Add a closing bracket.")
        )
    fix = msg("Complete it or remove the last operator.")
    return problem(text, span, "formula-syntax", msg("The formula ends too early."), fix)


def _misplaced(text: str, at: int, word: str, kind: str) -> Problem:
    span = Span(at, at + len(word))
    shown = word if len(word) <= _LONGEST_WORD else f"{word[: _LONGEST_WORD - 1]}…"
    if word == ")" and text[:at].count("(") <= text[:at].count(")"):
        reason = msg("This closing bracket has no opening one.")
        return problem(text, span, "formula-syntax", reason, msg("Remove it."))
    if word == ")":
        return problem(text, span, "formula-syntax", msg("Something is missing before this bracket."))
    if word == ",":
        fix = msg("Commas separate the arguments of a function.")
        return problem(text, span, "formula-syntax", msg("Unexpected comma."), fix)
    if kind in _BEGINS_VALUE:
        reason = msg("Unexpected {word}: an operator or a comma is missing before it.", word=shown)
        fix = msg("Join two values with an operator such as + or &.")
        return problem(text, span, "formula-syntax", reason, fix)
    reason = msg("Unexpected {word}: a value is missing before it.", word=shown)
    return problem(text, span, "formula-syntax", reason, msg("Write a field, a value or a function call there."))


def _bad_character(text: str, at: int) -> Problem:
    span, sign = Span(at, at + 1), text[at]
    if sign in "\"'":
        reason = msg("This text is not closed with {quote} on its line.", quote=sign)
        fix = msg("Close the text; write \\\\ for a backslash in it.")
        return problem(text, Span(at, len(text)), "formula-syntax", reason, fix)
    if sign in _FULL_WIDTH:
        reason = msg("{sign} is a full-width character.", sign=sign)
        return problem(text, span, "formula-syntax", reason, msg("Write {sign} instead.", sign=_FULL_WIDTH[sign]))
    reason = msg("{sign} has no meaning in a formula.", sign=sign)
    hint = msg("Write a 0 before the decimal point.") if sign == "." else None
    return problem(text, span, "formula-syntax", reason, hint)
