"""Settling a template: what is known when it is compiled is worked out then, not for every page.

A template serves one language, and a composed one serves fields that are known: so ``_("Delete")``, ``icon("x")``,
``f.options.get("scale", 2)`` and the branches that hang on them are constants. What they come to is escaped as ever.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

from jinja2 import Environment, Undefined, nodes
from jinja2.visitor import NodeTransformer

SETTLED = frozenset({"_", "icon", "asset"})
"""The functions of every environment whose answer depends on nothing but what they are given."""

_UNKNOWN: Any = object()
_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {"eq": operator.eq, "ne": operator.ne}


class Settling(NodeTransformer):
    """Replaces what is known by what it is.

    `known` are values by name; a name that the template itself sets stays as it is. What is known and has no literal
    form (a field, a method of its type) goes into `constants`, which the template must be given as globals.
    """

    def __init__(self, environment: Environment, known: Mapping[str, Any]) -> None:
        """Settle for `environment`."""
        self._environment = environment
        self._known = dict(known)
        self.constants: dict[str, Any] = {}

    def settle(self, template: nodes.Template) -> nodes.Template:
        """`template`, settled."""
        functions = {name: self._environment.globals[name] for name in SETTLED & set(self._environment.globals)}
        set_within = frozenset(_stored(template))
        self._known = {name: each for name, each in {**functions, **self._known}.items() if name not in set_within}
        return cast(nodes.Template, self.visit(template))

    # -- statements ---------------------------------------------------------------------------------------------
    def _with(self, node: nodes.With) -> nodes.Node:
        """Names that stand for something known are known within; what is included there still needs the names."""
        outer, kept = self._known, []
        includes = node.find(nodes.Include) is not None
        set_within = frozenset(name for each in node.body for name in _stored(each))
        inner = dict(outer)
        for target, value in zip(node.targets, node.values, strict=True):
            found = self._value(value)
            name = target.name if isinstance(target, nodes.Name) else ""
            inner.pop(name, None)
            settled = found is not _UNKNOWN and name and name not in set_within
            if settled:
                inner[name] = found
            if includes or not settled:
                kept.append((target, self.visit(value)))
        self._known = inner
        node.body = self._visit_all(node.body)
        self._known = outer
        node.targets, node.values = [each for each, _ in kept], [each for _, each in kept]
        return node

    def _if(self, node: nodes.If) -> nodes.Node | list[nodes.Node]:
        """A branch whose condition is known is taken, or is gone."""
        branches: list[nodes.If] = []
        rest = node.else_
        for each in (node, *node.elif_):
            found = self._value(each.test)
            if found is _UNKNOWN:
                branches.append(nodes.If(self.visit(each.test), self._visit_all(each.body), [], [], lineno=each.lineno))
            elif found:
                rest = each.body
                break
        rest = self._visit_all(rest)
        if not branches:
            return rest
        first = branches[0]
        first.elif_, first.else_ = branches[1:], rest
        return first.set_environment(self._environment)

    def _visit_all(self, body: Iterable[nodes.Node]) -> list[nodes.Node]:
        return [found for each in body for found in self.visit_list(each)]

    # -- expressions --------------------------------------------------------------------------------------------
    def visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> Any:
        """The node itself, settled; a list of nodes, where a branch was taken."""
        if isinstance(node, nodes.Expr) and not isinstance(node, nodes.Const | nodes.TemplateData):
            while isinstance(node, nodes.CondExpr) and (test := self._value(node.test)) is not _UNKNOWN:
                node = node.expr1 if test else node.expr2 or nodes.Const("")
            found = self._value(node)
            if found is not _UNKNOWN and not (isinstance(node, nodes.Name) and node.name in SETTLED):
                return self._constant(node, found)
        if isinstance(node, nodes.With):
            return self._with(node)
        return self._if(node) if isinstance(node, nodes.If) else super().visit(node, *args, **kwargs)

    def _constant(self, node: nodes.Expr, value: Any) -> nodes.Expr:
        made: nodes.Expr
        if value is None or isinstance(value, str | int):
            made = nodes.Const(value, lineno=node.lineno)
        else:
            known = (name for name, each in self.constants.items() if each is value)
            name = next(known, f"known_{len(self.constants)}")
            self.constants[name] = value
            made = nodes.Name(name, "load", lineno=node.lineno)
        made.set_environment(self._environment)
        return made

    def _value(self, node: nodes.Node) -> Any:
        """What an expression comes to, or `_UNKNOWN`."""
        match node:
            case nodes.Const():
                return node.value
            case nodes.Name():
                return self._known.get(node.name, _UNKNOWN) if node.ctx == "load" else _UNKNOWN
            case nodes.Getattr():
                return self._from(node.node, lambda found: self._environment.getattr(found, node.attr))
            case nodes.Getitem():
                key = self._value(node.arg)
                if key is _UNKNOWN:
                    return _UNKNOWN
                return self._from(node.node, lambda found: self._environment.getitem(found, key))
            case nodes.Call():
                return self._called(node)
            case nodes.Not():
                return self._from(node.node, operator.not_)
            case nodes.And():
                left = self._value(node.left)
                return left if left is _UNKNOWN or not left else self._value(node.right)
            case nodes.Or():
                left = self._value(node.left)
                return left if left is _UNKNOWN or left else self._value(node.right)
            case nodes.CondExpr():
                test = self._value(node.test)
                chosen = node.expr1 if test else node.expr2
                return _UNKNOWN if test is _UNKNOWN or chosen is None else self._value(chosen)
            case nodes.Compare() if len(node.ops) == 1 and node.ops[0].op in _COMPARISONS:
                left, right = self._value(node.expr), self._value(node.ops[0].expr)
                return _UNKNOWN if _unknown(left, right) else _COMPARISONS[node.ops[0].op](left, right)
        return _UNKNOWN

    def _from(self, node: nodes.Node, get: Callable[[Any], Any]) -> Any:
        whole = self._value(node)
        found = _UNKNOWN if whole is _UNKNOWN else get(whole)
        return _UNKNOWN if isinstance(found, Undefined) else found

    def _called(self, node: nodes.Call) -> Any:
        """What a settled function, or `get` of a mapping, answers to arguments that are all known."""
        named = isinstance(node.node, nodes.Name) and node.node.name in SETTLED
        method = isinstance(node.node, nodes.Getattr) and node.node.attr == "get"
        if not (named or method) or node.kwargs or node.dyn_args or node.dyn_kwargs:
            return _UNKNOWN
        function = self._value(node.node)
        given = [self._value(each) for each in node.args]
        if _unknown(function, *given) or (method and not isinstance(getattr(function, "__self__", None), Mapping)):
            return _UNKNOWN
        return function(*given)


def _unknown(*values: Any) -> bool:
    return any(each is _UNKNOWN for each in values)


def _stored(node: nodes.Node) -> Iterator[str]:
    """The names that a template sets, those of `with` left aside: these are seen to where they stand."""
    of_with = {id(each) for found in node.find_all(nodes.With) for each in found.targets}
    for each in node.find_all(nodes.Name):
        if each.ctx != "load" and id(each) not in of_with:
            yield each.name
