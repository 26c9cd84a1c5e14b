"""Text to syntax tree, and syntax errors that say what was expected where."""

from __future__ import annotations

import functools
import importlib.resources
from decimal import Decimal
from typing import cast

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from dougong.base.errors import FormulaError
from dougong.base.language import Message, msg
from dougong.formulas.problems import problem
from dougong.formulas.tree import Call, Literal, Node, Reference, Span

MAX_LENGTH = 20_000
"""Characters in a formula. The language that this one follows stops at 3,900 to 5,000."""

MAX_DEPTH = 120
"""Nesting of calls and brackets; a chain of one operator counts once."""

_ESCAPES = {'\\"': '"', "\\\\": "\\"}


def parse(text: str) -> Node:
    """The tree of `text`.

    Raises:
        FormulaError: too long, too deep, or not a formula; one problem, with line and column.
    """
    if len(text) > MAX_LENGTH:
        raise FormulaError(
            problem(
                text,
                Span(0, len(text)),
                "formula-too-long",
                msg(
                    "The formula has {length} characters; the limit is {limit}.",
                    length=len(text),
                    limit=MAX_LENGTH,
                ),
                msg("Move parts of it into formula fields of their own."),
            )
        )
    try:
        node = cast(Node, _parser().parse(text))
    except UnexpectedInput as error:
        raise _syntax_error(text, error) from None
    _check_depth(text, node)
    return node


@v_args(inline=True)
class _Builder(Transformer[Token, Node]):
    """One method per alternative of the grammar."""

    def number(self, token: Token) -> Node:
        return Literal(Decimal(str(token)), _span(token))

    def text(self, token: Token) -> Node:
        return Literal(_unescape(str(token)[1:-1]), _span(token))

    def true(self, token: Token) -> Node:
        return Literal(True, _span(token))

    def false(self, token: Token) -> Node:
        return Literal(False, _span(token))

    def null(self, token: Token) -> Node:
        return Literal(None, _span(token))

    def reference(self, token: Token) -> Node:
        return Reference(tuple(str(token).split(".")), _span(token))

    def call(self, name: Token, *rest: Node | Token | None) -> Node:
        *arguments, closing = rest
        given = tuple(each for each in arguments if isinstance(each, Node))
        assert isinstance(closing, Token)
        return Call(str(name).upper(), given, Span(_start(name), closing.end_pos or 0), _span(name), written=str(name))

    def grouped(self, inner: Node) -> Node:
        return inner

    def unary(self, sign: Token, operand: Node) -> Node:
        name = {"!": "NOT"}.get(str(sign), str(sign).upper())
        return Call(name, (operand,), Span(_start(sign), operand.span.end), _span(sign), True, str(sign))

    def binary(self, left: Node, sign: Token, right: Node) -> Node:
        name = {"==": "=", "!=": "<>"}.get(str(sign), str(sign))
        span = Span(left.span.start, right.span.end)
        return Call(name, (left, right), span, _span(sign), True, str(sign))


@functools.cache
def _parser() -> Lark:
    grammar = (importlib.resources.files("dougong.formulas") / "grammar.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", transformer=_Builder())


def _start(token: Token) -> int:
    return token.start_pos or 0


def _span(token: Token) -> Span:
    return Span(_start(token), token.end_pos or 0)


def _unescape(raw: str) -> str:
    if "\\" not in raw:
        return raw
    parts = []
    index = 0
    while index < len(raw):
        pair = raw[index : index + 2]
        parts.append(_ESCAPES.get(pair, raw[index]))
        index += 2 if pair in _ESCAPES else 1
    return "".join(parts)


def _check_depth(text: str, root: Node) -> None:
    """Refuse what later stages could not walk. Iterative, because depth is what it measures."""
    waiting: list[tuple[Node, int]] = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise FormulaError(
                problem(
                    text,
                    node.span,
                    "formula-too-deep",
                    msg("The formula is nested more than {limit} levels deep here.", limit=MAX_DEPTH),
                    msg("Use CASE or IFS instead of nested IFs, or split the formula."),
                )
            )
        if isinstance(node, Call):
            for index, each in enumerate(node.arguments):
                chained = index == 0 and node.is_operator and len(node.arguments) == 2
                waiting.append((each, depth if chained else depth + 1))


