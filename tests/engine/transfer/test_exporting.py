"""Exports: three formats, what people may see, and back again without a change."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from python_calamine import CalamineWorkbook

from dougong.base.errors import DougongError, Forbidden
from dougong.engine.access import Access
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.audit.reading import Asked, search
from dougong.engine.query import Condition, Query, Sort
from dougong.engine.transfer import limits, sheets
from dougong.engine.transfer.data_sets import load
from dougong.engine.transfer.exporting import WRITERS, every_field
from dougong.engine.transfer.importing import run_import
from dougong.engine.unit import Unit
from tests.cli.records import contents
from tests.engine.transfer.office import Office, codes, counts


def export(unit: Unit, ending: str, query: Query, **options: Any) -> bytes:
    file = io.BytesIO()
    WRITERS[ending](unit, query, file, **options)
    return file.getvalue()


@pytest.fixture
def filled(office: Office) -> Office:
    """Three customers, one called like a formula, and a deal."""
    nova = office.make("account", name="=1+1", employees=5, external_no="-7")
    office.make("account", name='Nova "N", 北京\n', parent=nova, employees=1200)
    office.make("account", name="Vega")
    office.make("opportunity", name="Deal", account=nova, amount="1234.5", stage="qualify")
    return office


QUERY = Query(object="account", columns=("name", "parent", "employees", "external_no"), sort=(Sort("name"),))


def test_csv(filled: Office) -> None:
    """Headed by labels, guarded, marked as UTF-8; names of lookups."""
    with filled.company.read(SYSTEM) as unit:
        text = export(unit, "csv", QUERY).decode("utf-8-sig")
        named = export(unit, "csv", QUERY, names=True).decode("utf-8-sig")
    lines = text.splitlines()
    assert lines[0] == "Name,Parent company,Employees,External no."
    assert lines[1:] == ["'=1+1,,5,-7", '"Nova ""N"", 北京",\'=1+1,1200,', "Vega,,,"]
    assert named.splitlines()[0] == "name,parent,employees,external_no"


def test_xlsx(filled: Office) -> None:
    """Numbers are numbers, nothing is a formula."""
    with filled.company.read(SYSTEM) as unit:
        book = export(unit, "xlsx", QUERY)
        deals = export(unit, "xlsx", Query(object="opportunity", columns=("name", "amount")))
    assert sheets.read("book.xlsx", book).rows[0][1] == ("=1+1", "", Decimal(5), "-7")
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
    assert sheets.read("deals.xlsx", deals).rows[0][1] == ("Deal", Decimal("1234.5"))


def test_json_lines(filled: Office) -> None:
    with filled.company.read(SYSTEM) as unit:
        columns = ("name", "amount", "account.name", "account")
        lines = export(unit, "ndjson", Query(object="opportunity", columns=columns))
    (found,) = map(json.loads, lines.splitlines())
    assert (found["amount"], found["account.name"], found["account"]["title"]) == ("1234.50", "=1+1", "=1+1")


def test_an_export_holds_what_the_query_finds(filled: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page by page, in its order."""
    from dougong.engine.transfer import exporting

    monkeypatch.setattr(exporting, "PAGE", 2)
    query = Query(object="account", columns=("name",), sort=(Sort("employees", True),))
    with filled.company.read(SYSTEM) as unit:
        everyone = export(unit, "csv", query, names=True).decode("utf-8-sig").splitlines()
        some = Query(object="account", columns=("name",), where=Condition("employees", "gt", "100"))
        few = export(unit, "csv", some, names=True).decode("utf-8-sig").splitlines()
    assert everyone == ["name", '"Nova ""N"", 北京"', "'=1+1", "Vega"]
    assert few == ["name", '"Nova ""N"", 北京"']


class Narrow(Access):
    """May export no customers, and not read what deals are worth."""

    key = "narrow"

    def may(self, right: str, obj: Any) -> bool:
        return not (right == "export" and obj.name == "account")

    def may_field(self, right: str, obj: Any, field: Any) -> bool:
        return field.name != "amount"


@pytest.fixture
def narrowed(filled: Office) -> Iterator[Unit]:
    with filled.company.read(SYSTEM) as unit:
        unit.access = Narrow()
        yield unit


@pytest.mark.parametrize("ending", WRITERS)
def test_access_is_obeyed(narrowed: Unit, ending: str) -> None:
    with pytest.raises(Forbidden):
        export(narrowed, ending, QUERY)
    assert "amount" not in every_field(narrowed, "opportunity")
    export(narrowed, ending, Query(object="opportunity", columns=every_field(narrowed, "opportunity")))


def test_two_columns_of_one_label_are_told_apart(filled: Office) -> None:
    """So that the file can be read back."""
    query = Query(object="opportunity", columns=("stage", "stage.probability"))
    with filled.company.read(SYSTEM) as unit:
        header = sheets.read("f.csv", export(unit, "csv", query), separator=",").header
    assert header == ("Stage (stage)", "Stage (stage.probability)")


