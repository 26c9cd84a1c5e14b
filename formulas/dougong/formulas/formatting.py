"""Syntax tree to text: one canonical way to write each formula."""

from __future__ import annotations

from dougong.formulas.tree import RANK_OF_VALUES, Call, Literal, Node, Reference, rank


def formatted(root: Node) -> str:
    """`root` as text: single blanks around operators, function names in capitals, brackets only where needed."""
    if isinstance(root, Reference):
        return ".".join(root.path)
    if isinstance(root, Literal):
        return _literal(root)
    if not root.is_operator:
        return f"{root.name}({', '.join(map(formatted, root.arguments))})"
    if len(root.arguments) == 1:
        return _unary(root)
    return _binary(root)


def _literal(node: Literal) -> str:
    if node.value is None:
        return "NULL"
    if isinstance(node.value, bool):
        return "TRUE" if node.value else "FALSE"
    if isinstance(node.value, str):
        escaped = node.value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return format(node.value, "f")


def _unary(node: Call) -> str:
    inner = _bracketed(node.arguments[0], RANK_OF_VALUES)
    if node.name == "NOT":
        return f"NOT({formatted(node.arguments[0])})"
    return f"{node.name}{inner}"


def _binary(node: Call) -> str:
    """A chain of operators from the left, in a loop because chains are long."""
    parts: list[str] = []
    left: Node = node
    while _is_binary(left):
        assert isinstance(left, Call)
        own = rank(left)
        parts.append(f" {left.name} {_bracketed(left.arguments[1], own + 1)}")
        below = left.arguments[0]
        if _is_binary(below) and rank(below) < own:
            parts.append(f"({formatted(below)})")
            return "".join(reversed(parts))
        left = below
    parts.append(formatted(left))
    return "".join(reversed(parts))


def _bracketed(node: Node, least: int) -> str:
    text = formatted(node)
    return f"({text})" if rank(node) < least else text


def _is_binary(node: Node) -> bool:
    return isinstance(node, Call) and node.is_operator and len(node.arguments) == 2
