"""Makes docs/reference/problems.md: every code that a problem can have, with its sentences, read from the source."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "problems.md"
ROOMS = ("platform", "metadata", "formulas", "workflows", "plugins")
CODE = re.compile(r"[a-z]+(-[a-z]+)+")

INTRODUCTION = """# Problems

Every problem that Dougong reports has a code, which stays the same, a sentence and mostly a fix. Pages, the API
(`code`, `message`, `fix` and the place) and the command line report the same ones. This table is made from the source
by `make reference`; `{names}` stand for what the problem is about.

| code | what it says | what to do |
| --- | --- | --- |
"""


def literal(node: ast.expr | None) -> str | None:
    """The English of a ``msg("…")`` call; None for anything else."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "msg"):
        return None
    first = node.args[0] if node.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def assigned(name: str, line: int, scope: ast.AST) -> str | None:
    """The sentence that `name` was given last before `line` in `scope`."""
    found = [
        (node.lineno, text)
        for node in ast.walk(scope)
        if isinstance(node, ast.Assign) and node.lineno < line and (text := literal(node.value))
        if any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
    ]
    return max(found)[1] if found else None


def sentence(node: ast.expr, scope: ast.AST) -> str | None:
    """The English that `node` stands for: a marked text, or the name of one."""
    return assigned(node.id, node.lineno, scope) if isinstance(node, ast.Name) else literal(node)


def reported(call: ast.Call, scope: ast.AST) -> Iterator[tuple[str, str, str]]:
    """The (code, reason, fix) of a call that is given a code and at least one sentence."""
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    given = [*call.args, *(named[name] for name in ("code", "reason", "fix") if name in named)]
    constants = (node.value for node in given if isinstance(node, ast.Constant))
    codes = [value for value in constants if isinstance(value, str) and CODE.fullmatch(value)]
    said = [text for node in given if (text := sentence(node, scope))]
    if codes and said:
        yield codes[0], said[0], said[1] if len(said) > 1 else ""


def scopes(tree: ast.Module) -> Iterator[ast.AST]:
    """The functions of a module, and what stands outside of them."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    yield from functions
    inside = {id(node) for function in functions for node in ast.walk(function)}
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call) and id(node) not in inside)


def problems() -> dict[str, list[tuple[str, str]]]:
    """Every (reason, fix) by code, in the order of the files."""
    found: dict[str, dict[tuple[str, str], None]] = defaultdict(dict)
    for path in sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        for scope in scopes(ast.parse(path.read_text(encoding="utf-8"))):
            for node in ast.walk(scope):
                if isinstance(node, ast.Call):
                    for code, reason, fix in reported(node, scope):
                        found[code][reason, fix] = None
    return {code: list(found[code]) for code in sorted(found)}


def page() -> str:
    """The page as it should be."""
    rows = []
    for code, pairs in problems().items():
        for number, (reason, fix) in enumerate(pairs):
            cells = (f"`{code}`" if number == 0 else "", reason, fix)
            rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    return INTRODUCTION + "".join(rows)


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
