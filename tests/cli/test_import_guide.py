"""The import guide does what it says: its mappings and its commands, on the real export that it tells of."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Condition, Query
from dougong.engine.saving.batch import Create
from tests.cli.records import Run, commands, contents

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
DATA = ROOT.parent / "shared" / "data" / "maven_crm"
"""The export itself is no part of the project."""

REGIONS = {"West": "3568647.00", "Central": "3346293.00", "East": "3090594.00"}
STAGES = {"won": 4238, "lost": 2473, "qualify": 1589, "prospecting": 500}


def mappings() -> dict[str, Any]:
    """The mappings of the guide, by the name under which it has them saved."""
    found = {}
    for block in re.finditer(r"^```json\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL):
        name = re.findall(r"`(\w+\.json)`", GUIDE[: block.start()])[-1]
        found[name] = json.loads(block[1])
    return found


def imports() -> list[list[str]]:
    """The import commands of the example, as lists of arguments."""
    lines = re.findall(r"^dougong (import \w+ \w+\.csv --map .*)$", GUIDE, re.MULTILINE)
    return [shlex.split(line) for line in lines]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the four files and the mappings, to work in."""
    if not DATA.exists():
        pytest.skip("the real export is not here: ../shared/data/maven_crm")
    for file in DATA.glob("*.csv"):
        shutil.copyfile(file, tmp_path / file.name)
    for name, document in mappings().items():
        (tmp_path / name).write_text(json.dumps(document), "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ask(run: Run, *arguments: str) -> list[dict[str, Any]]:
    """What `dougong query` answers."""
    answer: list[dict[str, Any]] = json.loads(run("query", *arguments, "--format", "json").output)
    return answer


def people_of_before(company: Company) -> None:
    """What the company had: a customer whom the file names too, with a won deal, owned by somebody."""

    def work(unit: Any) -> None:
        user = unit.records.save([Create("user", {"name": "Kary Hendrixson"})]).changes[0].id
        made = unit.records.save(
            [
                Create("account", {"name": "ISDOM", "owner": user, "employees": 12}, key="isdom"),
                Create("product", {"name": "gtx pro", "list_price": "1.00"}),
            ]
        )
        deal = {
            "name": "Old deal",
            "stage": "won",
            "account": made.changes[0].id,
            "amount": "7",
            "close_date": "2016-01-01",
        }
        unit.records.save([Create("opportunity", deal)])

    company.write(SYSTEM, work)


def test_the_example_of_the_guide(sales: Company, folder: Path) -> None:
    """Four files by its commands; the known answers to the cent; then all of it taken back, and all is as before."""
    run = commands(sales, str(folder))
    people_of_before(sales)
    before = contents(sales)
    told = [run(*arguments).output for arguments in imports()]
    assert [re.findall(r"(\d+) left out", each) for each in told] == [["0"]] * 5
    check_answers(sales, run)
    assert "2473 rows: Lost because is needed in stage Lost." in told[-1]
    runs = [found for each in told for found in re.findall(r"--undo (\S+)", each)]
    assert len(runs) == 4
    check_history(sales, "import")
    for each in reversed(runs):
        assert "as before" in run("import", "--undo", each).output
    after = contents(sales)
    assert after == before
    check_history(sales, "undo")
    assert run("import", "--undo", runs[0], fails=True).output


def check_answers(company: Company, run: Run) -> None:
    """Won 4,238 for 10,005,534; Lost 2,473; Engaging 1,589; Prospecting 500; won value by region."""
    external = ("--where", "external_no not_blank")
    stages = ask(run, "opportunity", *external, "--by", "stage", "--count", "--sum", "amount")
    assert {row["stage"]: row["count"] for row in stages} == STAGES
    assert {row["sum(amount)"] for row in stages if row["stage"] == "won"} == {"10005534.00"}
    won = ask(run, "opportunity", *external, "--where", "stage=won", "--by", "owner.department", "--sum", "amount")
    assert {row["owner.department"]: row["sum(amount)"] for row in won} == REGIONS
    assert ask(run, "account", "--where", "parent not_blank", "--count") == [{"count": 15}]
    blank = ask(run, "opportunity", *external, "--where", "account blank", "--count", "--by", "is_closed")
    assert blank == [{"is_closed": False, "count": 1425}]
    with company.read(SYSTEM) as unit:
        rows = unit.records.query(Query(object="account", columns=("won_amount",), limit=1000)).rows
        assert sum(row.values[0] for row in rows) == Decimal("10005534.00") + 7
        where = Condition("name", "is", "isdom")
        (isdom,) = unit.records.query(Query(object="account", columns=("employees", "founded_year"), where=where)).rows
        assert isdom.values == (4540, 2002)


def check_history(company: Company, channel: str) -> None:
    """The customer that was there tells what happened to it, from which file."""
    from dougong.engine import tables

    with company.read(SYSTEM) as unit:
        where = Condition("name", "is", "isdom")
        (row,) = unit.records.query(Query(object="account", where=where)).rows
        history = tables.history
        rows = unit.connection.execute(
            history.select().where(history.c.record_id == row.id, history.c.action == "update").order_by(history.c.id)
        ).all()
    assert (rows[-1].channel, rows[-1].why) == (channel, "accounts.csv")


def test_the_guide_has_what_the_example_needs() -> None:
    """Each mapping that a command names is there."""
    assert {arguments[4] for arguments in imports()} == set(mappings())
