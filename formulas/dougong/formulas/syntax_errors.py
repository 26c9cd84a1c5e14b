"""Failed parses in the author's terms: looks at the place in the text, not at parser states."""

from __future__ import annotations

import re
from collections.abc import Callable

from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.formulas.problems import problem
from dougong.formulas.tree import Span

_LONGEST_WORD = 40
_BEGINS_VALUE = ("NAME", "NUMBER", "STRING", "LPAR", "TRUE", "FALSE", "NULL", "NOT", "BANG")
_FULL_WIDTH = {
    **{chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)},
    **dict(
        zip(
            "“”„‘’、。×÷≠≤≥–—；",
            ('"', '"', '"', "'", "'", ",", ".", "*", "/", "<>", "<=", ">=", "-", "-", ","),
            strict=True,
        )
    ),
}


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


_SIGNS = re.compile(r"[=<>!*]{2,3}|//")
_MEANT = {"===": "=", "!==": "<>", "=>": ">=", "=<": "<=", "><": "<>", "**": "^"}
_NAME_BEFORE = re.compile(r"([A-Za-z_]\w*)\s*$")


def _foreign(text: str, at: int, word: str) -> Problem | None:
    """What other languages write and this one does not."""
    sign = next((each for each in _SIGNS.finditer(text) if each.start() < at <= each.end()), None)
    if sign and sign[0] in _MEANT:
        reason = msg("There is no operator {name}.", name=sign[0])
        return problem(
            text, Span(*sign.span()), "formula-syntax", reason, msg("Write {sign} instead.", sign=_MEANT[sign[0]])
        )
    if sign and sign[0] == "//":
        reason = msg("There is no operator {name}.", name="//")
        return problem(text, Span(*sign.span()), "formula-syntax", reason, msg("Comments stand between /* and */."))
    if word.upper() in _INFIX:
        reason = msg("{name} does not stand between two values.", name=word)
        fix = msg("Write {sign} instead.", sign=_INFIX[word.upper()])
        return problem(text, Span(at, at + len(word)), "formula-syntax", reason, fix)
    before = _NAME_BEFORE.search(text[:at])
    if before and before[1].upper() == "IF":
        reason = msg("{name} is a function and needs brackets.", name=before[1])
        fix = msg("Write {sign} instead.", sign="IF(…, …, …)")
        return problem(text, Span(*before.span(1)), "formula-syntax", reason, fix)
    return None


_INFIX = {
    "AND": "&&",
    "OR": "||",
    "MOD": "MOD(…, …)",
    "LIKE": "LIKE(…, …)",
    "IN": "IN(…, …)",
    "CONTAINS": "CONTAINS(…, …)",
    "BEGINS": "BEGINS(…, …)",
    "IS": "ISBLANK(…)",
    "BETWEEN": "a >= b && a <= c",
}


def _comma(text: str, at: int) -> Problem:
    """A comma where none may stand."""
    span, before = Span(at, at + 1), text[:at].rstrip()[-1:]
    if before in ("(", ","):
        reason = msg("Something is missing before this comma.")
        return problem(text, span, "formula-syntax", reason, msg("Write a value there, or remove the comma."))
    if before.isdigit() and re.match(r"[0-9]{3}\b", text[at + 1 :]):
        reason = msg("Unexpected comma.")
        return problem(text, span, "formula-syntax", reason, msg("Write numbers without commas between their digits."))
    fix = msg("Commas separate the arguments of a function.")
    return problem(text, span, "formula-syntax", msg("Unexpected comma."), fix)


def _misplaced(text: str, at: int, word: str, kind: str) -> Problem:
    foreign = _foreign(text, at, word)
    if foreign:
        return foreign
    span = Span(at, at + len(word))
    shown = shown_word(word)
    if word == ")" and text[:at].count("(") <= text[:at].count(")"):
        reason = msg("This closing bracket has no opening one.")
        return problem(text, span, "formula-syntax", reason, msg("Remove it."))
    if word == ")":
        return problem(text, span, "formula-syntax", msg("Something is missing before this bracket."))
    if word == ",":
        return _comma(text, at)
    if word == "=" and not text[:at].strip():
        return problem(text, span, "formula-syntax", msg("A formula does not begin with =."), msg("Remove it."))
    if at and text[at - 1].isdigit() and re.fullmatch(r"[eE][0-9]*", word):
        reason = msg("Numbers have no exponent here.")
        return problem(text, span, "formula-syntax", reason, msg("Write the number out, or use VALUE() of a text."))
    if at and text[at - 1] in "\"'":
        reason = msg("The text before {word} ends too early.", word=shown_word(word))
        fix = msg('Write \\" for a quotation mark within a text.')
        return problem(text, span, "formula-syntax", reason, fix)
    if kind in _BEGINS_VALUE:
        reason = msg("Unexpected {word}: an operator or a comma is missing before it.", word=shown)
        fix = msg("Join two values with an operator such as + or &.")
        return problem(text, span, "formula-syntax", reason, fix)
    reason = msg("Unexpected {word}: a value is missing before it.", word=shown)
    return problem(text, span, "formula-syntax", reason, msg("Write a field, a value or a function call there."))


def shown_word(word: str) -> str:
    """A word of the formula as messages show it."""
    return word if len(word) <= _LONGEST_WORD else f"{word[: _LONGEST_WORD - 1]}…"


_HINTS = {
    ";": msg("Arguments are separated by commas, and nothing ends a formula."),
    "?": msg("Use IF(condition, then, otherwise)."),
    "%": msg("Write 0.13 for 13 percent, and MOD(a, b) for a remainder."),
    "#": msg("Comments stand between /* and */."),
    "{": msg("Names are written without brackets."),
    "[": msg("Names are written without brackets."),
    **dict.fromkeys("¥￥€£", msg("Write the number without the sign of a currency.")),
}


def _bad_character(text: str, at: int) -> Problem:
    span, sign = Span(at, at + 1), text[at]
    if sign in "\"'":
        reason = msg("This text is not closed with {quote} on its line.", quote=sign)
        fix = msg("Close the text; write \\\\ for a backslash in it.")
        return problem(text, Span(at, len(text)), "formula-syntax", reason, fix)
    if sign in _FULL_WIDTH:
        reason = msg("{sign} is a full-width character.", sign=sign)
        if sign in "×÷≠≤≥–—":
            reason = msg("{sign} has no meaning in a formula.", sign=sign)
        return problem(text, span, "formula-syntax", reason, msg("Write {sign} instead.", sign=_FULL_WIDTH[sign]))
    reason = msg("{sign} has no meaning in a formula.", sign=sign)
    hint = _HINTS.get(sign)
    if sign == ".":
        follows = at > 0 and text[at - 1].isdigit()
        hint = msg("Write digits behind the decimal point.") if follows else msg("Write a 0 before the decimal point.")
    if not sign.isprintable():
        reason = msg("An invisible character (U+{code}) stands here.", code=f"{ord(sign):04X}")
        hint = msg("Remove it.")
    return problem(text, span, "formula-syntax", reason, hint)
