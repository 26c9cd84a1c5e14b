"""List pages: what their address says, what they show, what is done to many records."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import event

from dougong.base.hooks import plugin_manager
from dougong.engine.query import All, Condition, Either, Not, Written
from dougong.engine.saving.batch import Create
from dougong.web.list_state import read_part, write
from tests.web.conftest import Person
from tests.web.test_formula_editor import Plugin


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (Condition("stage", "is", "won"), "stage:is:won"),
        (Condition("stage", "blank"), "stage:blank"),
        (Condition("name", "contains", "a:b"), "name:contains:a:b"),
        (Condition("stage", "in", ("won", "lost")), "stage:in:won;lost"),
        (Condition("is_closed", "is", False), "is_closed:is:false"),
    ],
)
def test_a_condition_reads_in_an_address(part: Condition, text: str) -> None:
    assert write(part) == text


@pytest.mark.parametrize(
    "part",
    [
        Either((Condition("a", "is", "1"), Not(Condition("b", "blank")))),
        All((Condition("a", "in", ("x;y", "z")),)),
        Condition("a", "in", ("x;y", "z")),
        Condition("name", "is", ""),
        Written("amount > 1"),
        Not(Written("name = ';'")),
    ],
)
def test_what_an_address_cannot_say_goes_as_json(part: object) -> None:
    assert read_part(write(part)) == part  # type: ignore[arg-type]


def names(page: str) -> list[str]:
    """The titles of the rows, in order."""
    return re.findall(r'<td role="cell" class="pin name"[^>]*><a href="[^"]+">\s*([^<]*?)\s*</a>', page)


def test_a_list_shows_its_records(person: Person) -> None:
    page = person.get("/o/opportunity?view=all&sort=name")
    assert page.status_code == 200
    assert names(page.text) == ["Deal 1", "Deal 2", "Deal 3"]
    assert "3 records" in page.text
    assert "Amount (CNY)" in page.text
    assert "6,000.00" in page.text  # the total of the column


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("where=amount:gte:2000", ["Deal 2", "Deal 3"]),
        ("where=account.name:contains:bramley", ["Deal 2"]),
        ("where=amount:gte:2000&where=name:is:Deal 3", ["Deal 3"]),
        (
            'where={"any":[{"field":"name","op":"is","value":"Deal 1"},{"field":"name","op":"is","value":"Deal 3"}]}',
            ["Deal 1", "Deal 3"],
        ),
        ("where=owner:is:$me", ["Deal 1", "Deal 2", "Deal 3"]),
        ('where={"formula":"amount > 1000 %26%26 NOT CONTAINS(account.name, \'Bramley\')"}', ["Deal 3"]),
        ("q=远澜", ["Deal 3"]),
    ],
)
def test_conditions_narrow_it(person: Person, query: str, found: list[str]) -> None:
    assert names(person.get(f"/o/opportunity?view=all&sort=name&{query}").text) == found


def test_conditions_read_as_sentences(person: Person) -> None:
    page = person.get(
        "/o/opportunity?view=all&where=stage:in:won;lost&where=owner:is:$me&where=close_date:within:this_month"
    ).text
    for sentence in (
        "Stage is one of <b>Won, Lost</b>",
        "Owner is <b>me</b>",
        "Expected close is within <b>this month</b>",
    ):
        assert sentence in page


def test_a_condition_is_added_without_a_script(person: Person) -> None:
    """Field, then comparison and value, then the list under the new condition."""
    assert 'name="op"' in person.get("/o/opportunity?view=all&adding=1&field=stage").text
    added = person.get("/o/opportunity?view=all&adding=1&field=stage&op=in&value=won&value=lost&add=1")
    assert added.status_code == 303
    assert "where=stage%3Ain%3Awon%3Blost" in added.headers["location"]


def test_a_formula_is_a_condition(person: Person) -> None:
    """Its mistake is said and mended without a script; a sound one says how many records meet it, and is added."""
    form = "/o/opportunity?view=all&adding=1&field=%3D&formula="
    wrong = person.get(form + "amout+>+1000&add=1")
    assert wrong.status_code == 200
    assert "There is no field amout. Did you mean amount?" in wrong.text
    mend = re.search(r'name="mend" value="([^"]+)"', wrong.text)
    assert mend
    mended = person.get(f"{form}amout+>+1000&mend={mend[1]}").text
    assert "amount &gt; 1000</textarea>" in mended
    assert "True for 2 records" in mended
    added = person.get(form + "amount+>+1000&add=1")
    assert added.status_code == 303
    page = person.get(added.headers["location"] + "&sort=name").text
    assert names(page) == ["Deal 2", "Deal 3"]
    assert "formula  <b>Amount &gt; 1000</b>" in page


def test_a_view_keeps_its_formula(person: Person) -> None:
    """Whoever may not read a field of it is not offered the view, and finds nothing out by its address."""
    kept = person.post(
        '/o/opportunity/view?view=all&where={"formula":"LEN(account.phone) > 2"}&where=name:not_blank',
        {"do": "new", "name": "By phone", "shared": "1"},
    )
    url = kept.headers["location"]
    assert person.get(url).status_code == 200
    assert "By phone" in person.get("/o/opportunity").text
    person.company.hooks = plugin_manager([Plugin()]).hook
    assert "By phone" not in person.get("/o/opportunity").text
    assert person.get(url).status_code == 404
    assert person.get('/o/opportunity?where={"formula":"LEN(account.phone) > 2"}').status_code == 400


def test_a_branch_of_a_tree_is_a_condition(person: Person) -> None:
    """A customer with all that stand below it, chosen like one customer."""
    (group,) = person.save(Create("account", {"name": "Group"}))
    (below,) = person.save(Create("account", {"name": "Branch", "parent": group}))
    person.save(Create("opportunity", {"name": "Deep", "account": below}))
    page = person.get(f"/o/opportunity?view=all&where=account:within:{group}").text
    assert names(page) == ["Deep"]
    assert "is at or below <b>Group</b>" in page
    form = person.get("/o/opportunity?view=all&adding=1&field=account&op=within").text
    assert 'value="within" selected' in form
    assert "opportunity/account" in form
    added = person.get(f"/o/opportunity?view=all&adding=1&field=account&op=within&value={group}&add=1")
    assert added.status_code == 303


@pytest.mark.parametrize(
    "query",
    [
        "where=nonsense",
        "where=nofield:is:1",
        "where=amount:gte:many",
        'where={"formula":"amout > 1"}',
        "sort=nofield",
        "cursor=x",
        "columns=nofield",
        "after=-1",
    ],
)
def test_a_broken_address_is_refused(person: Person, query: str) -> None:
    page = person.get(f"/o/opportunity?view=all&{query}")
    assert page.status_code == 400
    assert "Traceback" not in page.text


def test_pages_follow_each_other(person: Person) -> None:
    person.save(*(Create("competitor", {"name": f"Rival {at:03}"}) for at in range(45)))
    seen: list[str] = []
    url = "/o/competitor?view=all&size=20&sort=name"
    while url:
        page = person.get(url).text
        seen += names(page)
        found = re.search(r'href="([^"]+)" rel="next"', page)
        url = found[1].replace("&amp;", "&") if found else ""
    assert seen == [f"Rival {at:03}" for at in range(45)]


def test_statements_do_not_grow_with_rows(person: Person) -> None:
    counts: list[int] = []
    for more in (0, 40):
        person.save(*(Create("opportunity", {"name": f"More {at}", "owner": person.user_id}) for at in range(more)))
        person.get("/o/opportunity?view=all")
        statements: list[str] = []
        listen = lambda *args, kept=statements: kept.append(args[2])  # noqa: E731
        event.listen(person.company.database.readers, "before_cursor_execute", listen)
        person.get("/o/opportunity?view=all")
        event.remove(person.company.database.readers, "before_cursor_execute", listen)
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_a_view_is_saved_for_oneself(person: Person) -> None:
    saved = person.post("/o/opportunity/view?view=all&where=amount:gte:2000", {"name": "Large", "do": "new"})
    page = person.get(saved.headers["location"]).text
    assert names(page) and "Large" in page and "Deal 1" not in names(page)
    gone = person.post(f"/o/opportunity/view?{saved.headers['location'].partition('?')[2]}", {"do": "delete"})
    assert gone.headers["location"] == "/o/opportunity"
    assert "Large" not in person.get("/o/opportunity").text


def test_a_nameless_view_is_refused(person: Person) -> None:
    assert person.post("/o/opportunity/view?view=all", {"name": "  ", "do": "new"}).status_code == 422


def test_selected_records_go_to_the_bin_and_come_back(person: Person) -> None:
    ids = [person.ids["deal1"], person.ids["deal2"]]
    deleted = person.post("/o/opportunity/delete", {"id": ids, "back": "/o/opportunity?view=all"})
    assert deleted.headers["location"] == "/o/opportunity?view=all"
    assert names(person.get("/o/opportunity?view=all").text) == ["Deal 3"]
    assert "Deal 1" in person.get("/bin").text
    person.post(f"/o/opportunity/{ids[0]}/restore", {})
    assert names(person.get("/o/opportunity?view=all&sort=name").text) == ["Deal 1", "Deal 3"]


def test_columns_are_chosen(person: Person) -> None:
    chosen = person.get("/o/opportunity/columns?view=all&columns_chosen=1&column=name&column=account.industry")
    page = person.get(chosen.headers["location"]).text
    assert "Industry" in page
    assert ">Amount" not in page


def test_nothing_is_put_into_a_page_unescaped(person: Person) -> None:
    hostile = '<script>alert("x")</script>{{ 7 * 7 }}'
    made = person.save(Create("account", {"name": hostile, "record_type": "enterprise"}))[0]
    for path in ("/o/account?view=all", f"/o/account/{made}", f"/o/account/{made}/edit", "/search?q=alert"):
        page = person.get(path).text
        assert "<script>alert" not in page
        assert "49" not in re.sub(r"[0-9a-f-]{36}|\d{2}:\d{2}|[\w.]+\.svg|nonce", "", page) or "{{ 7 * 7 }}" in page


def test_a_page_has_no_inline_script_or_style(person: Person) -> None:
    for path in (
        "/o/opportunity",
        f"/o/opportunity/{person.ids['deal1']}",
        "/o/opportunity/new?type=standard",
        "/preferences",
    ):
        page = person.get(path).text
        assert " style=" not in page
        assert not re.search(r"<script(?![^>]*\ssrc=)", page)
        assert not re.search(r"\son\w+=", page)
