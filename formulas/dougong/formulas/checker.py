"""Syntax tree to typed tree. Collects every mistake it can find, each with place, reason and fix."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from dougong.base.errors import FormulaError, Problem
from dougong.base.language import Message, msg
from dougong.formulas.decimals import ZERO
from dougong.formulas.definition import FUNCTIONS, Function, Parameter, Signature
from dougong.formulas.elsewhere import NOT_SUPPORTED, known_elsewhere
from dougong.formulas.matching import GROUPS, common_type, fits, mismatch, one_of
from dougong.formulas.problems import Severity, problem
from dougong.formulas.tree import Call, Literal, Node, Reference, Span
from dougong.formulas.typed import Apply, Constant, Field, Inlined, TypedNode, Wrong, rebase, walk
from dougong.formulas.types import Blanks, Marker, Path, Scope, Type

MAX_NODES = 20_000
"""Nodes of a formula with the formula fields that it uses put in their place."""

MAX_EXPANDED_DEPTH = 200
"""Nesting of a formula field with those that it uses put in their place, when another formula uses it."""

MOST_PROBLEMS = 30
"""Mistakes of one formula that are said: nobody reads more at once."""

ORIGIN = ("$System", "OriginDateTime")
"""The one variable that every scope knows."""
_ORIGIN_MOMENT = datetime(1900, 1, 1, tzinfo=UTC)


class Checker:
    """Checks one formula. `problems` fills up as `check` walks."""

    def __init__(self, text: str, scope: Scope, blanks: Blanks) -> None:
        self._text = text
        self._scope = scope
        self._blanks = blanks
        self._inlined = 0
        self._inlined_depth = 0
        self.problems: list[Problem] = []

    def check(self, node: Node, within: Call | None = None) -> TypedNode:
        """The typed form of `node`, an argument of `within`; `Wrong` where a problem was added."""
        if isinstance(node, Literal):
            return _constant(node)
        if isinstance(node, Reference):
            return self._reference(node, within)
        return self._chain(node)

    def report(
        self, span: Span, code: str, reason: Message, fix: Message | None = None, severity: Severity = "error"
    ) -> Wrong:
        """Add a problem at `span`."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem(self._text, span, code, reason, fix, severity))
        return Wrong(span)

    def raise_problems(self) -> None:
        """Raise `FormulaError` with every error found, in order of place."""
        wrong = [each for each in self.problems if each.severity == "error"]
        if wrong:
            raise FormulaError(sorted(wrong, key=lambda each: (each.place.line or 0, each.place.column or 0)))

    # -- references ---------------------------------------------------------------------------------------
    def _reference(self, node: Reference, within: Call | None) -> TypedNode:
        if tuple(part.casefold() for part in node.path) == tuple(part.casefold() for part in ORIGIN):
            return Constant(_ORIGIN_MOMENT, Type.DATETIME, node.span)
        info = self._scope.resolve(node.path)
        if info is None:
            return self._unknown_field(node, within)
        path = info.path or node.path
        if info.formula is None:
            return Field(path, info, self._blanks, node.span)
        self._inlined += info.formula.size
        self._inlined_depth = max(self._inlined_depth, info.formula.depth)
        if self._inlined > MAX_NODES or self._inlined_depth > MAX_EXPANDED_DEPTH:
            return self.too_large(node.span)
        inner = rebase(info.formula.node, path[:-1])
        return Inlined(inner, self._blank_means(inner.type), node.span, info.formula.source)

    def _blank_means(self, type: Type) -> Decimal | bool | None:
        """What a blank formula field yields: a blank checkbox is false, a blank number perhaps 0."""
        if type is Type.BOOLEAN:
            return False
        return ZERO if type is Type.NUMBER and self._blanks == "zero" else None

    def _unknown_field(self, node: Reference, within: Call | None) -> Wrong:
        written = ".".join(node.path)
        if written.upper() in FUNCTIONS:
            reason = msg("{name} is a function and needs brackets.", name=written)
            return self.report(node.span, "formula-unknown-field", reason, msg("Write {name}().", name=written.upper()))
        value = self._value_meant(written, within)
        near = _nearest(written, self._scope.names()) if value is None else f'"{value}"'
        fix = msg("Did you mean {name}?", name=near) if near else None
        return self.report(node.span, "formula-unknown-field", msg("There is no field {name}.", name=written), fix)

    def _value_meant(self, written: str, within: Call | None) -> str | None:
        """The value of a picklist that stands beside a name, where that is the name without its quotes."""
        for each in within.arguments if within else ():
            field = each.arguments[0] if isinstance(each, Call) and each.name == "TEXT" and each.arguments else each
            info = self._scope.resolve(field.path) if isinstance(field, Reference) else None
            for value in info.values if info else ():
                if value.casefold() == written.casefold():
                    return value
        return None

    def too_large(self, span: Span) -> Wrong:
        """Report that the formula, expanded, passes a limit."""
        return self.report(
            span,
            "formula-too-large",
            msg("With the formula fields that it uses, the formula has too many parts or levels."),
            msg("Store one of the formula fields that it uses, or shorten the chain."),
        )

    # -- calls --------------------------------------------------------------------------------------------
    def _chain(self, node: Call) -> TypedNode:
        """A call; a chain of left-associative operators is walked in a loop, not by recursion."""
        spine: list[Call] = []
        first: Node = node
        while isinstance(first, Call) and first.is_operator and len(first.arguments) == 2:
            spine.append(first)
            first = first.arguments[0]
        if not spine:
            return self._call(node, tuple(self.check(each, node) for each in node.arguments))
        left = self.check(first, spine[-1])
        for each in reversed(spine):
            left = self._call(each, (left, self.check(each.arguments[1], each)))
        return left

    def _call(self, node: Call, arguments: tuple[TypedNode, ...]) -> TypedNode:
        if node.name in NOT_SUPPORTED:
            reason = msg("{name} is not yet supported.", name=node.name)
            return self.report(node.name_span, "formula-not-supported", reason, NOT_SUPPORTED[node.name])
        if node.name not in FUNCTIONS:
            near = _nearest(node.name, [name for name in FUNCTIONS if name[0].isalpha()])
            return self.report(
                node.name_span,
                "formula-unknown-function",
                msg("There is no function {name}.", name=node.written),
                known_elsewhere(node.name) or (msg("Did you mean {name}?", name=near) if near else None),
            )
        definition = FUNCTIONS[node.name]
        fitting = [
            (each, parameters)
            for each in definition.signatures
            if (parameters := each.expand(len(arguments))) is not None
        ]
        if not fitting:
            return self._wrong_count(node, definition)
        for signature, parameters in fitting:
            if fits(parameters, arguments):
                return self._apply(node, definition, signature, parameters, arguments)
        return self._wrong_types(node, definition, [parameters for _, parameters in fitting], arguments)

    def _apply(
        self,
        node: Call,
        definition: Function,
        signature: Signature,
        parameters: tuple[Parameter, ...],
        arguments: tuple[TypedNode, ...],
    ) -> TypedNode:
        found: Type | None
        if signature.result in (Marker.FIELD, Marker.OBJECT_FIELD):
            found = arguments[0].type
        elif isinstance(signature.result, Marker):
            found = common_type(parameters, arguments, signature.result)
        else:
            found = signature.result
        if signature.check is not None:
            for each in signature.check(arguments):
                if arguments[each.index].type is Type.UNKNOWN:
                    continue
                self.report(arguments[each.index].span, each.code, each.reason, each.fix, each.severity)
        if definition.is_operator and any(each.type is Type.UNKNOWN for each in arguments):
            found = Type.UNKNOWN
        return Apply(definition, signature, arguments, found or Type.UNKNOWN, node.span)

    def _wrong_count(self, node: Call, definition: Function) -> Wrong:
        forms = " | ".join(dict.fromkeys(f"{definition.name}({each})" for each in definition.signatures))
        count = len(node.arguments)
        reason = msg("{name} cannot take {count} arguments.", name=definition.name, count=count)
        if count == 1:
            reason = msg("{name} cannot take one argument alone.", name=definition.name)
        if any(each.trailing and each.expand(count + 1) for each in definition.signatures):
            reason = msg("{name} lacks its last argument: what it yields in all other cases.", name=definition.name)
        return self.report(node.name_span, "formula-argument-count", reason, msg("Write {forms}.", forms=forms))

    def _wrong_types(
        self,
        node: Call,
        definition: Function,
        candidates: list[tuple[Parameter, ...]],
        arguments: tuple[TypedNode, ...],
    ) -> Wrong:
        """Report against the signature that comes nearest: the one with the fewest arguments that do not fit."""
        nearest = min(candidates, key=lambda parameters: len(mismatch(parameters, arguments)))
        if definition.is_operator and len(arguments) == 2:
            left, right = (each.type for each in arguments)
            if Type.UNKNOWN in (left, right):
                return Wrong(node.span)
            reason = _unfit(node, left, right)
            fix = _combination(definition.name, left, right) or conversion(left, right)
            return self.report(node.name_span, "formula-wrong-type", reason, fix)
        for index, expected in mismatch(nearest, arguments):
            given = arguments[index].type
            is_shared = not nearest[index].markers.isdisjoint(GROUPS)
            wanted = set() if is_shared else {each for parameters in candidates for each in parameters[index].types}
            if len(candidates) > 1 and len(wanted) > 1:
                expected = one_of(sorted(wanted))
            reason = msg(
                "{name} needs {expected} here, not {given}.",
                name=node.written,
                expected=expected,
                given=given.label,
            )
            self.report(arguments[index].span, "formula-wrong-type", reason, _argument_fix(given, wanted))
        return Wrong(node.span)