def _syntax_error(text: str, error: UnexpectedInput) -> FormulaError:
    span, code, reason, fix = _explain(text, error)
    return FormulaError(problem(text, span, code, reason, fix))


def _explain(text: str, error: UnexpectedInput) -> tuple[Span, str, Message, Message | None]:
    """What went wrong, in the author's terms: looks at the place, not at parser states."""
    if isinstance(error, UnexpectedEOF) or (isinstance(error, UnexpectedToken) and error.token.type == "$END"):
        return _unfinished(text)
    at = error.pos_in_stream or 0
    rest = text[at:]
    if text[at - 1 : at + 1] == "/*":
        return Span(at - 1, at + 1), "formula-syntax", msg("This comment is never closed."), msg("End it with */.")
    if isinstance(error, UnexpectedCharacters):
        return _bad_character(text, at, rest)
    assert isinstance(error, UnexpectedToken)
    word = str(error.token)
    span = Span(at, at + len(word))
    if word == ")":
        if text[:at].count("(") <= text[:at].count(")"):
            return span, "formula-syntax", msg("This closing bracket has no opening one."), msg("Remove it.")
        return span, "formula-syntax", msg("Something is missing before this bracket."), None
    if word == ",":
        return (
            span,
            "formula-syntax",
            msg("Unexpected comma."),
            msg("Commas separate the arguments of a function."),
        )
    if error.token.type in ("NAME", "NUMBER", "STRING", "LPAR", "TRUE", "FALSE", "NULL", "NOT"):
        reason = msg("Unexpected {word}: an operator or a comma is missing before it.", word=_shown(word))
        return span, "formula-syntax", reason, msg("Join two values with an operator such as + or &.")
    return (
        span,
        "formula-syntax",
        msg("Unexpected {word}: a value is missing before it.", word=_shown(word)),
        msg("Write a field, a value or a function call there."),
    )


def _unfinished(text: str) -> tuple[Span, str, Message, Message | None]:
    span = Span(len(text), len(text))
    if not text.strip():
        return (
            span,
            "formula-empty",
            msg("The formula is empty."),
            msg("Write an expression, such as amount * 2."),
        )
    missing = _open_brackets(text)
    if missing:
        return (
            Span(missing[-1], missing[-1] + 1),
            "formula-syntax",
            msg("This bracket is never closed."),
            msg("Add a closing bracket."),
        )
    return (
        span,
        "formula-syntax",
        msg("The formula ends too early."),
        msg("Complete it or remove the last operator."),
    )


def _open_brackets(text: str) -> list[int]:
    """Offsets of the opening brackets that nothing closes; texts and comments skipped."""
    opened: list[int] = []
    for token in _parser().lex(text):
        if token.type == "LPAR":
            opened.append(token.start_pos or 0)
        elif token.type == "RPAR" and opened:
            opened.pop()
    return opened


def _bad_character(text: str, at: int, rest: str) -> tuple[Span, str, Message, Message | None]:
    span = Span(at, at + 1)
    sign = rest[0]
    if sign in "\"'":
        reason = msg("This text is not closed with {quote} on its line.", quote=sign)
        return (
            Span(at, len(text)),
            "formula-syntax",
            reason,
            msg("Close the text; write \\\\ for a backslash in it."),
        )
    swap = _FULL_WIDTH.get(sign)
    if swap:
        reason = msg("{sign} is a full-width character.", sign=sign)
        return span, "formula-syntax", reason, msg("Write {sign} instead.", sign=swap)
    fix = msg("Write a 0 before the decimal point.") if sign == "." else None
    return span, "formula-syntax", msg("{sign} has no meaning in a formula.", sign=sign), fix


_FULL_WIDTH = dict(zip("（），＋－＊／＝＜＞＆“”‘’；！", "(),+-*/=<>&\"\"'',!", strict=True))


def _shown(word: str) -> str:
    return word if len(word) <= 40 else f"{word[:37]}…"
