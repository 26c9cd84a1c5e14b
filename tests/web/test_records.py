"""Record pages: what they show, one field at a time, stages, files, comments."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from dougong.engine.runtime import Runtime
from dougong.engine.saving.batch import Create, Delete, Update
from tests.web.conftest import Person, fields


def url(person: Person, name: str = "deal1", object_name: str = "opportunity") -> str:
    return f"/o/{object_name}/{person.ids[name]}"


def test_a_record_shows_what_it_is(person: Person) -> None:
    page = person.get(url(person)).text
    assert "<h1>Deal 1</h1>" in page
    assert f'href="/o/account/{person.ids["account1"]}"' in page
    assert "CNY 1,000.00" in page
    assert 'aria-current="step"' in page


@pytest.mark.parametrize("id", ["01900000-0000-7000-8000-000000000000", "1", "%27%20or%201=1"])
def test_a_tampered_id_finds_nothing(person: Person, id: str) -> None:
    assert person.get(f"/o/opportunity/{id}").status_code == 404


def test_one_field_is_edited_in_place(person: Person) -> None:
    """The pencil brings the input; saving brings the record as it now is."""
    part = {"hx_request": "true", "hx_request_type": "partial"}
    page = person.get(f"{url(person)}/field/amount", **part).text
    assert page.startswith("<div")
    assert 'value="1,000.00"' in page
    sent = fields(page) | {"amount": "1,234.50"}
    answer = person.post(f"{url(person)}/field/amount", sent, hx_request="true", hx_request_type="full")
    assert "CNY 1,234.50" in answer.text
    assert 'id="record"' in answer.text


def test_a_bad_value_stays_at_its_field(person: Person) -> None:
    page = person.get(f"{url(person)}/field/amount").text
    answer = person.post(
        f"{url(person)}/field/amount", fields(page) | {"amount": "lots"}, hx_request="true", hx_request_type="full"
    )
    assert answer.status_code == 422
    assert 'value="lots"' in answer.text
    assert answer.headers["hx-retarget"] == "#f-amount"
    assert person.value("opportunity", person.ids["deal1"], "amount") == 1000


def test_a_computed_field_cannot_be_edited(person: Person) -> None:
    assert person.get(f"{url(person)}/field/line_total").status_code == 403
    assert person.get(f"{url(person)}/field/created_at").status_code == 403


def test_a_cell_of_a_list_comes_back_as_a_row(person: Person) -> None:
    page = person.get(f"{url(person)}/field/amount?place=cell").text
    sent = fields(page) | {"amount": "77", "place": "cell"}
    current = "http://testserver/o/opportunity?view=all"
    answer = person.post(f"{url(person)}/field/amount", sent, hx_request="true", hx_current_url=current)
    assert answer.text.startswith("<tr")
    assert "77.00" in answer.text


def test_a_stage_asks_for_what_it_needs_and_takes_it_there(person: Person) -> None:
    """Lost without a reason is stopped, the form names the field, and filling it in moves the deal on."""
    person.save(Update("opportunity", person.ids["deal2"], {"stage": "qualify"}))
    stopped = person.post(f"{url(person, 'deal2')}/stage", {"to": "lost"})
    assert stopped.status_code == 200
    assert "Lost because" in stopped.text
    sent = fields(stopped.text) | {"lost_reason": "price"}
    moved = person.post(f"{url(person, 'deal2')}/stage", sent)
    assert moved.status_code == 303
    assert person.value("opportunity", person.ids["deal2"], "stage") == "lost"
    assert person.value("opportunity", person.ids["deal2"], "lost_reason") == "price"


def test_going_back_asks_why(person: Person) -> None:
    contact = person.save(Create("contact", {"name": "Wang Min", "account": person.ids["account1"]}))[0]
    person.save(Update("opportunity", person.ids["deal1"], {"stage": "qualify", "primary_contact": contact}))
    person.save(Update("opportunity", person.ids["deal1"], {"stage": "negotiate", "close_date": "2027-01-31"}))
    asked = person.post(f"{url(person)}/stage", {"to": "qualify"})
    assert asked.status_code == 200
    assert 'name="why"' in asked.text
    sent = fields(asked.text) | {"why": "The budget was cut"}
    assert person.post(f"{url(person)}/stage", sent).status_code == 303
    assert "The budget was cut" in person.get(f"{url(person)}?tab=history").text


def test_an_unknown_stage_is_none(person: Person) -> None:
    assert person.post(f"{url(person)}/stage", {"to": "nirvana"}).status_code == 404


def test_a_call_is_logged_and_stands_in_the_timeline(person: Person) -> None:
    page = person.get(url(person)).text
    action = next(each for each in re.findall(r'href="(/o/activity/new\?action=log_call[^"]+)"', page))
    action = action.replace("&amp;", "&")
    form = person.form(action, {"notes": "They want it by spring"})
    assert form["kind"] == "call"
    assert person.post(action, form).headers["location"] == url(person)
    page = person.get(url(person)).text
    assert "They want it by spring" in page
    assert person.value("opportunity", person.ids["deal1"], "last_activity_at") is not None


def test_a_comment_is_written(person: Person) -> None:
    person.post(f"{url(person)}/comment", {"text": "Ask <b>Wang</b>"})
    assert "Ask &lt;b&gt;Wang&lt;/b&gt;" in person.get(url(person)).text


def test_a_task_is_ticked_off(person: Person) -> None:
    about = {"object": "opportunity", "id": person.ids["deal1"]}
    task = person.save(Create("task", {"subject": "Send the offer", "related_to": about, "owner": person.user_id}))[0]
    assert "Send the offer" in person.get(url(person)).text
    person.post(f"/o/task/{task}/done", {"back": url(person)})
    assert person.value("task", task, "status") == "done"
    assert "Send the offer" not in person.get(url(person)).text


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"


@pytest.mark.parametrize(
    ("name", "content", "disposition", "kind"),
    [
        ("offer.txt", b"words", "attachment", "application/octet-stream"),
        ("page.html", b"<script>1</script>", "attachment", "application/octet-stream"),
        ("picture.png", PNG, "inline", "image/png"),
        ("false.png", b"<svg onload=alert(1)>", "attachment", "application/octet-stream"),
        ("报价.pdf", b"words", "attachment", "application/octet-stream"),
    ],
)
def test_a_file_is_kept_and_given_out_safely(
    person: Person, name: str, content: bytes, disposition: str, kind: str
) -> None:
    person.post(f"{url(person)}/files", {}, files={"file": (name, content)})
    page = person.get(url(person)).text
    assert name in page
    link = re.search(r'href="(/file/[^"]+)"', page)
    assert link
    answer = person.get(link[1])
    assert answer.content == content
    assert answer.headers["content-disposition"].startswith(disposition)
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(("name", "content", "status"), [("run.exe", b"MZ", 422), ("empty.txt", b"", 422)])
def test_some_files_are_not_taken(person: Person, name: str, content: bytes, status: int) -> None:
    assert person.post(f"{url(person)}/files", {}, files={"file": (name, content)}).status_code == status
    assert "/file/" not in person.get(url(person)).text


def test_a_deleted_record_says_so_and_comes_back(person: Person) -> None:
    person.post(f"{url(person)}/delete", {})
    page = person.get(url(person)).text
    assert "This record is in the recycle bin." in page
    assert f'action="{url(person)}/restore"' in page
    person.post(f"{url(person)}/restore", {})
    assert "recycle bin." not in person.get(url(person)).text


def test_a_document_is_voided_with_a_reason(person: Person) -> None:
    values = {"opportunity": person.ids["deal1"], "account": person.ids["account1"]}
    quote = person.save(Create("quote", values))[0]
    number = person.value("quote", quote, "number")
    assert person.post(f"/o/quote/{quote}/void", {"why": ""}).status_code == 422
    assert person.post(f"/o/quote/{quote}/void", {"why": "Wrong customer"}).status_code == 303
    assert person.value("quote", quote, "life_status") == "void"
    assert person.value("quote", quote, "number") == number
    assert "Wrong customer" in person.get(f"/o/quote/{quote}?tab=history").text


def test_history_tells_who_changed_what(person: Person) -> None:
    page = person.get(f"{url(person)}/field/amount").text
    person.post(f"{url(person)}/field/amount", fields(page) | {"amount": "5000"})
    page = person.get(f"{url(person)}?tab=history").text
    assert "<b>Li Lei</b>" in page
    assert "<del>1,000.00</del>" in page
    assert "<ins>5,000.00</ins>" in page


def test_statements_do_not_grow_with_what_hangs_on_a_record(person: Person) -> None:
    counts: list[int] = []
    about = {"object": "opportunity", "id": person.ids["deal1"]}
    for more in (2, 20):
        now = datetime.now(UTC)
        done = {"kind": "note", "status": "done", "done_at": now, "related_to": about, "owner": person.user_id}
        person.save(*(Create("activity", {**done, "subject": f"Note {at}"}) for at in range(more)))
        person.save(*(Create("comment", {"body": f"Words {at}", "related_to": about}) for at in range(more)))
        person.save(
            *(
                Create(
                    "opportunity_line",
                    {"opportunity": person.ids["deal1"], "name": "x", "quantity": "1", "unit_price": "1"},
                )
                for _ in range(more)
            )
        )
        person.get(url(person))
        statements: list[str] = []
        listen = lambda *args, kept=statements: kept.append(args[2])  # noqa: E731
        event.listen(person.company.database.readers, "before_cursor_execute", listen)
        assert person.get(url(person)).status_code == 200
        event.remove(person.company.database.readers, "before_cursor_execute", listen)
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert counts[0] < 40


def test_a_restore_that_something_stands_against_says_so(person: Person) -> None:
    """Where the person was, with the reason; nothing is restored."""
    first = person.save(Create("product", {"name": "Press", "unit": "piece", "code": "P-1"}))[0]
    person.save(Delete("product", first))
    person.save(Create("product", {"name": "Press 2", "unit": "piece", "code": "P-1"}))
    answer = person.post(f"/o/product/{first}/restore", {"back": "/bin?object=product"})
    assert answer.status_code == 422
    assert "already has this Code. It is Press 2." in answer.text
    assert 'href="/bin?object=product"' in answer.text
    assert 'name="why"' not in answer.text
    assert person.value("product", first, "deleted_at")


def test_what_a_record_lacks_is_said_with_a_way_to_fill_it(person: Person) -> None:
    """The weightiest first, each with a link to its input; nothing once it is there, nor of what does not count."""
    values = {"name": "Wang", "mobile": "13800138001", "position": "CFO"}
    (contact,) = person.save(Create("contact", values))
    page = person.get(f"/o/contact/{contact}").text
    guide = page[page.index('class="guide full"') :].partition("</div>")[0]
    assert "43 % complete" in guide
    assert re.findall(r'/edit#i-(\w+)"', guide) == ["account", "email", "role"]
    form = person.get(f"/o/contact/{contact}/edit").text
    for name in ("account", "email", "role"):
        assert f'id="i-{name}"' in form
    person.save(
        Update("contact", contact, {"account": person.ids["account1"], "email": "w@example.com", "role": "user"})
    )
    assert "guide full" not in person.get(f"/o/contact/{contact}").text
    (somebody,) = person.save(Create("account", {"name": "Li", "record_type": "person"}))
    page = person.get(f"/o/account/{somebody}").text
    assert "#i-mobile" in page
    assert "#i-website" not in page


def test_what_was_shown_lately_is_made_again_for_a_revision_to_come(person: Person) -> None:
    """The record page and the list of a moment ago find everything made; nobody who has gone is asked for again."""
    company, record_page = person.company, url(person)
    shown = [person.get(each).text for each in (record_page, "/o/opportunity")]
    found = company.runtime()
    coming = Runtime(found.revision, found.model, found.storage)
    company.lately.rehearse(company, coming)
    made = {key.partition(" ")[0] for key in coming.prepared if isinstance(key, str)}
    assert {"web.record", "web.table", "reading"} <= made
    before = dict(coming.prepared["reading"])
    company.remember(coming)
    assert [len(person.get(each).text) for each in (record_page, "/o/opportunity")] == [len(each) for each in shown]
    assert coming.prepared["reading"].keys() == before.keys()
