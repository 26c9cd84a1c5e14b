"""`dougong package` and `dougong metadata` over folders."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dougong.cli import main
from dougong.metadata.packages import shipped


def run(*arguments: str | Path, language: str = "en_US.UTF-8") -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)), env={"LC_ALL": language})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the package base."""
    target = tmp_path / "base"
    shutil.copytree(str(shipped()["base"].folder), target)
    return target


def test_the_shipped_packages_are_listed() -> None:
    lines = run("package", "list").output.splitlines()
    assert [line.split()[0] for line in lines] == ["base", "sales-core", "segments", "policy-pack"]
    assert "基础" in run("package", "list", language="zh_CN.UTF-8").output


def test_a_sound_package_passes(folder: Path) -> None:
    found = run("package", "check", folder)
    assert (found.exit_code, found.output) == (0, "The package is sound.\n")


def test_every_problem_is_told_with_its_place(folder: Path) -> None:
    file = folder / "list_view/task/mine.json"
    file.write_text(file.read_text("utf-8").replace('"due"', '"deu"').replace("columns", "colums"), "utf-8")
    found = run("package", "check", folder)
    assert found.exit_code == 1
    assert "list_view/task/mine.json" in found.output
    assert "Did you mean columns?" in found.output
    chinese = run("package", "check", folder, "--json", language="zh_CN.UTF-8")
    codes = {each["code"] for each in json.loads(chinese.stdout)}
    assert {"key-unknown", "key-missing"} <= codes


def test_formatting_is_done_once(folder: Path) -> None:
    first, second = run("package", "format", folder), run("package", "format", folder)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "0 files changed" in second.output
    assert (folder / "field/task/subject.json").exists()
    assert run("package", "check", folder).exit_code == 0


def test_folders_are_checked_together_with_what_they_require() -> None:
    found = run("metadata", "check", str(shipped()["sales-core"].folder))
    assert found.exit_code == 0
    assert "No problem in" in found.output


def test_differences_are_told_by_place(folder: Path, tmp_path: Path) -> None:
    after = tmp_path / "after"
    shutil.copytree(folder, after)
    file = after / "picklist/task_status.json"
    body = json.loads(file.read_text("utf-8"))
    body["values"][0]["colour"] = "pink"
    del body["values"][-1]
    file.write_text(json.dumps(body), "utf-8")
    lines = run("package", "diff", folder, after).output.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(("~ picklist:task_status/values#", "- picklist:task_status/values#"))
    assert run("package", "diff", folder, folder).output == ""


def test_a_folder_without_a_package_is_refused(tmp_path: Path) -> None:
    found = run("package", "check", tmp_path)
    assert found.exit_code == 1
    assert "package-folder" in found.output
    assert "Traceback" not in found.output
