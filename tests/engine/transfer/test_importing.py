"""Imports: what columns mean, how records are found, which rows are left out and why."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from dougong.base.errors import BadRequest
from dougong.engine.saving.batch import Update
from dougong.engine.transfer import sheets
from dougong.engine.transfer.exporting import error_file
from tests.engine.transfer.office import Office, codes, counts

DEALS = {"Deal": {"field": "external_no"}, "Name": {"field": "name"}}


def test_columns_go_into_fields_of_their_name_in_any_language(office: Office) -> None:
    report = office.load("account", "客户名称,Employees,short_name,Weather\n远澜新能源,12,远澜,fine\n")
    assert (counts(report), report.ignored, report.finished) == ((1, 0, 0, 0), ("Weather",), True)
    assert office.rows("account", "name", "employees", "short_name") == [("远澜新能源", 12, "远澜")]


@pytest.mark.parametrize(
    ("formats", "day", "amount", "read"),
    [
        ({}, "2024-03-05", '"1,234.50"', (date(2024, 3, 5), "1234.50")),
        ({}, "2024年3月5日", "１２３４．５", (date(2024, 3, 5), "1234.50")),
        ({"date": "dmy"}, "05-03-24", "¥1234.5", (date(2024, 3, 5), "1234.50")),
        ({"date": "mdy"}, "03/05/2024", "0.12345万", (date(2024, 3, 5), "1234.50")),
        ({"decimal": ","}, "2024-03-05", '"1.234,50"', (date(2024, 3, 5), "1234.50")),
    ],
)
def test_dates_and_numbers_as_files_write_them(
    office: Office, formats: dict[str, str], day: str, amount: str, read: tuple[Any, ...]
) -> None:
    columns = {**DEALS, "Day": {"field": "close_date"}, "Amount": {"field": "amount"}}
    text = f"Deal,Name,Day,Amount\n1,A,{day},{amount}\n"
    assert codes(office.load("opportunity", text, columns=columns, formats=formats)) == {}
    assert office.rows("opportunity", "close_date", "amount") == [(read[0], Decimal(read[1]))]


def test_a_column_may_have_a_format_of_its_own(office: Office) -> None:
    columns = {
        **DEALS,
        "Start": {"field": "start_date", "format": "mdy"},
        "End": {"field": "close_date"},
        "Amount": {"field": "amount", "format": ","},
    }
    text = 'Deal,Name,Start,End,Amount\n1,A,03/04/2024,03/04/2024,"7,5"\n'
    assert codes(office.load("opportunity", text, columns=columns, formats={"date": "dmy"})) == {}
    expected = [(date(2024, 3, 4), date(2024, 4, 3), Decimal("7.50"))]
    assert office.rows("opportunity", "start_date", "close_date", "amount") == expected


def test_a_date_that_could_be_two_days_is_refused(office: Office) -> None:
    report = office.load("opportunity", "Name,close_date\nA,03/04/2024\nB,2024-04-03\n")
    assert (counts(report), list(report.problems)) == ((1, 0, 0, 1), [2])


@pytest.mark.parametrize(
    ("missing", "refused", "accounts", "deal"),
    [
        ("refuse", {2: ["lookup-unknown"]}, [], []),
        ("empty", {}, [], [("A", None)]),
        ("create", {}, [("Nova",)], [("A", "Nova")]),
    ],
)
def test_a_missing_record_is_refused_left_out_or_made(
    office: Office, missing: str, refused: Any, accounts: Any, deal: Any
) -> None:
    columns = {**DEALS, "Customer": {"field": "account", "missing": missing}}
    assert codes(office.load("opportunity", "Deal,Name,Customer\n1,A,Nova\n", columns=columns)) == refused
    assert office.rows("account", "name") == accounts
    assert office.rows("opportunity", "name", "account") == deal


def test_a_missing_record_is_made_once(office: Office) -> None:
    """By rows of one batch and of several, whatever the case; a row that is left out makes none for itself alone."""
    columns = {**DEALS, "Customer": {"field": "account", "missing": "create"}, "Day": {"field": "close_date"}}
    text = "Deal,Name,Customer,Day\n1,A,Nova,\n2,B,NOVA,\n3,C,ｎｏｖａ,\n4,D,Vega,never\n5,E,Lyra,\n"
    assert codes(office.load("opportunity", text, columns=columns, batch=2)) == {5: ["value-not-date"]}
    assert office.rows("account", "name") == [("Lyra",), ("Nova",)]


def test_a_row_that_made_a_record_for_others_may_be_left_out(office: Office) -> None:
    """The record that it would have made is made for the next row that names it."""
    columns = {**DEALS, "Customer": {"field": "account", "missing": "create"}}
    text = f"Deal,Name,Customer\n1,,Nova\n2,B,Nova\n3,{'x' * 200},Vega\n"
    assert codes(office.load("opportunity", text, columns=columns)) == {2: ["required"], 4: ["value-too-long"]}
    assert office.rows("opportunity", "name", "account") == [("B", "Nova")]
    assert office.rows("account", "name") == [("Nova",)]


def test_lookups_by_name_unique_field_and_id(office: Office) -> None:
    nova = office.make("account", name="Nova Systems", external_no="N-1")
    columns = {**DEALS, "Customer": {"field": "account"}}
    text = f"Deal,Name,Customer\n1,A,nova  systems\n2,B,N-1\n3,C,{nova}\n4,D,n-1\n"
    report = office.load("opportunity", text, columns=columns)
    assert codes(report) == {5: ["lookup-unknown"]}, "unique values are compared exactly"
    assert office.rows("opportunity", "name", "account") == [(name, "Nova Systems") for name in "ABC"]


def test_a_name_of_two_records_is_refused(office: Office) -> None:
    """Whether they were there, or the file makes them."""
    office.make("account", name="Nova")
    office.make("account", name="NOVA")
    columns = {**DEALS, "Customer": {"field": "account", "look_up": ["name"]}}
    assert codes(office.load("opportunity", "Deal,Name,Customer\n1,A,Nova\n", columns=columns)) == {
        2: ["lookup-ambiguous"]
    }
    accounts = {"columns": {"Name": {"field": "name"}, "Parent": {"field": "parent", "look_up": ["name"]}}}
    text = "Name,Parent\nVega,\nVega,\nBelow,Vega\n"
    assert codes(office.load("account", text, **accounts)) == {4: ["lookup-ambiguous"]}


def test_values_have_other_spellings(office: Office) -> None:
    """The mapping's come first, then the list's own names, labels and aliases."""
    columns = {**DEALS, "Stage": {"field": "stage", "values": {"Open!": "prospecting"}}}
    text = "Deal,Name,Stage\n1,A,open!\n2,B,Engaging\n3,C,赢单\n4,D,nonsense\n"
    assert codes(office.load("opportunity", text, columns=columns)) == {5: ["value-not-in-list"]}
    assert office.rows("opportunity", "name", "stage") == [("A", "prospecting"), ("B", "qualify"), ("C", "won")]


def test_records_are_found_by_their_key(office: Office) -> None:
    """Created or updated; a blank cell changes nothing; the same row again leaves all as it is."""
    text = "external_no,name,employees\n1,Nova,10\n2,Vega,\n"
    assert counts(office.load("account", text, key=("external_no",))) == (2, 0, 0, 0)
    again = "external_no,name,employees\n1,Nova,\n2,Vega,20\n3,Lyra,\n"
    assert counts(office.load("account", again, key=("external_no",))) == (1, 1, 1, 0)
    assert office.rows("account", "name", "employees") == [("Lyra", None), ("Nova", 10), ("Vega", 20)]


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_a_key_that_stands_twice_updates_what_the_first_row_made(office: Office, batch: int) -> None:
    """As if each row came alone: the batch makes no difference."""
    text = "external_no,name,employees\n1,Nova,10\n1,,20\n2,,5\n2,Vega,5\n1,Nova,20\n"
    report = office.load("account", text, key=("external_no",), batch=batch)
    assert (counts(report), codes(report)) == ((2, 1, 1, 1), {4: ["required"]})
    assert office.rows("account", "name", "employees") == [("Nova", 20), ("Vega", 5)]


def test_keys_are_tried_in_order(office: Office) -> None:
    office.make("account", name="Nova", external_no="1")
    office.make("account", name="Vega")
    office.make("account", name="VEGA")
    text = "external_no,name,employees\n,nova,1\n2,vega,2\n"
    report = office.load("account", text, key=("external_no", "name"))
    assert codes(report) == {3: ["key-ambiguous"]}
    assert office.rows("account", "name", "employees")[0] == ("nova", 1)


def test_a_column_of_ids_finds_records(office: Office) -> None:
    nova = office.make("account", name="Nova")
    other = nova[:-1] + ("0" if nova[-1] != "0" else "1")
    report = office.load("account", f"id,name\n{nova},Nova AG\n,Vega\n{other},Lyra\nxy,Lyra\n")
    assert codes(report) == {4: ["key-unknown"], 5: ["reference-not-found"]}
    assert office.rows("account", "name") == [("Nova AG",), ("Vega",)]


@pytest.mark.parametrize("batch", [1, 3, 1000])
def test_records_of_the_same_file_in_any_order(office: Office, batch: int) -> None:
    """Children above their parents, over several levels and batches."""
    names = [f"Level {number}" for number in range(8)]
    rows = "\n".join(f"{name},{above}" for name, above in zip(names, [*names[1:], ""], strict=True))
    columns = {"Name": {"field": "name"}, "Above": {"field": "parent", "look_up": ["name"]}}
    assert codes(office.load("account", f"Name,Above\n{rows}\n", columns=columns, key=["name"], batch=batch)) == {}
    assert office.rows("account", "name", "parent") == [*zip(names, [*names[1:], None], strict=True)]


def test_who_stands_above_themselves(office: Office) -> None:
    """A customer cannot be its own parent, a circle ends where it closes; a head may be their own manager."""
    columns = {"Name": {"field": "name"}, "Above": {"field": "parent", "look_up": ["name"]}}
    report = office.load("account", "Name,Above\nA,A\nB,C\nC,B\n", columns=columns)
    assert codes(report)[2] == ["hierarchy-circle"]
    assert {3, 4} >= set(codes(report)) - {2} != set()
    people = {"Name": {"field": "name"}, "Manager": {"field": "manager", "look_up": ["name"]}}
    assert codes(office.load("user", "Name,Manager\nLi Wei,Chen Jie\nChen Jie,Chen Jie\n", columns=people)) == {}
    assert office.rows("user", "name", "manager")[:2] == [("Chen Jie", "Chen Jie"), ("Li Wei", "Chen Jie")]


CONTACTS = {
    "columns": {"Customer": {"field": "name"}, "Staff": {"field": "employees"}},
    "key": ["name"],
    "children": [
        {
            "from": "contact.account",
            "columns": {"Person": {"field": "name"}, "Mobile": {"field": "mobile"}},
            "key": ["mobile"],
        }
    ],
}


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_customers_and_contacts_in_one_sheet(office: Office, batch: int) -> None:
    """The customer is repeated and made once; a row goes in whole or not at all; a row may have no contact."""
    text = (
        "Customer,Staff,Person,Mobile\nNova,5,李雷,13800138000\nNova,5,韩梅梅,13800138001\nVega,,,\n"
        "Lyra,,Tom,1380\nNova,5,李雷,13800138000\n"
    )
    report = office.load("account", text, batch=batch, **CONTACTS)
    assert codes(report) == {5: ["value-not-phone"]}
    assert office.rows("account", "name", "contact_count") == [("Nova", 2), ("Vega", 0)]
    assert office.rows("contact", "name", "account") == [("韩梅梅", "Nova"), ("李雷", "Nova")]


def test_a_child_that_breaks_a_rule_takes_its_row_along(office: Office) -> None:
    """The customer of a refused contact is not made, and what rests on it is named."""
    text = "Customer,Staff,Person,Mobile\nNova,5,,13800138000\nNova,5,Li,13800138001\n"
    assert codes(office.load("account", text, **CONTACTS)) == {2: ["required"], 3: ["row-left-out"]}
    assert (office.rows("account", "name"), office.rows("contact", "name")) == ([], [])


def test_set_fills_fields_from_columns_and_constants(office: Office) -> None:
    office.make("account", name="Nova")
    report = office.load(
        "opportunity",
        "No,Product,Customer\n1,Pump,Nova\n2,,Vega\n",
        columns={"No": {"field": "external_no"}, "Customer": {"field": "account", "missing": "empty"}},
        set={"name": "{Product} for {Customer} ({No})", "source": "exhibition", "stage": "Engaging"},
    )
    assert codes(report) == {}
    expected = [("for Vega (2)", "exhibition", "qualify"), ("Pump for Nova (1)", "exhibition", "qualify")]
    assert office.rows("opportunity", "name", "source", "stage") == expected


def test_a_record_may_come_with_its_past(office: Office) -> None:
    """What its stage asks for is a warning; a record that is moved by a file is held to its path."""
    report = office.load("opportunity", "external_no,name,stage\n1,A,lost\n2,B,won\n3,C,prospecting\n")
    warned = {row: sorted(each.code for each in found) for row, found in report.warnings.items()}
    assert (codes(report), warned) == ({}, {2: ["stage-required"], 3: ["stage-required"] * 2})
    assert {each.severity for found in report.warnings.values() for each in found} == {"warning"}
    moved = office.load("opportunity", "external_no,stage\n3,won\n1,lost\n", key=("external_no",))
    assert codes(moved)[2] and set(codes(moved)) == {2}
    assert moved.warnings == {}


def test_records_may_come_with_their_dates(office: Office) -> None:
    office.load("account", "name,created_at\nNova,2019-05-06 08:00\n")
    ((_, at),) = office.rows("account", "name", "created_at")
    assert at.date() == date(2019, 5, 6)


def test_links_to_several_records(office: Office) -> None:
    office.make("department", name="East")
    office.make("department", name="West")
    report = office.load("user", "name,departments\nLi Wei,East; west\nChen Jie,East;North\n")
    assert codes(report) == {3: ["lookup-unknown"]}
    assert sorted(office.rows("user", "name", "departments")[0][1]) == ["East", "West"]


NAME, OTHER = {"Name": {"field": "name"}}, {"Other": {"field": "name"}}
MAPPINGS = [
    ({"columns": {"Nmae": {"field": "name"}}}, {"column-missing"}),
    ({"columns": {"Name": {"field": "nmae"}}}, {"field-unknown"}),
    ({"columns": {"Name": {"field": "name"}, "Other": {"field": "name"}}}, {"field-twice"}),
    ({"columns": {"Name": {"field": "won_amount"}}}, {"field-unknown"}),
    ({"columns": {"Name": {"field": "receivable"}}}, {"field-unknown"}),
    ({"columns": {"Name": {"field": "parent", "look_up": ["nmae"]}}}, {"field-unknown"}),
    ({"columns": {"Name": {"field": "name"}}, "key": ["nmae", "parent"]}, {"field-unknown", "key-refused"}),
    ({"columns": {"Name": {"field": "name"}}, "set": {"level": "{Nmae}"}}, {"column-missing"}),
    ({"columns": {"Name": {"field": "name"}}, "set": {"level": "{Name"}}, {"template-broken"}),
    ({"columns": NAME, "children": [{"from": "nobody.x", "columns": OTHER}]}, {"child-unknown"}),
    ({"columns": NAME, "children": [{"from": "contact.name", "columns": OTHER}]}, {"child-unknown"}),
]  # fmt: skip


@pytest.mark.parametrize(("mapping", "expected"), MAPPINGS)
def test_a_mapping_that_does_not_fit_is_refused(office: Office, mapping: Any, expected: set[str]) -> None:
    with pytest.raises(BadRequest) as refused:
        office.load("account", "Name,Other\nNova,\n", **mapping)
    assert {problem.code for problem in refused.value.problems} == expected
    assert office.rows("account", "name") == []


@pytest.mark.parametrize(
    "mapping",
    [
        {"colums": {}},
        {"columns": {"Name": {"field": "name", "lookup": ["name"]}}},
        {"columns": {"Name": {"field": "name", "missing": "maybe"}}},
        {"columns": {"Name": "name"}},
        {"formats": {"date": "dym"}},
        {"key": "name"},
        {"children": [{"columns": {"Other": {"field": "name"}}}]},
    ],
)
def test_a_mapping_of_another_shape_is_refused(office: Office, mapping: Any) -> None:
    """Nothing in it is passed over."""
    with pytest.raises(BadRequest) as refused:
        office.load("account", "Name,Other\nNova,\n", mapping=mapping)
    assert {problem.code for problem in refused.value.problems} <= {"key-unknown", "schema", "value-kind"} or all(
        problem.reason for problem in refused.value.problems
    )
    assert office.rows("account", "name") == []


def test_no_column_fits(office: Office) -> None:
    with pytest.raises(BadRequest) as refused:
        office.load("account", "Weather\nfine\n")
    assert [problem.code for problem in refused.value.problems] == ["mapping-empty"]


def test_the_error_file_is_mended_and_imported(office: Office) -> None:
    """It holds the rows as they were, guarded, with reasons that an import passes over."""
    text = 'Deal,Name,Customer,Note\n1,A,Nova,=1+1\n2,B,,ok\n3,"C, ""x""",Vega,-\n'
    columns = {**DEALS, "Customer": {"field": "account"}, "Note": {"field": "next_step"}}
    report = office.load("opportunity", text, columns=columns)
    table = sheets.read("file.csv", text.encode())
    file = error_file(table, report.problems, "en")
    assert "'=1+1" in file.decode()
    assert "Customer: There is no Customer named Nova." in file.decode()
    office.make("account", name="Nova")
    office.make("account", name="Vega")
    again = office.load("opportunity", file, columns=columns)
    assert (counts(again), again.ignored) == ((2, 0, 0, 0), ())
    expected = [("A", "=1+1", "Nova"), ("B", "ok", None), ('C, "x"', "-", "Vega")]
    assert office.rows("opportunity", "name", "next_step", "account") == expected


def test_progress_is_told(office: Office) -> None:
    told: list[tuple[int, int]] = []
    office.load("account", "name\nA\nB\nC\n", batch=2, progress=lambda done, rows: told.append((done, rows)))
    assert told == [(2, 3), (3, 3)]


def test_only_what_differs_is_saved(office: Office) -> None:
    """An import of what is there already leaves no version and no history."""
    nova = office.make("account", name="Nova", external_no="1")
    office.save(Update("account", nova, {"employees": 5}))
    office.load("account", "external_no,name,employees\n1,Nova,5\n", key=("external_no",))
    assert office.rows("account", "name", "version") == [("Nova", 2)]