@pytest.mark.parametrize(("database_kind", "language"), [("sqlite", "en"), ("postgresql", "zh-CN")])
def test_a_whole_export_is_imported_without_a_change(office: Office, language: str) -> None:
    """Every object of the demo data, every field, as CSV and as XLSX: all rows are found and left as they are.

    What a language has to do with it is no matter of the database: each is seen once.
    """
    folder = resources.files("dougong.metadata") / "packages" / "sales-core"
    files = office.company.runtime().model.packages["sales-core"]["data"]["demo"]
    load(office.company, folder, files, ZoneInfo("Asia/Shanghai"))
    before = contents(office.company)
    office.actor = replace(office.actor, language=language)
    ending = {"en": "csv", "zh-CN": "xlsx"}[language]
    for name in sorted(name for name, rows in before.items() if rows):
        with office.company.read(office.actor) as unit:
            if not unit.access.may("import", unit.runtime.model.objects[name]):
                continue
            data = export(unit, ending, Query(object=name, columns=every_field(unit, name)), names=language == "en")
        report = run_import(office.company, office.actor, sheets.read(f"{name}.{ending}", data), object_name=name)
        refused = {row: [str(each) for each in found] for row, found in list(report.problems.items())[:3]}
        assert (name, refused, counts(report)) == (name, {}, (0, 0, len(before[name]), 0))
        assert codes(report) == {}
    assert contents(office.company) == before


# -- how much, by whom ------------------------------------------------------------------------------------------------
@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one record takes a reason, and three are too many."""
    monkeypatch.setattr(limits, "limits_of", lambda model: limits.Limits(reason_above=1, most_records=2))


def refusals(filled: Office, query: Query, why: str = "") -> list[str]:
    """The codes of what stands against a person's export; what was written is looked at as well."""
    boss = Actor(user_id=filled.make("user", login="boss", name="Boss", roles=["system_administrator"]), name="Boss")
    with filled.company.read(boss, why=why) as unit:
        try:
            export(unit, "csv", query)
        except DougongError as error:
            return [each.code for each in error.problems]
    return []


@pytest.mark.parametrize(
    ("employees", "why", "codes"),
    [("1000", "", []), ("1", "", ["export-reason"]), ("1", " ", ["export-reason"]), ("1", "A mailing", [])],
)
def test_many_records_take_a_reason(filled: Office, limited: None, employees: str, why: str, codes: list[str]) -> None:
    """One does not; of two the log keeps why, how many and by what condition, and of what was refused nothing."""
    where = Condition("employees", "gte", employees)
    query = replace(QUERY, where=where)
    assert refusals(filled, query, why) == codes
    with filled.company.read(SYSTEM) as unit:
        found = search(unit, Asked(kinds=["exported"]))[0]
    assert [(each.personal.get("why"), each.personal["filter"]) for each in found] == (
        [] if codes else [(why or None, {"field": "employees", "op": "gte", "value": employees})]
    )


def test_too_many_records_are_refused_to_people_alone(filled: Office, limited: None) -> None:
    assert refusals(filled, QUERY, "A mailing") == ["export-too-large"]
    with filled.company.read(SYSTEM) as unit:
        assert export(unit, "csv", QUERY)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_file_says_who_made_it_and_comes_back(filled: Office, ending: str) -> None:
    """In a column without cells or a sheet of its own, in the properties and the foot; an import passes over it."""
    boss = Actor(
        user_id=filled.make("user", login="b&s", name="=Boss", roles=["system_administrator"]),
        name="=Boss",
        login="b&s",
    )
    with filled.company.read(boss) as unit:
        query = replace(QUERY, columns=("id", *QUERY.columns))
        file = export(unit, ending, query)
        at = unit.now.strftime("%Y-%m-%d %H:%M")
    if ending == "csv":
        head = file.decode("utf-8-sig").splitlines()[0]
        assert head.endswith(f'"dougong: Exported by =Boss (b&s), {at} +0000"')
    else:
        book = CalamineWorkbook.from_filelike(io.BytesIO(file))
        told = dict(map(tuple, book.get_sheet_by_index(1).to_python()))  # type: ignore[arg-type]
        assert told == {"Exported by": "=Boss (b&s)", "Exported at": f"{at} +0000", "Records": "3"}
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            assert b"<dc:creator>=Boss (b&amp;s)</dc:creator>" in archive.read("docProps/core.xml")
            assert b"=Boss (b&amp;&amp;s)" in archive.read("xl/worksheets/sheet1.xml")
    report = run_import(filled.company, SYSTEM, sheets.read(f"account.{ending}", file), object_name="account")
    assert (report.unchanged, report.problems, report.ignored) == (3, {}, ()), report
