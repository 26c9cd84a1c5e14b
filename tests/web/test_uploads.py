"""Files in forms: kept as references, removed, replaced, and refused with the field named."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import update

from dougong.engine import tables
from dougong.engine.abandoned import drop_abandoned
from dougong.engine.actor import SYSTEM
from dougong.engine.jobs import run_due
from dougong.engine.query import Condition, Query
from dougong.engine.saving.batch import Create
from tests.web.conftest import Person

PDF = b"%PDF-1.7\n" + b"x" * 200
MULTIPART = 'enctype="multipart/form-data"'


def picture(kind: str = "PNG") -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (3, 3), "red").save(made, kind)
    return made.getvalue()


@pytest.fixture
def contract(person: Person) -> str:
    """The address of a contract; it holds up to ten files."""
    values = {"name": "Frame", "account": person.ids["account1"], "owner": person.user_id, "amount": "100"}
    return f"/o/contract/{person.save(Create('contract', values))[0]}"


@pytest.fixture
def product(person: Person) -> str:
    """The address of a product; it holds one picture."""
    return f"/o/product/{person.save(Create('product', {'name': 'Press', 'unit': 'piece'}))[0]}"


def held(person: Person, url: str, name: str) -> Any:
    """The file names that a field holds."""
    _, _, object_name, record_id = url.split("/")
    return [each.title for each in person.value(object_name, record_id, name) or ()]


def files_of(person: Person, record_id: str) -> list[str]:
    """The names of the files that are about a record."""
    query = Query(object="file", columns=("name",), where=Condition("related_to", "is", record_id), limit=10)
    with person.company.read(SYSTEM) as unit:
        return sorted(str(row.values[0]) for row in unit.records.query(query).rows)


def test_files_of_a_form_are_kept_shown_and_given_out(person: Person, contract: str) -> None:
    files = [("scan", ("one.pdf", PDF)), ("scan", ("two.txt", b"plain"))]
    assert person.post(f"{contract}/edit", person.form(f"{contract}/edit"), files=files).status_code == 303
    assert held(person, contract, "scan") == ["one.pdf", "two.txt"]
    first = person.value("contract", contract.rpartition("/")[2], "scan")[0]
    assert f'href="/file/{first.id}"' in person.get(contract).text
    assert person.get(f"/file/{first.id}").content == PDF
    assert files_of(person, contract.rpartition("/")[2]) == ["one.pdf", "two.txt"]


def test_what_is_unticked_is_removed_and_the_rest_stays(person: Person, contract: str) -> None:
    files = [("scan", ("one.pdf", PDF)), ("scan", ("two.pdf", PDF))]
    person.post(f"{contract}/edit", person.form(f"{contract}/edit"), files=files)
    form = person.form(f"{contract}/edit")
    assert [each.partition(" ")[2] for each in form["scan"]] == ["one.pdf", "two.pdf"]
    person.post(f"{contract}/edit", form | {"scan": form["scan"][1:]}, files=[("scan", ("three.pdf", PDF))])
    assert held(person, contract, "scan") == ["two.pdf", "three.pdf"]
    form = person.form(f"{contract}/edit")
    del form["scan"]
    person.post(f"{contract}/edit", form)
    assert held(person, contract, "scan") == []


def test_the_files_of_a_new_record_are_about_it(person: Person) -> None:
    path = "/o/contract/new"
    sent = person.form(path, {"name": "Frame", "account": person.ids["account1"], "amount": "100"})
    made = person.post(path, sent, files=[("scan", ("signed.pdf", PDF))])
    assert made.status_code == 303, made.text
    assert held(person, made.headers["location"], "scan") == ["signed.pdf"]
    assert files_of(person, made.headers["location"].rpartition("/")[2]) == ["signed.pdf"]


def test_a_file_is_not_chosen_twice_because_something_else_is_wrong(person: Person, contract: str) -> None:
    sent = person.form(f"{contract}/edit", {"name": ""})
    again = person.post(f"{contract}/edit", sent, files=[("scan", ("one.pdf", PDF))])
    assert again.status_code == 422
    assert "one.pdf" in again.text
    kept = again.text.partition('name="scan" value="')[2].partition('"')[0]
    assert person.post(f"{contract}/edit", sent | {"name": "Frame", "scan": [kept]}).status_code == 303
    assert held(person, contract, "scan") == ["one.pdf"]


def test_a_new_record_adopts_the_files_of_a_form_that_was_sent_twice(person: Person) -> None:
    sent = person.form("/o/contract/new", {"name": "", "account": person.ids["account1"], "amount": "100"})
    again = person.post("/o/contract/new", sent, files=[("scan", ("signed.pdf", PDF))])
    kept = again.text.partition('name="scan" value="')[2].partition('"')[0]
    made = person.post("/o/contract/new", sent | {"name": "Frame", "scan": [kept]})
    assert made.status_code == 303
    assert files_of(person, made.headers["location"].rpartition("/")[2]) == ["signed.pdf"]


def test_a_clone_leaves_its_original_the_files(person: Person, contract: str) -> None:
    person.post(f"{contract}/edit", person.form(f"{contract}/edit"), files=[("scan", ("one.pdf", PDF))])
    path = f"/o/contract/new?clone={contract.rpartition('/')[2]}"
    assert person.post(path, person.form(path)).status_code == 303
    assert files_of(person, contract.rpartition("/")[2]) == ["one.pdf"]


def test_one_picture_takes_the_place_of_the_other(person: Person, product: str) -> None:
    for name in ("first.png", "second.png"):
        sent = person.form(f"{product}/edit")
        assert person.post(f"{product}/edit", sent, files=[("image", (name, picture()))]).status_code == 303
        assert held(person, product, "image") == [name]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("notes.txt", b"no picture", "not of a type"),
        ("press.png", b"no picture at all", "not the picture"),
        ("press.png", picture("GIF"), "not the picture"),
        ("press.png", b"", "is empty"),
        ("large.png", picture() + bytes(21 << 20), "larger than 20 MB"),
    ],
)
def test_a_field_refuses_what_it_does_not_take(
    person: Person, product: str, name: str, content: bytes, said: str
) -> None:
    sent = person.form(f"{product}/edit", {"name": "Renamed"})
    refused = person.post(f"{product}/edit", sent, files=[("image", (name, content))])
    assert refused.status_code in (413, 422)
    assert said in refused.text
    assert 'href="#i-image"' in refused.text
    assert "Renamed" in refused.text
    assert held(person, product, "image") == []
    assert person.value("product", product.rpartition("/")[2], "name") == "Press"


def test_more_files_than_the_field_holds_stay_to_be_chosen_from(person: Person, contract: str) -> None:
    files = [("scan", (f"{at}.pdf", PDF)) for at in range(11)]
    refused = person.post(f"{contract}/edit", person.form(f"{contract}/edit"), files=files)
    assert refused.status_code == 422
    assert refused.text.count('name="scan" value="') == 11
    assert held(person, contract, "scan") == []


def test_one_field_alone_takes_files(person: Person, contract: str) -> None:
    page = person.get(f"{contract}/field/scan").text
    assert MULTIPART in page
    sent = person.form(f"{contract}/field/scan")
    assert person.post(f"{contract}/field/scan", sent, files=[("scan", ("one.pdf", PDF))]).status_code == 303
    assert held(person, contract, "scan") == ["one.pdf"]


def test_only_forms_with_files_are_sent_in_parts(person: Person, contract: str) -> None:
    assert MULTIPART in person.get(f"{contract}/edit").text
    assert MULTIPART not in person.get(f"{contract}/field/name").text
    assert MULTIPART not in person.get("/o/task/new").text


def test_files_in_inputs_that_the_form_does_not_have_are_left_alone(person: Person, contract: str) -> None:
    sent = person.form(f"{contract}/edit")
    assert person.post(f"{contract}/edit", sent, files=[("name", ("one.pdf", PDF))]).status_code == 303
    assert person.value("contract", contract.rpartition("/")[2], "name") == "Frame"
    assert files_of(person, contract.rpartition("/")[2]) == []


def test_a_stale_form_keeps_its_files_while_one_decides(person: Person, contract: str) -> None:
    first, second = person.form(f"{contract}/edit"), person.form(f"{contract}/edit")
    person.post(f"{contract}/edit", first | {"name": "Theirs"})
    compared = person.post(f"{contract}/edit", second | {"name": "Mine"}, files=[("scan", ("one.pdf", PDF))])
    assert compared.status_code == 409
    assert "one.pdf" in compared.text


def test_the_form_of_a_file_gives_out_what_was_chosen(person: Person) -> None:
    sent = person.form("/o/file/new", {"name": "Offer"})
    made = person.post("/o/file/new", sent, files=[("content", ("offer.pdf", PDF))])
    assert made.status_code == 303, made.text
    assert person.get(f"/file/{made.headers['location'].rpartition('/')[2]}").content == PDF


def a_day_later(person: Person) -> None:
    """Do what is due in a day; nothing of it is due yet, whatever else may be."""
    run_due(person.company)
    waiting = tables.outbox.c.job == drop_abandoned.name
    moved = update(tables.outbox).where(waiting).values(run_at=tables.outbox.c.created_at)
    person.company.write(SYSTEM, lambda unit: unit.connection.execute(moved))
    assert run_due(person.company) >= 3


def test_files_of_a_form_that_is_given_up_go_to_the_bin(person: Person) -> None:
    """A day later; those of a form that was saved stay, and so do those that a field alone holds."""
    new = "/o/contract/new"
    form = {"name": "", "account": person.ids["account1"], "owner": person.user_id}
    person.post(new, person.form(new, form), files=[("scan", ("given-up.pdf", PDF))])
    person.post(new, person.form(new, form | {"name": "Frame", "amount": "1"}), files=[("scan", ("kept.pdf", PDF))])
    product = "/o/product/new"
    filled = person.form(product, {"name": "Press", "unit": "piece"})
    assert person.post(product, filled, files=[("image", ("held.png", picture()))]).status_code == 303
    a_day_later(person)
    query = Query(object="file", columns=("name",), where=Condition("name", "contains", "."), limit=10)
    with person.company.read(SYSTEM) as unit:
        assert sorted(str(row.values[0]) for row in unit.records.query(query).rows) == ["held.png", "kept.pdf"]
