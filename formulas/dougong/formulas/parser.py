"""Text to syntax tree, and syntax errors that say what was expected where."""

from __future__ import annotations

import functools
import importlib.resources
from decimal import Decimal
from typing import cast

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput

from dougong.base.errors import FormulaError
from dougong.base.language import msg
from dougong.formulas.problems import problem
from dougong.formulas.syntax_errors import explained
from dougong.formulas.tree import RANK_OF_VALUES, Call, Literal, Node, Reference, Span, rank

MAX_LENGTH = 20_000
"""Characters in a formula. The language that this one follows stops at 3,900 to 5,000."""

MAX_DEPTH = 120
"""Nesting of calls and brackets; a chain of one operator counts once."""

_ESCAPES = {'\\"': '"', "\\\\": "\\"}


@functools.lru_cache(maxsize=4096)  # a revision repeats nearly all formulas of the one before it
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
        raise FormulaError(explained(text, error, _open_brackets)) from None
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


def _open_brackets(text: str) -> list[int]:
    """Offsets of the opening brackets that nothing closes; texts and comments skipped."""
    opened: list[int] = []
    for token in _parser().lex(text):
        if token.type == "LPAR":
            opened.append(_start(token))
        elif token.type == "RPAR" and opened:
            opened.pop()
    return opened


def _check_depth(text: str, root: Node) -> None:
    """Refuse what later stages could not walk. Iterative, because depth is what it measures.

    A chain of operators of one rank, or of ever stronger ones, counts once; brackets in it begin another.
    """
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
                chained = index == 0 and rank(node) <= rank(each) and rank(node) < RANK_OF_VALUES
                waiting.append((each, depth if chained else depth + 1))
