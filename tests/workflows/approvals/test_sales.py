"""The approvals of the sales package: obeyed and breached, each rule of theirs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from dougong.base.errors import DougongError
from dougong.engine.company import Company
from dougong.engine.query import Query
from dougong.engine.saving import conversion
from dougong.engine.saving.batch import Create, Made, Update
from tests.companies import ADMINISTRATOR
from tests.workflows.approvals.conftest import Office
from tests.workflows.automations.conftest import with_setting

TODAY = date.today()


@pytest.fixture
def desk(sales: Company) -> Office:
    """A director, a manager who heads the department, two who sell, and one of operations."""
    office = Office(sales)
    office.hire("admin", ADMINISTRATOR)
    office.hire("zhou", "sales_director")
    office.hire("li", "sales_manager", manager="zhou")
    [department] = saved(office, Create("department", {"name": "华东", "code": "HD", "head": office.id("li")}))
    office.hire("wang", "sales", manager="li", department=department)
    office.hire("xu", "sales_operations")
    return office


def saved(office: Office, *changes: Any) -> list[str]:
    return [each.id for each in office.write("", lambda unit: unit.records.save(list(changes))).changes]


def refusal(work: Any) -> set[str]:
    with pytest.raises(DougongError) as caught:
        work()
    return {each.code for each in caught.value.problems}


def quote(office: Office, list_price: str, discount: str, **account: Any) -> tuple[str, str]:
    """A customer and a quote of one line to them, both of wang."""
    wang = office.id("wang")
    customer, made, _ = saved(
        office,
        Create("account", {"name": "远澜", "record_type": "enterprise", "owner": wang, **account}, key="a"),
        Create("quote", {"account": Made("a"), "owner": wang}, key="q"),
        Create(
            "quote_line",
            {"quote": Made("q"), "name": "柜", "unit_price": list_price, "discount": discount, "tax_rate": "0"},
        ),
    )  # fmt: skip
    return customer, made


def send(office: Office, id: str) -> Any:
    return office.change("wang", id, "quote", status="sent")


def test_a_small_discount_needs_nobody(desk: Office) -> None:
    """At the limit nothing is asked."""
    _, made = quote(desk, "1000", "0.3")
    send(desk, made)
    assert desk.values(made, "quote")["status"] == "sent"
    assert refusal(lambda: desk.submit("wang", made, "quote.discount")) == {"approval-not-needed"}


def test_a_large_discount_waits_for_the_head(desk: Office) -> None:
    """Nobody sends the quote before; the head of the department agrees; then it is sent as it was approved."""
    _, made = quote(desk, "1000", "0.31")
    assert refusal(lambda: send(desk, made)) == {"approval-needed"}
    instance = desk.submit("wang", made, "quote.discount")
    assert desk.waiting(instance) == {"li"}
    assert desk.approve("li", instance).state.status == "approved"
    send(desk, made)
    assert desk.values(made, "quote")["status"] == "sent"


def test_what_was_approved_is_what_is_sent(desk: Office) -> None:
    """Another price after the approval needs another approval, which has begun with the change."""
    _, made = quote(desk, "1000", "0.31")
    desk.approve("li", desk.submit("wang", made, "quote.discount"))
    saved(desk, Create("quote_line", {"quote": made, "name": "箱", "unit_price": "500", "discount": "0.5"}))
    assert refusal(lambda: send(desk, made)) == {"approval-needed", "record-locked"}


def test_a_large_quote_is_reviewed_jointly(desk: Office) -> None:
    """From the amount on the director and operations agree together; one no ends it."""
    _, made = quote(desk, "1000000", "0.4")
    instance = desk.submit("wang", made, "quote.discount")
    desk.approve("li", instance)
    assert desk.waiting(instance) == {"zhou", "xu"}
    desk.approve("zhou", instance)
    assert desk.approve("xu", instance).state.status == "approved"


def test_an_expired_quote_is_not_submitted(desk: Office) -> None:
    _, made = quote(desk, "1000", "0.5")
    past = TODAY - timedelta(days=2)
    saved(desk, Update("quote", made, {"quote_date": past, "valid_until": past}))
    assert refusal(lambda: desk.submit("wang", made, "quote.discount")) == {"approval-refused"}


def test_a_large_contract_waits_for_three(desk: Office) -> None:
    """Its plan adds up; the manager, then the director and operations side by side; then it is in progress."""
    customer, _ = quote(desk, "1", "0")
    values = {"account": customer, "name": "柜", "amount": "1000000", "signed_on": TODAY, "owner": desk.id("wang")}
    [contract] = saved(desk, Create("contract", values))

    def begin() -> None:
        desk.change("wang", contract, "contract", status="running")

    assert refusal(begin) == {"approval-needed"}
    assert refusal(lambda: desk.submit("wang", contract, "contract.large")) == {"approval-refused"}
    saved(desk, Create("payment_plan", {"contract": contract, "name": "首付", "due_on": TODAY, "amount": "1000000"}))
    instance = desk.submit("wang", contract, "contract.large")
    desk.approve("li", instance)
    assert desk.waiting(instance) == {"zhou", "xu"}
    desk.approve("xu", instance)
    assert desk.approve("zhou", instance).state.status == "approved"
    begin()
    assert desk.values(contract, "contract")["status"] == "running"


def test_a_small_contract_needs_nobody(desk: Office) -> None:
    customer, _ = quote(desk, "1", "0")
    values = {"account": customer, "name": "柜", "amount": "999999.99", "signed_on": TODAY, "owner": desk.id("wang")}
    [contract] = saved(desk, Create("contract", values))
    desk.change("wang", contract, "contract", status="running")
    assert desk.values(contract, "contract")["status"] == "running"


# -- new customers ----------------------------------------------------------------------------------------------------
@pytest.fixture
def reviewing(desk: Office) -> Office:
    """The company has switched the review of new customers on; one customer is from before."""
    saved(desk, Create("account", {"name": "旧友", "record_type": "enterprise", "owner": desk.id("wang")}))
    with_setting(desk.company, "sales.review_customers", True)
    return desk


def test_a_new_customer_is_in_review(reviewing: Office) -> None:
    """Their owner and who decides see them; deals and contacts may be made, papers not; approved they count."""
    new = reviewing.make("wang", "远澜", "account", record_type="enterprise")
    assert reviewing.values(new, "account")["life_status"] == "in_review"
    assert accounts(reviewing, "wang") == {"旧友", "远澜"}
    assert accounts(reviewing, "xu") >= {"远澜"}
    reviewing.hire("sun", "sales")
    assert accounts(reviewing, "sun") == set()
    reviewing.make("wang", "王芳", "contact", account=new)
    deal = reviewing.make("wang", "储能", "opportunity", account=new)
    for paper in ("quote", "order", "contract", "expense"):
        assert "lookup-not-effective" in refusal(
            lambda paper=paper: reviewing.make("wang", "储能", paper, account=new)  # type: ignore[misc]
        ), paper
    assert "lookup-not-effective" in refusal(
        lambda: reviewing.make("wang", "分公司", "account", record_type="enterprise", parent=new)
    )
    [row] = reviewing.tasks("xu").rows
    reviewing.approve("xu", row.instance)
    assert reviewing.values(new, "account")["life_status"] == "effective"
    reviewing.make("wang", "储能", "contract", account=new, opportunity=deal, amount="1000")


def test_the_same_customer_is_not_entered_twice_while_in_review(reviewing: Office) -> None:
    """A credit code is taken from the start, not only once it counts."""
    company = {"record_type": "enterprise", "credit_code": "91310115MAN5191Q2E"}
    reviewing.make("wang", "远澜", "account", **company)
    assert "not-unique" in refusal(lambda: reviewing.make("wang", "远澜二", "account", **company))


def test_a_lead_is_converted_under_review(reviewing: Office) -> None:
    """The customer is in review, with the deal; to a customer from before nothing new is asked."""
    lead = reviewing.make("wang", "王芳", "lead", company="远澜", person="王芳", phone="021-55556666")
    done = reviewing.write("wang", lambda unit: conversion.convert(unit, "lead", lead, "convert"))
    account, deal = done.records["account"].id, done.records["deal"].id
    assert reviewing.values(account, "account")["life_status"] == "in_review"
    assert reviewing.values(deal, "opportunity")["account"].id == account
    assert len(reviewing.tasks("xu").rows) == 1
    again = reviewing.make("wang", "李强", "lead", company="旧友", person="李强", phone="021-55557777")
    reviewing.write("wang", lambda unit: conversion.convert(unit, "lead", again, "convert"))
    assert len(reviewing.tasks("xu").rows) == 1


def test_imported_customers_are_reviewed_as_well(reviewing: Office) -> None:
    """Each row is in review, whatever status it gives; who may enter the date of the review brings reviewed ones."""
    rows = [{"name": f"客户{each}", "record_type": "enterprise", "life_status": "effective"} for each in range(3)]
    imported(reviewing, "wang", rows)
    assert len(reviewing.tasks("xu").rows) == 3
    imported(reviewing, "xu", [{"name": "已核", "record_type": "enterprise", "reviewed_on": TODAY}])
    assert statuses(reviewing) == {"旧友": "effective", "已核": "effective"} | dict.fromkeys(
        ("客户0", "客户1", "客户2"), "in_review"
    )


def accounts(office: Office, login: str) -> set[str]:
    query = Query(object="account", columns=("name",))
    return {str(each.values[0]) for each in office.read(login, lambda unit: unit.records.query(query)).rows}


def statuses(office: Office) -> dict[str, str]:
    query = Query(object="account", columns=("name", "life_status"))
    return {str(name): str(status) for name, status in (
        each.values for each in office.read("admin", lambda unit: unit.records.query(query)).rows
    )}  # fmt: skip


def imported(office: Office, login: str, rows: list[dict[str, Any]]) -> None:
    actor = replace(office.who[login], channel="import")
    changes = [Create("account", each) for each in rows]
    office.company.write(actor, lambda unit: unit.records.save(changes))
