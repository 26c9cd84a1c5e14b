"""`dougong import`, `export` and `query`, as an operator types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create
from tests.cli.records import Run, commands


@pytest.fixture
def dougong(sales: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A function that runs `dougong` on a sales company, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return commands(sales, str(tmp_path))


CUSTOMERS = "external_no,name,employees,parent\n1,Nova,10,\n2,Vega,-1,\n3,Lyra,7,Nova\n4,Mira,,Nobody\n"


def test_an_import_and_its_way_back(dougong: Run) -> None:
    """Dry run, import, the error file mended and imported, undo."""
    Path("customers.csv").write_text(CUSTOMERS)
    dry = dougong("import", "account", "customers.csv", "--key", "external_no", "--dry-run").output
    assert "4 rows: 2 would be created, 0 updated, 0 unchanged, 2 left out." not in dry
    assert "4 rows: 2 would be created, 0 updated, 0 left as is, 2 left out." in dry
    assert "--undo" not in dry
    assert json.loads(dougong("query", "account", "--count", "--format", "json").output) == [{"count": 0}]
    done = dougong("import", "account", "customers.csv", "--key", "external_no").output
    assert "4 rows: 2 created, 0 updated, 0 left as is, 2 left out." in done
    errors = Path("customers.errors.csv")
    assert str(errors) in done
    assert "There is no Customer named Nobody." in errors.read_text("utf-8-sig")
    errors.write_text(errors.read_text("utf-8-sig").replace("Nobody", "Nova").replace("-1", "1"))
    assert "2 rows: 2 created" in dougong("import", "account", str(errors), "--key", "external_no").output
    run = done.rpartition("--undo ")[2].split()[0]
    assert "1 record is as before." in (told := dougong("import", "--undo", run).output)
    assert "Customer Nova is needed by other records and stays." in told
    assert "There is nothing to take back" in dougong("import", "--undo", run, fails=True).stderr


def test_what_is_wrong_is_said_and_nothing_changed(dougong: Run) -> None:
    """One block for each problem, exit code 1 or 2, no traceback."""
    Path("broken.csv").write_text('name\n"Nova\n')
    assert "The file breaks off in line 2" in dougong("import", "account", "broken.csv", fails=True).stderr
    Path("good.csv").write_text("name\nNova\n")
    assert "There is no object acount." in dougong("import", "acount", "good.csv", fails=True).stderr
    Path("map.json").write_text('{"columns": {"nmae": {"field": "name"}}, "kye": ["name"]}')
    assert "kye" in dougong("import", "account", "good.csv", "--map", "map.json", fails=True).stderr
    Path("map.json").write_text('{"columns": ')
    assert (
        "The mapping cannot be read" in dougong("import", "account", "good.csv", "--map", "map.json", fails=True).stderr
    )
    assert "Name the object and the file." in dougong("import", fails=True).stderr
    assert json.loads(dougong("query", "account", "--count", "--format", "json").output) == [{"count": 0}]


def test_a_mapping_of_the_metadata(dougong: Run) -> None:
    """Named instead of a file; and in GB18030 with semicolons."""
    Path("产品.csv").write_bytes("产品编码;产品名称;标准售价\nP-1;离心泵;1,280.50\n".encode("gb18030"))
    told = dougong("import", "product", "产品.csv", "--map", "product.price_list").output
    assert "1 created" in told
    assert "Columns that the file does not have: 产品类别, 单位, 成本, 条形码, 税率, 规格型号." in told
    Path("other.csv").write_text("Weather\nfine\n")
    refused = dougong("import", "product", "other.csv", "--map", "product.price_list", fails=True).stderr
    assert "No column of the file goes into a field of Product." in refused
    (row,) = json.loads(dougong("query", "product", "--columns", "code,name,list_price", "--format", "json").output)
    assert (row["code"], row["name"], row["list_price"]) == ("P-1", "离心泵", "1280.50")


def test_unfinished_runs_are_listed(dougong: Run, sales: Company) -> None:
    from dougong.engine.transfer import runs

    progress = runs.Progress(70, "digest", done=40)
    sales.write(
        SYSTEM, lambda unit: runs.begin(unit, "0" * 8 + "-0000-7000-8000-" + "0" * 12, "account", "a.csv", progress)
    )
    assert "a.csv into account, 40 of 70 rows done. Resume or undo it." in dougong("import").output


def test_exports(dougong: Run, sales: Company) -> None:
    """By a list view, by conditions, whole; the ending says the format."""
    deals = [
        {"name": "A", "stage": "prospecting", "amount": "10"},
        {"name": "B", "stage": "prospecting", "amount": "30"},
        {"name": "C", "stage": "lost", "lost_reason": "price"},
    ]
    sales.write(SYSTEM, lambda unit: unit.records.save([Create("opportunity", each) for each in deals]))
    assert (
        "1 record written"
        in dougong("export", "opportunity", "lost.csv", "--view", "all", "--where", "stage=lost").output
    )
    assert Path("lost.csv").read_text("utf-8-sig").splitlines()[0].startswith("Name,")
    where = ("--where", "amount >= 20", "--columns", "name,amount", "--names")
    dougong("export", "opportunity", "big.csv", *where)
    assert Path("big.csv").read_text("utf-8-sig").splitlines() == ["name,amount", "B,30.00"]
    assert "3 records written" in dougong("export", "opportunity", "all.ndjson").output
    assert {json.loads(line)["name"] for line in Path("all.ndjson").read_text().splitlines()} == {"A", "B", "C"}
    assert "csv, xlsx, ndjson" in dougong("export", "opportunity", "all.doc", fails=True).stderr
    assert not Path("all.doc").exists()
    told = dougong("export", "opportunity", "x.csv", "--view", "nobodys", fails=True).stderr
    assert "There is no list nobodys" in told


def test_a_refused_export_leaves_no_file(dougong: Run) -> None:
    Path("kept.csv").write_text("before")
    assert dougong("export", "opportunity", "kept.csv", "--columns", "nonsense", fails=True).stderr
    assert Path("kept.csv").read_text() == "before"


NAMED = {"field": "name", "op": "is", "value": "A"}
LOST = {"field": "stage", "op": "is", "value": "lost"}
ANY = json.dumps({"any": [NAMED, LOST]})


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["--count"], [{"count": 3}]),
        (["--by", "stage", "--sum", "amount"],
         [{"stage": "lost", "sum(amount)": None}, {"stage": "prospecting", "sum(amount)": "40.00"}]),
        (["--where", "amount>=20", "--count"], [{"count": 1}]),
        (["--where", "amount between 5,15", "--count"], [{"count": 1}]),
        (["--where", "name ~ b", "--count"], [{"count": 1}]),
        (["--where", "account blank", "--where", "stage!=lost", "--count"], [{"count": 2}]),
        (["--where", ANY, "--count"], [{"count": 2}]),
    ],
)  # fmt: skip
def test_queries(dougong: Run, sales: Company, arguments: list[str], answer: object) -> None:
    deals = [
        {"name": "A", "stage": "prospecting", "amount": "10"},
        {"name": "B", "stage": "prospecting", "amount": "30"},
        {"name": "C", "stage": "lost", "lost_reason": "price"},
    ]
    sales.write(SYSTEM, lambda unit: unit.records.save([Create("opportunity", each) for each in deals]))
    assert json.loads(dougong("query", "opportunity", *arguments, "--format", "json").output) == answer


def test_lists_of_records(dougong: Run, sales: Company) -> None:
    """As a table or as JSON, sorted, limited; what is no condition is said."""
    names = ["Nova", "Vega", "Lyra"]
    sales.write(SYSTEM, lambda unit: unit.records.save([Create("account", {"name": each}) for each in names]))
    arguments = ("query", "account", "--columns", "name,employees", "--sort", "-name", "--limit", "2")
    found = json.loads(dougong(*arguments, "--format", "json").output)
    assert [row["name"] for row in found] == ["Vega", "Nova"]
    assert dougong(*arguments).output.splitlines()[0].split() == ["id", "name", "employees"]
    assert "is no condition" in dougong("query", "account", "--where", "nonsense", fails=True).stderr
