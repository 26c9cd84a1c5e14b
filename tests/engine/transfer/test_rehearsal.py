"""A dry run says what the real run then does, and leaves nothing behind; the size of batches makes no difference."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from dougong.engine import tables
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Delete
from dougong.engine.transfer.importing import ImportReport
from tests.cli.records import contents
from tests.engine.transfer.office import Office, codes

NAMES = ["Nova", "nova ", "Vega", "Lyra", "Mira", ""]
NUMBERS = ["1", "2", "3", ""]
MESSY = st.fixed_dictionaries(
    {
        "No": st.sampled_from(NUMBERS),
        "Name": st.sampled_from(NAMES),
        "Code": st.sampled_from(["91330100799655058B", "91310000775785552L", "nonsense", "", ""]),
        "Parent": st.sampled_from([*NAMES, "", "", "Nobody"]),
        "Staff": st.sampled_from(["5", "-1", "many", "", "7"]),
        "Kind": st.sampled_from(["direct", "dealer", "unheard of", "", ""]),
        "Dealer": st.sampled_from(["", "", "", "Nova", "Vega"]),
        "Person": st.sampled_from(["Li Wei", "Tom", "", ""]),
        "Mobile": st.sampled_from(["13800138000", "13800138001", "12", ""]),
    }
)
COLUMNS: Mapping[str, Any] = {
    "No": {"field": "external_no"},
    "Name": {"field": "name"},
    "Code": {"field": "credit_code"},
    "Parent": {"field": "parent", "look_up": ["name"]},
    "Staff": {"field": "employees"},
    "Kind": {"field": "channel_role"},
    "Dealer": {"field": "dealer", "look_up": ["name"], "missing": "create"},
}
CHILDREN = [
    {
        "from": "contact.account",
        "columns": {"Person": {"field": "name"}, "Mobile": {"field": "mobile"}},
        "key": ["mobile"],
    }
]


def as_file(rows: list[dict[str, str]]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def everything(company: Company) -> Any:
    """How many rows every table has, and every auto-number."""
    with company.read(SYSTEM) as unit:
        counted = {
            table.name: unit.connection.scalar(select(func.count()).select_from(table))
            for table in (
                *(each.table for each in unit.runtime.storage.tables.values()),
                tables.history, tables.search, tables.operations, tables.imports, tables.outbox,
            )
        }  # fmt: skip
        return counted, [tuple(row) for row in unit.connection.execute(select(tables.numbers))]


def told(report: ImportReport) -> Any:
    """What a report says but which run it was."""
    return codes(report), report.created, report.updated, report.unchanged, sorted(report.warnings)


def clear(office: Office) -> None:
    """Put everything into the bin, so that the next example begins anew."""
    held = contents(office.company)
    for name in ("contact", "account"):
        office.save(*(Delete(name, each) for each in held[name]), partial=True)
    for each in contents(office.company)["account"]:
        office.save(Delete("account", each))


def filled(**cells: str) -> dict[str, str]:
    """A row with these cells, the others blank."""
    return {**dict.fromkeys([*COLUMNS, *CHILDREN[0]["columns"]], ""), **cells}


CHANGED_BEFORE_IT_WAS_NAMED = [
    filled(No="3", Name="Mira", Kind="dealer", Parent="Vega", Dealer="Vega", Person="Tom", Mobile="13800138000"),
    filled(Name="Mira", Kind="direct", Staff="5"),
    filled(Name="nova ", Staff="-1", Parent="Nova", Dealer="Vega", Person="Tom"),
    filled(No="1", Name="Vega", Kind="dealer", Staff="5", Person="Tom"),
    filled(No="1", Name="nova ", Code="91330100799655058B", Kind="direct", Parent="Lyra", Staff="-1"),
    filled(No="2", Name="Mira", Code="91310000775785552L", Kind="unheard of", Parent="Nobody", Mobile="13800138000"),
    filled(No="2", Name="Lyra", Code="91310000775785552L", Kind="dealer", Parent="Vega", Dealer="Vega", Person="Tom"),
    filled(No="1", Name="Vega", Kind="dealer", Parent="Mira", Staff="-1", Mobile="13800138001"),
    filled(No="3", Name="nova ", Kind="dealer", Parent="Nova", Person="Tom", Mobile="13800138000"),
]
"""Rows that make Vega a dealer, and then name it as one: it must be one again before these are made again."""


@example(rows=CHANGED_BEFORE_IT_WAS_NAMED, key=["external_no", "name"], sizes=(1, 3))
@settings(
    max_examples=15,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    rows=st.lists(MESSY, min_size=1, max_size=9),
    key=st.sampled_from([["external_no"], ["external_no", "name"], ["name"], []]),
    sizes=st.tuples(st.integers(1, 4), st.integers(1, 9)),
)
def test_the_dry_run_is_the_real_one(
    office: Office, rows: list[dict[str, str]], key: list[str], sizes: tuple[int, int]
) -> None:
    """Same rows refused with the same codes, same counts; and nothing is left behind."""
    clear(office)
    office.make("account", name="Vega", external_no="2")
    mapping = {"columns": COLUMNS, "children": CHILDREN} | ({"key": key} if key else {})
    text = as_file(rows)
    before, held = everything(office.company), contents(office.company)
    foretold = [told(office.load("account", text, dry=True, batch=size, **mapping)) for size in sizes]
    assert everything(office.company) == before
    assert contents(office.company) == held
    done = told(office.load("account", text, batch=sizes[0], **mapping))
    assert foretold[0] == done


def test_a_dry_run_knows_what_earlier_batches_made(office: Office) -> None:
    """Records to name, to change, and unique values that are taken or freed: across batches as within one."""
    office.make("account", name="Old", external_no="9")
    text = (
        "external_no,name,parent\n1,Nova,\n2,Vega,Nova\n1,Nova 2,\n3,Lyra,Nova 2\n4,Mira,Nowhere\n"
        "9,Older,\n5,Zeta,Older\n"
    )
    for size in (1, 2, 3, 1000):
        report = office.load("account", text, key=("external_no",), dry=True, batch=size)
        assert (codes(report), report.created, report.updated) == ({6: ["lookup-unknown"]}, 4, 2), size
    assert office.rows("account", "name") == [("Old",)]


def test_a_dry_run_knows_which_unique_values_are_taken(office: Office) -> None:
    """Of single fields and of several together."""
    columns = {"Name": {"field": "name"}, "Code": {"field": "credit_code"}}
    text = "Name,Code\nA,91330100799655058B\nB,\nC,91330100799655058b\n"
    assert codes(office.load("account", text, columns=columns, dry=True, batch=1)) == {4: ["not-unique"]}
    office.make("account", name="Nova")
    deals = {"Name": {"field": "name"}, "Customer": {"field": "account"}, "Tender": {"field": "tender_no"}}
    text = "Name,Customer,Tender\nA,Nova,T1\nB,Nova,T2\nC,Nova,T1\n"
    for dry in (True, False):
        assert codes(office.load("opportunity", text, columns=deals, dry=dry, batch=1)) == {4: ["not-unique"]}


def test_a_dry_run_knows_which_unique_values_are_free(office: Office) -> None:
    """A number that an earlier batch gave away can be taken by a later one."""
    one = office.make("account", name="Nova", credit_code="91330100799655058B")
    text = f"id,name,credit_code\n{one},Nova,91310000775785552L\n,Vega,91330100799655058B\n"
    for dry in (True, False):
        assert codes(office.load("account", text, dry=dry, batch=1)) == {}


def test_a_dry_run_does_again_what_was_done_in_its_order(office: Office) -> None:
    """What could be chosen when it was chosen is chosen again, whatever became of it before or since."""
    office.make("account", name="Vega", external_no="9", channel_role="direct")
    text = "external_no,name,channel_role,dealer\n9,,dealer,\n1,Nova,,Vega\n9,,direct,\n1,Nova 2,,\n2,Mira,,Vega\n"
    columns = {
        "external_no": {"field": "external_no"},
        "name": {"field": "name"},
        "channel_role": {"field": "channel_role"},
        "dealer": {"field": "dealer", "look_up": ["name"]},
    }
    for dry in (True, False):
        report = office.load("account", text, columns=columns, key=["external_no"], dry=dry, batch=1)
        assert (codes(report), report.created, report.updated) == ({6: ["lookup-filter"]}, 1, 3), dry


def test_a_dry_run_knows_what_stands_behind_the_records_of_a_row(office: Office) -> None:
    """A tree is walked up through stored records that earlier batches moved, though no row names them again."""
    top, middle = office.make("account", name="Top"), office.make("account", name="Middle")
    office.make("account", name="Under", parent=top)
    office.make("account", name="Low", parent=middle)
    columns = {"Name": {"field": "name"}, "Parent": {"field": "parent", "look_up": ["name"]}}
    text = "Name,Parent\nMiddle,Under\nTop,Low\n"
    for dry in (True, False):
        report = office.load("account", text, columns=columns, key=["name"], dry=dry, batch=1)
        assert (codes(report), report.updated) == ({3: ["hierarchy-circle"]}, 1), dry


def test_a_missing_record_that_is_called_otherwise_is_missing_again(office: Office) -> None:
    """Then another is made: within one batch, across batches, and in a dry run."""
    columns = {
        "No": {"field": "external_no"},
        "Name": {"field": "name"},
        "Kind": {"field": "channel_role"},
        "Dealer": {"field": "dealer", "look_up": ["name"]},
        "Parent": {"field": "parent", "look_up": ["name"], "missing": "create"},
    }
    text = "No,Name,Kind,Dealer,Parent\n1,Nova,,Vega,\n9,Vega,dealer,,Nova\n1,Zeta,,,\n2,Mira,,,Nova\n3,Lyra,,,Nova\n"
    for size, dry in ((1, True), (2, True), (1000, True), (1000, False)):
        report = office.load("account", text, columns=columns, key=["external_no", "name"], dry=dry, batch=size)
        assert (codes(report), report.created, report.updated) == ({}, 5, 2), (size, dry)
    parents = [("Lyra", "Nova"), ("Mira", "Nova"), ("Nova", None), ("Vega", "Zeta"), ("Zeta", None)]
    assert sorted(office.rows("account", "name", "parent")) == parents


def test_a_dry_run_uses_no_number_up(office: Office) -> None:
    """A document gets the number that it would have got without the dry run."""
    text = "subject,kind,amount,spent_on\nC1,travel,5,2024-01-01\nC2,travel,6,2024-01-02\n"
    before = everything(office.company)
    dry = office.load("expense", text, dry=True, batch=1)
    assert (dry.created, codes(dry)) == (2, {})
    assert everything(office.company) == before
