"""The floor's pages: hand-written templates over hand-written statements, with what the engine's pages show."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from sqlalchemy import Connection, Select, Table, bindparam, func, literal_column, select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.benchmarks.floor.api import ONE, cursor_of
from tests.benchmarks.floor.database import Database, digest
from tests.benchmarks.floor.tables import (
    account,
    activity,
    comment,
    competitor,
    contract,
    expense,
    history,
    opportunity,
    opportunity_competitor,
    opportunity_line,
    order,
    person,
    product,
    quote,
    receipt,
    session,
    task,
)

STAGES = {
    "prospecting": ("Prospecting", "grey"), "qualify": ("Qualification", "blue"), "tender_out": ("Tender out", "cyan"),
    "propose": ("Proposal", "teal"), "bidding": ("Bidding", "indigo"), "negotiate": ("Negotiation", "orange"),
    "won": ("Won", "green"), "lost": ("Lost", "red"),
}  # fmt: skip
VIEWS = (
    ("all", "All deals"), ("closing_soon", "Closing this month"), ("lost", "Lost this year"), ("mine", "My deals"),
    ("open", "Open deals"), ("overdue", "Overdue"), ("tenders", "Tenders"), ("won", "Won this year"),
)  # fmt: skip
NAVIGATION = (
    ("lead", "Leads"), ("account", "Customers"), ("contact", "Contacts"), ("opportunity", "Deals"), ("quote", "Quotes"),
    ("order", "Orders"), ("contract", "Contracts"), ("payment_plan", "Payment plans"), ("receipt", "Receipts"),
    ("invoice", "Invoices"), ("expense", "Expenses"), ("product", "Products"), ("price_book", "Price books"),
    ("campaign", "Campaigns"), ("competitor", "Competitors"), ("activity", "Activities"), ("task", "Tasks"),
)  # fmt: skip
LABELS = {"stage": "Stage", "next_step": "Next step"}
SECRET = b"of one run"
ROWS = 50
COUNTED = 1000


class Entry(NamedTuple):
    """Something that happened."""

    icon: str
    who: str
    what: str
    at: datetime
    text: str = ""
    changes: tuple[tuple[str, Any, Any], ...] = ()


# -- how values are written ---------------------------------------------------------------------------------------
def money(value: Decimal | None) -> str:
    return "" if value is None else f"{value:,.2f}"


def percent(value: Decimal | None) -> str:
    return "" if value is None else f"{value * 100:.0f}%"


def day(value: date | None) -> str:
    return "" if value is None else f"{value:%b} {value.day}, {value.year}"


def moment(value: datetime | None) -> str:
    return "" if value is None else f"{value:%b} {value.day}, {value.year}, {value:%H:%M}"


def icon(name: str) -> Markup:
    return Markup('<svg class="i" aria-hidden="true"><use href="/static/sprite.svg#{}"/></svg>').format(name)


def environment() -> Environment:
    made = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, auto_reload=False)
    made.trim_blocks = made.lstrip_blocks = True
    made.globals.update(
        money=money,
        percent=percent,
        day=day,
        moment=moment,
        icon=icon,
        stages=STAGES,
        views=VIEWS,
        navigation=NAVIGATION,
    )
    return made


# -- statements ---------------------------------------------------------------------------------------------------
WHO = (
    select(session.c.expires_at, person.c.id, person.c.name, person.c.language, person.c.time_zone)
    .join(person, person.c.id == session.c.person)
    .where(session.c.token == bindparam("token"), person.c.active)
)
RUNNING = (opportunity.c.is_closed.is_(False), opportunity.c.deleted_at.is_(None))
LIST = (
    select(
        opportunity.c.id, opportunity.c.name, opportunity.c.account, account.c.name.label("account_name"),
        opportunity.c.stage, opportunity.c.amount, opportunity.c.weighted, opportunity.c.close_date,
        opportunity.c.owner,
        person.c.name.label("owner_name"), opportunity.c.last_activity_at,
    )
    .outerjoin(account, account.c.id == opportunity.c.account)
    .outerjoin(person, person.c.id == opportunity.c.owner)
    .where(*RUNNING)
    .order_by(opportunity.c.close_date, opportunity.c.id)
    .limit(ROWS + 1)
)  # fmt: skip
COUNT = select(func.count()).select_from(
    select(literal_column("1")).select_from(opportunity).where(*RUNNING).limit(COUNTED + 1).subquery()
)


def _children(table: Table, *named: tuple[str, Table]) -> Select[Any]:
    """The rows of `table` that belong to a deal, newest first."""
    source, shown = table, [*table.c]
    for column, other in named:
        source = source.outerjoin(other, other.c.id == table.c[column])  # type: ignore[assignment]
        shown.append(other.c.name.label(f"{column}_name"))
    mine = table.c.opportunity == bindparam("id"), table.c.deleted_at.is_(None)
    return select(*shown).select_from(source).where(*mine).order_by(table.c.id.desc()).limit(30)


CHILDREN = {
    "lines": _children(opportunity_line, ("product", product)), "quotes": _children(quote),
    "rivals": _children(opportunity_competitor, ("competitor", competitor)), "orders": _children(order),
    "contracts": _children(contract), "expenses": _children(expense), "activities": _children(activity, ("owner",
    person)),
    "tasks": _children(task), "comments": _children(comment, ("owner", person)),
    "receipts": (
        select(receipt).join(contract, contract.c.id == receipt.c.contract)
        .where(contract.c.opportunity == bindparam("id"), receipt.c.deleted_at.is_(None)).limit(30)
    ),
}  # fmt: skip
HISTORY = select(history).where(history.c.opportunity == bindparam("id")).order_by(history.c.id.desc()).limit(30)


class Pages:
    """The pages."""

    def __init__(self, database: Database) -> None:
        self.database, self.templates = database, environment()

    def routes(self) -> list[Route]:
        return [Route("/o/opportunity", self.list), Route("/o/opportunity/{id}", self.record)]

    def _page(self, template: str, request: Request, who: Any, **values: Any) -> Response:
        sign = hmac.new(SECRET, request.cookies["session"].encode(), hashlib.sha256).hexdigest()
        csrf = Markup('<input type="hidden" name="csrf" value="{}">').format(sign)
        body = self.templates.get_template(template).render(person=who, csrf=csrf, **values)
        return HTMLResponse(
            body, headers={"cache-control": "no-store", "content-security-policy": "default-src 'self'"}
        )

    def list(self, request: Request) -> Response:
        with self.database.readers.connect() as connection:
            who = visitor(connection, request)
            counted = connection.execute(COUNT).scalar_one()
            rows = connection.execute(LIST).fetchall()
        shown = rows[:ROWS]
        total = f"{COUNTED:,}+" if counted > COUNTED else f"{counted:,}"
        after = cursor_of(shown[-1]) if len(rows) > ROWS else None
        return self._page(
            "list.html", request, who, title="Deals", rows=shown, total=total, first=1, last=len(shown), next=after
        )

    def record(self, request: Request) -> Response:
        deal_id = {"id": request.path_params["id"]}
        with self.database.readers.connect() as connection:
            who = visitor(connection, request)
            deal = connection.execute(ONE, deal_id).first()
            if deal is None:
                raise HTTPException(404)
            children = {name: connection.execute(asked, deal_id).fetchall() for name, asked in CHILDREN.items()}
            changes = connection.execute(HISTORY, deal_id).fetchall()
        entries = timeline(children["activities"], children["comments"], changes)
        spent = {deal.stage: (datetime.now(UTC) - deal.created_at.replace(tzinfo=UTC)).days}
        return self._page(
            "record.html", request, who, title=deal.name, deal=deal, entries=entries, spent=spent, **children
        )


def visitor(connection: Connection, request: Request) -> Any:
    """The person whose session the cookie names."""
    found = connection.execute(WHO, {"token": digest(request.cookies.get("session", ""))}).first()
    if found is None or found.expires_at.replace(tzinfo=UTC) < datetime.now(UTC):
        raise HTTPException(401)
    return found


def timeline(activities: Any, comments: Any, changes: Any) -> list[Entry]:
    """What happened, newest first."""
    found = [Entry("phone", row.owner_name, row.kind, row.done_at, row.notes) for row in activities]
    found += [Entry("message-2", row.owner_name, "", row.created_at, row.body) for row in comments]
    for row in changes:
        told = tuple((LABELS.get(name, name), old, new) for name, (old, new) in row.changes.items())
        found.append(Entry("history", row.actor, "changed" if told else "made this record", row.at, "", told))
    return sorted(found, key=lambda each: each.at, reverse=True)
