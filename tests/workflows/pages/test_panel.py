"""The approvals of a record on its page, and the page on which it is submitted, with those of the sales package."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from dougong.base.settings import Settings
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create, Update
from dougong.web.app import create_app, make_site
from dougong.workflows.pages import PAGES
from tests.engine.statements import statements_of
from tests.workflows.approvals.conftest import Office
from tests.workflows.approvals.test_sales import desk as staff
from tests.workflows.approvals.test_sales import quote, saved
from tests.workflows.pages.test_approvals import Desk

__all__ = ["staff"]


@pytest.fixture
def desk(staff: Office, settings: Settings, sales: Company) -> Iterator[Desk]:
    """The sales office at its pages, in English."""
    english = [Update("user", str(each.user_id), {"language": "en"}) for each in staff.who.values()]
    staff.write("", lambda unit: unit.records.save(english))
    with TestClient(create_app(make_site(settings, sales), PAGES), base_url="http://testserver") as client:
        yield Desk(staff, client)


def test_a_quote_from_its_page_to_its_approval(desk: Desk) -> None:
    """The page offers the approval that is needed, then says whom it waits for, then how it ended."""
    _, made = quote(desk.office, "1000", "0.31")
    url, start = f"/o/quote/{made}", f"/approvals/start/quote.discount/{made}"
    assert f'class="btn s primary" href="{start}"' in desk.get("wang", url).text
    assert desk.office.who["li"].name in desk.get("wang", start).text
    answer = desk.post("wang", start, comment="a large customer")
    assert (answer.status_code, answer.headers["location"]) == (303, url)
    page = desk.get("wang", url).text
    assert ("Waits for " in page, start in page) == (True, False)
    [row] = desk.office.tasks("li").rows
    assert "a large customer" in desk.get("li", f"/approvals/{row.instance}").text
    desk.office.approve("li", row.instance)
    page = desk.get("wang", url).text
    assert (f'href="/approvals/{row.instance}"' in page, "Waits for " in page, start in page) == (True, False, False)


def test_what_is_refused_is_said_where_one_is(desk: Desk) -> None:
    """Submitting a second time says why, on the page; what the record does not need is not offered."""
    _, made = quote(desk.office, "1000", "0.31")
    start = f"/approvals/start/quote.discount/{made}"
    assert desk.post("wang", start).status_code == 303
    again = desk.post("wang", start, comment="<b>once more</b>")
    assert again.status_code == 422
    assert "This approval runs already on this record." in again.text
    assert "&lt;b&gt;once more" in again.text
    _, small = quote(desk.office, "1000", "0.1")
    start = f"/approvals/start/quote.discount/{small}"
    assert start not in desk.get("wang", f"/o/quote/{small}").text
    page = desk.get("wang", start)
    assert (page.status_code, "This record does not need this approval" in page.text) == (200, True)
    assert desk.get("wang", f"/approvals/start/nothing/{small}").status_code == 404


def test_what_is_never_approved_asks_nothing_of_approvals(desk: Desk) -> None:
    """No statement about approvals, and no panel, where the model alone says that there are none."""
    customer, _ = quote(desk.office, "1000", "0.1")
    [made] = saved(desk.office, Create("contact", {"name": "林", "account": customer, "owner": desk.office.id("wang")}))
    desk.get("wang", f"/o/contact/{made}")
    with statements_of(desk.office.company.database.readers) as sent:  # type: ignore[arg-type]
        page = desk.client.get(f"/o/contact/{made}")
    assert (page.status_code, 'class="panel"' in page.text) == (200, False)
    assert [each for each in sent if "dg_approval.record_id" in str(each)] == []
