"""`dougong privacy`: shown before it is done, done for good, and the log verifies."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from click.testing import CliRunner
from sqlalchemy import select

from dougong.cli.program import program
from dougong.engine.actor import SYSTEM
from dougong.engine.saving.batch import Create
from tests.companies import opened

GUEST = {
    "kind": "object", "name": "guest", "label": {"en": "Guest"}, "plural": {"en": "Guests"},
    "title": {"field": "name"},
    "retention": {"gone": {"after": "1d", "since": "born", "when": "spent > 5", "do": "erase"}},
    "fields": {
        "name": {"type": "text", "length": 40, "label": {"en": "Name"}, "personal": "name"},
        "born": {"type": "date", "label": {"en": "Born"}, "personal": "birth"},
        "spent": {"type": "integer", "label": {"en": "Spent"}},
    },
}  # fmt: skip

USER = {
    "kind": "object", "name": "user", "label": {"en": "User"}, "plural": {"en": "Users"}, "title": {"field": "name"},
    "fields": {"name": {"type": "text", "length": 40, "label": {"en": "Name"}}},
}  # fmt: skip


def test_from_showing_to_erasing(database_url: str, tmp_path: Path) -> None:
    def run(*arguments: str, code: int = 0) -> str:
        environment = {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "data"), "LC_ALL": "C"}
        found = CliRunner().invoke(program, arguments, env=environment, catch_exceptions=False)
        assert found.exit_code == code, found.output
        return found.output

    (tmp_path / "own" / "object").mkdir(parents=True)
    for each in (GUEST, USER):
        (tmp_path / "own" / "object" / f"{each['name']}.json").write_text(json.dumps(each), "utf-8")
    run("metadata", "publish", str(tmp_path / "own"), "-m", "guests")
    company = opened(database_url)
    values = {"name": "Zebrafinch", "born": "1981-02-03", "spent": 7}
    guest = company.write(SYSTEM, lambda unit: unit.records.save([Create("guest", values)])).changes[0].id
    assert "2 fields hold something" in run("privacy", "show", "guest", guest)
    archive = tmp_path / "person.zip"
    run("privacy", "export", "guest", guest, str(archive))
    assert archive.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(archive) as opened_archive:
        given = json.loads(opened_archive.read("person.json"))
    assert {each["field"]: each["value"] for each in given["values"]} == {"name": "Zebrafinch", "born": "1981-02-03"}
    assert "--yes" in run("privacy", "erase", "guest", guest)
    assert "Zebrafinch" in run("query", "guest")
    assert "proof" in run("privacy", "erase", "guest", guest, "--why", "asked", "--yes")
    assert "Zebrafinch" not in run("query", "guest")
    run("privacy", "erase", "guest", guest, "--yes", code=1)
    assert "guest.gone: 0 records are due" in run("privacy", "retain", "--dry-run")
    others = [{**values, "name": "Yellowhammer"}, {**values, "name": "Xenops", "spent": 1}]
    company.write(SYSTEM, lambda unit: unit.records.save([Create("guest", each) for each in others]))
    assert "guest.gone: 1 record is due" in run("privacy", "retain", "guest", "--dry-run")
    assert "guest.gone: 1 record done" in run("privacy", "retain")
    left = run("query", "guest")
    assert "Yellowhammer" not in left and "Xenops" in left
    run("privacy", "retain", "nothing", code=1)
    run("audit", "verify")
    with company.read(SYSTEM) as unit:
        table = unit.runtime.storage.tables["guest"].table
        assert unit.connection.scalar(select(table.c.spent)) == 7
    company.close()
