"""`dougong package test`: the tests of a package in a folder, told one a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from dougong.cli.program import program
from tests.metadata.workshop import label

NOTE = {
    "kind": "object", "name": "tools__note", "label": label("Note", "便签"), "title": {"field": "name"},
    "owner": "none",
    "fields": {
        "name": {"type": "text", "label": label("Name", "名称"), "required": True},
        "worth": {"type": "integer", "label": label("Worth", "价值"), "default": "7"},
    },
}  # fmt: skip
PACKAGE = {
    "kind": "package",
    "name": "tools",
    "label": label("Tools", "工具"),
    "version": "1.0.0",
    "namespace": "tools",
    "requires": {"base": ">=0.1 <1"},
}


def scenario(name: str, worth: str) -> dict[str, Any]:
    return {
        "kind": "test", "name": f"tools__note.{name}", "label": label("Worth", "价值"),
        "when": {"create": "tools__note", "values": {"name": "a"}},
        "then": [{"key": "worth", "record": "@when", "has": {"worth": worth}}],
    }  # fmt: skip


def tried(folder: Path, *names: str, **tests: str) -> Result:
    """The command over a package with these tests: name → the worth that is expected."""
    files = {"package.json": PACKAGE, "object/tools__note.json": NOTE}
    files |= {f"test/tools__note/{name}.json": scenario(name, worth) for name, worth in tests.items()}
    for file, body in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(json.dumps(body), "utf-8")
    return CliRunner().invoke(program, ["package", "test", str(folder), *names], catch_exceptions=False)


def test_each_test_has_its_line(tmp_path: Path) -> None:
    """One that fails says why, and the command ends with 1."""
    found = tried(tmp_path, sound="7", wrong="8")
    assert found.exit_code == 1, found.output
    assert "ok   tools__note.sound" in found.output
    assert "FAIL tools__note.wrong" in found.output
    assert "worth is 7, not 8" in found.output
    assert tried(tmp_path, "tools__note.sound").exit_code == 0


def test_a_package_that_is_not_sound_is_not_tried(tmp_path: Path) -> None:
    found = tried(tmp_path, sound="much", Broken="7")
    assert found.exit_code == 1
    assert "value-form" in found.output
