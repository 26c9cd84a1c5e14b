"""Queues at the pages and by the API: set up in a form, taken from in a list and on the page, given back."""

from __future__ import annotations

from starlette.testclient import TestClient

from dougong.base.settings import Settings
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create, Update
from dougong.web.api import routes as api_routes
from dougong.web.app import create_app, make_site
from dougong.web.identity import api_tokens
from tests.web.conftest import Person


def waiting(person: Person, company: Company, *names: str) -> tuple[str, list[str]]:
    """A queue that the person takes from, and leads in it."""
    queue = company.runtime().model.rights.queues["new_leads"].record
    changes = [Create("lead", {"company": name, "owner": queue}) for name in names]
    ids = person.save(*changes, Update("user", queue, {"queue_members": [person.user_id]}))
    return queue, ids[: len(names)]


def test_a_record_is_taken_and_given_back(person: Person, sales: Company) -> None:
    """A button while it waits, an entry of the menu once it is one's own; neither for who is no member."""
    (id,) = person.save(Create("lead", {"company": "Alone"}))
    assert "/give-back" not in person.get(f"/o/lead/{id}").text
    queue, (lead,) = waiting(person, sales, "Acme")
    here = f"/o/lead/{lead}"
    assert f'action="{here}/take"' in person.get(here).text
    assert person.post(f"{here}/take", {}).headers["location"] == here
    assert person.value("lead", lead, "owner").id == person.user_id
    mine = person.get(here).text
    assert "/take" not in mine
    assert f"{here}/give-back?queue=new_leads" in mine
    again = person.post(f"{here}/take", {})
    assert (again.status_code, "You have this record already." in again.text) == (422, True)
    person.post(f"{here}/give-back?queue=new_leads", {})
    assert person.value("lead", lead, "owner").id == queue
    assert person.post(f"{here}/give-back?queue=other", {}).status_code == 404


def test_a_queue_is_called_as_its_reader_speaks(person: Person, sales: Company) -> None:
    """In lists, on the page, in its form, its history and where an owner is chosen; the record keeps the one name."""
    queue, (lead,) = waiting(person, sales, "Acme")
    person.save(Update("lead", lead, {"owner": person.user_id}))
    person.save(Update("lead", lead, {"owner": queue}))
    pages = (f"/o/lead/{lead}", "/o/lead", f"/o/lead/{lead}?tab=history", "/lookup/lead/owner?q=Unassigned")
    english = [person.get(each).text for each in pages]
    assert [("Unassigned leads" in each, "待分配线索" in each) for each in english] == [(True, False)] * 4
    person.save(Update("user", person.user_id, {"language": "zh-CN"}))
    chinese = [person.get(each).text for each in pages]
    assert [("Unassigned leads" in each, "待分配线索" in each) for each in chinese] == [(False, True)] * 4
    assert person.value("lead", lead, "owner").title == "Unassigned leads"


def test_what_waits_offers_nothing_that_changes_it(person: Person, sales: Company) -> None:
    """Its members may look at it alone: it is converted by whoever has taken it."""
    _, (lead,) = waiting(person, sales, "Acme")
    person.save(Update("user", person.user_id, {"roles": ["sales"]}))
    here = f"/o/lead/{lead}"
    before = person.get(here).text
    assert f"{here}/take" in before
    assert f"{here}/convert/" not in before
    person.post(f"{here}/take", {})
    assert f"{here}/convert/" in person.get(here).text


def test_several_are_taken_from_the_list_of_the_queue(person: Person, sales: Company) -> None:
    """What somebody else has is left to them, and told; the list of a queue has what waits there alone."""
    zhao = person.save(Create("user", {"login": "zhao", "name": "Zhao"}))[0]
    _, (one, two, three) = waiting(person, sales, "Northgate", "Southgate", "Eastgate")
    person.save(Update("lead", three, {"owner": zhao}))
    shown = person.get("/o/lead?view=queue.new_leads").text
    assert 'formaction="/o/lead/take"' in shown
    assert ("Northgate" in shown, "Southgate" in shown, "Eastgate" in shown) == (True, True, False)
    assert "Northgate" in person.get("/o/lead?where=owner:in:$my_queues").text
    assert f"/o/lead/{one}/take" in person.get(f"/o/lead/{one}/actions").text
    told = person.post("/o/lead/take", {"id": [one, two, three]}).headers["set-cookie"]
    assert "2+records+are+yours+now" in told
    assert "Zhao+has+this+record." in told
    assert [person.value("lead", each, "owner").id for each in (one, two, three)] == [
        person.user_id, person.user_id, zhao,
    ]  # fmt: skip


def test_queues_stand_in_no_list_of_people(person: Person, sales: Company) -> None:
    """But where an owner may be one, and in the list of queues; nobody looks on or hands over as one."""
    queue, _ = waiting(person, sales)
    for path in ("/o/user", "/o/user?view=all", "/lookup/user?q=Unassigned", "/lookup/account/owner?q=Unassigned",
                 "/lookup/user/manager?q=Unassigned", "/search?q=Unassigned", "/sign-ins"):  # fmt: skip
        assert queue not in person.get(path).text, path
    assert queue in person.get("/lookup/lead/owner?q=Unassigned").text
    assert queue in person.get("/o/user?view=queues").text
    page = person.get(f"/o/user/{queue}").text
    assert not any(each in page for each in ("/access/view-as/", "/handover/", "/access/compare"))
    assert person.post(f"/access/view-as/{queue}", {}).status_code in (400, 403, 404, 409, 422)


def test_by_the_api(person: Person, sales: Company, settings: Settings) -> None:
    """Taken once; the second time it is a conflict that names who has it."""
    zhao = person.save(Create("user", {"login": "zhao", "name": "Zhao"}))[0]
    _, (one, two) = waiting(person, sales, "Northgate", "Southgate")
    person.save(Update("lead", two, {"owner": zhao}))
    token = sales.write(SYSTEM, lambda unit: api_tokens.make(unit, person.user_id, "test"))
    caller = TestClient(create_app(site := make_site(settings, sales), routes=api_routes(site)))
    said = {"authorization": f"Bearer {token}"}
    done = caller.post(f"/api/v1/records/lead/{one}/take", headers=said)
    assert (done.status_code, person.value("lead", one, "owner").id) == (200, person.user_id)
    refused = caller.post(f"/api/v1/records/lead/{two}/take", headers=said)
    assert (refused.status_code, "Zhao has this record." in refused.text) == (409, True)
