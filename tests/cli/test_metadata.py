"""`dougong metadata` and `dougong package install|export`, as an operator types them."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dougong.cli.metadata import write_records
from dougong.cli.program import program
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.plan import plan
from dougong.engine.publish import Publication
from dougong.engine.saving.batch import Create
from dougong.metadata.documents import from_bodies
from tests.companies import company, company_copy  # noqa: F401
from tests.engine.test_publish import head_tree

Dougong = Callable[..., Result]


@pytest.fixture
def dougong(database_url: str, tmp_path: Path) -> Dougong:
    """A function that runs `dougong` on an empty database and gives what it printed."""

    def run(*arguments: str, fails: bool = False) -> Result:
        environment = {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "data"), "LC_ALL": "C"}
        found = CliRunner().invoke(program, arguments, env=environment, catch_exceptions=False)
        assert fails == bool(found.exit_code), found.output
        return found

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A company's own documents: one object with one field."""
    label = {"en": "Shelf", "zh-CN": "货架"}
    place = tmp_path / "own" / "object"
    place.mkdir(parents=True)
    body = {
        "kind": "object", "name": "shelf", "label": label, "plural": {"en": "Shelves"}, "title": {"field": "name"},
        "fields": {"name": {"type": "text", "length": 40, "label": label}},
    }  # fmt: skip
    (place / "shelf.json").write_text(json.dumps(body), "utf-8")
    return place.parent


def test_plan_publish_log_rollback_purge(dougong: Dougong, folder: Path, tmp_path: Path) -> None:
    """The way of one object from a folder into the database and out of it."""
    planned = dougong("metadata", "plan", str(folder)).output
    assert "+ object:shelf" in planned
    assert "A new table is made." in planned
    assert "Revision 1 is in force." in dougong("metadata", "publish", str(folder), "-m", "Shelves").output
    assert "Shelves" in dougong("metadata", "log").output
    assert "+ field:shelf.name" in dougong("metadata", "diff", "0").output
    dougong("metadata", "export", str(tmp_path / "out"))
    assert (tmp_path / "out" / "field" / "shelf" / "name.json").is_file()
    assert dougong("metadata", "drift").output == ""
    assert "Revision 2 is in force." in dougong("metadata", "rollback", "0").output
    assert "shelf  0" in dougong("metadata", "purge").output
    dougong("metadata", "purge", "--yes")
    assert dougong("metadata", "purge").output == ""


def test_wrong_documents_are_refused_with_file_and_line(dougong: Dougong, folder: Path) -> None:
    """Nothing is published; what is wrong is named."""
    (folder / "object" / "shelf.json").write_text('{"kind": "object", "name": "shelf",}', "utf-8")
    said = dougong("metadata", "publish", str(folder), fails=True)
    assert "object/shelf.json" in said.output


def test_package_installs_with_what_it_requires_and_exports(dougong: Dougong, tmp_path: Path) -> None:
    """sales-core brings base along; both can be written out again."""
    assert "+ object:opportunity" in dougong("package", "install", "sales-core", "--plan").output
    assert "Revision 1 is in force." in dougong("package", "install", "sales-core").output
    dougong("package", "export", "base", str(tmp_path / "base"))
    assert (tmp_path / "base" / "package.json").is_file()


def test_unknown_package_and_revision_are_named(dougong: Dougong) -> None:
    """With what to do."""
    assert "nonsense" in dougong("package", "install", "nonsense", fails=True).output
    assert "There is no revision 7." in dougong("metadata", "rollback", "7", fails=True).output


def test_records_that_stand_against_a_rule_are_listed(dougong: Dougong, folder: Path, tmp_path: Path) -> None:
    """With their names, of all objects or one; a rule that holds everywhere is not named."""
    dougong("package", "install", "base")
    dougong("metadata", "publish", str(folder))
    rows = tmp_path / "shelves.csv"
    rows.write_text("name\nLeft\nRight\n", "utf-8")
    dougong("import", "shelf", str(rows))
    assert "No record stands against a rule." in dougong("metadata", "violations").output
    place = folder / "validation_rule" / "shelf"
    place.mkdir(parents=True)
    message = {"en": "Not left", "zh-CN": "不可在左"}
    body = {"kind": "validation_rule", "name": "shelf.left", "object": "shelf", "when": 'name = "Left"',
            "message": message}  # fmt: skip
    (place / "left.json").write_text(json.dumps(body), "utf-8")
    dougong("metadata", "publish", str(folder))
    said = dougong("metadata", "violations", "shelf", fails=True).output
    assert "validation_rule:shelf.left  1" in said
    assert "Left" in said
    assert "Right" not in said
    (found,) = json.loads(dougong("metadata", "violations", "--format", "json", fails=True).output)
    assert (found["rule"], found["count"], len(found["records"])) == ("validation_rule:shelf.left", 1, 1)
    assert "nonsense" in dougong("metadata", "violations", "nonsense", fails=True).output


def test_where_a_component_is_used_and_what_its_removal_breaks(dougong: Dougong) -> None:
    """Every place with what stands there; an address that is wrong is told with the nearest."""
    dougong("package", "install", "sales-core")
    said = dougong("metadata", "used", "field:opportunity.close_date").output
    assert "validation_rule:opportunity.closes_before_start  when  close_date < start_date" in said
    assert "layout:opportunity.standard  tabs#" in said
    assert "Taking it out would break" in said
    assert "There is no field close_date" in said
    found = json.loads(dougong("metadata", "used", "field:account.description", "--format", "json").output)
    assert {each["component"].partition(":")[0] for each in found["used"]} >= {"layout"}
    assert "close_date" in dougong("metadata", "used", "field:opportunity.close_dat", fails=True).output
    assert "belongs to the platform" in dougong("metadata", "used", "field:opportunity.created_at", fails=True).output


def test_the_file_of_a_plan_has_every_record_that_it_concerns(company: Company, tmp_path: Path) -> None:  # noqa: F811
    """The plan prints some of them; a title that a spreadsheet would run is guarded."""
    names = [*(f"Part {at:02}" for at in range(25)), "=Other"]
    company.write(SYSTEM, lambda unit: unit.records.save([Create("customer", {"name": each}) for each in names]))
    rule = {"kind": "validation_rule", "name": "customer.none", "object": "customer", "when": "LEN(name) > 5"}
    wanted = Publication(tree=head_tree(company).put(*from_bodies([rule | {"message": {"en": "None", "zh-CN": "无"}}])))
    found = plan(company, wanted, sys.maxsize)
    write_records(company, found, tmp_path / "against.csv")
    with (tmp_path / "against.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["title"] for row in rows) == ["'=Other", *names[:-1]]
    assert {row["thing"] for row in rows} == {"validation_rule:customer.none"}
    assert [len(each.records) for each in plan(company, wanted).effects] == [20]