def _constant(node: Literal) -> Constant:
    if node.value is None:
        return Constant(None, Type.NULL, node.span)
    if isinstance(node.value, bool):
        return Constant(node.value, Type.BOOLEAN, node.span)
    if isinstance(node.value, str):
        return Constant(node.value or None, Type.TEXT, node.span)
    return Constant(node.value, Type.NUMBER, node.span)


def conversion(left: Type, right: Type | None) -> Message | None:
    """How to bring the types together, where the language has a function for it."""
    given = {left, right}
    if Type.PICKLIST in given:
        return msg('Use TEXT(field) for a picklist\'s value, or ISPICKVAL(field, "value") to compare.')
    if Type.MULTI_PICKLIST in given:
        return msg('Use INCLUDES(field, "value") to test a multi-select picklist.')
    if Type.DATETIME in given and (right is None or Type.DATE in given):
        return msg("Use DATEVALUE() to take the day of a date and time.")
    if Type.TEXT in given and right is not None:
        return msg("Use TEXT() to turn a value into text, or VALUE() to read a number from text.")
    return None


def _unfit(node: Call, left: Type, right: Type) -> Message:
    if node.name in _COMPARISONS:
        return msg("{name} cannot compare {left} and {right}.", name=node.written, left=left.label, right=right.label)
    return msg("{name} cannot join {left} and {right}.", name=node.written, left=left.label, right=right.label)


