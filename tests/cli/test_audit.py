"""`dougong audit`: what commands do stands in the log, and what is tampered with is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, make_url, text

from dougong.cli.program import program
from tests.companies import PACKAGES

Dougong = Callable[..., Result]

FIELDS = {"name": {"type": "text", "length": 40, "label": {"en": "Name"}}}
SHELF = {
    "kind": "object", "name": "shelf", "label": {"en": "Shelf"}, "plural": {"en": "Shelves"},
    "title": {"field": "name"}, "fields": FIELDS,
}  # fmt: skip


@pytest.fixture
def dougong(database_url: str, tmp_path: Path) -> Dougong:
    """A function that runs `dougong` on a company with shelves, and gives what it printed."""

    def run(*arguments: str, code: int = 0) -> Result:
        environment = {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "data"), "LC_ALL": "C"}
        found = CliRunner().invoke(program, arguments, env=environment, catch_exceptions=False)
        assert found.exit_code == code, found.output
        return found

    (tmp_path / "own" / "object").mkdir(parents=True)
    (tmp_path / "own" / "object" / "shelf.json").write_text(json.dumps(SHELF), "utf-8")
    run("metadata", "publish", str(tmp_path / "own"), "-m", "shelves")
    return run


def events(file: Path) -> list[dict[str, object]]:
    """The bodies of an exported log."""
    return [json.loads(json.loads(line)["body"]) for line in file.read_text("utf-8").splitlines()]


def owner(url: str, *statements: str) -> None:
    """Do as the database's owner may: away with the triggers, then `statements`."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg") if "postgresql" in url else url)
    with engine.begin() as connection:
        if "postgresql" in url:
            connection.execute(text('SET search_path TO "default"'))
            connection.execute(text("ALTER TABLE dg_audit DISABLE TRIGGER ALL"))
        else:
            connection.execute(text("DROP TRIGGER dg_audit_kept"))
            connection.execute(text("DROP TRIGGER dg_audit_unaltered"))
        for each in statements:
            connection.execute(text(each))
    engine.dispose()


def test_import_undo_and_export_are_recorded(dougong: Dougong, tmp_path: Path) -> None:
    """With counts, and the file's name apart from the body; the export of the log as well."""
    dougong("package", "install", str(PACKAGES / "base"))
    (tmp_path / "shelves.csv").write_text("Name\nA\nB\n", "utf-8")
    told = dougong("import", "shelf", str(tmp_path / "shelves.csv")).output
    dougong("import", "--undo", told.rsplit(" ", 1)[-1].strip())
    dougong("export", "shelf", str(tmp_path / "out.csv"))
    dougong("audit", "export", str(tmp_path / "log"))
    dougong("audit", "export", str(tmp_path / "again"))
    found = events(tmp_path / "again")
    kinds = ["published", "installed", "imported", "taken_back", "exported", "exported"]
    assert [each["kind"] for each in found] == kinds
    assert found[2]["data"]["created"] == 2  # type: ignore[index]
    assert found[4]["data"]["records"] == 0  # type: ignore[index]
    assert "shelves.csv" not in json.dumps(found)
    assert "shelves.csv" in (tmp_path / "again").read_text("utf-8")
    assert "whole up to entry 7" in dougong("audit", "verify").output


def test_tampering_is_told_with_exit_code_1(dougong: Dougong, database_url: str) -> None:
    """Which entry, in words; from a later entry on there is nothing to tell."""
    for _ in range(3):
        dougong("audit", "export", "/dev/null")
    owner(database_url, "DELETE FROM dg_audit WHERE seq = 2")
    assert dougong("audit", "verify", code=1).output == "Entry 2 was removed.\n"
    assert "whole up to entry 4" in dougong("audit", "verify", "--from", "4").output


def test_checkpoint_finds_an_end_that_was_cut_off(dougong: Dougong, database_url: str, tmp_path: Path) -> None:
    """Entries and head set back together: only what was kept elsewhere knows better."""
    kept = tmp_path / "kept"
    kept.write_text(dougong("audit", "checkpoint").output, "utf-8")
    assert "whole" in dougong("audit", "verify", "--against", str(kept)).output
    owner(database_url, "DELETE FROM dg_audit", "UPDATE dg_audit_head SET seq = 0, hash = ''")
    assert "whole" in dougong("audit", "verify").output
    assert "checkpoint names entry 1" in dougong("audit", "verify", "--against", str(kept), code=1).output


def test_a_file_that_holds_no_checkpoints_is_refused(dougong: Dougong, tmp_path: Path) -> None:
    """With the line."""
    (tmp_path / "kept").write_text('\n{"seq": 1}\n', "utf-8")
    assert "checkpoint-unread" in dougong("audit", "verify", "--against", str(tmp_path / "kept"), code=1).output
