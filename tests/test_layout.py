"""The shape of the repository is a promise too."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("platform", "metadata", "formulas", "workflows", "themes", "plugins")

LAYERS = ("base", "formulas", "metadata", "engine", "web", "workflows", "plugins", "cli")
"""Who may import whom: a package may import itself and what stands to its left."""

CEILING = 500
"""Lines of a source file; one with more says why in its docstring, by the words "longer than"."""


FUNCTION_CEILING = 50


def sources() -> list[Path]:
    """Every Python file of the rooms."""
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def layer(path: Path) -> str:
    """The package below `dougong` that a file belongs to."""
    parts = path.relative_to(ROOT).parts
    return parts[2].removesuffix(".py")


def imported(tree: ast.AST) -> list[str]:
    """The packages below `dougong` that a module imports, by whichever spelling."""
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module == "dougong":
            names += [f"dougong.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.append(node.module or "")
    return [name.split(".")[1] for name in names if name.startswith("dougong.")]


def names_of(path: Path) -> str:
    """The id of a test about a file."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_holds_nothing_but_the_namespace(room: str) -> None:
    """Anything beside dougong/ would be importable under its own bare name."""
    beside = {entry.name for entry in (ROOT / room).iterdir()} - {"README.md"}
    assert beside == {"dougong"}


@pytest.mark.parametrize("room", ROOMS)
def test_the_namespace_has_no_init(room: str) -> None:
    """One dougong/__init__.py would hide the other five roots."""
    assert not (ROOT / room / "dougong" / "__init__.py").exists()


@pytest.mark.parametrize("room", ROOMS)
def test_each_package_is_typed(room: str) -> None:
    """PEP 561 asks every portion of a namespace for its own marker."""
    for package in (ROOT / room / "dougong").iterdir():
        assert (package / "__init__.py").exists(), package
        assert (package / "py.typed").exists(), package


@pytest.mark.parametrize("path", sources(), ids=names_of)
def test_imports_point_downwards(path: Path) -> None:
    for target in imported(ast.parse(path.read_text(encoding="utf-8"))):
        assert target == "themes" or LAYERS.index(target) <= LAYERS.index(layer(path)), target


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import dougong.web", ["web"]),
        ("import dougong.web.app as app", ["web"]),
        ("from dougong import web", ["web"]),
        ("from dougong.web.app import x", ["web"]),
        ("def late():\n    from dougong.web import x", ["web"]),
        ("from . import web", []),
        ("import platform", []),
    ],
)
def test_every_spelling_of_an_import_is_seen(code: str, found: list[str]) -> None:
    assert imported(ast.parse(code)) == found


@pytest.mark.parametrize("path", sources(), ids=names_of)
def test_a_file_stays_readable(path: Path) -> None:
    """Five hundred lines are the ceiling; generated tables and grammars live in data files."""
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= CEILING or "longer than" in (ast.get_docstring(ast.parse(text)) or "")


@pytest.mark.parametrize("path", sources(), ids=names_of)
def test_functions_stay_readable(path: Path) -> None:
    """Fifty lines, docstring included, are the ceiling of a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < FUNCTION_CEILING, node.name


def test_the_standard_library_is_not_shadowed() -> None:
    import platform

    assert platform.python_version()