_COMPARISONS = ("=", "<>", "<", ">", "<=", ">=")


def _combination(name: str, left: Type, right: Type) -> Message | None:
    """What is probably meant by an operator between two types that it does not take."""
    if name in ("&&", "||"):
        return msg("Write a comparison there, such as amount > 0.")
    if name == "&" and Type.BOOLEAN in (left, right):
        return msg("Write && between conditions.")
    if name == "&" and Type.PICKLIST not in (left, right):
        return msg("Use TEXT() to turn a value into text.")
    if Type.BOOLEAN in (left, right):
        return msg("Compare true/false with TRUE or FALSE, without quotes.") if name in ("=", "<>") else None
    if name == "+" and left is right is Type.DATE:
        return msg("Write - for the days between two dates.")
    return None


def _argument_fix(given: Type, wanted: set[Type]) -> Message | None:
    """How to make an argument of one type one of the types wanted."""
    if wanted == {Type.BOOLEAN}:
        return msg("Write a comparison there, such as amount > 0.")
    if given is Type.TEXT:
        return _FROM_TEXT.get(next(iter(wanted))) if len(wanted) == 1 else None
    if wanted == {Type.TEXT} and given in (Type.NUMBER, Type.DATE, Type.DATETIME, Type.TIME):
        return msg("Use TEXT() to turn a value into text.")
    if given is Type.BOOLEAN and wanted == {Type.TEXT}:
        return msg('Use IF(condition, "yes", "no") to say a condition in words.')
    if given is Type.BOOLEAN:
        return msg("Use IF() to choose by a condition.")
    return conversion(given, None)


_FROM_TEXT = {
    Type.NUMBER: msg("Use VALUE() to read a number from text."),
    Type.DATE: msg("Use DATEVALUE() to read a date from text."),
    Type.DATETIME: msg("Use DATETIMEVALUE() to read a date and time from text."),
    Type.TIME: msg("Use TIMEVALUE() to read a time from text."),
}


def _nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, whatever the case."""
    by_fold = {each.casefold(): each for each in known}
    found = difflib.get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[found[0]] if found else None


def paths(root: TypedNode) -> tuple[Path, ...]:
    """The fields that `root` reads, in order of first mention, without ``$`` variables."""
    found = {node.path: None for node in walk(root) if isinstance(node, Field) and not node.is_variable}
    return tuple(found)
